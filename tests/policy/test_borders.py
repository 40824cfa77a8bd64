"""Which district a point lies in, how far it is from one, and outlines that cannot be used."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import pairwise
from math import atan2, pi
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from citycall.policy import Pack, PackError, PlaceError, load_pack
from citycall.policy.borders import Area, BorderError, read_borders, written
from citycall.policy.load import read_pack
from citycall.policy.located import Point, locate
from citycall.policy.points import metres_between
from citycall.policy.twd97 import degrees_of

POLICIES = Path(__file__).resolve().parents[2] / "policies"
SQUARE = [[121.5, 25.0], [121.6, 25.0], [121.6, 25.1], [121.5, 25.1], [121.5, 25.0]]


def feature(ring: list[list[float]] | None = None, **properties: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": [ring or SQUARE]},
    }


def collection(*features: Any, **more: Any) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features, **more})


def _winding(ring: list[tuple[float, float]], lat: float, lon: float) -> bool:
    """Whether the ring goes round the point: the angles by which it turns add up to a whole turn."""
    turned = 0.0
    for (ax, ay), (bx, by) in pairwise(ring):
        turn = atan2(by - lat, bx - lon) - atan2(ay - lat, ax - lon)
        turned += (turn + pi) % (2 * pi) - pi
    return abs(turned) > pi


degree = st.integers(0, 1000).map(lambda n: n / 1000)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 1000), degree), min_size=3, max_size=12), degree, degree)
def test_by_rays_as_by_winding(corners: list[tuple[int, float]], up: float, across: float) -> None:
    """On any simple outline (corners in the order of their angle round a middle) both ways agree."""
    from math import cos, sin

    turns = sorted({angle * 2 * pi for _, angle in corners if angle < 1})
    assume(len(turns) >= 3)
    assume(all(b - a < pi for a, b in zip(turns, [*turns[1:], turns[0] + 2 * pi], strict=True)))
    ring = [
        (121.5 + size / 2000 * cos(turn), 25.0 + size / 2000 * sin(turn))
        for (size, _), turn in zip(corners, turns, strict=False)
    ]
    ring.append(ring[0])
    lat, lon = 24.5 + up + 1e-7, 121.0 + across + 1e-7
    area = Area("x", "", ((tuple(ring),),))
    assume(area.metres(lat, lon) > 0.01 or area.holds(lat, lon))
    near = min(metres_between((lat, lon), (north, east)) for east, north in ring)
    assume(near > 0.1)
    assert area.holds(lat, lon) == _winding(ring, lat, lon)


def test_a_hole_is_outside() -> None:
    hole = [[121.54, 25.04], [121.56, 25.04], [121.56, 25.06], [121.54, 25.06], [121.54, 25.04]]
    one = feature(code="a")
    one["geometry"]["coordinates"].append(hole)
    area = read_borders(collection(one)).areas[0]
    assert area.holds(25.02, 121.52)
    assert not area.holds(25.05, 121.55)
    assert area.metres(25.05, 121.55) == pytest.approx(1008, rel=0.01)
    assert area.metres(25.0, 121.61) == pytest.approx(1008, rel=0.01)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "this is not JSON"),
        ("[]", "expected a GeoJSON FeatureCollection"),
        (collection(), "no feature"),
        (collection(1), "feature 1: expected a feature"),
        (collection(feature(name="a")), "feature 1: no property 'code'"),
        (collection(feature(code="a"), feature(code="a")), r"feature 2 \(a\): stands here twice"),
        (collection(feature(code="b")), "no such district"),
        (collection(feature(code="a"), feature(outside="b")), ""),
        (collection(feature(SQUARE[:3], code="a")), "at least four points"),
        (collection(feature(SQUARE[:4], code="a")), "not closed"),
        (collection(feature([SQUARE[0]] * 4, code="a")), "without an inside"),
        (collection(feature([[y, x] for x, y in SQUARE], code="a")), "east and north are exchanged"),
        (collection(feature([[x + 90, y] for x, y in SQUARE], code="a")), "not in or near Taiwan"),
        (collection(feature([["x", 1]] * 4, code="a")), "a point is two numbers"),
        (
            collection({"type": "Feature", "properties": {"code": "a"}, "geometry": None}),
            "expected a Polygon",
        ),
        (
            collection(
                feature(code="a"), crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
            ),
            "EPSG:3857 is not known",
        ),
        (collection(feature(outside="x")), "no outline for a"),
    ],
)
def test_what_is_wrong_is_named(text: str, reason: str) -> None:
    if not reason:
        assert len(read_borders(text, ["a"]).areas) == 2
        return
    with pytest.raises(BorderError, match=reason):
        read_borders(text, ["a"])


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.floats() | st.text(max_size=4), lambda x: st.lists(x, max_size=4), max_leaves=12
    )
)
def test_anything_is_outlines_or_an_error(coordinates: Any) -> None:
    one = feature(code="a")
    one["geometry"]["coordinates"] = coordinates
    with suppress(BorderError):
        read_borders(json.dumps({"type": "FeatureCollection", "features": [one]}))


def test_taiwans_metres_are_read_too() -> None:
    assert degrees_of(250_000, 0, 121.0) == pytest.approx((121.0, 0.0))
    assert degrees_of(302742.5, 2770907.4, 121.0) == pytest.approx((121.52270093, 25.04539446))  # by PROJ
    ring = [[302000, 2770000], [303000, 2770000], [303000, 2771000], [302000, 2771000], [302000, 2770000]]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3826"}}
    found = read_borders(collection(feature(ring, code="a"), crs=crs))  # type: ignore[arg-type]
    assert found.areas[0].holds(25.04539, 121.5227)
    assert read_borders(written(found)).areas[0].holds(25.04539, 121.5227)


@pytest.mark.parametrize("name", ["taipei", "newtaipei", "kinmen"])
def test_every_district_of_a_city_has_its_outline(name: str) -> None:
    pack = load_pack(POLICIES / name)
    assert pack.borders is not None
    assert {area.code for area in pack.borders.areas if area.code} == {one.code for one in pack.districts}


def test_a_pack_says_what_is_wrong_with_its_outlines(tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "taipei"
    shutil.copytree(POLICIES / "taipei", folder)
    (folder / "districts.geojson").write_text(collection(feature(code="63000010")), encoding="utf-8")
    with pytest.raises(PackError, match=r"districts\.geojson: no outline for 63000020"):
        read_pack(folder)


HALL = Point(25.0375, 121.5637)  # 臺北市政府，信義區
BANQIAO = Point(25.0119, 121.4628)  # 板橋


def test_the_point_gives_the_district_that_the_address_lacks() -> None:
    pack = load_pack(POLICIES / "newtaipei")
    found = locate(pack, "中山路一段161號", None, BANQIAO)
    assert found.place.addr_key == "65000010:中山路一段161號"
    assert found.contradiction is None
    alone = locate(pack, "", None, BANQIAO)
    assert (alone.place.district_code, alone.place.addr_key) == ("65000010", "")
    assert alone.place.address_norm == "新北市板橋區（定位 25.01190, 121.46280）"
    assert locate(pack, "A", None, BANQIAO).place.address_norm == "新北市板橋區A"


def test_the_address_decides_and_the_contradiction_is_said() -> None:
    pack = load_pack(POLICIES / "newtaipei")
    found = locate(pack, "淡水區中山路1號", None, BANQIAO)
    assert found.place.district_code == "65000100"
    assert found.point_district == "65000010"
    assert found.contradiction is not None
    assert "地址在淡水區，定位點卻在板橋區" in found.contradiction.zh
    assert "Tamsui" in found.contradiction.en


def test_near_a_border_the_address_decides_silently() -> None:
    """Of points in the next district, those within 150 m, or within their own error, are no contradiction."""
    pack = load_pack(POLICIES / "taipei")
    assert pack.borders is not None
    xinyi = pack.borders.of("63000020")
    assert xinyi is not None
    steps = [Point(25.0375, 121.5637 - n / 10_000) for n in range(200)]
    beside = [point for point in steps if not xinyi.holds(point.lat, point.lon)]
    for point in beside:
        apart = xinyi.metres(point.lat, point.lon)
        found = locate(pack, "信義區市府路1號", None, point)
        assert found.place.district_code == "63000020"
        assert bool(found.contradiction) == (apart > 150)
        rough = locate(pack, "信義區市府路1號", None, Point(point.lat, point.lon, 1900))
        assert bool(rough.contradiction) == (apart > 1900)
    assert any(xinyi.metres(point.lat, point.lon) > 150 for point in beside)


@pytest.mark.parametrize(
    ("point", "said"),
    [
        (HALL, "請改撥臺北市政府 (02)2720-8889"),
        (Point(24.9936, 121.3010), "請改撥桃園市政府 (03)332-2101"),
        (Point(23.0, 120.2), "不在新北市轄內"),
    ],
)
def test_a_point_outside_is_refused_with_whom_to_call(newtaipei: Pack, point: Point, said: str) -> None:
    for address in ("", "板橋區中山路一段161號", "中山路"):
        with pytest.raises(PlaceError, match=r".") as caught:
            locate(newtaipei, address, None, point)
        assert caught.value.code == "outside_city"
        assert said in caught.value.message


@settings(max_examples=60, deadline=None)
@given(
    st.text(alphabet="板橋淡水區中山路一段12號之路燈旁台北市", max_size=12),
    st.floats(10, 30),
    st.floats(110, 130),
    st.none() | st.integers(0, 100_000),
)
def test_any_address_and_point_is_a_place_or_a_refusal(
    address: str, lat: float, lon: float, error: int | None
) -> None:
    pack = load_pack(POLICIES / "newtaipei")
    try:
        found = locate(pack, address, None, Point(lat, lon, error))
    except PlaceError:
        return
    assert pack.district(found.place.district_code or "") is not None
