"""The inbox as a list: its trays, its columns, its filters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from citycall.base.commands import Actor, not_found
from citycall.policy import Pack
from citycall.services.cases.acts.checks import GRADE_B
from citycall.services.cases.models import Case, SavedFilter, Stage, Status
from citycall.services.cases.queries import COUNTED_MOST, CaseFilter
from citycall.web.ui.forms import QuickSelect
from citycall.web.ui.listing import Column
from citycall.web.ui.templatetags.ui import Tab
from citycall.web.ui.words import named


def reports_back(pack: Pack) -> bool:
    """Whether handlers report back in some kind of case, before others enter the result (TP-6-3-2c)."""
    return any(kind.completion.report_first for kind in pack.kinds.values())


def approves(pack: Pack) -> bool:
    """Whether the result of some kind of case is approved before it counts (NT-5-2-3b, TP-5-5-2a)."""
    return any(kind.completion.approved_by for kind in pack.kinds.values())


def has_rounds(pack: Pack) -> bool:
    """Whether some kind of case is given out in rounds (TP-5-2b)."""
    return any(rule.start.rounds for rule in pack.clocks)


def grades(pack: Pack) -> bool:
    """Whether some kind of case knows an interim result (TP-5-5-6b)."""
    return any(kind.grade_b for kind in pack.kinds.values())


def joins(pack: Pack) -> bool:
    """Whether further agencies may join a case (NT-5-2-2b, TP-5-3-0)."""
    return any(rule.effect == "join" for rule in pack.requests)


@dataclass(frozen=True)
class Tray:
    """One tab: which cases lie in it, in which order they are met, which count stands beside its name."""

    code: str
    label: Promise
    sort: str
    empty: Promise
    narrowed: Mapping[str, Any]
    count: str = ""
    kind: str = ""
    only: Callable[[Pack], bool] = lambda pack: True  # only where the government's rules know such cases


TRAYS: tuple[Tray, ...] = (
    Tray("unsigned", _("待簽收"), "due", _("沒有待簽收的案件"), {"unsigned": True}, "unsigned", "warn"),
    Tray("signed", _("已簽收"), "due", _("沒有等人接手的案件"), {"status": "acknowledged"}, "acknowledged"),
    Tray("progress", _("處理中"), "due", _("沒有處理中的案件"), {"status": "in_progress"}, "in_progress"),
    Tray("reply", _("待回覆"), "due", _("沒有等著回覆民眾的案件"), {"status": "completed"}, "completed"),
    Tray(
        "reported",
        _("待登錄結果"),
        "due",
        _("沒有承辦人回報後等著登錄的案件"),
        {"reported": True, "status": "open"},
        "reported",
        "warn",
        only=reports_back,
    ),
    Tray(
        "approve",
        _("待核定"),
        "due",
        _("沒有陳核中的案件"),
        {"status": "submitted"},
        "submitted",
        "warn",
        only=approves,
    ),
    Tray("late", _("逾限"), "due", _("沒有逾限的案件"), {"overdue": True}, "overdue", "late"),
    Tray(
        "intake_late",
        _("逾時分文"),
        "number",
        _("沒有逾時分文的案件"),
        {"registered_late": True},
        "registered_late",
        "late",
        only=has_rounds,
    ),
    Tray(
        "grade_b",
        _("B 等級"),
        "due",
        _("沒有列為 B 等級的案件"),
        {"grade": GRADE_B, "status": "open"},
        "grade_b",
        only=grades,
    ),
    Tray(
        "joined",
        _("加分／併會"),
        "due",
        _("沒有等著本機關填報的加分或併會案件"),
        {},
        "joined",
        "warn",
        only=joins,
    ),
    Tray("mine", _("我的案件"), "due", _("您手上沒有案件"), {"status": "open"}, "mine"),
    Tray("phone", _("待回電"), "due", _("沒有欠民眾的電話"), {"phone_owed": True}, "phone"),
    Tray("all", _("全部"), "-number", _("還沒有案件"), {}),
    Tray("closed", _("已結案"), "-number", _("還沒有結案的案件"), {"status": "closed"}),
)
_BY_CODE = {tray.code: tray for tray in TRAYS}

COLUMNS = (
    Column("pick", _("選取"), hidden_label=True),
    Column("number", _("案號"), sort=True),
    Column("item", _("項目")),
    Column("place", _("地點"), sort=True),
    Column("due", _("最先到期"), sort=True),
    Column("status", _("狀態")),
    Column("handler", _("承辦人")),
    Column("act", _("動作"), hidden_label=True),
)
SORTS = {
    "number": "oldest",
    "-number": "newest",
    "due": "due",
    "-due": "due_last",
    "place": "place",
    "-place": "place_last",
}
# A state is a word and a shape; which shape.
SHAPES = {
    Status.ESTABLISHED: "active",
    Status.ACKNOWLEDGED: "neutral",
    Status.IN_PROGRESS: "neutral",
    Status.SUBMITTED: "active",
    Status.COMPLETED: "warn",
    Status.CLOSED: "done",
    Status.WITHDRAWN: "off",
    Status.RELEASED: "off",
    Status.MERGED: "off",
}


LONGEST_SEARCH = 100


def _cut(data: QueryDict) -> QueryDict:
    """A longer search is made with its beginning: dropped, it would list everything."""
    typed = data.get("q", "")
    if len(typed.strip()) <= LONGEST_SEARCH:
        return data
    cut = data.copy()
    cut["q"] = typed.strip()[:LONGEST_SEARCH]
    return cut


class FilterForm(forms.Form):
    """What a tray is narrowed to."""

    q = forms.CharField(
        label=_("找"),
        required=False,
        max_length=LONGEST_SEARCH,
        widget=forms.TextInput(
            attrs={"type": "search", "data-key": "/", "placeholder": _("案號、地點或內容")}
        ),
    )
    kind = forms.ChoiceField(label=_("案件種類"), required=False, widget=QuickSelect)
    item = forms.ChoiceField(label=_("項目"), required=False, widget=QuickSelect)
    district = forms.ChoiceField(label=_("行政區"), required=False, widget=QuickSelect)
    stage = forms.ChoiceField(
        label=_("期限"), required=False, choices=[("", _("全部")), *Stage.choices], widget=QuickSelect
    )

    def __init__(self, data: QueryDict, *, pack: Pack, agencies: Collection[str]) -> None:
        super().__init__(_cut(data))
        self._choose("kind", [(one.code, named(one.name)) for one in pack.kinds.values()])
        kind = self.data.get("kind", "")
        items = [one for one in pack.items.values() if one.agency in agencies]
        if kind in pack.kinds:
            items = [one for one in items if one.kind == kind]
        self._choose("item", [(one.code, named(one.name)) for one in items])
        self._choose("district", [(one.code, named(one.name)) for one in pack.districts])

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("全部")), *choices]

    def chosen(self) -> dict[str, str]:
        """The valid choices alone: an address with nonsense in it is read without it."""
        self.is_valid()
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name in ("q", "kind", "item", "district", "stage") and value
        }


def tray_of(code: str, actor: Actor) -> Tray:
    """The tray of an address; without one, where this person's day begins."""
    if code:
        if code not in _BY_CODE:
            raise not_found()
        return _BY_CODE[code]
    roles = actor.roles()
    first = (
        "unsigned"
        if roles & {"intake_window", "window", "allotter"}
        else "mine"
        if "handler" in roles
        else "late"
        if roles & {"evaluator", "supervisor"}
        else "all"
    )
    return _BY_CODE[first]


