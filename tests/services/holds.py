"""What must hold of a case at any time, whatever was done with it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from citycall.policy.requests import EVENTS

ENDED = ("closed", "withdrawn", "released", "merged")
# The moves table says when people may do these; a rule opens a task whenever its event happens.
BY_RULE = frozenset({"case.task_opened", "case.task_done", "case.task_cancelled"})
# What only a decision on a request brings about.
ASKED_FOR = frozenset({"case.reassigned", "case.joined", "case.all_joined", "case.extended", "case.ruled"})


def check_moves(row: Any, events: list[Any]) -> None:
    """No illegal move: each event that was written was allowed, by the pack, in the status of that moment."""
    from citycall.base.policies import pack_of

    pack, status = pack_of(row.policy_version_id), None
    kind = pack.kinds[events[0].set["kind"]]
    for event in events:
        now = event.set.get("status", status)
        if status is None:
            assert now == kind.begins, f"it began as {now}"
        elif event.kind not in BY_RULE and any(move.event == event.kind for move in kind.moves):
            move = kind.move(event.kind, status)
            assert move is not None, f"{event.kind} of a {kind.code} in {status}"
            assert now == (move.to or status), f"{event.kind} led from {status} to {now}"
        else:
            assert now == status, f"{event.kind} is no move of a {kind.code}, and led from {status} to {now}"
        status, kind = now, pack.kinds[event.set.get("kind", kind.code)]


def reachable(kind: Any, status: str) -> set[str]:
    """The statuses that may still come."""
    found, todo = {status}, [status]
    while todo:
        here = todo.pop()
        for move in kind.moves:
            if here in move.from_ and move.to is not None and move.to not in found:
                found.add(move.to)
                todo.append(move.to)
    return found


def check_case(case: Any) -> None:
    """Its limit, its clocks and what is owed are those of where it stands."""
    from citycall.base.policies import pack_of
    from citycall.services.cases.models import OPEN_STATUSES, CaseClock, PhoneTask, StageRequest

    pack = pack_of(case.policy_version_id)
    kind = pack.kinds[case.kind]
    clocks = list(CaseClock.objects.filter(case=case).order_by("pk"))
    running = [one for one in clocks if one.state == "running"]
    setting = [one for one in running if pack.clock(one.code).sets_due]
    assert len(setting) <= (1 if case.status in OPEN_STATUSES else 0), "two limits, or one of what has ended"
    if setting:
        assert setting[0].due == case.due_at
    coming = reachable(kind, case.status)
    for one in clocks:
        assert one.due is not None
        if one.state != "running":
            assert one.stopped_at is not None, f"{one.code} neither runs nor was stopped"
            continue
        check_stops(pack, kind, case, pack.clock(one.code), coming)
    if case.status == "closed":
        assert case.result
        assert case.completed_at
        assert case.closed_at >= case.completed_at >= case.established_at
    owed = PhoneTask.objects.filter(case=case, state="open").count()
    assert owed <= (1 if case.status == "completed" else 0), "a call is owed for a case that is not done"
    asked = StageRequest.objects.filter(case=case, state="pending").count()
    assert asked <= (1 if case.status in ("acknowledged", "in_progress", "established") else 0)


def check_stops(pack: Any, kind: Any, case: Any, clock: Any, coming: set[str]) -> None:
    """A clock that runs has an end: an event that stops it may still come.

    Of a case that has ended only what is still owed runs, such as following what another authority does: it
    is stopped by an act in this very status, and not only by taking the case up again.
    """
    if case.status in ENDED:
        ends = [one for one in clock.stop if kind.next_status(one, case.status) in ENDED]
        assert ends, f"{clock.code} of a {kind.code} runs on, though it is {case.status}"
    can_come = {move.event for move in kind.moves if coming & {*move.from_}}
    own_tasks = any(kind.code in rule.kinds for rule in pack.tasks)
    asked = {event for rule in pack.requests if kind.code in rule.kinds for event in EVENTS[rule.effect]}
    ends = [
        one
        for one in clock.stop
        if (one in BY_RULE and own_tasks) or (one in can_come and (one not in ASKED_FOR or one in asked))
    ]
    assert ends, f"nothing can stop {clock.code} of a {kind.code} that is {case.status}"


def check_rows(told: dict[tuple[str, int], list[Any]]) -> None:
    """Rows are the fold of their events: the cases', and those of whatever belongs to them."""
    from django.apps import apps

    from citycall.base import events
    from citycall.base.encoding import jsonable

    models = {events.subject_kind(model): model for model in apps.get_app_config("cases").get_models()}
    for word in {kind for kind, _ in told} & models.keys():
        rows = models[word]._default_manager.in_bulk([pk for kind, pk in told if kind == word])
        for pk, row in rows.items():
            folded: dict[str, Any] = {}
            for event in told[word, pk]:
                folded.update(event.set)
            kept = {name: jsonable(getattr(row, name)) for name in folded}
            assert kept == folded, f"{word} {pk} is not the fold of its events"


def check_timers(cases: list[int]) -> None:
    """Nothing is broken, nothing strikes twice, nothing that is due waits."""
    from citycall.base import clock
    from citycall.base.timers import Timer

    broken = Timer.objects.filter(state="broken").first()
    assert broken is None, broken and broken.error
    pending = Timer.objects.filter(state="pending", subject_kind="case", subject_id__in=cases)
    found = Counter((one.subject_id, str(sorted(one.payload.items())), one.due) for one in pending)
    assert not [one for one, number in found.items() if number > 1], "a clock would strike twice"
    assert not Timer.objects.filter(state="pending", due__lte=clock.now()).exists()


def check_notices(cases: list[int]) -> None:
    """Nobody is told one thing twice: of one event, or of the strikes of one instant."""
    from django.db.models import Case, F, When

    from citycall.base.notices import Notice

    told = Counter(
        Notice.objects.filter(about_kind="case", about_id__in=cases)
        .annotate(struck=Case(When(caused_by=None, then=F("due_at"))))
        .values_list("about_id", "template", "to_post", "party_id", "channel", "caused_by", "struck")
    )
    twice = [one for one, number in told.items() if number > 1]
    assert not twice, f"somebody is told twice: {twice}"
    assert not Notice.objects.filter(state="failed").exists()
    undone = Notice.objects.exclude(reason="").filter(state="sent").first()
    assert undone is None, undone and undone.reason
