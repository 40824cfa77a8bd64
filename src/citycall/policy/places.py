"""Places as people say them: one written form, the district, and a key by which repeats are found.

An address is made even (臺 for 台, half width, `-` for 之), its city is compared with the pack's, its
district is read from it or found by its road, and its key drops what only describes the way there (對面, 旁,
前, 附近). The key of a crossing is its two roads, sorted (NT-5-4-10a needs "the same place").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from citycall.policy.text import Text

if TYPE_CHECKING:
    from citycall.policy.model import Pack

PlaceKind = Literal["number", "lane", "crossing", "road", "text", "point"]
MOST = 300

_NAMES = (
    "臺北市新北市桃園市臺中市臺南市高雄市基隆市新竹市嘉義市新竹縣苗栗縣彰化縣南投縣雲林縣嘉義縣屏東縣宜蘭縣花蓮縣"
    "臺東縣澎湖縣金門縣連江縣臺北縣桃園縣臺中縣臺南縣高雄縣"
)
_CITIES = tuple((name, name[:-1]) for name in re.findall("...", _NAMES))
_NUMERALS = {zh: n for n, zh in enumerate("〇一二三四五六七八九")} | {"零": 0, "兩": 2}
_TENS = {"廿": "二十", "卄": "二十", "卅": "三十"}
_ZH_NUMBER = "〇零一二三四五六七八九十百兩廿卄卅"
_HAN = r"\u4e00-\u9fff"
_ROAD = re.compile(rf"[{_HAN}\d]{{1,10}}?(?:大道|路|街)(?![燈口邊旁樹面況])(?:[一二三四五六七八九十]+段)?")
_ROAD_AT_CROSSING = re.compile(rf"[{_HAN}\d]{{1,10}}?(?:大道|路|街)(?:[一二三四五六七八九十]+段)?")
_SECTION = re.compile(r"[一二三四五六七八九十]+段$")
_BETWEEN = re.compile(r"(?<=[路街段道巷])(?:與|和|跟|及|、|/|&|\+|,|\.|x)")
_LEAD = re.compile(r"^(?:我|人|現在|就|住|位於|位在|位|在|到|靠近|鄰近|接近|近|於|從|往|大約|約)+(?=.{3})")
_WAY = re.compile(
    r"(?:正|斜)?對面|斜對角|旁邊|旁|附近|前面|前方|前|後面|後方|後|門口|隔壁|中間處|中間|之間|一帶|周邊|周遭|沿線|沿路|轉角處|轉角|"
    r"交叉路口|交叉口|交會處|交界處|交接處|路口|十字路口|口|處$|邊$"
)
_ASIDE = re.compile(r"[(\[{<〈《「][^)\]}>〉》」]*[)\]}>〉》」]?")
_FLOOR = re.compile(
    r"(?:地下)?(?:\d+|[一二三四五六七八九十]+)(?:樓|[fF](?![a-z]))(?:之?-?\d+)?(?:室)?|[bB]\d+"
)
_NAMED_LANE = re.compile(rf"[{_HAN}\d-]{{1,8}}巷(?:\d+弄)?(?:\d+(?:-\d+)?號)?")
_POSTAL = re.compile(rf"^\d{{3,6}}(?=(?:臺灣)?[{_HAN}]{{2,3}}[縣市區鄉鎮])")
_NOT_AFTER_STEM = re.compile(r"[路街河溪橋線巷里村港]|大道|[一二三四五六七八九十東西南北]+[路街]|銀段|$")
_NOT_DISTRICTS = {
    "工業",
    "住宅",
    "商業",
    "重劃",
    "生活",
    "休息",
    "行政",
    "特定",
    "遊樂",
    "風景",
    "保護",
    "軍",
}


@dataclass(frozen=True)
class Place:
    """An address made even, its district, its road, and the key that equal places share."""

    address_norm: str
    district_code: str | None
    road: str | None
    addr_key: str
    kind: PlaceKind = "text"


class PlaceError(ValueError):
    """An address that cannot be fixed. `choices` are the codes of the districts to ask about, when few."""

    def __init__(
        self,
        code: Literal["outside_city", "no_district", "too_vague"],
        text: Text,
        choices: tuple[str, ...] = (),
    ) -> None:
        super().__init__(text.zh)
        self.code = code
        self.text = text
        self.message = text.zh
        self.choices = choices


@dataclass(frozen=True)
class Gazetteer:
    """The pack's own names of city, districts and roads, made ready for reading addresses."""

    own: tuple[str, ...]
    districts: tuple[tuple[str, str, str], ...]  # code, name, stem; longest names first
    by_word: dict[str, str]
    by_road: dict[str, frozenset[str]]

    @staticmethod
    def of(pack: Pack) -> Gazetteer:
        names = {even(name) for name in (*pack.city_names, pack.city.zh)}
        districts = [(one.code, even(one.name.zh), _stem(even(one.name.zh))) for one in pack.districts]
        by_word = {word: one.code for one in pack.districts for word in (one.code, one.name.en, one.zip)}
        by_road: dict[str, set[str]] = {}
        for road in pack.roads:
            name = even(road.name)
            for one in {name, without_section(name)}:
                by_road.setdefault(one, set()).add(road.district)
        return Gazetteer(
            own=tuple(sorted(names, key=len, reverse=True)),
            districts=tuple(sorted(districts, key=lambda one: len(one[1]), reverse=True)),
            by_word=by_word | {name: code for code, name, _ in districts},
            by_road={name: frozenset(codes) for name, codes in by_road.items()},
        )


