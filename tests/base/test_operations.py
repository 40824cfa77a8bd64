"""What was set aside is listed on the command line, and taken up again on record."""

from __future__ import annotations

from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from tests.base.actors import OPERATOR, staff

from citycall.base import cli, clock
from citycall.base.audit import AuditEntry
from citycall.base.commands import Refused, execute
from citycall.base.notices import Notice
from citycall.base.timers import Timer
from citycall.base.worker import WorkerBeat

pytestmark = pytest.mark.django_db


def timer(state: str = "broken", **more: object) -> Timer:
    given = {"handler": "toys.clock", "subject_kind": "toy", "subject_id": 1, "state": state, **more}
    return Timer.objects.create(due=clock.now() + timedelta(hours=1), **given)


def notice(key: str, state: str = "failed") -> Notice:
    now = clock.now()
    given = {
        "about_kind": "case",
        "about_id": 7,
        "to_post": "works.window",
        "template": "t",
        "channel": "email",
    }
    return Notice.objects.create(
        key=key, state=state, reason="no such box", due_at=now, created_at=now, **given
    )


def run(group: object, *arguments: str) -> Result:
    return CliRunner().invoke(group, list(arguments))  # type: ignore[arg-type]


def test_timers_are_listed_and_mended() -> None:
    broken, other, waiting = timer(error="Traceback\nValueError: why"), timer(), timer("pending")
    listed = run(cli.timers, "list", "--broken").output
    assert f"{broken.pk}  " in listed
    assert "ValueError: why" in listed
    assert f"{waiting.pk}  " not in listed
    assert f"{waiting.pk}  " in run(cli.timers, "list").output
    assert run(cli.timers, "mend", str(broken.pk)).output == "1 taken up again\n"
    assert Timer.objects.get(pk=broken.pk).state == "pending"
    entry = AuditEntry.objects.get()
    assert (entry.command, entry.subject_id, entry.via) == ("base.mend_timer", str(broken.pk), "cli")
    assert run(cli.timers, "mend", "--all").output == "1 taken up again\n"
    assert Timer.objects.get(pk=other.pk).state == "pending"


def test_notices_are_listed_and_sent_again() -> None:
    failed, hopeless, waiting = (
        notice("a"),
        notice("b", "undeliverable"),
        notice("c", "pending"),
    )
    assert "no such box" in run(cli.notices, "list", "--state", "failed").output
    assert len(run(cli.notices, "list").output.splitlines()) == 3
    assert run(cli.notices, "retry", str(failed.pk)).output == "1 taken up again\n"
    assert run(cli.notices, "retry", "--all").output == "1 taken up again\n"
    assert set(Notice.objects.values_list("pk", "state")) == {
        (row.pk, "pending") for row in (failed, hopeless, waiting)
    }
    assert AuditEntry.objects.filter(command="base.retry_notice", outcome="done").count() == 2


@pytest.mark.parametrize("arguments", [["mend"], ["mend", "1", "--all"]])
def test_one_or_all_must_be_said(arguments: list[str]) -> None:
    assert run(cli.timers, *arguments).exit_code == 2


def test_what_is_not_set_aside_is_refused() -> None:
    said = run(cli.timers, "mend", str(timer("struck").pk))
    assert (said.exit_code, Timer.objects.get().state) == (1, "struck")
    assert run(cli.timers, "mend", "999999999").exit_code == 1
    assert run(cli.notices, "retry", str(notice("a", "sent").pk)).exit_code == 1
    assert run(cli.notices, "retry", "999999999").exit_code == 1


def test_an_administrator_may_and_an_operator_may_not() -> None:
    broken, failed = timer(), notice("a")
    for name, given in (
        ("base.mend_timer", {"timer": broken.pk}),
        ("base.retry_notice", {"notice": failed.pk}),
    ):
        with pytest.raises(Refused, match="not_permitted"):
            execute(name, OPERATOR, given)
        execute(name, staff("rdec.admin"), given)
    assert (Timer.objects.get().state, Notice.objects.get().state) == ("pending", "pending")


def test_the_health_of_the_workers() -> None:
    assert (run(cli.worker, "--health").exit_code) == 1
    WorkerBeat.objects.create(worker="here:1", started_at=clock.now(), beat_at=clock.now())
    well = run(cli.worker, "--health")
    assert (well.exit_code, "workers: 1" in well.output) == (0, True)
    timer()
    unwell = run(cli.worker, "--health")
    assert (unwell.exit_code, "broken timers: 1" in unwell.output) == (1, True)