def wanted(tray: Tray, chosen: Mapping[str, Any], agencies: Collection[str], actor: Actor) -> CaseFilter:
    """The cases of a tray that the filters leave."""
    found = CaseFilter(agencies=agencies, **tray.narrowed, **chosen)
    if tray.code == "joined":  # other agencies' cases; without an agency of one's own there are none
        return replace(found, agencies=None, joined=tuple(agencies) or ("",))
    return replace(found, taken_by=actor.staff_id) if tray.code == "mine" else found


def address(tray: Tray, chosen: Mapping[str, str], view: str = "inbox:tray", *more: str) -> str:
    """Where a tray is, with the filters that are on."""
    path = reverse(view, args=[tray.code, *more])
    return f"{path}?{urlencode(chosen)}" if chosen else path


def list_address(kept: Mapping[str, str]) -> str:
    """Where a saved filter leads: the address that anybody may be sent."""
    tray = _BY_CODE.get(kept.get("tray", ""), _BY_CODE["all"])
    return address(tray, {name: value for name, value in kept.items() if name != "tray"})


def said(kept: Mapping[str, str], pack: Pack) -> str:
    """What a saved filter is narrowed to, in words."""
    tray = _BY_CODE.get(kept.get("tray", ""), _BY_CODE["all"])
    item, district = pack.items.get(kept.get("item", "")), pack.district(kept.get("district", ""))
    kind = pack.kinds.get(kept.get("kind", ""))
    parts = [
        str(tray.label),
        named(kind.name) if kind else kept.get("kind", ""),
        named(item.name) if item else kept.get("item", ""),
        named(district.name) if district else kept.get("district", ""),
        str(dict(Stage.choices).get(kept.get("stage", ""), "")),
        f"「{kept['q']}」" if kept.get("q") else "",
    ]
    return "、".join(part for part in parts if part)


def saved_tabs(
    kept: Sequence[SavedFilter], current: Tray, chosen: Mapping[str, str], staff: int | None
) -> list[Tab]:
    """The saved filters as a row of tabs; the one that is shown stands out, those of others say so."""
    here = {"tray": current.code, **chosen}
    found = []
    for one in kept:
        same = {name: value for name, value in one.wanted.items() if name != "sort"} == here
        label = one.title if one.staff_id == staff else _("%(title)s（共用）") % {"title": one.title}
        found.append(Tab(label, list_address(one.wanted), same))
    return found


def stage_of(case: Case, pack: Pack) -> str:
    """The stage of a case in words, where its kind knows several; empty otherwise."""
    return str(Stage(case.stage).label) if len(pack.kinds[case.kind].stages) > 1 else ""


def short_address(case: Case, pack: Pack) -> str:
    """The address without the city and the district, where the district stands beside it."""
    district = pack.district(case.district)
    if district is None:
        return case.address
    return case.address.removeprefix(pack.city.zh).removeprefix(district.name.zh) or case.address


def said_count(count: int | None) -> int | str | None:
    """A count as it is shown: beyond what is counted, that there are more."""
    return f"{COUNTED_MOST}+" if count is not None and count > COUNTED_MOST else count


def tabs(
    current: Tray | None,
    counts: Mapping[str, int],
    chosen: Mapping[str, str],
    *,
    tasks: tuple[int, int],
    pack: Pack,
) -> list[Tab]:
    """The trays with how many cases wait in each, and the tasks: how many, and how many of them overdue.

    A count stands out only when there is something.
    """
    found = [
        Tab(
            tray.label,
            address(tray, chosen),
            tray is current,
            said_count(counts.get(tray.count)) if tray.count else None,
            tray.kind if counts.get(tray.count) else "",
        )
        for tray in TRAYS
        if tray.only(pack) or tray is current
    ]
    number, late = tasks
    owed = Tab(
        _("待辦事項"),
        reverse("inbox:tasks"),
        current is None,
        number,
        "late" if late else "warn" if number else "",
    )
    return [*found[:-2], owed, *found[-2:]]
