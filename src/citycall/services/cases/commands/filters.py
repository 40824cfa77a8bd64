"""Lists that people keep under a name: saved, changed, put in order, removed; lists that were taken out."""

from __future__ import annotations

from typing import Annotated, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base.commands import Context, Input, Refused, command
from citycall.base.commands.inputs import Code, RowId
from citycall.base.events import record
from citycall.base.private import normalise_phone
from citycall.people.models import Staff
from citycall.services.cases.commands.inputs import OneLine
from citycall.services.cases.models import SavedFilter
from citycall.services.cases.queries.filters import filters_of

MOST = 30  # filters of one person: more than anybody finds again in a menu
Title = Annotated[str, OneLine, Field(min_length=1, max_length=40)]
Short = Annotated[str, Field(max_length=64, pattern=r"^[\w.\-]*$")]


class WantedList(Input):
    """What the form of a list was asked for. Never a telephone number: people are found on record only."""

    tray: Code
    q: Annotated[str, OneLine, Field(max_length=100)] = ""
    kind: Short = ""
    item: Short = ""
    district: Short = ""
    stage: Short = ""
    sort: Annotated[str, Field(max_length=16, pattern=r"^-?[a-z]*$")] = ""


class SaveFilter(Input):
    """Under which name, for which agency's people it may be, and the list itself."""

    title: Title
    agency: Code
    wanted: WantedList
    shared: bool = False


class Kept(BaseModel):
    saved_filter: int
    title: str


@command("cases.save_filter", who=("staff",), keyed=True)
def save_filter(ctx: Context, data: SaveFilter) -> Kept:
    """Keep a list under a name, for oneself or for the agency's people too."""
    own = _own(ctx)
    if data.agency not in {post.agency for post in ctx.actor.posts}:
        raise Refused("not_permitted", _("只能替自己的機關儲存篩選。"), status=403)
    if len(own) >= MOST:
        raise Refused("too_many", _("最多儲存 %(n)s 個篩選，請先移除不用的。") % {"n": MOST}, status=422)
    _check(data.title, own)
    _check_words(data.wanted)
    kept = SavedFilter()
    record(
        ctx,
        kept,
        "saved_filter.saved",
        set={
            "staff_id": ctx.actor.staff_id,
            "agency": data.agency,
            "title": data.title,
            "wanted": {name: value for name, value in data.wanted.model_dump().items() if value},
            "place": (own[-1].place + 1) if own else 1,
            "shared": data.shared,
            "first": False,
            "removed_at": None,
        },
    )
    ctx.audit("saved_filter", kept.pk)
    return Kept(saved_filter=kept.pk, title=kept.title)


class OfFilter(Input):
    saved_filter: RowId


class ChangeFilter(OfFilter):
    """What is different from now on; what is left out stays."""

    title: Title | None = None
    shared: bool | None = None
    first: bool | None = None
    move: Literal["up", "down"] | None = None


@command("cases.change_filter", who=("staff",))
def change_filter(ctx: Context, data: ChangeFilter) -> Kept:
    """Another name or place for a saved filter; share it with the agency; begin the day with it."""
    own = _own(ctx)
    kept = _mine(own, data.saved_filter)
    if data.title is not None and data.title != kept.title:
        _check(data.title, own)
        record(ctx, kept, "saved_filter.renamed", set={"title": data.title})
    if data.shared is not None and data.shared != kept.shared:
        record(ctx, kept, "saved_filter.shared", set={"shared": data.shared})
    if data.first is not None and data.first != kept.first:
        for other in own:
            if other.first and data.first:
                record(ctx, other, "saved_filter.first", set={"first": False})
        record(ctx, kept, "saved_filter.first", set={"first": data.first})
    if data.move is not None:
        at = own.index(kept)
        to = at + (-1 if data.move == "up" else 1)
        if 0 <= to < len(own):
            places = own[to].place, kept.place
            record(ctx, own[to], "saved_filter.moved", set={"place": places[1]})
            record(ctx, kept, "saved_filter.moved", set={"place": places[0]})
    ctx.audit("saved_filter", kept.pk)
    return Kept(saved_filter=kept.pk, title=kept.title)


@command("cases.remove_filter", who=("staff",))
def remove_filter(ctx: Context, data: OfFilter) -> Kept:
    """Put a saved filter away; its address no longer leads anywhere."""
    kept = _mine(_own(ctx), data.saved_filter)
    record(ctx, kept, "saved_filter.removed", set={"removed_at": ctx.now, "first": False})
    ctx.audit("saved_filter", kept.pk)
    return Kept(saved_filter=kept.pk, title=kept.title)


class ListTaken(Input):
    """Which list, in which form, how many lines it had."""

    tray: Code
    form: Literal["csv", "ods", "xlsx"]
    rows: Annotated[int, Field(ge=0, le=1_000_000)]
    narrowed: Annotated[tuple[Short, ...], Field(max_length=10)] = ()


@command("cases.note_export", who=("staff",))
def note_export(ctx: Context, data: ListTaken) -> None:
    """That somebody took a list out of the system stays on record: which, in which form, how many lines."""
    ctx.audit("case_list", data.tray, form=data.form, rows=data.rows, narrowed=list(data.narrowed))


def _own(ctx: Context) -> list[SavedFilter]:
    """The actor's filters in their order; their changes come one after the other."""
    if ctx.actor.staff_id is None:
        raise Refused("not_permitted", _("請先登入。"), status=403)
    Staff.objects.select_for_update(no_key=True).get(pk=ctx.actor.staff_id)
    return list(filters_of(ctx.actor.staff_id))


def _mine(own: list[SavedFilter], wanted: int) -> SavedFilter:
    found = next((one for one in own if one.pk == wanted), None)
    if found is None:
        raise Refused("not_found", _("找不到這個篩選。"), status=404)
    return found


def _check(title: str, own: list[SavedFilter]) -> None:
    if any(one.title == title for one in own):
        message = _("已有同名的篩選，請換一個名稱。")
        raise Refused("same_name", message, fields={"title": message}, status=422)


def _check_words(wanted: WantedList) -> None:
    try:
        normalise_phone(wanted.q)
    except ValueError:
        return
    message = _("電話號碼不能存在篩選裡。")
    raise Refused("invalid", message, fields={"wanted.q": message}, status=422)
