"""What the tests of the rules stand on: the packs themselves, and copies that may be broken."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from citycall.policy import Pack, load_pack

POLICIES = Path(__file__).resolve().parents[2] / "policies"
PACKS = sorted(path.parent.name for path in POLICIES.glob("*/pack.yaml"))


@pytest.fixture(scope="session")
def newtaipei() -> Pack:
    return load_pack(POLICIES / "newtaipei")


@pytest.fixture(scope="session")
def kaohsiung() -> Pack:
    return load_pack(POLICIES / "kaohsiung")


@pytest.fixture(scope="session")
def taipei() -> Pack:
    return load_pack(POLICIES / "taipei")


@pytest.fixture(scope="session")
def kinmen() -> Pack:
    return load_pack(POLICIES / "kinmen")


@pytest.fixture
def broken(tmp_path: Path) -> Callable[..., Path]:
    """A copy of a pack in which one text was put in place of another; the folder of the copy."""

    def make(file: str, old: str, new: str, pack: str = "newtaipei") -> Path:
        for name in ("newtaipei", pack):
            if not (tmp_path / name).exists():
                shutil.copytree(POLICIES / name, tmp_path / name)
        target = tmp_path / pack / file
        content = target.read_text(encoding="utf-8")
        assert old in content, f"{old!r} does not stand in {file}"
        target.write_text(content.replace(old, new, 1), encoding="utf-8")
        return tmp_path / pack

    return make
