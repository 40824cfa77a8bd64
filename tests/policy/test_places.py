"""Addresses as people say them become one place each, or are asked about."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citycall.policy import Pack, PlaceError, load_pack
from citycall.policy.places import even

POLICIES = Path(__file__).resolve().parents[2] / "policies"

FOUND = [
    # what was said, district, key without the district, kind
    ("新北市板橋區中山路一段161號", "板橋區", "中山路一段161號", "number"),
    ("台北縣板橋市中山路１段１６１號", "板橋區", "中山路一段161號", "number"),
    ("220新北市板橋區中山路一段161號", "板橋區", "中山路一段161號", "number"),
    ("板橋中山路一段161號對面", "板橋區", "中山路一段161號", "number"),
    ("我在板橋區中山路一段 161 號附近", "板橋區", "中山路一段161號", "number"),
    ("板橋區中山路1段一百六十一號（遠東銀行前）", "板橋區", "中山路一段161號", "number"),
    ("縣民大道二段7號", "板橋區", "縣民大道二段7號", "number"),
    ("新北板橋區縣民大道2段七號旁", "板橋區", "縣民大道二段7號", "number"),
    ("新北市三重區重新路二段12巷3弄4號之1", "三重區", "重新路二段12巷3弄4-1號", "number"),
    ("三重重新路二段12巷3弄4之1號5樓", "三重區", "重新路二段12巷3弄4-1號", "number"),
    ("新北市永和區福和里5鄰中正路100號", "永和區", "中正路100號", "number"),
    ("五股區五權路１號～３號", "五股區", "五權路1號", "number"),
    ("新北市三芝區埔頭街8號前方路燈", "三芝區", "埔頭街8號", "number"),
    ("新莊區新北大道三段100號", "新莊區", "新北大道三段100號", "number"),
    ("深坑區文山路三段鐵皮屋旁", "深坑區", "文山路三段", "road"),
    ("汐止區大同路一段（遠雄廣場前）", "汐止區", "大同路一段", "road"),
    ("林口區文化三路一段", "林口區", "文化三路一段", "road"),
    ("新莊副都心重劃區中原路", "新莊區", "中原路", "road"),
    ("新店區北新路三段200巷口", "新店區", "北新路三段200巷", "lane"),
    ("新店區北新路三段200巷15弄", "新店區", "北新路三段200巷15弄", "lane"),
    ("鶯歌區育英巷12號", "鶯歌區", "育英巷12號", "number"),
    ("220新北市板橋區文化路一段與民生路二段口", "板橋區", "文化路×民生路", "crossing"),
    ("板橋區民生路、文化路交叉口", "板橋區", "文化路×民生路", "crossing"),
    ("板橋區文化路一段民生路口", "板橋區", "文化路×民生路", "crossing"),
    ("思源路與新泰路口", "新莊區", "思源路×新泰路", "crossing"),
    ("板橋車站", "板橋區", "板橋車站", "text"),
    ("新北市板橋區板橋車站前", "板橋區", "板橋車站", "text"),
    ("新北市瑞芳區九份老街", "瑞芳區", "九份老街", "road"),
    ("坪林區水德村4鄰12號", "坪林區", "水德村4鄰12號", "text"),
    ("八里龍米路二段200號", "八里區", "龍米路二段200號", "number"),
]

REFUSED = [
    ("臺北市信義區市府路1號", "outside_city"),
    ("台北信義區市府路1號", "outside_city"),
    ("信義區市府路1號", "outside_city"),
    ("高雄市前鎮區中山二路2號", "outside_city"),
    ("桃園龜山區文化一路", "outside_city"),
    ("100臺北市中正區重慶南路一段122號", "outside_city"),
    ("中山路一段161號", "no_district"),
    ("中和路400號", "no_district"),
    ("文化路", "no_district"),
    ("臺北大學", "no_district"),
    ("路燈壞了", "no_district"),
    ("", "too_vague"),
    ("   ", "too_vague"),
    ("A", "too_vague"),
    ("新北市", "too_vague"),
    ("板橋區", "too_vague"),
    ("新北市淡水區", "too_vague"),
    ("板橋區12號", "too_vague"),
]


@pytest.mark.parametrize(("said", "district", "key", "kind"), FOUND)
def test_found(newtaipei: Pack, said: str, district: str, key: str, kind: str) -> None:
    place = newtaipei.place(said)
    found = newtaipei.district(place.district_code or "")
    assert found is not None
    assert found.name.zh == district
    assert place.addr_key == f"{place.district_code}:{key}"
    assert place.kind == kind
    assert place.address_norm.startswith(f"新北市{district}")


@pytest.mark.parametrize(("said", "code"), REFUSED)
def test_refused(newtaipei: Pack, said: str, code: str) -> None:
    with pytest.raises(PlaceError) as caught:
        newtaipei.place(said)
    assert caught.value.code == code
    assert caught.value.message
    assert caught.value.text.en


def test_a_road_of_several_districts_names_them(newtaipei: Pack) -> None:
    with pytest.raises(PlaceError) as caught:
        newtaipei.place("中和路400號")
    assert caught.value.choices == ("65000030", "65000040")
    assert "中和區、永和區" in caught.value.message
    assert newtaipei.place("中和路400號", "永和區").addr_key == "65000040:中和路400號"
    assert newtaipei.place("中和路400號", "65000030").addr_key == "65000030:中和路400號"


def test_the_address_decides_over_the_choice(newtaipei: Pack) -> None:
    assert newtaipei.place("板橋區文化路一段1號", "淡水區").district_code == "65000010"


def test_a_name_that_only_occurs_yields_to_the_choice(kaohsiung: Pack) -> None:
    place = kaohsiung.place("興楠路20號往大社區方向", "楠梓區")
    assert place.addr_key == "64000040:興楠路20號"
    assert kaohsiung.place("鼓山三路25巷口", "左營區").addr_key == "64000030:鼓山三路25巷"
    assert kaohsiung.place("鹽埕里產業路100號", "彌陀區").addr_key == "64000280:產業路100號"


def test_what_describes_the_way_stays_for_the_crew(newtaipei: Pack) -> None:
    assert newtaipei.place("板橋區中山路一段161號斜對面").address_norm == "新北市板橋區中山路一段161號斜對面"


def test_same_crossing_either_way_round(newtaipei: Pack) -> None:
    keys = {
        newtaipei.place(f"板橋區{said}").addr_key for said in ("文化路與民生路口", "民生路和文化路交叉口")
    }
    assert len(keys) == 1


def test_district_found_by_code_english_name_and_postal_code(newtaipei: Pack) -> None:
    for word in ("65000010", "Banqiao", "220", "板橋區"):
        assert newtaipei.place("中山路一段161號", word).district_code == "65000010"


@settings(deadline=None)
@given(st.text(max_size=60))
def test_total(said: str) -> None:
    pack = load_pack(POLICIES / "newtaipei")
    try:
        place = pack.place(said)
    except PlaceError:
        return
    assert place.district_code is not None
    assert place.addr_key.startswith(place.district_code)


@settings(deadline=None)
@given(st.text(alphabet="新北市板橋區中山路一二段三巷弄號之與口台臺街大道161-(), 里鄰村１", max_size=40))
def test_total_on_words_of_addresses_and_steady(said: str) -> None:
    """Never anything but a place or a PlaceError; the even form of an address gives the same place again."""
    pack = load_pack(POLICIES / "newtaipei")
    try:
        place = pack.place(said)
    except PlaceError:
        return
    assert even(even(said)) == even(said)
    assert pack.place(even(said)) == place
