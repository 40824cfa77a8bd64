"""Long work in portions: each row once, whatever breaks; begun only when what was known before is out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
Work = Callable[[int], None]


class Toy:
    """A job over the numbers 1 to 100, in spans of ten; what was done is kept in a table."""

    def __init__(self) -> None:
        self.bad: frozenset[int] = frozenset()
        self.busy: set[int] = set()

    def plan(self, job: Any) -> Any:
        from citycall.base.portions import Span

        return [Span(n, n + 9, 10) for n in range(1, 100, 10)]

    def work(self, ctx: Any, job: Any, portion: Any) -> Any:
        from citycall.base.files import StoredFile  # noqa: F401 - the room is loaded
        from citycall.base.portions import Done, Span

        later = []
        with connection.cursor() as cursor:
            for number in range(portion.first, portion.last + 1):
                if number in self.busy:
                    later.append(Span(number, number, 1))
                    continue
                cursor.execute("INSERT INTO toy VALUES (%s)", [number])
                if number in self.bad:
                    raise ValueError(f"{number} cannot be done")
        return Done(portion.last - portion.first + 1 - len(later), later)


@pytest.fixture
def toy(db: None) -> Iterator[Toy]:
    from citycall.base import clock, portions

    made = Toy()
    portions.job_handler("toys.count", plan=made.plan)(made.work)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE toy (number int) ON COMMIT DROP")
    with clock.at(NOW):
        yield made
    del portions._handlers["toys.count"]


def ask() -> Any:
    from citycall.base.commands import background
    from citycall.base.portions import Job
    from citycall.base.portions import ask as asked

    with background("toys.ask") as ctx:
        job = asked(ctx, "toys.count", "toy", 7)
    return Job.objects.get(pk=job.pk)


def run(most: int = 300) -> int:
    from citycall.base.portions import work_off

    for number in range(most):
        if not work_off():
            return number
    raise AssertionError("it never comes to an end")


def done() -> Counter[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM toy")
        return Counter(row[0] for row in cursor.fetchall())


def far() -> Any:
    from citycall.base.portions import progress

    return progress("toy", [7])[7]


def test_every_row_once(toy: Toy) -> None:
    from citycall.base.audit import AuditEntry
    from citycall.base.portions import settled, work_off

    ask()
    assert not settled()
    work_off()
    assert (far().rows, far().done, far().percent) == (100, 0, 0)
    work_off()
    assert (far().rows, far().done, far().changed, far().percent) == (100, 10, 10, 10)
    run()
    assert settled()
    assert done() == Counter(range(1, 101))
    assert (far().percent, far().job.finished_at) == (100, NOW)
    entries = AuditEntry.objects.filter(command="job:toys.count")
    assert len(entries) == 10
    assert {entry.detail["changed"] for entry in entries} == {10}
    assert work_off() == 0


def test_what_breaks_is_set_aside_alone(toy: Toy) -> None:
    from citycall.base.portions import Portion

    toy.bad = frozenset({13, 14, 87})
    ask()
    run()
    assert done() == Counter(set(range(1, 101)) - toy.bad)
    aside = Portion.objects.filter(state="broken").order_by("first")
    assert [(one.first, one.last) for one in aside] == [(13, 13), (14, 14), (87, 87)]
    assert "13 cannot be done" in aside[0].error
    assert (far().broken, far().rows, far().done) == (3, 100, 97)
    assert far().job.finished_at is not None


def test_where_nothing_works_it_comes_to_an_end(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    from citycall.base import portions

    monkeypatch.setattr(portions, "MOST_BROKEN", 3)
    toy.bad = frozenset(range(1, 101))
    ask()
    assert run() < 100
    assert done() == Counter()
    assert far().job.finished_at is not None
    assert far().broken < 30


def test_what_others_hold_is_done_later(toy: Toy) -> None:
    from citycall.base.portions import Portion, work_off

    toy.busy = {5, 44}
    ask()
    run()
    assert done() == Counter(set(range(1, 101)) - toy.busy)
    assert far().job.finished_at is None
    assert (far().rows, far().done) == (100, 98)
    assert work_off() == 0, "nothing to hurry for while they are held"
    toy.busy = set()
    run()
    assert done() == Counter(range(1, 101))
    assert far().job.finished_at is not None
    assert not Portion.objects.filter(state="pending").exists()


def test_jobs_follow_one_another(toy: Toy) -> None:
    from citycall.base.portions import Job

    first, second = ask(), ask()
    run()
    jobs = {job.pk: job for job in Job.objects.all()}
    assert jobs[first.pk].finished_at is not None
    assert jobs[second.pk].finished_at is not None
    assert done() == Counter(dict.fromkeys(range(1, 101), 2))


def test_what_nobody_can_do_is_not_cut_up(toy: Toy) -> None:
    """A release that does not know the kind of job leaves its portions as they are, and says so."""
    from citycall.base.portions import Job, Portion, work_off

    job = ask()
    work_off()
    Job.objects.filter(pk=job.pk).update(kind="toys.unknown")
    assert work_off() == 1
    assert Portion.objects.filter(state="pending").count() == 10
    found = Job.objects.get(pk=job.pk)
    assert (found.attempts, found.broken_at) == (1, None)
    assert "no job handler is called toys.unknown" in found.error
    Job.objects.filter(pk=job.pk).update(kind="toys.count")
    assert work_off() == 1
    found.refresh_from_db()
    assert (found.attempts, found.error, found.retry_at) == (0, "", None), "it works again: nothing to tell"


def test_a_job_that_cannot_be_laid_out_lets_the_later_ones_go_on(toy: Toy) -> None:
    from click.testing import CliRunner

    from citycall.base import cli, portions, worker
    from citycall.base.commands import SYSTEM, execute
    from citycall.base.portions import ATTEMPTS, Job, settled

    first = ask()
    Job.objects.filter(pk=first.pk).update(kind="toys.odd")

    def odd(job: Job) -> Any:
        raise ValueError("the closure is gone")

    portions.job_handler("toys.odd", plan=odd)(toy.work)
    try:
        second = ask()
        run()
        found = Job.objects.get(pk=first.pk)
        assert (found.attempts, found.broken_at, found.finished_at) == (ATTEMPTS, NOW, None)
        assert "the closure is gone" in found.error
        assert Job.objects.get(pk=second.pk).finished_at == NOW
        assert done() == Counter(range(1, 101))
        assert settled()
        assert (worker.health().aside, worker.health().ok) == (1, False)
        assert portions.progress_of([found])[0].broken == 1
        told = CliRunner().invoke(cli.jobs, ["list"]).output
        assert f"set aside after {ATTEMPTS} attempts" in told
        assert "the closure is gone" in told
        assert "long work set aside: 1" in CliRunner().invoke(cli.worker, ["--health"]).output
        portions._handlers["toys.odd"] = (toy.plan, toy.work)
        execute("base.mend_job", SYSTEM, {"job": first.pk})
        assert not settled()
        run()
        found.refresh_from_db()
        assert (found.finished_at, found.attempts, found.error, found.broken_at) == (NOW, 0, "", None)
        assert worker.health().aside == 0
        assert CliRunner().invoke(cli.jobs, ["list"]).output == ""
    finally:
        del portions._handlers["toys.odd"]


def test_each_attempt_waits_longer(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the real clock; until then the job is left alone."""
    from citycall.base import clock, portions

    job = ask()
    now = NOW
    monkeypatch.setattr(clock, "is_virtual", lambda: False)
    monkeypatch.setattr(clock, "now", lambda: now)
    monkeypatch.setattr(portions, "_quiet", lambda job: True)
    portions.Job.objects.filter(pk=job.pk).update(kind="toys.unknown")
    waits = []
    for _ in range(portions.ATTEMPTS - 1):
        assert portions.work_off() == 0
        found = portions.Job.objects.get(pk=job.pk)
        assert found.retry_at is not None
        waits.append((found.retry_at - now).total_seconds())
        attempts, now = found.attempts, found.retry_at - timedelta(milliseconds=1)
        assert portions.work_off() == 0
        assert portions.Job.objects.get(pk=job.pk).attempts == attempts, "tried before its time"
        now = found.retry_at
    assert waits == [1, 2, 4, 8, 16, 32, 60]
    assert portions.work_off() == 1
    assert portions.Job.objects.get(pk=job.pk).broken_at == now
    assert portions.work_off() == 0


