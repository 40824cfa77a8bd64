"""Whatever is wrong with an input is said in the reader's language, at its path, and nothing is run."""

from typing import Any, Literal

import pytest
from django.utils import translation
from pydantic import Field, field_validator
from tests.base.actors import OPERATOR

from citycall.base.commands import Context, Input, Line, Refused, RowId, command


class Place(Input):
    address: Line


class Thing(Input):
    name: Line
    place: Place | None = None
    kind: Literal["fast", "slow"] = "fast"
    count: int = Field(default=1, ge=1, le=5)
    case: RowId = 1
    tags: tuple[str, ...] = ()
    free: str = ""

    @field_validator("free")
    @classmethod
    def _not_forbidden(cls, value: str) -> str:
        if value == "禁止":
            raise ValueError("這個詞不能用。")
        return value


def keep(ctx: Context, data: Thing) -> None:
    """Never reached by a wrong input."""
    raise AssertionError("a wrong input reached the command")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "path", "message"),
    [
        ({}, "name", "必填。"),
        ({"name": "   "}, "name", "必填。"),
        ({"name": "長" * 201}, "name", "太長，最多 200 個字。"),
        ({"name": "a\x00b"}, "name", "含有不能使用的控制字元。"),
        ({"name": "a\u202eb"}, "name", "含有不能使用的控制字元。"),
        ({"name": "a\ud800b"}, "name", "不是有效的文字編碼。"),
        ({"name": "a", "tags": ["b\x07"]}, "tags", "含有不能使用的控制字元。"),
        ({"name": 5}, "name", "應為文字。"),
        ({"name": "a", "nmae": "b"}, "nmae", "沒有這個欄位。"),
        ({"name": "a", "place": {}}, "place.address", "必填。"),
        ({"name": "a", "place": "板橋"}, "place", "應為一組欄位。"),
        ({"name": "a", "kind": "quick"}, "kind", "不是可選的項目，可選：fast、slow。"),
        ({"name": "a", "count": "many"}, "count", "應為整數。"),
        ({"name": "a", "count": 9}, "count", "不得大於 5。"),
        ({"name": "a", "count": 10**30}, "count", "不得大於 5。"),
        ({"name": "a", "case": 0}, "case", "應大於 0。"),
        ({"name": "a", "case": 2**70}, "case", None),
        ({"name": "a", "tags": "b"}, "tags", "應為清單。"),
        ({"name": "a", "free": "長" * 4001}, "free", "太長，最多 4000 個字。"),
        ({"name": "a", "free": "禁止"}, "free", "這個詞不能用。"),
        ([], "input", "應為一組欄位。"),
    ],
)
def test_wrong_input(data: Any, path: str, message: str | None) -> None:
    run = command("toys.keep", who=("operator",))(keep)
    with translation.override("zh-hant"), pytest.raises(Refused) as refused:
        run(OPERATOR, data)
    assert (refused.value.code, refused.value.status) == ("invalid", 422)
    assert set(refused.value.fields) == {path}
    if message is not None:
        assert refused.value.fields[path] == message


@pytest.mark.django_db
def test_the_reader_of_english_is_told_in_english() -> None:
    run = command("toys.keep", who=("operator",))(keep)
    with translation.override("en"), pytest.raises(Refused) as refused:
        run(OPERATOR, {"name": "a" * 201})
    assert refused.value.fields == {"name": "Too long: 200 characters at most."}
    assert refused.value.message == "Some of what was entered is wrong; please correct the fields marked."


def test_text_is_trimmed_and_line_ends_are_one() -> None:
    thing = Thing(name="　 甲乙 ", free="一\r\n二\t三")
    assert (thing.name, thing.free) == ("甲乙", "一\n二\t三")
