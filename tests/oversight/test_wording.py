"""Words that still name the old value are found, and no others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citycall.base import policies
from citycall.oversight.changes import drafted
from citycall.oversight.edits import Edits, ValueEdit
from citycall.oversight.wording import named_in, stale
from citycall.policy import Limit
from citycall.policy.limits import UNITS


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("應於 3 個工作天內回復", ["3 working_days"]),
        ("３個工作日", ["3 working_days"]),
        ("三日內", ["3 days"]),
        ("二十四小時", ["24 hours"]),
        ("十分鐘簽收", ["10 minutes"]),
        ("within 3 working days", ["3 working_days"]),
        ("in 1 hour", ["1 hours"]),
        ("每日18時", ["18:00"]),
        ("每日下午6時", ["18:00"]),
        ("每日 18:00 以電子郵件", ["18:00"]),
        ("上午九點半", ["09:30"]),
        ("第1階段處理時限", []),
        (f"{'9' * 5000}", []),
        ("", []),
    ],
)
def test_what_a_text_names(text: str, named: list[str]) -> None:
    assert named_in(text) == named


@given(amount=st.integers(1, 99), unit=st.sampled_from(UNITS), language=st.sampled_from(["zh", "en"]))
def test_what_the_house_says_is_read_back(amount: int, unit: str, language: str) -> None:
    limit = Limit.model_validate({"amount": amount, "unit": unit})
    assert f"{amount} {unit}" in named_in(limit.words(language))


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    named_in(text)


@pytest.fixture
def city(db: None) -> Iterator[None]:
    from citycall.rehearsal import sample

    policies.refresh()
    sample.load_sample(cases=False)
    yield
    policies.refresh()


def test_a_value_changed_without_its_words(city: None) -> None:
    base = policies.latest()
    pack = policies.pack_of(base.pk)
    old = dict(pack.setting("overdue-dunning"))
    new = {**old, "at": "17:00", "to": list(old["to"]), "channels": list(old["channels"])}

    def found(**words: str) -> list[str]:
        edit = ValueEdit(value=new, **words)
        draft = drafted(base, Edits(settings={"overdue-dunning": edit}))
        return [one.place for one in stale(draft.before, draft.after)]

    assert found(zh="每日下午6時稽催", en="Daily at 18:00") == ["settings.overdue-dunning"] * 2
    assert found(zh="每日17時稽催", en="Daily at 17:00") == []
    assert found(zh="每日稽催", en="Daily") == []
    same = drafted(base, Edits())
    assert stale(same.before, same.after) == []