def place(pack: Pack, address: str, district: str | None = None) -> Place:
    """The place of an address in the pack's city.

    `district` (code or name) is what was chosen on the form. Where the address begins with a district of its
    own, that decides; a name that only occurs in it (往大社區方向) yields to the choice.
    """
    names = pack.gazetteer
    whole = _without_city(pack, even(address))
    code, rest, sure = _district_named(names, whole)
    chosen = names.by_word.get(even(district)) or names.by_word.get(district) if district else None
    if chosen is not None and not sure:
        code, rest = chosen, _without_village(whole)
    if code is None:
        _refuse_other_district(pack, rest)
    rest = rest.strip("-,.;:、。 ")
    kind, roads, key = _key(rest)
    if len(key) < 2 or (kind == "text" and not re.search(rf"[{_HAN}]{{2}}|[A-Za-z0-9]{{3}}|\d線|國\d", key)):
        raise PlaceError(
            "too_vague",
            Text(
                zh="地點太籠統，請補充路名門牌、路口或明顯地標",
                en="The place is too vague: add a street and number, a crossing or a landmark",
            ),
        )
    if code is None:
        code = _district_by_road(pack, roads)
    found = pack.district(code)
    zone = found.name.zh if found is not None else ""
    return Place(
        address_norm=f"{pack.city.zh}{zone}{rest}",
        district_code=code,
        road=roads[0] if roads else None,
        addr_key=f"{code}:{key}",
        kind=kind,
    )


def vague(pack: Pack, address: str, code: str) -> str:
    """The written form of a place whose words alone do not fix it, in a known district."""
    found = pack.district(code)
    try:
        _, rest, _ = _district_named(pack.gazetteer, _without_city(pack, even(address)))
    except PlaceError:
        rest = ""
    return f"{pack.city.zh}{found.name.zh if found is not None else ''}{rest.strip('-,.;:、。 ')}"


def even(address: str) -> str:
    """The address in one way of writing: half width, 臺, no blanks, 161-2號, 一段."""
    text = unicodedata.normalize("NFKC", address[: MOST * 2])
    text = "".join(c for c in text if not c.isspace() and unicodedata.category(c)[0] != "C")[:MOST]
    text = text.replace("台", "臺")
    text = re.sub(r"[‐‑‒–—―−~〜～﹣_]+", "-", text)
    text = re.sub(
        rf"([{_ZH_NUMBER}]+)(?=[之-][{_ZH_NUMBER}\d]+[號巷弄])", lambda found: _arabic(found.group(1)), text
    )
    text = re.sub(rf"(?<=號之)([{_ZH_NUMBER}]+)", lambda found: _arabic(found.group(1)), text)
    text = re.sub(rf"([{_ZH_NUMBER}]+)(?=號|巷|弄|鄰)", lambda found: _arabic(found.group(1)), text)
    text = re.sub(r"(\d+)段", lambda found: f"{_chinese(found.group(1))}段", text)
    text = re.sub(r"(\d)號(?:之|-)(\d+)(?!\d*號)", r"\1-\2號", text)
    return re.sub(r"(?<=\d)之(?=\d)", "-", text)


def without_section(road: str) -> str:
    """The road without 一段, 二段 …"""
    return _SECTION.sub("", road)


_NUMBERED = re.compile(r"(.*\D)(\d+)(?:-\d+)?號$", re.DOTALL)
NEIGHBOURS = 10


def numbered(addr_key: str) -> tuple[str, int] | None:
    """The road or lane of a key and its house number; None where it has none."""
    found = _NUMBERED.match(addr_key)
    return (found.group(1), int(found.group(2))) if found is not None and len(found.group(2)) < 6 else None