def by_its_clock(sql: str = "clock_timestamp()") -> datetime:
    """An instant by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql}")
        found = cursor.fetchone()
    assert found is not None
    return datetime.fromisoformat(str(found[0]))


@pytest.fixture
def by_the_real_clock(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """And this machine's is wrong by years: nothing may depend on it."""
    from citycall.base import clock

    monkeypatch.setattr(clock, "is_virtual", lambda: False)


def test_it_waits_until_the_old_knowledge_is_out(by_the_real_clock: None) -> None:
    """Two seconds from when a worker first saw it, whatever the clocks of the machines say."""
    from citycall.base import portions
    from citycall.base.portions import SETTLE, Job

    job = ask()

    def read() -> Any:
        return Job.objects.get(pk=job.pk)

    before = by_its_clock()
    assert portions.work_off() == 0
    assert before <= read().seen_at <= by_its_clock()
    assert portions.work_off() == 0, "seen this moment"
    Job.objects.update(seen_at=by_its_clock() - SETTLE + timedelta(minutes=1))
    assert portions.work_off() == 0
    assert read().planned_at is None
    Job.objects.update(seen_at=by_its_clock() - SETTLE)
    assert portions.work_off() == 1
    assert read().planned_at is not None


def test_it_waits_for_who_began_before_and_has_written_nothing_yet(by_the_real_clock: None) -> None:
    """A command may read for a long time by what it knew, and only then write."""
    from click.testing import CliRunner

    from citycall.base import clock, portions, worker
    from citycall.base.cli import jobs
    from citycall.base.cli import worker as say_health
    from citycall.base.portions import SETTLE, Job

    ask()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT now(), pg_current_xact_id_if_assigned()")
            began, number = cursor.fetchone() or (None, None)
            assert began is not None
            assert number is None, "it has no number by which it could be waited for"
            Job.objects.update(seen_at=began - SETTLE + timedelta(microseconds=1))
            assert portions.work_off() == 0
            cursor.execute("SELECT pg_backend_pid()")
            (process,) = cursor.fetchone() or (None,)
            line = f"    waits for process {process} (citycall), open since "
            assert line in CliRunner().invoke(jobs, ["list"]).output, "who runs the system sees it"
            assert worker.health().held_up == 0, "it may be a command"
            Job.objects.update(asked_at=clock.now() - timedelta(minutes=6))
            assert worker.health().held_up == 1
            told = CliRunner().invoke(say_health, ["--health"])
            assert "held up by sessions: 1" in told.output
            assert told.exit_code == 1
            cursor.execute("COMMIT")
            assert portions.work_off() == 1
            assert "waits for" not in CliRunner().invoke(jobs, ["list"]).output
            assert worker.health().held_up == 0
    finally:
        other.close()


