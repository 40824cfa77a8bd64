"""What every request passes: headers, language, actor, and refusals made into pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import unquote_plus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from citycall.base.commands import Actor, Refused, citizen
from citycall.people.queries import actor_of
from citycall.web import errors
from citycall.web.request import CityRequest

Next = Callable[[HttpRequest], HttpResponseBase]

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
PERMISSIONS = "geolocation=(self), camera=(self), microphone=(self), payment=(), usb=()"
CHOSEN_COOKIE = "citycall_language_chosen"
LONGEST_BODY = 64 * 1024 * 1024
# No address of ours has these; a search may bring a tab or a line's end with what was pasted.
CONTROLS = re.compile("[\\x00-\\x1f\\x7f]")
CONTROLS_ASKED = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]")


class Headers:
    """No script and no style but our own files; no framing; nothing told to other sites.

    What is too long, or has control characters in its address, goes no further.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._refused(request) or self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    def _refused(self, request: HttpRequest) -> HttpResponse | None:
        if request.path_info.startswith("/api/"):
            return None  # a program's door, which says no in its own way
        length = request.META.get("CONTENT_LENGTH") or "0"
        too_long = length.isdecimal() and int(length) > LONGEST_BODY
        asked = unquote_plus(request.META.get("QUERY_STRING", ""))
        if not too_long and not CONTROLS.search(request.path_info) and not CONTROLS_ASKED.search(asked):
            return None
        with translation.override(translation.get_language_from_request(request)):
            return errors.too_large(request) if too_long else errors.bad_address(request)


class Language:
    """`?lang=`, then the cookie (set at sign-in from the account), then what the browser asks for.

    A language that somebody chose before signing in is marked as chosen, and goes to their account then.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.known = {code for code, _ in settings.LANGUAGES}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asked = request.GET.get("lang", "")
        language = asked if asked in self.known else translation.get_language_from_request(request)
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = self.get_response(request)
        if asked in self.known:
            remember(response, language, chosen=not _signed_in(request))
        response.headers.setdefault("Content-Language", "zh-Hant-TW" if language == "zh-hant" else language)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


def remember(response: HttpResponseBase, language: str, *, chosen: bool = False) -> None:
    """Keep the language in the browser; `chosen` until somebody signs in or the browser is closed."""
    kept: dict[str, Any] = {
        "secure": settings.LANGUAGE_COOKIE_SECURE,
        "httponly": True,
        "samesite": "Lax",
    }
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 86400, **kept)
    if chosen:
        response.set_cookie(CHOSEN_COOKIE, language, **kept)


def chosen_language(request: HttpRequest) -> str:
    """The language chosen in this browser since somebody was last signed in; else nothing."""
    chosen = request.COOKIES.get(CHOSEN_COOKIE, "")
    return chosen if chosen in dict(settings.LANGUAGES) else ""


def _signed_in(request: HttpRequest) -> bool:
    return hasattr(request, "user") and request.user.is_authenticated


class Acting:
    """`request.actor`, read when first asked for."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asked = cast(CityRequest, request)
        asked.actor = cast(Actor, SimpleLazyObject(lambda: _actor(asked)))
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed):
            return errors.not_allowed(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refused):
            return errors.refused(cast(CityRequest, request), exception)
        return None


def _actor(request: CityRequest) -> Actor:
    ip = request.META.get("REMOTE_ADDR") or None
    if request.user.is_authenticated:
        return actor_of(request.user, via="web", ip=ip)
    return citizen(via="web", ip=ip)
