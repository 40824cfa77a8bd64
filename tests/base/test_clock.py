from datetime import UTC, date, datetime

import pytest

from citycall.base import clock


def test_virtual_time_stands_still_and_ends() -> None:
    instant = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    with clock.at(instant):
        assert clock.now() == instant
        assert clock.is_virtual()
        with clock.at(datetime(2026, 3, 2, 20, 0, tzinfo=UTC)):
            assert clock.today() == date(2026, 3, 3)  # already the next day in Taiwan
        assert clock.now() == instant
    assert not clock.is_virtual()
    assert abs(clock.now() - datetime.now(UTC)).total_seconds() < 1


def test_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        clock.set_virtual(datetime(2026, 3, 2))


def test_roc_dates_are_local() -> None:
    late = datetime(2026, 3, 1, 17, 5, tzinfo=UTC)
    assert clock.roc_date(late) == "115年3月2日"
    assert clock.roc_datetime(late) == "115年3月2日 01:05"
    assert clock.roc_date(date(2011, 1, 1)) == "100年1月1日"
