"""However one place is written, it has one key; writing it again changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citycall.policy import PlaceError, load_pack
from citycall.policy.places import even

FULL = str.maketrans("0123456789-", "０１２３４５６７８９－")
DIGITS = "〇一二三四五六七八九"

PACK = load_pack(Path(__file__).resolve().parents[2] / "policies" / "newtaipei")


def chinese(n: int) -> str:
    """1 to 99 as people write them."""
    tens, ones = divmod(n, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{DIGITS[tens]}十"
    return head + (DIGITS[ones] if ones else "")


def spelled(n: int) -> st.SearchStrategy[str]:
    ways = [str(n), str(n).translate(FULL)]
    return st.sampled_from([*ways, chinese(n)] if n < 100 else ways)


@st.composite
def twice(draw: st.DrawFn) -> tuple[str, str]:
    """One address of Banqiao in two spellings."""
    section, number = draw(st.integers(1, 9)), draw(st.integers(1, 999))
    lane, alley = draw(st.none() | st.integers(1, 400)), draw(st.none() | st.integers(1, 99))
    sub = draw(st.none() | st.integers(1, 60))

    def once() -> str:
        city = draw(st.sampled_from(["", "新北市", "台北縣", "臺北縣", "220新北市", "新北"]))
        zone = draw(st.sampled_from(["板橋區", "板橋市", "板橋"])) if city != "新北" else "板橋區"
        village = draw(st.sampled_from(["", "中正里", "中正里5鄰", "中正里五鄰", "中正里１２鄰"]))
        out = f"{city}{zone}{village}文化路{draw(spelled(section))}段"
        if lane is not None:
            out += f"{draw(spelled(lane))}巷"
            if alley is not None:
                out += f"{draw(spelled(alley))}弄"
        if sub is None:
            out += f"{draw(spelled(number))}號"
        else:
            dash = draw(st.sampled_from(["之", "-", "－", "~"]))
            one, other = draw(spelled(number)), draw(spelled(sub))
            out += draw(st.sampled_from([f"{one}{dash}{other}號", f"{one}號之{other}"]))
        floor = draw(st.sampled_from(["", "3樓", "三樓之2", "B1"]))
        out += f"，{floor}" if floor and not out.endswith("號") else floor  # 1號之13樓 could be either
        out += draw(st.sampled_from(["", "對面", "旁", "前", "附近", "旁邊", "前方", "斜對面", "（全聯前）"]))
        return draw(st.sampled_from(["", " ", "\u3000"])).join([out[:6], out[6:]])

    return once(), once()


@settings(max_examples=300, deadline=None)
@given(twice())
def test_two_spellings_have_one_key(pair: tuple[str, str]) -> None:
    one, other = (PACK.place(said) for said in pair)
    assert one.addr_key == other.addr_key
    assert one.kind == "number"


@settings(max_examples=200, deadline=None)
@given(twice())
def test_the_written_form_has_the_same_key_again(pair: tuple[str, str]) -> None:
    place = PACK.place(pair[0])
    again = PACK.place(place.address_norm)
    assert (again.addr_key, again.address_norm) == (place.addr_key, place.address_norm)
    assert even(even(pair[0])) == even(pair[0])


@settings(max_examples=200, deadline=None)
@given(
    st.permutations(["文化路", "民生路"]),
    st.sampled_from(["與", "和", "、", "及", "/", "跟"]),
    st.sampled_from(["", "口", "路口", "交叉口", "交叉路口", "附近", "轉角", "（超商旁）"]),
    st.sampled_from(["板橋區", "新北市板橋區", "台北縣板橋市"]),
)
def test_a_crossing_has_one_key(roads: list[str], joined: str, tail: str, head: str) -> None:
    assert PACK.place(f"{head}{joined.join(roads)}{tail}").addr_key == "65000010:文化路×民生路"


@pytest.mark.parametrize("n", range(1, 100))
def test_numerals_from_one_to_ninety_nine(n: int) -> None:
    key = PACK.place(f"板橋區文化路{chinese(n)}號").addr_key
    assert key == PACK.place(f"板橋區文化路{n}號").addr_key == f"65000010:文化路{n}號"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("板橋區文化路十二之三號", "板橋區文化路12-3號"),
        ("板橋區文化路廿五號", "板橋區文化路25號"),
        ("板橋區文化路12號之十", "板橋區文化路12之10號"),
        ("板橋區文化路近民生路", "板橋區文化路與民生路口"),
        ("板橋區文化路轉進埤內巷", "板橋區文化路埤內巷"),
        ("鶯歌區中鶯里育英巷12號", "鶯歌區育英巷十二號"),
        ("坪林區水德里水德運動公園", "坪林區水德運動公園旁"),
        ("三峽區台28線", "三峽區臺２８線"),
    ],
)
def test_variants_of_one_place(one: str, other: str) -> None:
    assert PACK.place(one).addr_key == PACK.place(other).addr_key


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet="臺台北市板橋區中山路一二三十廿段巷弄號之-號里鄰近轉進旁口公園１2（）、與", max_size=30)
)
def test_even_is_steady(said: str) -> None:
    assert even(even(said)) == even(said)
    try:
        place = PACK.place(said)
    except PlaceError:
        return
    assert place.addr_key.partition(":")[2]
