"""The packs of the five documents: every point a setting, every reading named, worlds of one shape."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from tests.policy.conftest import POLICIES

from citycall.policy import Pack, load_pack, sample_world
from citycall.policy.cli import policy
from citycall.policy.variation_points import POINTS, READINGS

CITIES = {"kinmen": "KM", "newtaipei": "NT", "taipei": "TP"}
OFFICES = {"enforcement_branch": "AE", "household_office": "HR"}
SEEDS = CITIES | OFFICES
CATALOGUE: dict[str, Any] = yaml.safe_load((POLICIES / "clauses.yaml").read_text(encoding="utf-8"))
TOPICS = {point["slug"]: point for point in CATALOGUE["variation_points"]}


def pack(name: str) -> Pack:
    return load_pack(POLICIES / name)


@pytest.mark.parametrize(("name", "seed"), SEEDS.items())
def test_every_point_is_a_setting_with_the_clauses_of_its_document(name: str, seed: str) -> None:
    settings = pack(name).settings
    assert set(settings) == set(TOPICS)
    assert len(settings) == 62
    for slug, setting in settings.items():
        topic = TOPICS[slug]
        assert set(setting.clauses) == {one for one in topic["clauses"] if one.startswith(f"{seed}-")}, slug
        said = topic[seed]
        assert (setting.says is not None) == (said is not None), slug
        if setting.says is not None:
            assert setting.says.en == said, slug
            assert any("一" <= sign <= "鿿" for sign in setting.says.zh), slug
        else:
            assert setting.value is None, slug


@pytest.mark.parametrize(("name", "silent"), [("kinmen", 23), ("newtaipei", 12), ("taipei", 13)])
def test_a_point_on_which_the_document_is_silent_has_no_value(name: str, silent: int) -> None:
    assert sum(setting.value is None for setting in pack(name).settings.values()) == silent


def test_every_open_reading_is_named_where_its_document_leaves_it_open() -> None:
    named: set[str] = set()
    for name, seed in SEEDS.items():
        readings = pack(name).readings
        named |= set(readings)
        ours = {
            slug for slug, point in READINGS.items() if any(c.startswith(f"{seed}-") for c in point.clauses)
        }
        assert ours <= set(readings), name
        for slug, reading in readings.items():
            assert set(reading.clauses) == {
                one for one in READINGS[slug].clauses if one.startswith(f"{seed}-")
            }, slug
            assert reading.says.zh != reading.says.en
    assert named == set(READINGS)
    assert len(named) == len(CATALOGUE["ambiguities"]) == 16


@pytest.mark.parametrize("name", CITIES)
def test_rules_of_the_first_rooms_refer_to_their_settings(name: str) -> None:
    """What has a value and belongs to a room that stands is taken over by a rule, or read by code."""
    found = pack(name)
    used = {path.split(".")[1] for path in found.referred if path.startswith("settings.")}
    for slug, point in POINTS.items():
        if point.built and not point.code and found.settings[slug].value is not None:
            assert slug in used, slug


def test_editions() -> None:
    kinmen, newtaipei, taipei = (pack(name) for name in CITIES)
    assert kinmen.issued == date(2011, 7, 7)
    assert [edition.document for edition in kinmen.editions] == [
        "府研研字第1000048257號",
        "府民自字第1020094237號",
    ]
    assert newtaipei.issued == date(2011, 6, 1)
    assert len(newtaipei.editions) == 3
    assert taipei.status == "repealed"
    assert taipei.ends == date(2017, 9, 1)
    assert taipei.edition_on(date(2017, 8, 31)) is not None
    assert taipei.edition_on(date(2017, 9, 1)) is None


def test_the_list_of_packs_tells_which_document_applies_no_longer() -> None:
    """TP-0b: marked as repealed since its day, and still to be read."""
    done = CliRunner().invoke(policy, ["list", str(POLICIES), "--lang", "en"])
    assert done.exit_code == 0
    taipei = done.output[done.output.index("taipei 2017.8") :]
    assert "repealed" in taipei.splitlines()[0]
    assert "no longer in force, kept as a template, since 2017-09-01" in taipei
    assert "2016-05-16  北府研服字第1050881261號  Amended  ← in force" in done.output
    shown = CliRunner().invoke(policy, ["show", str(POLICIES / "kinmen")])
    assert "金門縣政府1999服務熱線作業規範" in shown.output
    assert "2011-07-07  府研研字第1000048257號" in shown.output
    nothing = CliRunner().invoke(policy, ["list", str(POLICIES / "kinmen")])
    assert nothing.exit_code == 1


def test_a_broken_pack_is_told_among_the_others(tmp_path: Path) -> None:
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "pack.yaml").write_text("code: [\n", encoding="utf-8")
    done = CliRunner().invoke(policy, ["list", str(tmp_path)])
    assert "pack.yaml" in done.output
    assert "not YAML" in done.output


def test_who_approves_a_change() -> None:
    assert {name: (pack(name).approved_by, pack(name).approved_in) for name in SEEDS} == {
        "kinmen": (("head",), "county"),
        "newtaipei": (("director",), None),
        "taipei": (("director",), None),
        "enforcement_branch": (("head",), "branch"),
        "household_office": (("head",), "office"),
    }
    assert pack("kinmen").managing_unit == "civil"
    assert pack("taipei").managing_unit == "research"
    assert pack("enforcement_branch").managing_unit == "branch"  # the document names none


@pytest.mark.parametrize("name", CITIES)
def test_sample_worlds_have_one_shape(name: str) -> None:
    found = pack(name)
    world = sample_world(found)
    agencies = {agency.code: agency for agency in world.agencies}
    assert {"call_centre", "research", "secretariat", "works", "env", "civil", "police", "social"} <= set(
        agencies
    )
    roles = {"window", "intake_window", "supervisor", "section_chief", "handler", "evaluator", "head"}
    for code in {item.agency for item in found.items.values()}:
        assert roles <= {post.role for post in agencies[code].posts}, code
    for post in (
        "call_centre.operator1",
        "call_centre.lead",
        "secretariat.secretary_general",
        "works.handler1",
    ):
        assert post in world.posts
    assert any(post.role == "director" for post in agencies[found.managing_unit].posts)
    approvers = agencies[found.approved_in or found.managing_unit].posts
    assert any(post.role in found.approved_by for post in approvers)
    citizens = {citizen.code for citizen in world.citizens}
    assert {"citizen_mobile", "citizen_landline", "citizen_email", "citizen_nothing"} <= citizens


def test_a_subordinate_agency_below_the_works() -> None:
    agencies = {agency.code: agency for agency in sample_world(pack("taipei")).agencies}
    assert agencies["parks"].parent == "works"


@pytest.mark.parametrize("name", OFFICES)
def test_offices_have_somebody_who_proposes_and_somebody_who_approves(name: str) -> None:
    found = pack(name)
    posts = sample_world(found).posts.values()
    assert any(post.agency == found.managing_unit and post.role == "evaluator" for post in posts)
    assert any(post.agency == found.approved_in and post.role in found.approved_by for post in posts)


def test_townships_and_districts() -> None:
    kinmen = {district.name.zh: district.zip for district in pack("kinmen").districts}
    assert kinmen == {
        "金城鎮": "893", "金沙鎮": "890", "金湖鎮": "891", "金寧鄉": "892", "烈嶼鄉": "894", "烏坵鄉": "896",
    }  # fmt: skip
    taipei = {district.name.zh: district.zip for district in pack("taipei").districts}
    assert len(taipei) == 12
    assert taipei["信義區"] == "110"
    assert taipei["北投區"] == "112"


@pytest.mark.parametrize(
    ("name", "address", "district"),
    [
        ("kinmen", "金門縣金城鎮民生路60號", "09020010"),
        ("kinmen", "金湖鎮林森路1號", "09020030"),
        ("kinmen", "烈嶼東林街7號", "09020050"),
        ("kinmen", "八青路旁路燈", "09020050"),  # a road of one township only
        ("kinmen", "烏坵鄉大坵村10號", "09020060"),
        ("taipei", "臺北市信義區市府路1號", "63000020"),
        ("taipei", "台北市大安區仁愛路四段345號", "63000030"),
        ("taipei", "凱達格蘭大道與中山南路口", "63000050"),
        ("taipei", "瑞光路513巷5號", "63000100"),
    ],
)
def test_addresses_find_their_district(name: str, address: str, district: str) -> None:
    assert pack(name).place(address).district_code == district
