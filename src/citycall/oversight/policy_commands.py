"""Changing the rules: proposed, submitted, approved by who is to approve, in force from a day (KM-10-3b).

A draft binds nobody. Approved, it is a new version of the pack: new cases take it from its day on, cases that
are open keep the version they were established under (KM-10-6b, TP-9-3b, NT-5-4-1d, AE-10, HR-P6).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from pydantic import BaseModel

from citycall.base import clock, policies
from citycall.base.commands import Context, Refused, command, not_found
from citycall.base.events import record
from citycall.base.policies import PolicyVersion
from citycall.oversight import changes, notices
from citycall.oversight import items as table_of_items
from citycall.oversight.edits import (
    HEAD,
    ITEMS,
    Edits,
    ValueEdit,
    draft_files,
    item_rows,
    items_text,
    next_version,
    table_in_force,
    with_head,
)
from citycall.oversight.inputs import (
    AddItem,
    Changed,
    DecideChange,
    ItemAdded,
    OfChange,
    ProposeChange,
    WithdrawChange,
)
from citycall.oversight.models import PolicyChange
from citycall.oversight.sense import senseless
from citycall.people.queries import agency_names
from citycall.policy import PackError
from citycall.policy.load import FILES
from citycall.policy.variation_points import POINTS, READINGS

STEERING = ("evaluator", "director")
APPROVERS = ("director", "head", "secretary_general")
LONGEST_EDITS = 1_000_000
State = PolicyChange.State


def steering_only(ctx: Context) -> None:
    """Evaluators and directors sit in other agencies too; these acts are the steering office's alone."""
    ctx.require_role(*STEERING, agency=ctx.pack.managing_unit)


@command("oversight.propose_change", who=STEERING, clauses=("KM-10-3b", "KM-10-6b", "TP-9-3b", "NT-5-4-1d"))
def propose_change(ctx: Context, data: ProposeChange) -> Changed:
    """Draft a change of the rules, or go on with a draft. Refused with file, row and key where unsound."""
    steering_only(ctx)
    change = _draft(ctx, data)
    edits = _merged(change, data)
    if changes.size_of(edits) > LONGEST_EDITS:
        raise Refused("too_large", _("這次修正的內容太多，請分次提出。"), status=413)
    since = change.effective_from
    if data.at_once:
        since = None
    elif data.effective_from is not None:
        since = _coming(ctx, data.effective_from)
    _sound(change.base, edits)
    title = data.title or change.title
    if not title:
        raise _invalid("title", _("請填寫修正事項。"))
    given = {
        "title": title,
        "note": change.note if data.note is None else data.note,
        "effective_from": since,
        "edits": changes.plain(edits),
        "state": State.DRAFT,
        "changed_at": ctx.now,
    }
    if change._state.adding:
        begun = {"base_id": change.base_id, "proposed_by": ctx.actor.staff_id, "proposed_at": ctx.now}
        record(ctx, change, "policy_change.proposed", set={**begun, **given})
    else:
        record(ctx, change, "policy_change.changed", set=given)
    return _answer(change)


def _draft(ctx: Context, data: ProposeChange) -> PolicyChange:
    if data.change is None:
        return PolicyChange(base=policies.latest())
    change = _locked(data.change)
    _in_state(change, State.DRAFT, State.REFUSED)
    return change


def _merged(change: PolicyChange, data: ProposeChange) -> Edits:
    """What the draft held, with what is given now, and checked so far as it stands by itself."""
    pack = policies.pack_of(change.base_id)
    edits = changes.edits_of(change).without(data.drop)
    for name in data.files:
        if name not in FILES:
            raise _invalid("files", _("規則沒有這個檔案：%(name)s。") % {"name": name})
    settings, readings = dict(edits.settings), dict(edits.readings)
    for table, given, into, points in (
        ("settings", data.settings, settings, POINTS),
        ("readings", data.readings, readings, READINGS),
    ):
        for one in given:
            known = getattr(pack, table)
            if one.slug not in known and one.slug not in points:
                raise _invalid(f"{table}.{one.slug}", _("規則沒有這個項目：%(slug)s。") % {"slug": one.slug})
            old = into.get(one.slug, ValueEdit())
            zh, en = (mine if mine is not None else his for mine, his in ((one.zh, old.zh), (one.en, old.en)))
            into[one.slug] = ValueEdit(value=one.value, zh=zh, en=en)
    so_far = Edits(
        settings=settings,
        readings=readings,
        items=edits.items,
        files={**edits.files, **data.files},
        document=edits.document if data.document is None else data.document,
    )
    if not data.items:
        return so_far
    rows = _rows(change, data, so_far)
    items = {code: {**so_far.items.get(code, {}), **row} for code, row in rows.items()}
    return so_far.model_copy(update={"items": {**so_far.items, **items}})


