"""The audit trail: one entry per command run, append-only, hash-chained a few seconds after its commit.

Chaining inside the command would put all intake in one queue; so a worker chains, in the order (transaction,
entry), everything older than the oldest transaction that still runs. Such an order is final: whatever
commits later has a later place.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pgtrigger
from django.db import connection, models, transaction
from django.db.models.functions import Now

from citycall.base import clock
from citycall.base.encoding import dumps

GENESIS = bytes(32)
GRACE = timedelta(seconds=60)  # an entry older than this and still without a link is a fault
_LOCK = 0x43_43_41_55_44_49_54  # "CCAUDIT"
_APPEND_ONLY = pgtrigger.Update | pgtrigger.Delete


class TransactionIdField(models.Field):  # type: ignore[type-arg]
    """PostgreSQL's xid8: the 64-bit number of a transaction, never reused in the life of a cluster."""

    def db_type(self, connection: Any) -> str:
        return "xid8"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        return None if value is None else int(value)

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else str(int(value))


class CurrentTransactionId(models.Func):
    function = "pg_current_xact_id"
    arity = 0


class AuditEntry(models.Model):
    """Who did what, when, from where, and what became of it. Never the content of a citizen's data."""

    id = models.BigAutoField(primary_key=True)
    xid = TransactionIdField(db_default=CurrentTransactionId(output_field=TransactionIdField()))
    at = models.DateTimeField(db_default=Now())
    actor_kind = models.TextField()
    staff_id = models.BigIntegerField(null=True)
    post = models.TextField(default="")
    via = models.TextField(default="")
    ip = models.GenericIPAddressField(null=True)
    command = models.TextField()
    subject_kind = models.TextField(default="")
    subject_id = models.TextField(default="")
    outcome = models.TextField()  # done, replayed, or the code of the refusal
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = (
            models.Index(fields=["xid", "id"], name="base_audit_order"),
            models.Index(fields=["subject_kind", "subject_id", "id"], name="base_audit_subject"),
            models.Index(fields=["staff_id", "at"], name="base_audit_staff"),
        )
        triggers = (pgtrigger.Protect(name="audit_entry_append_only", operation=_APPEND_ONLY),)

    def __str__(self) -> str:
        return f"{self.command} {self.outcome}"


class AuditLink(models.Model):
    """One link of the chain: the hash of the link before and of the entry."""

    seq = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(
        AuditEntry, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    hash = models.BinaryField()

    class Meta:
        triggers = (pgtrigger.Protect(name="audit_link_append_only", operation=_APPEND_ONLY),)

    def __str__(self) -> str:
        return f"{self.seq}:{bytes(self.hash).hex()}"


@dataclass(frozen=True, slots=True)
class Fault:
    """`broken`: entry or hash altered; `missing`: entry or link gone; `unchained`: entry without a link."""

    kind: str
    seq: int | None
    entry_id: int | None


@dataclass(frozen=True, slots=True)
class Head:
    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Report:
    ok: bool
    links: int
    waiting: int  # entries of the last seconds, not to be chained yet
    head: Head
    first_fault: Fault | None
    faults: list[Fault] = field(default_factory=list)


_FIELDS = (
    "id, xid::text::bigint, at, actor_kind, staff_id, post, via, host(ip), command, subject_kind, subject_id,"
    " outcome, detail::text"
)
_AFTER_LAST = "(e.xid, e.id) > (%s::text::xid8, %s) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())"
_UNLINKED = "NOT EXISTS (SELECT 1 FROM base_auditlink l WHERE l.entry_id = e.id)"


def _entries(where: str, parameters: Sequence[Any], limit: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_FIELDS} FROM base_auditentry e WHERE {where} ORDER BY e.xid, e.id LIMIT %s",  # nosec B608
            [*parameters, limit],
        )
        return list(cursor.fetchall())


def link_hash(before: bytes, entry: tuple[Any, ...]) -> bytes:
    """The hash of a link: sha256 over the hash before it and the canonical text of the entry."""
    values = list(entry)
    values[2] = values[2].astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(before + dumps(values).encode()).digest()


