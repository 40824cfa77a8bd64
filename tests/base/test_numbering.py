"""Numbers of matters."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from citycall.base.numbering import format_number, lookup_code, next_number


@pytest.mark.django_db
def test_numbers_carry_the_local_day_in_roc_years_and_never_repeat() -> None:
    late = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)  # already 2 March in Taipei
    first, second = next_number("F", late), next_number("P", late)
    assert second[0] == first[0] + 1
    assert first[1] == f"F1150302-{first[0]:06d}"
    assert second[1].startswith("P1150302-")


@pytest.mark.django_db
def test_what_is_rolled_back_leaves_a_gap() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    with transaction.atomic():
        lost = next_number("F", now)[0]
        transaction.set_rollback(True)
    assert next_number("F", now)[0] > lost


@pytest.mark.django_db
def test_a_number_is_one_statement() -> None:
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        next_number("F", datetime(2026, 3, 2, tzinfo=UTC))
    assert len(seen) == 1


def test_numbers_beyond_a_million_grow_longer() -> None:
    assert format_number("F", 1_234_567, datetime(2011, 1, 1, tzinfo=UTC)) == "F1000101-1234567"


def test_look_up_codes_are_six_digits_and_differ() -> None:
    codes = [lookup_code() for _ in range(200)]
    assert all(re.fullmatch(r"\d{6}", code) for code in codes)
    assert len(set(codes)) > 190
