import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from citycall.base import audit, clock
from citycall.base.audit import AuditEntry, AuditLink
from citycall.base.commands import background

pytestmark = pytest.mark.django_db(transaction=True)


def entries(count: int, *, chained: bool = True) -> list[int]:
    for number in range(count):
        with background("toys.run") as ctx:
            ctx.audit("toy", number, text="路燈", share=0.1)
    if chained:
        assert audit.chain() == count
    return list(AuditEntry.objects.order_by("id").values_list("id", flat=True))


def tamper(*statements: str) -> None:
    """What the owner of the tables could do: the triggers are off."""
    tables = ("base_auditentry", "base_auditlink")
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def later() -> audit.Report:
    with clock.at(clock.now() + timedelta(minutes=5)):
        return audit.verify()


def test_an_untouched_chain_verifies() -> None:
    ids = entries(5)
    report = later()
    assert (report.ok, report.links, report.head.seq, report.waiting) == (True, 5, 5, 0)
    assert report.head == audit.head()
    assert list(AuditLink.objects.order_by("seq").values_list("entry_id", flat=True)) == ids
    assert audit.chain() == 0
    assert audit.verify(audit.head()).ok


@pytest.mark.parametrize(
    ("statements", "kind", "seq"),
    [
        (["UPDATE base_auditentry SET staff_id = 99 WHERE id = {third}"], "broken", 3),
        (["UPDATE base_auditentry SET detail = '{{}}' WHERE id = {third}"], "broken", 3),
        (["UPDATE base_auditentry SET at = at - interval '1 us' WHERE id = {third}"], "broken", 3),
        (["UPDATE base_auditlink SET hash = decode(repeat('ab', 32), 'hex') WHERE seq = 3"], "broken", 3),
        (["DELETE FROM base_auditentry WHERE id = {third}"], "missing", 3),
        (["DELETE FROM base_auditlink WHERE seq = 3"], "missing", 3),
        (
            ["DELETE FROM base_auditlink WHERE seq = 3", "DELETE FROM base_auditentry WHERE id = {third}"],
            "missing",
            3,
        ),
        (
            [
                "INSERT INTO base_auditentry SELECT id + 1000, xid, at, actor_kind, staff_id, post, via, ip,"
                " command, subject_kind, subject_id, outcome, detail FROM base_auditentry WHERE id = {third}"
            ],
            "unchained",
            None,
        ),
    ],
)
def test_tampering_is_found(statements: list[str], kind: str, seq: int | None) -> None:
    ids = entries(5)
    tamper(*(statement.format(third=ids[2]) for statement in statements))
    report = later()
    assert not report.ok
    assert report.first_fault is not None
    assert (report.first_fault.kind, report.first_fault.seq) == (kind, seq)


def test_a_cut_end_is_found_by_a_head_kept_elsewhere() -> None:
    ids = entries(5)
    kept = audit.head()
    tamper("DELETE FROM base_auditlink WHERE seq = 5", f"DELETE FROM base_auditentry WHERE id = {ids[4]}")
    assert audit.verify().ok
    fault = audit.verify(kept).first_fault
    assert fault is not None
    assert (fault.kind, fault.seq) == ("missing", 5)
    entries(1, chained=False)
    audit.chain()
    fault = audit.verify(kept).first_fault
    assert fault is not None
    assert (fault.kind, fault.seq) == ("broken", 5)


def test_an_entry_never_chained_is_found() -> None:
    entries(2, chained=False)
    assert audit.verify().waiting == 2
    assert audit.verify().ok  # a few seconds are allowed
    report = later()
    assert report.first_fault is not None
    assert report.first_fault.kind == "unchained"


@pytest.mark.parametrize("table", ["base_auditentry", "base_auditlink"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_the_database_refuses_changes(table: str, statement: str) -> None:
    entries(1)
    column = "id" if table == "base_auditentry" else "seq"
    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table, column, column))


def in_thread(work: Callable[[], None]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_what_commits_late_is_chained_late_and_in_order() -> None:
    written, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            with background("toys.slow"):
                pass
            written.set()
            assert go_on.wait(10)

    thread = in_thread(slow)
    assert written.wait(10)
    entries(2, chained=False)
    assert audit.chain() == 0  # an older transaction still runs: no place is final yet
    go_on.set()
    thread.join()
    assert audit.chain() == 3
    order = AuditLink.objects.order_by("seq").values_list("entry__command", flat=True)
    assert list(order) == ["toys.slow", "toys.run", "toys.run"]
    assert later().ok


def test_two_chainers_make_one_chain() -> None:
    entries(300, chained=False)
    threads = [in_thread(lambda: [audit.chain(20) for _ in range(40)] and None) for _ in range(3)]
    for thread in threads:
        thread.join()
    while audit.chain():
        pass
    assert later().ok
    assert AuditLink.objects.count() == 300


def test_it_goes_on_after_a_restore_into_a_new_cluster() -> None:
    """There transactions are counted anew, so new entries have smaller numbers than the restored ones."""
    entries(3)
    entries(2, chained=False)
    tamper("UPDATE base_auditentry SET xid = (xid::text::bigint + 1000000000)::text::xid8")
    # The hashes were made over the old numbers, so this chain is laid anew.
    tamper("DELETE FROM base_auditlink WHERE seq > 0")
    first = AuditEntry.objects.order_by("id").values_list("id", flat=True)[0]
    row = audit._entries("e.id = %s", [first], 1)[0]
    AuditLink.objects.create(seq=1, entry_id=first, hash=audit.link_hash(audit.GENESIS, row))

    entries(2, chained=False)  # of the new cluster
    assert audit.chain() == 4
    assert audit.chain() == 2
    entries(3, chained=False)
    assert audit.chain() == 3
    assert later().ok
    assert AuditLink.objects.count() == 10
