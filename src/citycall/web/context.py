"""What every template has at hand: the city, the language, the theme, the areas this person uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import get_language, gettext_lazy

from citycall.base import clock, policies
from citycall.policy import Pack
from citycall.web.request import CityRequest
from citycall.web.ui import words

SHEETS = ("ui/tokens.css", "ui/base.css", "ui/controls.css", "ui/data.css", "ui/shell.css")
SCRIPTS = ("ui/live.js", "ui/clock.js", "ui/keys.js", "ui/dialog.js", "ui/form.js", "ui/tabs.js")
LANGUAGES = (("zh-hant", "正體中文"), ("en", "English"))
THEMES = (("", gettext_lazy("跟隨系統")), ("light", gettext_lazy("淺色")), ("dark", gettext_lazy("深色")))
THEME_COOKIE = "citycall_theme"


@dataclass(frozen=True)
class Area:
    """A part of the web, in the bar of those who use it. Without `roles`, of all staff."""

    label: Promise | str
    url: str
    roles: frozenset[str] | None = None
    agencies: frozenset[str] | None = None
    key: str = ""


AGENCY_ROLES = frozenset(
    {"handler", "intake_window", "window", "supervisor", "section_chief", "head", "duty_officer", "allotter"}
)

# In this order in the bar, and in this order the home of those who sign in (`account.home.home_for`).
AREAS: tuple[Area, ...] = (
    Area(gettext_lazy("話務台"), "desk:home", frozenset({"operator", "lead"}), key="g d"),
    Area(gettext_lazy("收件匣"), "inbox:home", AGENCY_ROLES | {"evaluator"}, key="g i"),
    Area(
        gettext_lazy("督導考核"),
        "oversight:home",
        frozenset({"evaluator", "director", "secretary_general", "auditor", "admin", "lead"}),
        key="g o",
    ),
    Area(gettext_lazy("規則"), "oversight:policy", frozenset({"head"}), key="g p"),
    Area(gettext_lazy("裁示"), "inbox:requests", frozenset({"secretary_general"}), key="g q"),
    Area(gettext_lazy("特殊名單"), "oversight:special", frozenset({"mayor"}), key="g s"),
    Area(gettext_lazy("停班宣告"), "oversight:closures", frozenset({"duty_officer"}), key="g c"),
)


def pack_in_force() -> Pack | None:
    """The pack, or None before a government has been laid in."""
    try:
        return policies.in_force()[1]
    except policies.NoPolicy:
        return None


def context(request: HttpRequest) -> dict[str, Any]:
    city = cast(CityRequest, request)
    now = clock.now()
    pack: Any = SimpleLazyObject(pack_in_force)
    language = get_language() or "zh-hant"
    return {
        "city_name": SimpleLazyObject(lambda: _city_name(language)),
        "hotline": SimpleLazyObject(lambda: pack.hotline if pack else "1999"),
        "page_language": "zh-Hant-TW" if language.startswith("zh") else language,
        "page_language_code": language,
        "page_languages": LANGUAGES,
        "page_theme": theme_of(request),
        "page_themes": THEMES,
        "page_now": now,
        "page_now_is_virtual": clock.is_virtual(),
        "page_sheets": SHEETS,
        "page_scripts": SCRIPTS,
        "page_city_sheet": reverse("ui:city_sheet"),
        "page_words": words.clock_words(),
        "page_here": request.get_full_path(),
        "page_areas": SimpleLazyObject(lambda: areas_of(city)),
    }


def _city_name(language: str) -> str:
    pack = pack_in_force()
    if pack is None:
        return "CityCall"
    return pack.city.en if language.startswith("en") else pack.city.zh


def theme_of(request: HttpRequest) -> str:
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in {"light", "dark"} else ""


def areas_of(request: CityRequest) -> list[dict[str, Any]]:
    """The areas of this person that exist in this version, the current one marked."""
    if not request.user.is_authenticated:
        return []
    found = []
    for area in AREAS:
        if area.roles is not None and not area.roles & request.actor.roles():
            continue
        try:
            href = reverse(area.url)
        except NoReverseMatch:
            continue
        found.append(
            {"label": area.label, "href": href, "key": area.key, "current": request.path.startswith(href)}
        )
    return found
