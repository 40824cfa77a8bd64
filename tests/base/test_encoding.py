from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from citycall.base.encoding import digest, dumps, jsonable


def test_the_same_value_always_gives_the_same_text() -> None:
    instant = datetime(2026, 3, 2, 10, 0, tzinfo=timezone(timedelta(hours=8)))
    assert dumps({"b": {"乙", "甲"}, "a": instant}) == '{"a":"2026-03-02T02:00:00Z","b":["乙","甲"]}'
    assert digest({"x": 1, "y": 2}) == digest({"y": 2, "x": 1})
    assert jsonable([date(2026, 3, 2), Decimal("1.50"), datetime(2026, 3, 2, tzinfo=UTC)]) == [
        "2026-03-02",
        "1.50",
        "2026-03-02T00:00:00Z",
    ]


@pytest.mark.parametrize("value", [b"bytes", object(), datetime(2026, 3, 2)])
def test_what_it_does_not_know_it_refuses(value: object) -> None:
    with pytest.raises(TypeError):
        jsonable(value)
