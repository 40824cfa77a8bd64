"""A pack loads, says where it is wrong, and is read again only when it changes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from citycall.policy import Pack, PackError, load_pack, sample_world
from citycall.policy.source import Source

POLICIES = Path(__file__).resolve().parents[2] / "policies"
PACKS = sorted(path.parent.name for path in POLICIES.glob("*/pack.yaml"))


@pytest.mark.parametrize("name", PACKS)
def test_every_pack_loads(name: str) -> None:
    pack = load_pack(POLICIES / name)
    assert pack.code == name
    assert pack.kinds
    assert len(pack.digest) == 64


def test_line_of_a_csv_row_is_exact(broken: Callable[..., Path]) -> None:
    folder = broken("items.csv", "drain,1 days", "drain,5 days")
    with pytest.raises(PackError, match=r"items\.csv:4: items\.drain\.stage1: 5 days is not between"):
        load_pack(folder)


DEEP = "".join(" " * n + "a:\n" for n in range(60))
LAUGHS = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(8)
)


@pytest.mark.parametrize(
    "content",
    ["code: [", "- a\n- b\n", "a: &x [*x]\n", "? [a]\n: b\n", "\t- x\n", "[" * 100_000, DEEP, LAUGHS,
     "code: !!python/object:os.system x\n", "issued: 2026-13-45\n"],
)  # fmt: skip
def test_what_is_not_a_pack_at_all(tmp_path: Path, content: str) -> None:
    (tmp_path / "pack.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(PackError) as caught:
        load_pack(tmp_path)
    assert caught.value.line is not None


def test_missing_folder_missing_base_and_circle(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="missing"):
        load_pack(tmp_path / "nowhere")
    for name, extends in (("a", "b"), ("b", "a"), ("c", "d"), ("e", "../e")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pack.yaml").write_text(f"code: {name}\nextends: {extends}\n", encoding="utf-8")
    with pytest.raises(PackError, match="leads back"):
        load_pack(tmp_path / "a")
    with pytest.raises(PackError, match="no pack 'd'"):
        load_pack(tmp_path / "c")
    with pytest.raises(PackError, match="beside this one"):
        load_pack(tmp_path / "e")


def test_not_utf8(broken: Callable[..., Path]) -> None:
    folder = broken("items.csv", "路燈故障", "路燈故障")
    (folder / "items.csv").write_bytes("code,name_zh\n路燈".encode("big5"))
    with pytest.raises(PackError, match="not UTF-8"):
        load_pack(folder)


def test_csv_from_a_spreadsheet_with_mark_and_crlf(broken: Callable[..., Path]) -> None:
    folder = broken("items.csv", "路燈故障", "路燈故障")
    content = (folder / "items.csv").read_text(encoding="utf-8")
    (folder / "items.csv").write_bytes(b"\xef\xbb\xbf" + content.replace("\n", "\r\n").encode())
    assert load_pack(folder).items["streetlight"].name.zh == "路燈故障"


def test_kept_until_a_file_changes(broken: Callable[..., Path]) -> None:
    folder = broken("items.csv", "路燈故障", "路燈不亮")
    first = load_pack(folder)
    assert load_pack(folder) is first
    path = folder / "items.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("路燈不亮", "路燈熄滅"), encoding="utf-8")
    os.utime(path, ns=(1, 1))
    second = load_pack(folder)
    assert second.items["streetlight"].name.zh == "路燈熄滅"
    assert second.digest != first.digest


def test_digest_does_not_depend_on_where_the_pack_lies(tmp_path: Path, newtaipei: Pack) -> None:
    shutil.copytree(POLICIES / "newtaipei", tmp_path / "newtaipei")
    assert load_pack(tmp_path / "newtaipei").digest == newtaipei.digest


def test_pack_cannot_be_changed(newtaipei: Pack) -> None:
    with pytest.raises(ValidationError):
        newtaipei.version = "other"  # type: ignore[misc]


class TestExtends:
    def test_own_tables_replace_and_rules_are_taken_over(self, newtaipei: Pack, kaohsiung: Pack) -> None:
        assert len(kaohsiung.districts) == 38
        assert len(kaohsiung.items) == 72
        assert not kaohsiung.roads
        assert kaohsiung.clocks == newtaipei.clocks
        assert kaohsiung.kinds["fast"].identity.required == ()
        assert kaohsiung.kinds["fast"].moves == newtaipei.kinds["fast"].moves
        assert "高雄市" in kaohsiung.render("fast.established_citizen", "sms", "zh", {})[1]

    def test_rules_are_replaced_and_removed_by_code(self, tmp_path: Path) -> None:
        shutil.copytree(POLICIES / "newtaipei", tmp_path / "newtaipei")
        own = tmp_path / "own"
        own.mkdir()
        (own / "pack.yaml").write_text(
            "code: own\nextends: newtaipei\nversion: '1'\nstatus: sample\n", encoding="utf-8"
        )
        (own / "clocks.yaml").write_text(
            "remove: [sign_off, second_stage]\nclocks:\n"
            "  - code: ordinary\n    name: 一般\n    kinds: [fast]\n    start: {on: case.established}\n"
            "    limit: 3 days\n    stop: [case.closed]\n",
            encoding="utf-8",
        )
        pack = load_pack(own)
        codes = [rule.code for rule in pack.clocks]
        assert {"first_stage", "ordinary", "petition", "report"} <= set(codes)
        assert not {"sign_off", "second_stage"} & set(codes)
        assert str(pack.clock("ordinary").limit) == "3 days"

        path = own / "clocks.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("3 days", "x days"), encoding="utf-8")
        with pytest.raises(PackError, match=r"own/clocks\.yaml:7: clocks\.1\.limit"):
            load_pack(own)
        path.write_text("remove: [nothing]\n", encoding="utf-8")
        with pytest.raises(PackError, match=r"own/clocks\.yaml:1: .*no rule 'nothing'"):
            load_pack(own)


class TestWorld:
    @pytest.mark.parametrize("name", ["newtaipei", "kaohsiung"])
    def test_shape(self, name: str) -> None:
        world = sample_world(load_pack(POLICIES / name))
        agencies = {agency.code for agency in world.agencies}
        assert {
            "call_centre",
            "research",
            "secretariat",
            "works",
            "env",
            "civil",
            "police",
            "social",
        } <= agencies
        posts = world.posts
        for agency in ("works", "env", "civil", "police", "social"):
            for post in ("window", "intake_window", "supervisor", "section_chief", "handler1", "handler2",
                         "evaluator", "head"):  # fmt: skip
                assert f"{agency}.{post}" in posts
            assert len(posts[f"{agency}.window"].deputies) == 3
            assert len(posts[f"{agency}.intake_window"].deputies) == 3
        single = {
            "call_centre": ("operator1", "operator2", "lead"),
            "research": ("evaluator", "director"),
            "secretariat": ("allotter", "secretary_general"),
        }
        for agency, own in single.items():
            assert {f"{agency}.{post}" for post in own} <= set(posts)
        people = [one for post in posts.values() for one in (post.staff, *post.deputies)]
        assert len({one.username for one in people}) == len(people)
        assert all(one.email.endswith("@sample.invalid") for one in people)
        assert all("樣本" in one.display_name.zh and "sample" in one.display_name.en for one in people)

    def test_a_mistake_in_it_is_named(self, broken: Callable[..., Path]) -> None:
        folder = broken("sample/world.yaml", "role: lead", "rôle: lead")
        pack = load_pack(folder)
        with pytest.raises(PackError, match=r"world\.yaml:\d+: agencies"):
            sample_world(pack)


def test_yaml_keeps_texts_that_look_like_numbers(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("at: 18:00\nphone: 0912345678\nn: 12\nf: 1.5\non: yes\n", encoding="utf-8")
    assert Source().yaml(path, ()) == {"at": "18:00", "phone": "0912345678", "n": 12, "f": 1.5, "on": True}
