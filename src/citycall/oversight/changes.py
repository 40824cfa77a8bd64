"""Changes of the rules as they are asked about: what comes of a draft, who approves, what it touches."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from citycall.base import policies
from citycall.base.commands import Actor, Refused
from citycall.base.encoding import digest
from citycall.base.events import Event
from citycall.base.policies import PolicyVersion
from citycall.oversight.edits import ITEMS, Edits, draft_files, item_rows, items_text, table_in_force
from citycall.oversight.items import by_code
from citycall.oversight.mistakes import in_words
from citycall.oversight.models import PolicyChange
from citycall.policy import Pack, PackError
from citycall.policy.check import Difference, diff_packs, disobeyed
from citycall.services.cases.models import OPEN_STATUSES, Case

_KEPT = 8
_kept: OrderedDict[bytes, Pack] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Draft:
    """A change beside its base: the rules as they are, and as they would be."""

    base: PolicyVersion
    before: Pack
    after: Pack
    edits: Edits

    @property
    def differences(self) -> list[Difference]:
        return diff_packs(self.before, self.after)


def edits_of(change: PolicyChange) -> Edits:
    return Edits.model_validate(change.edits)


def drafted(base: PolicyVersion, edits: Edits) -> Draft:
    """What comes of these edits on a version; raises PackError where it is no sound pack."""
    before = policies.pack_of(base.pk)
    if not edits.names:
        return Draft(base, before, before, edits)
    key = digest([base.digest, edits.model_dump(mode="json")])
    with _lock:
        after = _kept.get(key)
        if after is not None:
            _kept.move_to_end(key)
    if after is None:
        full = policies.with_files(base)
        files = draft_files(full, before, edits)
        after = policies.read(files, full.folder).model_copy(update={"path": full.path})
        with _lock:
            _kept[key] = after
            while len(_kept) > _KEPT:
                _kept.popitem(last=False)
    return Draft(base, before, after, edits)


def draft_of(change: PolicyChange) -> Draft:
    """What comes of a change on its base."""
    return drafted(change.base, edits_of(change))


def unsound(error: PackError) -> Refused:
    """A pack that does not hold together: where it stands, and what was expected."""
    place = error.file if error.line is None else _("%(file)s 第 %(line)s 行") % {
        "file": error.file, "line": error.line,
    }  # fmt: skip
    why = in_words(error.message)
    said = _("%(place)s，%(key)s：%(why)s") % {
        "place": place,
        "key": error.key or "—",
        "why": why,
    }
    return Refused(
        "invalid",
        _("草案不符規則：%(why)s") % {"why": said},
        fields={error.key or error.file: said},
        status=422,
        info={"file": error.file, "line": error.line, "key": error.key, "expected": why},
    )


def unkept(draft: Draft) -> Refused | None:
    """What a draft newly says that the program would not do, as `citycall policy check` would refuse it."""
    before = set(disobeyed(draft.before))
    for found in disobeyed(draft.after):
        if found.level == "error" and found not in before:
            why = in_words(found.message)
            said = _("%(place)s，%(key)s：%(why)s") % {
                "place": draft.base.code,
                "key": found.where,
                "why": why,
            }
            return Refused(
                "invalid",
                _("草案不符規則：%(why)s") % {"why": said},
                fields={found.where: said},
                status=422,
                info={"key": found.where, "expected": why},
            )
    return None


# --- who approves ----------------------------------------------------------------------------------------


def approvers(pack: Pack) -> tuple[tuple[str, ...], str]:
    """The roles that put a change in force, and their agency, by the rules in force (KM-10-3b, AE-10)."""
    return pack.approved_by, pack.approved_in or pack.managing_unit


def may_approve(actor: Actor, pack: Pack) -> bool:
    roles, agency = approvers(pack)
    return any(post.role in roles and post.agency == agency for post in actor.posts)


def had_a_hand(change: PolicyChange) -> set[int]:
    """Who drafted a change, went on with the draft or submitted it: none of them approves it."""
    kinds = ("policy_change.proposed", "policy_change.changed", "policy_change.submitted")
    found = Event.objects.filter(subject_kind="policy_change", subject_id=change.pk, kind__in=kinds)
    people = {change.proposed_by, change.submitted_by, *found.values_list("staff_id", flat=True)}
    return {staff for staff in people if staff is not None}


# --- what is asked ---------------------------------------------------------------------------------------


def policy_changes(states: Collection[str] = ()) -> list[PolicyChange]:
    """Changes of the rules, newest first; the edits themselves are left out."""
    found = PolicyChange.objects.select_related("version", "base").defer(
        "edits", "version__files", "base__files"
    )
    if states:
        found = found.filter(state__in=list(states))
    return list(found.order_by("-id")[:200])


def change_for(pk: int) -> PolicyChange | None:
    found = PolicyChange.objects.select_related("version", "base").defer("version__files", "base__files")
    return found.filter(pk=pk).first()


def changes_by_version() -> dict[int, PolicyChange]:
    """The change that a version came of, for every version that came of one."""
    found = PolicyChange.objects.filter(version__isnull=False).defer("edits")
    return {change.version_id: change for change in found if change.version_id is not None}


@dataclass(frozen=True)
class ItemChange:
    """What a change does to one item: cells from old to new; nothing of its open cases."""

    code: str
    name: str
    kind: str  # added, changed, ended
    cells: tuple[tuple[str, str, str], ...]  # column, before, after
    open_cases: int = 0


def item_changes(change: PolicyChange) -> list[ItemChange]:
    """Items added, changed and ended by a change, with how many open cases stay under the old limits."""
    edits = edits_of(change)
    if not edits.items and ITEMS not in edits.files:
        return []
    base = policies.with_files(change.base)
    text = table_in_force(base, ITEMS)
    before = by_code(item_rows(text))
    return between(before, by_code(item_rows(items_text(edits.files.get(ITEMS) or text, edits.items))))


def items_of(change: PolicyChange) -> dict[str, dict[str, str]]:
    """The table of items as a change has it so far: by code the cells of each."""
    edits = edits_of(change)
    text = edits.files.get(ITEMS) or table_in_force(policies.with_files(change.base), ITEMS)
    return by_code(item_rows(items_text(text, edits.items)))


def between(
    before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]
) -> list[ItemChange]:
    """What differs between two tables of items, with how many cases of each are open."""
    codes = [code for code in (*after, *before) if before.get(code) != after.get(code)]
    waiting = open_cases_of(set(codes))
    return [
        _item_change(code, before.get(code), after.get(code), waiting.get(code, 0))
        for code in dict.fromkeys(codes)
    ]


def _item_change(
    code: str, old: Mapping[str, str] | None, new: Mapping[str, str] | None, waiting: int
) -> ItemChange:
    a, b = old or {}, new or {}
    cells = tuple(
        (name, a.get(name, ""), b.get(name, ""))
        for name in dict.fromkeys((*b, *a))
        if a.get(name, "") != b.get(name, "")
    )
    ends = new is None or (bool(b.get("active_until")) and a.get("active_until", "") != b.get("active_until"))
    kind = "added" if old is None else "ended" if ends else "changed"
    return ItemChange(code, b.get("name_zh") or a.get("name_zh", ""), kind, cells, waiting)


def open_cases_of(items: Collection[str]) -> dict[str, int]:
    """How many cases of these items are open; they keep the rules they were established under."""
    if not items:
        return {}
    rows = Case.objects.filter(item__in=list(items), status__in=OPEN_STATUSES).values("item")
    return {row["item"]: row["n"] for row in rows.annotate(n=Count("id"))}


def open_cases() -> int:
    """How many cases are open in all."""
    return Case.objects.filter(status__in=OPEN_STATUSES).count()


def conflicts(change: PolicyChange, onto: PolicyVersion) -> list[str]:
    """What a change edits that another change has edited since: `settings.SLUG`, `items.CODE`…"""
    edits, old, new = edits_of(change), policies.pack_of(change.base_id), policies.pack_of(onto.pk)
    found = []
    for table in ("settings", "readings"):
        for slug in edits.values(table):
            if getattr(old, table).get(slug) != getattr(new, table).get(slug):
                found.append(f"{table}.{slug}")
    if edits.items or edits.files:
        full_old, full_new = policies.with_files(change.base), policies.with_files(onto)
        rows_old = by_code(item_rows(table_in_force(full_old, ITEMS)))
        rows_new = by_code(item_rows(table_in_force(full_new, ITEMS)))
        for code, cells in edits.items.items():
            a, b = rows_old.get(code, {}), rows_new.get(code, {})
            if any(a.get(name, "") != b.get(name, "") for name in cells) or bool(a) != bool(b):
                found.append(f"items.{code}")
        for name in edits.files:
            if full_old.files.get(f"{full_old.folder}/{name}") != full_new.files.get(
                f"{full_new.folder}/{name}"
            ):
                found.append(f"files.{name}")
    return found


def size_of(edits: Edits) -> int:
    """How many characters a change takes to keep."""
    return len(json.dumps(edits.model_dump(mode="json"), ensure_ascii=False))


def plain(edits: Edits) -> dict[str, Any]:
    """The edits as they are kept; what is not changed is left out."""
    return edits.model_dump(mode="json", exclude_defaults=True)