def neighbours(addr_key: str, most: int = NEIGHBOURS) -> list[str]:
    """The keys of houses on the same road or lane whose number differs by at most so much, itself first."""
    there = numbered(addr_key)
    if there is None:
        return [addr_key] if addr_key else []
    lane, number = there
    around = [f"{lane}{other}號" for other in range(max(1, number - most), number + most + 1)]
    return [addr_key, *(key for key in around if key != addr_key)]


def numbers_apart(one: str, other: str) -> int | None:
    """By how much two house numbers of one road or lane differ; None where they are not of one."""
    here, there = numbered(one), numbered(other)
    if here is None or there is None or here[0] != there[0]:
        return None
    return abs(here[1] - there[1])


def _arabic(zh: str) -> str:
    """A Chinese number below a thousand, or digits read one by one, in arabic digits."""
    zh = "".join(_TENS.get(c, c) for c in zh)
    if not any(unit in zh for unit in "十百"):
        return "".join(str(_NUMERALS[c]) for c in zh)
    total, digit = 0, 0
    for c in zh:
        if c == "百":
            total, digit = total + (digit or 1) * 100, 0
        elif c == "十":
            total, digit = total + (digit or 1) * 10, 0
        else:
            digit = _NUMERALS[c]
    return str(total + digit)