def _rows(change: PolicyChange, data: ProposeChange, so_far: Edits) -> dict[str, dict[str, str]]:
    """The cells that the given rows change; every cell that cannot be taken is said."""
    try:
        pack = changes.drafted(change.base, so_far).after
    except PackError as error:
        raise changes.unsound(error) from error
    text = so_far.files.get(ITEMS) or table_in_force(policies.with_files(change.base), ITEMS)
    before = table_of_items.by_code(item_rows(items_text(text, so_far.items)))
    numbers = data.rows if len(data.rows) == len(data.items) else range(1, len(data.items) + 1)
    sheet = table_of_items.Sheet(
        rows=[
            (number, {name: cell for name, cell in row.model_dump().items() if cell is not None})
            for number, row in zip(numbers, data.items, strict=True)
        ]
    )
    found = table_of_items.changes(sheet, before, pack, agency_names())
    if sheet.problems:
        told = {f"items.{one.row}.{one.column}".rstrip("."): str(one) for one in sheet.problems}
        first = sheet.problems[0]
        raise Refused(
            "invalid",
            _("項目表有 %(n)s 處須修改。") % {"n": len(sheet.problems)},
            fields=told,
            status=422,
            info={"row": first.row, "column": first.column, "expected": first.expected},
        )
    if data.complete:
        last = _last_day(data.effective_from or change.effective_from)
        for code, row in before.items():
            gone = code not in {one.code for one in data.items}
            if gone and not (row.get("active_until") and row["active_until"] <= last.isoformat()):
                found[code] = {"active_until": last.isoformat()}
    return found


class ItemsLook(BaseModel):
    """What a table of items would change: cells by code, and the items in force that it does not have."""

    cells: dict[str, dict[str, str]]
    missing: list[str]


def look_at_items(change: PolicyChange, data: ProposeChange) -> ItemsLook:
    """What `propose_change` would make of these rows, refused as it would be; nothing is written.

    Missing items end only with ``complete``: on the screen somebody says so, item by item in sight.
    """
    cells = _rows(change, data.model_copy(update={"complete": False}), changes.edits_of(change))
    given = {one.code for one in data.items}
    today = clock.today().isoformat()
    missing = [
        code
        for code, row in changes.items_of(change).items()
        if code not in given and not (row.get("active_until") and row["active_until"] < today)
    ]
    _sound(change.base, _merged(change, data))
    return ItemsLook(cells=cells, missing=missing)


def _last_day(since: datetime | None) -> date:
    """The last day on which an item is taken that ends with a change."""
    return clock.today() if since is None else clock.local(since).date() - timedelta(days=1)


def _sound(base: PolicyVersion, edits: Edits) -> None:
    try:
        draft = changes.drafted(base, edits)
    except PackError as error:
        raise changes.unsound(error) from error
    told = senseless(draft.after)
    if told:
        message = _("草案不符規則：%(why)s") % {"why": told}
        raise Refused("invalid", message, fields={"value": told}, status=422)
    refused = changes.unkept(draft)
    if refused is not None:
        raise refused


def _coming(ctx: Context, since: datetime) -> datetime:
    if since <= ctx.now:
        raise _invalid("effective_from", _("生效日須晚於現在；若要核定後立即生效，請留空。"))
    return since


@command("oversight.submit_change", who=STEERING, clauses=("KM-10-3b",))
def submit_change(ctx: Context, data: OfChange) -> Changed:
    """Submit a draft for approval. Refused where it changes nothing, or its base is no longer the latest."""
    steering_only(ctx)
    change = _locked(data.change)
    _in_state(change, State.DRAFT)
    edits = changes.edits_of(change)
    if not edits.names:
        raise Refused("nothing_changed", _("草案還沒有任何修正。"), status=422)
    _on_the_latest(change)
    _after_the_latest(change.effective_from or ctx.now)
    _sound(change.base, edits)
    event = record(
        ctx,
        change,
        "policy_change.submitted",
        set={"state": State.SUBMITTED, "submitted_by": ctx.actor.staff_id, "submitted_at": ctx.now},
    )
    notices.tell_approvers(ctx, change, event)
    return _answer(change)