def chain(limit: int = 1000) -> int:
    """Chain entries that are old enough; how many. Another process that is chaining makes it do nothing."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return 0
            cursor.execute(
                "SELECT l.seq, l.hash, e.xid::text, e.id, e.xid >= pg_snapshot_xmax(pg_current_snapshot())"
                " FROM base_auditlink l LEFT JOIN base_auditentry e ON e.id = l.entry_id"
                " ORDER BY l.seq DESC LIMIT 1"
            )
            seq, before, last_xid, last_id, from_elsewhere = cursor.fetchone() or (0, GENESIS, "0", 0, False)
        if last_xid is None:  # the entry of the last link was removed; verify() says so, work goes on
            entries = _entries(f"e.xid < pg_snapshot_xmin(pg_current_snapshot()) AND {_UNLINKED}", [], limit)
        elif from_elsewhere:
            entries = _restored(limit)
        else:
            entries = _entries(f"{_AFTER_LAST} AND {_UNLINKED}", [last_xid, last_id], limit)
        links = []
        running = bytes(before)
        for number, entry in enumerate(entries, seq + 1):
            running = link_hash(running, entry)
            links.append((number, entry[0], running))
        if links:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO base_auditlink (seq, entry_id, hash)"
                    " SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[])",
                    [list(column) for column in zip(*links, strict=True)],
                )
    return len(links)


def _restored(limit: int) -> list[tuple[Any, ...]]:
    """After a dump was restored into a new cluster, transactions are counted anew: first what came unchained
    with the dump, then what is new here."""
    beyond = f"e.xid >= pg_snapshot_xmax(pg_current_snapshot()) AND {_UNLINKED}"
    return _entries(beyond, [], limit) or _entries(
        f"e.xid < pg_snapshot_xmin(pg_current_snapshot()) AND {_UNLINKED}", [], limit
    )


def head() -> Head:
    """The last link. Kept somewhere else, it also proves that the end of the chain was not cut off."""
    last = AuditLink.objects.order_by("-seq").first()
    return Head(last.seq, bytes(last.hash).hex()) if last else Head(0, GENESIS.hex())


def verify(expected: Head | None = None, *, most: int = 100) -> Report:
    """Walk the whole chain; find what was altered, removed, or is still without a link though it is old.

    `expected` is a head noted earlier: its link must still be there with that hash.
    """
    faults: list[Fault] = []
    before = GENESIS
    seq = links = 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        horizon = cursor.fetchone()[0]
    for link_seq, link_entry, link_digest, *entry in _links():
        if len(faults) >= most:
            break
        links += 1
        if link_seq != seq + 1:
            faults.append(Fault("missing", seq + 1, None))
        if entry[0] is None:
            faults.append(Fault("missing", link_seq, link_entry))
        elif link_seq == seq + 1 and link_hash(before, tuple(entry)) != bytes(link_digest):
            faults.append(Fault("broken", link_seq, link_entry))
        if expected and link_seq == expected.seq and bytes(link_digest).hex() != expected.hash:
            faults.append(Fault("broken", link_seq, link_entry))
        seq, before = link_seq, bytes(link_digest)
    if expected and expected.seq > seq and len(faults) < most:
        faults.append(Fault("missing", seq + 1, None))
    old, waiting = _without_link(horizon)
    faults += [Fault("unchained", None, entry_id) for entry_id in old[:most]]
    return Report(not faults, links, waiting, Head(seq, before.hex()), faults[0] if faults else None, faults)


def _without_link(horizon: str) -> tuple[list[int], int]:
    """Entries that should have been chained by now, and how many others wait for their turn."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id, e.at < %s AND"  # nosec B608: our own column names; values are parameters
            " (e.xid < %s::text::xid8 OR e.xid >= pg_snapshot_xmax(pg_current_snapshot()))"
            f" FROM base_auditentry e WHERE {_UNLINKED} ORDER BY e.xid, e.id LIMIT 100000",
            [clock.now() - GRACE, horizon],
        )
        unlinked = cursor.fetchall()
    return [entry_id for entry_id, late in unlinked if late], sum(not late for _entry, late in unlinked)


def _links() -> Iterator[tuple[Any, ...]]:
    """Every link with its entry, in order, a page at a time."""
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT l.seq, l.entry_id, l.hash, {_FIELDS.replace('id,', 'e.id,', 1)}"  # nosec B608
                " FROM base_auditlink l LEFT JOIN base_auditentry e ON e.id = l.entry_id"
                " WHERE l.seq > %s ORDER BY l.seq LIMIT 5000",
                [last],
            )
            page = cursor.fetchall()
        yield from page
        if not page:
            return
        last = page[-1][0]


@dataclass(slots=True)
class Line:
    """An entry that is about to be written."""

    at: datetime
    actor_kind: str
    staff_id: int | None
    post: str
    via: str
    ip: str | None
    command: str
    subject_kind: str
    subject_id: str
    outcome: str
    detail: dict[str, Any]


COLUMNS = tuple(Line.__slots__)
_TYPES = ("timestamptz", "text", "bigint", "text", "text", "inet", "text", "text", "text", "text", "jsonb")
_ROW = f"({', '.join(f'%s::{kind}' for kind in _TYPES)})"


def insertion(lines: Sequence[Line]) -> tuple[str, list[Any]]:
    """The statement that writes these entries, and its parameters."""
    rows = ", ".join(_ROW for _ in lines)
    parameters = [
        dumps(line.detail) if name == "detail" else getattr(line, name) for line in lines for name in COLUMNS
    ]
    return f"INSERT INTO base_auditentry ({', '.join(COLUMNS)}) VALUES {rows}", parameters  # nosec B608
