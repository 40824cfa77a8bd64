"""`citycall places`: a city's own outlines put in, one place looked up, a file measured."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from citycall.policy.cli_places import places
from citycall.policy.load import read_pack

POLICIES = Path(__file__).resolve().parents[2] / "policies"


@pytest.fixture
def taipei(tmp_path: Path) -> Path:
    shutil.copytree(POLICIES / "taipei", tmp_path / "taipei")
    return tmp_path / "taipei"


def run(*args: object) -> tuple[int, str]:
    done = CliRunner().invoke(places, [str(one) for one in args])
    return done.exit_code, done.output


def test_a_citys_own_outlines(taipei: Path, tmp_path: Path) -> None:
    own = json.loads((taipei / "districts.geojson").read_text(encoding="utf-8"))
    own["features"] = [one for one in own["features"] if "code" in one["properties"]]
    for one in own["features"]:
        one["properties"] = {"TOWNCODE": one["properties"]["code"]}
    file = tmp_path / "own.geojson"
    file.write_text(json.dumps(own), encoding="utf-8")
    code, said = run("load", file, "--pack", taipei, "--property", "TOWNCODE")
    assert (code, "14 outlines" in said) == (0, True)
    pack = read_pack(taipei)
    assert pack.borders is not None
    found = pack.borders.at(25.0119, 121.4628)
    assert found is not None
    assert found.outside == "新北市"
    own["features"].pop(0)
    file.write_text(json.dumps(own), encoding="utf-8")
    before = (taipei / "districts.geojson").read_bytes()
    code, said = run("load", file, "--pack", taipei, "--property", "TOWNCODE")
    assert (code, "no outline for 63000010" in said) == (1, True)
    assert (taipei / "districts.geojson").read_bytes() == before


def test_one_place_is_looked_up() -> None:
    there = ("--point", 25.0119, 121.4628)
    code, said = run("find", "中山路１段161號前", "--pack", POLICIES / "newtaipei", *there)
    assert (code, "65000010:中山路一段161號" in said) == (0, True)
    code, said = run("find", "淡水區中山路1號", "--pack", POLICIES / "newtaipei", *there)
    assert "地址在淡水區，定位點卻在板橋區" in said
    code, said = run("find", "臺北市信義區市府路1號", "--pack", POLICIES / "newtaipei", "--lang", "en")
    assert (code, "Taipei City Government" in said) == (1, True)


def test_a_file_is_measured(tmp_path: Path) -> None:
    file, roads = tmp_path / "cases.csv", tmp_path / "roads.csv"
    file.write_text(
        "address,district\n文化路1號,板橋區\n板橋區,板橋區\n博愛街與文化路口,淡水區\n", encoding="utf-8"
    )
    roads.write_text("name,district\n文化路,板橋區\n博愛街,淡水區\n文化路,淡水區\n", encoding="utf-8")
    code, said = run("measure", file, "--pack", POLICIES / "newtaipei", "--roads", roads)
    assert code == 0, said
    lines = {line.split("  ")[-1]: line.split()[0] for line in said.splitlines()}
    assert lines["places"] == "3"
    assert lines["with a key"] == "2"
    assert lines["district without being told"] == "1"
    assert lines["and another than recorded"] == "0"