def _chinese(number: str) -> str:
    n = int(number[-2:])
    tens, ones = divmod(n, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{'〇一二三四五六七八九'[tens]}十"
    return (head + ("" if ones == 0 else "〇一二三四五六七八九"[ones])) or number


def _stem(name: str) -> str:
    return name[:-1] if name[-1:] in "區鄉鎮市縣" and len(name) > 2 else name


def _without_city(pack: Pack, said: str) -> str:
    """The address without postal code, country and the pack's own city; refuses another city."""
    names = pack.gazetteer
    rest = _LEAD.sub("", said)
    rest = _POSTAL.sub("", rest)
    rest = re.sub(r"^(?:中華民國|臺灣省|臺灣)(?=.)", "", rest)
    for name in names.own:
        if rest.startswith((f"{name}政府", f"{name}議會")):
            return rest
        if rest.startswith(name) and (name[-1] in "市縣" or _starts_with_district(names, rest[len(name) :])):
            return _POSTAL.sub("", rest[len(name) :])
    for city, short in _CITIES:
        if city in names.own:
            continue
        if rest.startswith(city) or (
            rest.startswith(short)
            and re.match(rf"[{_HAN}]{{1,3}}[區鄉鎮](?!公所)", rest[len(short) :]) is not None
            and not _starts_with_district(names, rest[len(short) :])
        ):
            raise outside(pack, city)
    return rest


def outside(pack: Pack, where: str) -> PlaceError:
    """Refused with whom to call instead: the government there, where the pack's authorities name it."""
    other = next(
        (one for one in pack.authorities if where in (one.name.zh.removesuffix("政府"), *one.words)), None
    )
    zh, en = f"「{where}」不在{pack.city.zh}轄內", f"{where} is outside {pack.city.en}"
    if other is not None:
        zh, en = f"{zh}，請改撥{other.name.zh} {other.phone}", f"{en}: call {other.name.en}, {other.phone}"
    else:
        zh, en = f"{zh}，請改向當地縣市政府反映", f"{en}: turn to the government there"
    return PlaceError("outside_city", Text(zh=zh, en=en))


def _starts_with_district(names: Gazetteer, rest: str) -> bool:
    return rest.startswith(tuple(stem for _, _, stem in names.districts))


def _district_named(names: Gazetteer, rest: str) -> tuple[str | None, str, bool]:
    """The district that the address names, the address without it and without 里, and whether it is sure."""
    for code, name, stem in names.districts:
        if rest.startswith(stem) and re.match(r"[區鄉鎮市]", rest[len(stem) :]):
            return code, _without_village(rest[len(stem) + 1 :]), True
        if rest.startswith(name):
            return code, _without_village(rest[len(name) :]), True
    for code, name, _ in names.districts:
        at = rest.find(name)
        if at > 0 and rest[at - 1] not in "往近到至與":
            return code, rest[:at] + rest[at + len(name) :], False
    for code, _, stem in names.districts:
        if len(stem) > 1 and rest.startswith(stem) and not _NOT_AFTER_STEM.match(rest[len(stem) :]):
            tail = rest[len(stem) :]
            named = _ROAD_AT_CROSSING.search(tail) is not None or re.search(r"[巷號]", tail) is not None
            return (
                code,
                _without_village(tail) if named else rest,
                False,
            )  # a landmark keeps its whole name: 板橋車站
    return None, _without_village(rest), False


def _without_village(rest: str) -> str:
    return re.sub(
        rf"^[{_HAN}]{{2,3}}[里村](?:\d+鄰)?(?=[{_HAN}\d]{{1,8}}(?:路|街|大道)|[{_HAN}]{{2,6}}巷)", "", rest
    )


def _refuse_other_district(pack: Pack, rest: str) -> None:
    found = re.match(rf"([{_HAN}]{{2}})[區鄉鎮](?=[{_HAN}\d]{{1,8}}(?:路|街|大道|巷|村|里))", rest)
    if found is not None and pack.districts and found.group(1) not in _NOT_DISTRICTS:
        raise outside(pack, found.group())


def _district_by_road(pack: Pack, roads: Iterable[str]) -> str:
    """The one district in which the roads lie; otherwise the district is asked for."""
    known = pack.gazetteer.by_road
    left: set[str] | None = None
    for road in roads:
        codes = known.get(road) or known.get(without_section(road))
        if codes:
            left = set(codes) if left is None else (left & codes or left)
    if left is not None and len(left) == 1:
        return left.pop()
    choices = tuple(one.code for one in pack.districts if left and one.code in left)
    few = choices if len(choices) <= 6 else ()
    names = "、".join(one.name.zh for one in pack.districts if one.code in few)
    english = ", ".join(one.name.en for one in pack.districts if one.code in few)
    raise PlaceError(
        "no_district",
        Text(
            zh=f"請問在哪一區？（{names}都有這條路）" if names else "請問在哪一區？",
            en=f"Which district? ({english} all have this road)" if names else "Which district?",
        ),
        choices,
    )


def _key(rest: str) -> tuple[PlaceKind, tuple[str, ...], str]:
    """What sort of place it is, its roads, and its key within the district."""
    text = _FLOOR.sub("", _ASIDE.sub("", rest))
    parts = [part for part in _BETWEEN.split(text) if part]
    first = _road(parts[0]) if parts else None
    if first is None:
        plain = _WAY.sub("", text)
        lane = _NAMED_LANE.match(plain)
        if lane is not None:
            return "number" if lane.group().endswith("號") else "lane", (), lane.group()
        plain = re.sub(rf"^[{_HAN}]{{2}}[里村](?:\d+鄰)?(?=[{_HAN}]{{4}})(?![長民辦內活])", "", plain)
        return "text", (), re.sub(rf"[^{_HAN}A-Za-z0-9-]", "", plain)
    road, after = first
    tail = _tail(after)
    if tail:
        return "number" if tail.endswith("號") else "lane", (road,), road + tail
    other = next((found[0] for found in map(_road, (after, *parts[1:])) if found), None)
    if other is not None and other != road:
        pair = sorted(without_section(one) for one in (road, other))
        if pair[0] == pair[1]:
            pair = sorted((road, other))
        return "crossing", (road, other), "×".join(pair)
    return "road", (road,), road


def _road(text: str) -> tuple[str, str] | None:
    """The first road of a text and what follows it."""
    found = _ROAD.search(text) or _ROAD_AT_CROSSING.search(text)
    if found is None:
        return None
    road = _LEAD.sub("", found.group())
    road = re.sub(r"^(?:.*(?:區|與|靠近|未過|未到|介於|轉進|轉入)|上面?)(?=.{2})", "", road)
    road = re.sub(r"^近(?=.{2})", "", road)
    return road, text[found.end() :]


def _tail(after: str) -> str:
    """Lane, alley and number after a road."""
    out = ""
    lane = re.match(rf"(?:轉進|轉入|旁|內|的)?(\d+(?:-\d+)?|[{_HAN}]{{1,4}}?)巷", after)
    if lane is not None:
        out, after = f"{lane.group(1)}巷", after[lane.end() :]
        alley = re.match(r"(\d+(?:-\d+)?)弄", after)
        if alley is not None:
            out, after = f"{out}{alley.group(1)}弄", after[alley.end() :]
    number = re.match(r"[^\d路街]{0,3}?(\d+(?:-\d+)?)(?:號|(?=$|[^\d]))", after)
    if number is not None and not re.match(
        r"(?:巷|弄|公里|公尺|米|m|M|k|K|盞|支|根|樓)", after[number.end() :]
    ):
        out += f"{number.group(1)}號"
    return out
