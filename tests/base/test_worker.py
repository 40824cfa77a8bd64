import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection

from citycall.base import audit, cli, clock, live, timers, worker
from citycall.base.commands import Context, Input, background, command
from citycall.base.events import Change, Event, record_many
from citycall.base.timers import Timer, timer_handler

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No rooms but this one, nothing to send."""
    monkeypatch.setattr(worker, "autoload", lambda: None)
    monkeypatch.setattr(worker, "send_due", lambda: 0)


def toy(**more: timedelta) -> Timer:
    late = more.get("late", timedelta(0))
    return Timer(due=clock.now() - late, handler="toys.clock", subject_kind="toy", subject_id=1)


@pytest.fixture
def _handler() -> None:
    @timer_handler("toys.clock")
    def strike(ctx: Context, batch: list[Timer]) -> None:
        record_many(ctx, [Change(timer, "toy.struck") for timer in batch])


@contextmanager
def working() -> Iterator[threading.Thread]:
    stop = threading.Event()
    thread = threading.Thread(target=worker.run_forever, args=(stop,))
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def soon(true: Callable[[], bool], seconds: float = 8) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.02)


@pytest.mark.usefixtures("_handler")
def test_it_strikes_and_chains_and_gives_signs_of_life() -> None:
    with working():
        timers.set_timers([toy()])
        live.wake_worker()
        soon(lambda: Event.objects.count() == 1)
        soon(lambda: audit.head().seq == 1)
        soon(lambda: worker.health().workers == 1)
        assert worker.health().ok


@pytest.mark.usefixtures("_handler")
def test_it_survives_the_loss_of_its_connections(caplog: pytest.LogCaptureFixture) -> None:
    with working():
        soon(lambda: worker.health().workers == 1)
        for number in range(3):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            timers.set_timers([toy()])
            soon(lambda number=number: Event.objects.count() == number + 1)  # type: ignore[misc]


def test_it_does_not_start_where_something_is_not_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real government on a sample's keys: nothing is struck and nothing sent."""
    from citycall.base import private
    from citycall.people import sample_guard
    from citycall.people.models import Government

    assert sample_guard.check_installation in worker.on_start  # the people room has put it there
    monkeypatch.setattr(private, "is_sample", lambda: True)
    Government.objects.create(pack="newtaipei", sample=False, founded_at=clock.now())
    for start in (worker.run_forever, worker.run_once):
        with pytest.raises(ImproperlyConfigured, match="a sample's"):
            start()


def test_at_its_start_it_waits_for_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def check() -> None:
        asked.append(1)
        if len(asked) == 1:
            raise OperationalError("the server is starting up")

    monkeypatch.setattr(worker, "on_start", [check])
    with working():
        soon(lambda: worker.health().workers == 1)
    assert len(asked) == 2


def test_a_failing_duty_disturbs_no_other() -> None:
    def failing() -> int:
        raise RuntimeError("always")

    stop = threading.Event()
    duty = worker.Duty("failing", failing, every=0.01)
    thread = threading.Thread(target=duty.run, args=(stop,))
    thread.start()
    time.sleep(0.05)
    assert thread.is_alive()
    stop.set()
    duty.woken.set()
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.usefixtures("_handler")
def test_once() -> None:
    timers.set_timers([toy(), toy(late=timedelta(minutes=3))])
    health = worker.health()
    assert not health.ok
    assert health.oldest_overdue is not None
    assert health.oldest_overdue > timedelta(minutes=2)
    result = CliRunner().invoke(cli.worker, ["--once"])
    assert result.output == "timers: 2  notices: 0  jobs: 0  audit: 1\n"


def test_audit_on_the_command_line() -> None:
    for _ in range(2):
        with background("toys.run"):
            pass
    audit.chain()
    run = CliRunner()
    head = run.invoke(cli.audit, ["head"]).output.strip()
    assert run.invoke(cli.audit, ["verify", "--head", head]).output.startswith("ok: 2 links")
    as_json = run.invoke(cli.audit, ["verify", "--json"])
    assert as_json.exit_code == 0
    assert json.loads(as_json.output)["ok"] is True
    other = f"2:{'0' * 64}"
    wrong = run.invoke(cli.audit, ["verify", "--head", other])
    assert (wrong.exit_code, "broken: link 2" in wrong.output) == (1, True)
    assert run.invoke(cli.audit, ["verify", "--head", "nonsense"]).exit_code == 2


def test_commands_on_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from citycall.base.commands import door

    monkeypatch.setattr(door, "_loaded", True)

    class Make(Input):
        name: str

    def make(ctx: Context, data: Make) -> None:
        """Make a toy."""

    command("toys.make", who=("operator",), clauses=("NT-5-4-2a",))(make)
    row = next(
        r for r in json.loads(CliRunner().invoke(cli.commands, ["--json"]).output) if r["name"] == "toys.make"
    )
    assert (row["who"], row["clauses"], row["doc"]) == (["operator"], ["NT-5-4-2a"], "Make a toy.")
    assert row["input"]["properties"]["name"]["type"] == "string"
    assert "toys.make" in CliRunner().invoke(cli.commands, []).output