@command("oversight.decide_change", who=APPROVERS, clauses=("KM-10-3b", "AE-10", "HR-P6"))
def decide_change(ctx: Context, data: DecideChange) -> Changed:
    """Who approves the rules approves a change, or refuses it with the reason; never their own proposal.

    Refused as ``base_moved`` where another change was approved since this one was drafted, and as
    ``submitted_again`` where it is no longer what was read (`seen`).
    """
    roles, agency = changes.approvers(ctx.pack)
    ctx.require_role(*roles, agency=agency)
    change = _locked(data.change)
    _in_state(change, State.SUBMITTED)
    if data.seen is not None and data.seen != change.submitted_at:
        raise Refused("submitted_again", _("這件修正在您看過以後改過並重新送核，請看過現在的內容再決定。"))
    if ctx.actor.staff_id in changes.had_a_hand(change):
        raise Refused("own_proposal", _("自己提出或修改過的修正須由他人核定。"))
    if not data.approve:
        if len(data.reason) < 2:
            raise _invalid("reason", _("請敘明不予核定的理由。"))
        _decided(ctx, change, "policy_change.refused", State.REFUSED, data.reason)
        return _answer(change)
    _put_in_force(ctx, change, data.reason)
    return _answer(change)


def _put_in_force(ctx: Context, change: PolicyChange, reason: str) -> None:
    policies.lock()
    _on_the_latest(change)
    since = max(change.effective_from or ctx.now, ctx.now)
    _after_the_latest(since)
    base, pack, edits = (
        policies.with_files(change.base),
        policies.pack_of(change.base_id),
        changes.edits_of(change),
    )
    try:
        files = draft_files(base, pack, edits)
        head = f"{base.folder}/{HEAD}"
        files[head] = with_head(files[head], next_version(base, since), since, edits, change.title, pack)
        version = policies.keep(files, base.folder, base.path, policies.read(files, base.folder), since)
    except PackError as error:
        raise changes.unsound(error) from error
    more = {"version_id": version.pk, "effective_from": since}
    _decided(ctx, change, "policy_change.approved", State.APPROVED, reason, more)
    ctx.audit("policy_change", change.pk, policy_version=version.pk, version=version.version)


def _decided(
    ctx: Context,
    change: PolicyChange,
    kind: str,
    state: str,
    reason: str,
    more: Mapping[str, Any] | None = None,
) -> None:
    decided = {"decided_by": ctx.actor.staff_id, "decided_post": ctx.post_code, "decided_at": ctx.now}
    given = {"state": state, **decided, "decision_reason": reason, **(more or {})}
    notices.tell_proposer(ctx, change, record(ctx, change, kind, set=given))
    notices.forget(change)


@command("oversight.withdraw_change", who=(*STEERING, "head", "secretary_general"), clauses=("KM-10-6b",))
def withdraw_change(ctx: Context, data: WithdrawChange) -> Changed:
    """Take a draft or proposal back; an approved change only before its day, by who approves changes."""
    change = _locked(data.change)
    if change.state == State.APPROVED:
        roles, agency = changes.approvers(ctx.pack)
        ctx.require_role(*roles, agency=agency)
        policies.lock()
        version = change.version
        if version is None or version.since is None or version.since <= ctx.now:
            raise Refused("wrong_status", _("已經生效的修正不能撤回；請另提修正。"))
        if policies.latest().pk != version.pk:
            raise Refused("base_moved", _("之後又核定了其他修正，請先撤回後面的修正。"))
        policies.revoke(version)
    else:
        steering_only(ctx)
        _in_state(change, State.DRAFT, State.SUBMITTED, State.REFUSED)
    record(
        ctx,
        change,
        "policy_change.withdrawn",
        set={"state": State.WITHDRAWN, "withdrawn_by": ctx.actor.staff_id, "withdrawn_at": ctx.now},
        info={"reason": data.reason} if data.reason else None,
    )
    notices.forget(change)
    return _answer(change)


