import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from pydantic import BaseModel
from tests.base.actors import LEAD, OPERATOR

from citycall.base import clock
from citycall.base.audit import AuditEntry
from citycall.base.commands import Context, Input, Refused, command, idempotency
from citycall.base.timers import Timer

pytestmark = pytest.mark.django_db(transaction=True)


class Make(Input):
    name: str
    file: Any = None


class Made(BaseModel):
    id: int
    name: str


def make(ctx: Context, data: Make) -> Made:
    """Make a row."""
    row = Timer.objects.create(due=ctx.now, handler=data.name, subject_kind="toy", subject_id=1)
    return Made(id=row.pk, name=data.name)


@pytest.fixture
def made() -> Any:
    return command("toys.make", who=("operator", "lead"), keyed=True)(make)


def test_the_same_request_again_gives_the_same_answer(made: Any) -> None:
    first = made(OPERATOR, {"name": "路燈"}, key="k")
    again = made(OPERATOR, Make(name=" 路燈 "), key="k")
    assert again == first
    assert Timer.objects.count() == 1
    assert list(AuditEntry.objects.order_by("id").values_list("outcome", flat=True)) == ["done", "replayed"]


def test_the_same_key_with_other_content_is_refused(made: Any) -> None:
    made(OPERATOR, {"name": "a"}, key="k")
    with pytest.raises(Refused) as refused:
        made(OPERATOR, {"name": "b"}, key="k")
    assert (refused.value.code, refused.value.status) == ("idempotency_conflict", 409)
    assert Timer.objects.count() == 1


def test_keys_of_different_actors_do_not_meet(made: Any) -> None:
    assert made(OPERATOR, {"name": "a"}, key="k") != made(LEAD, {"name": "b"}, key="k")


def test_an_upload_counts_by_its_content(made: Any) -> None:
    made(OPERATOR, {"name": "a", "file": SimpleUploadedFile("p.jpg", b"one")}, key="k")
    made(OPERATOR, {"name": "a", "file": SimpleUploadedFile("p.jpg", b"one")}, key="k")
    with pytest.raises(Refused, match="idempotency_conflict"):
        made(OPERATOR, {"name": "a", "file": SimpleUploadedFile("p.jpg", b"two")}, key="k")
    assert Timer.objects.count() == 1


@pytest.mark.parametrize("key", ["", "k" * 201, "a\nb"])
def test_a_key_must_be_usable(made: Any, key: str) -> None:
    with pytest.raises(Refused) as refused:
        made(OPERATOR, {"name": "a"}, key=key)
    assert set(refused.value.fields) == {"key"}


@pytest.mark.parametrize("first_is_refused", [False, True])
def test_two_at_the_same_time_are_one_after_the_other(first_is_refused: bool) -> None:
    inside, go_on = threading.Event(), threading.Event()
    runs: list[str] = []

    def slow(ctx: Context, data: Make) -> Made:
        """Wait in the middle, the first time."""
        runs.append(threading.current_thread().name)
        if len(runs) == 1:
            inside.set()
            assert go_on.wait(10)
            if first_is_refused:
                raise Refused("wrong", "不行。")
        return make(ctx, data)

    run = command("toys.slow", who=("operator",))(slow)
    answers: list[Made | str] = []

    def ask() -> None:
        try:
            answers.append(run(OPERATOR, {"name": "a"}, key="k"))
        except Refused as refused:
            answers.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    threads[1].join(0.3)
    assert threads[1].is_alive()  # it waits for the first
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert Timer.objects.count() == 1
    if first_is_refused:
        assert len(runs) == 2
        assert "wrong" in answers
    else:
        assert len(runs) == 1
        assert answers[0] == answers[1]


def test_keys_are_forgotten_in_time(made: Any) -> None:
    made(OPERATOR, {"name": "a"}, key="k")
    assert idempotency.forget_old(clock.now()) == 0
    assert idempotency.forget_old(clock.now() + timedelta(days=31)) == 1