def test_it_waits_for_nobody_who_began_later(by_the_real_clock: None) -> None:
    """Whoever begins when the memories have run out knows already; a dump of the database never minds."""
    from citycall.base import portions
    from citycall.base.portions import SETTLE, Job

    ask()
    later, dump = connection.copy(), connection.copy()
    try:
        with later.cursor() as cursor, dump.cursor() as reading:
            reading.execute("SET application_name = 'pg_dump'")
            reading.execute("BEGIN")
            reading.execute("SELECT 1")
            known_until = by_its_clock()
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1")
            Job.objects.update(seen_at=known_until - SETTLE)
            assert portions.work_off() == 1
    finally:
        later.close()
        dump.close()


def test_mended_it_is_done(toy: Toy) -> None:
    """Once its cause was removed, by the command of those who run the system."""
    from click.testing import CliRunner

    from citycall.base import cli
    from citycall.base.commands import SYSTEM, Refused, execute

    toy.bad = frozenset({13})
    job = ask()
    run()
    listed = CliRunner().invoke(cli.jobs, ["list"])
    assert (
        f"{job.pk}  2026-03-02 10:00:00  toys.count toy:7  99 of 100  1 portions set aside" in listed.output
    )
    toy.bad = frozenset()
    assert "1 taken up again" in CliRunner().invoke(cli.jobs, ["mend", str(job.pk)]).output
    run()
    assert done() == Counter(range(1, 101))
    assert (far().broken, far().done) == (0, 100)
    assert CliRunner().invoke(cli.jobs, ["list"]).output == ""
    for number, code in ((job.pk, "not_broken"), (job.pk + 1, "not_found")):
        with pytest.raises(Refused, match=code):
            execute("base.mend_job", SYSTEM, {"job": number})