@command("oversight.rebase_change", who=STEERING, clauses=("KM-10-3b",))
def rebase_change(ctx: Context, data: OfChange) -> Changed:
    """Put a draft on the version approved last; it is a draft again, and says what both have changed."""
    steering_only(ctx)
    change = _locked(data.change)
    _in_state(change, State.DRAFT, State.SUBMITTED, State.REFUSED)
    latest = policies.latest()
    found = changes.conflicts(change, latest)
    _sound(latest, changes.edits_of(change))
    record(
        ctx,
        change,
        "policy_change.rebased",
        set={"base_id": latest.pk, "state": State.DRAFT, "changed_at": ctx.now},
        info={"conflicts": found},
    )
    notices.forget(change)
    return _answer(change, found)


# --- one item --------------------------------------------------------------------------------------------


@command("oversight.add_item", who=("director",), clauses=("NT-5-4-1b", "NT-5-4-1d"))
def add_item(ctx: Context, data: AddItem) -> ItemAdded:
    """Extend the service: a new item from its effective date, as a change of the rules (NT-5-4-1d).

    In force at once where the director approves the rules; elsewhere submitted to who does (KM-10-3b).
    Refused with the limits that are allowed when one lies outside of them (NT-5-4-1b).
    """
    steering_only(ctx)
    base = policies.latest()
    pack = policies.pack_of(base.pk)
    if data.code in pack.items:
        raise _invalid("code", _("這個項目代碼已經有了。"))
    if data.agency not in agency_names():
        raise _invalid("agency", _("沒有這個機關。"))
    row = {
        **{name: getattr(data, name) for name in ("code", "name_zh", "name_en", "agency", "stage1")},
        "stage2_max": data.stage2_max,
        "kind": next(code for code, kind in pack.kinds.items() if kind.begins_in == "first"),
        "cause_group": data.code,
        "public_safety": "yes" if data.public_safety else "no",
        "resources": "yes" if data.resources else "no",
        "evidence": "no",
        "keywords": data.keywords,
        "radius_m": "100",
        "active_from": data.active_from.isoformat(),
    }
    title = _("新增項目：%(name)s") % {"name": data.name_zh}
    try:
        made = propose_change(ctx, {"title": title, "items": [row]})
    except Refused as refused:
        fields = {path.rsplit(".", 1)[-1]: said for path, said in refused.fields.items()}
        raise Refused(refused.code, refused.message, fields=fields, status=refused.status) from refused
    change = _locked(made.change)
    if changes.may_approve(ctx.actor, ctx.pack):
        _put_in_force(ctx, change, "")
    else:
        submit_change(ctx, {"change": change.pk})
        change.refresh_from_db()
    return ItemAdded(item=data.code, change=change.pk, state=change.state, policy_version=change.version_id)


# --- what they share -------------------------------------------------------------------------------------


def _locked(pk: int) -> PolicyChange:
    change = PolicyChange.objects.select_for_update().filter(pk=pk).first()
    if change is None:
        raise not_found()
    return change


def _in_state(change: PolicyChange, *states: str) -> None:
    if change.state not in states:
        now = State(change.state).label
        raise Refused("wrong_status", _("這件修正目前是「%(state)s」，不能這樣做。") % {"state": now})


def _on_the_latest(change: PolicyChange) -> None:
    latest = policies.latest()
    if latest.pk != change.base_id:
        raise Refused(
            "base_moved",
            _("草案提出後，規則已修正為 %(version)s；請先把草案移到新版再送核。")
            % {"version": latest.version},
            info={"latest": latest.pk, "version": latest.version},
        )


def _after_the_latest(since: datetime) -> None:
    latest = policies.latest()
    if latest.since is not None and since < latest.since:
        day = clock.roc_datetime(latest.since)
        raise Refused(
            "too_early",
            _("已有核定的修正將於 %(day)s 生效；請訂在它之後，或先撤回它。") % {"day": day},
            fields={"effective_from": _("不早於 %(day)s") % {"day": day}},
        )


def _invalid(field: str, message: str) -> Refused:
    return Refused("invalid", message, fields={field: message}, status=422)


def _answer(change: PolicyChange, found: list[str] | None = None) -> Changed:
    return Changed(change=change.pk, state=change.state, version=change.version_id, conflicts=found or [])
