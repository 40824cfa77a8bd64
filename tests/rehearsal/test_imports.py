"""Published case files: any column names, encodings and times; bad rows said; safe to run again."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from django.utils import translation

from citycall.policy import load_pack
from citycall.rehearsal import cli_data, times
from citycall.rehearsal.imports import import_cases, import_steps
from citycall.rehearsal.mapping import MappingError, Reader, load
from citycall.rehearsal.models import ImportedCase, ImportedStep, Standing
from citycall.rehearsal.reading import Unreadable
from citycall.rehearsal.stories import story_of

POLICIES = Path(__file__).parents[2] / "policies"
TAIPEI = ZoneInfo("Asia/Taipei")

MAPPING = """
source: sample-1999
cases:
  number: 案號
  received_at: 受理時間
  established_at: 成案時間
  item: {column: 項目, map: {路燈: streetlight}, lookup: item}
  agency: 機關
  district: {column: 行政區, lookup: district}
  address: {columns: [行政區, 地址]}
  description: 內容
  result: {column: 辦理情形, default: 未載}
  standing: {column: 狀態, map: &standing {建立中: draft, 待確認: established, 待處理: acknowledged,
    處理完成: completed, 解除管制: closed}}
  finding: {column: 辦理情形, patterns: [{match: 未發現, value: not_found}], default: resolved}
  reporter_name: {value: 姓名未公開}
sightings: true
steps:
  number: 案號
  at: seen
  standing: {column: 狀態, map: *standing}
"""
COLUMNS = ["案號", "受理時間", "成案時間", "項目", "機關", "行政區", "地址", "內容", "辦理情形", "狀態"]
GOOD = {
    "案號": "A1",
    "受理時間": "2016/9/10 下午 10:51:24",
    "成案時間": "105/9/10 下午 10:52",
    "項目": "路燈",
    "機關": "養工處",
    "行政區": "板橋區",
    "地址": "中山路一段161號",
    "內容": "路燈不亮",
    "辦理情形": "",
    "狀態": "待處理",
}


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


@pytest.fixture
def reader(mapping: Path) -> Reader:
    return Reader(load(mapping), load_pack(POLICIES / "newtaipei"))


def write_csv(
    path: Path, rows: list[dict[str, str]], encoding: str = "utf-8-sig", delimiter: str = ","
) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("2016/10/3 上午 12:17:34", (2016, 10, 3, 0, 17, 34)),
        ("2016/10/3 下午 12:17:34", (2016, 10, 3, 12, 17, 34)),
        ("2016/9/10 下午 10:51:24", (2016, 9, 10, 22, 51, 24)),
        ("105/9/10", (2016, 9, 10)),
        ("105.09.10 23:59", (2016, 9, 10, 23, 59)),
        ("民國105年9月10日", (2016, 9, 10)),
        ("中華民國 105 年 9 月 10 日 上午12:17", (2016, 9, 10, 0, 17)),
        ("105年9月10日 下午3時5分", (2016, 9, 10, 15, 5)),
        ("1050910", (2016, 9, 10)),
        ("20160910", (2016, 9, 10)),
        ("99/1/2", (2010, 1, 2)),
        ("１０５／９／１０　下午　１：０２", (2016, 9, 10, 13, 2)),
        ("2016/9/10 10:51 PM", (2016, 9, 10, 22, 51)),
        ("2016/9/10 中午 12:30", (2016, 9, 10, 12, 30)),
        ("2016-09-10T22:51:24+08:00", (2016, 9, 10, 22, 51, 24)),
        ("2016-09-10T14:51:24Z", (2016, 9, 10, 22, 51, 24)),
        ("2016-09-10 22:51", (2016, 9, 10, 22, 51)),
    ],
)
def test_times_as_they_are_written(text: str, local: tuple[int, ...]) -> None:
    assert times.parse(text, TAIPEI) == datetime(*local, tzinfo=TAIPEI)  # type: ignore[arg-type,misc]
    assert times.parse(text, TAIPEI).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["", "abc", "2016/2/30", "2016/9/10 下午 13:00", "9/10/2016", "10/9/16", "2016/9/10 25:00", "晚上12點"],
)
def test_what_is_no_time_is_not_guessed(text: str) -> None:
    with pytest.raises(times.NotATime):
        times.parse(text, TAIPEI)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ","), ("utf-8-sig", ","), ("big5", ","), ("cp950", ";"), ("utf-16", "\t")],
)
def test_any_encoding_and_delimiter(tmp_path: Path, reader: Reader, encoding: str, delimiter: str) -> None:
    taken = import_cases(write_csv(tmp_path / "a.csv", [GOOD], encoding, delimiter), reader)
    assert (taken.rows, taken.new, taken.rejected) == (1, 1, 0), taken.first_rejects
    case = ImportedCase.objects.get()
    assert case.number == "A1"
    assert case.item == "streetlight"
    assert case.item_name == "路燈"
    assert case.address == "板橋區中山路一段161號"
    assert reader.pack.district(case.district_name).name.zh == "板橋區"
    assert case.standing == Standing.ACKNOWLEDGED
    assert case.result == "未載"
    assert case.reporter_name == "姓名未公開"
    assert case.established_at == datetime(2016, 9, 10, 22, 52, tzinfo=TAIPEI)


@pytest.mark.django_db
def test_a_name_of_the_pack_is_its_code(tmp_path: Path, reader: Reader) -> None:
    name = reader.pack.items["pothole"].name.zh
    taken = import_cases(write_csv(tmp_path / "a.csv", [{**GOOD, "項目": f" {name} "}]), reader)
    assert taken.rejected == 0
    assert ImportedCase.objects.get().item == "pothole"


@pytest.mark.django_db
def test_bad_rows_are_said_with_line_and_reason_and_good_ones_kept(tmp_path: Path, reader: Reader) -> None:
    rows = [
        GOOD,
        {**GOOD, "案號": "A2", "受理時間": "昨天"},
        {**GOOD, "案號": "A3", "內容": "第一行\n第二行"},
        {**GOOD, "案號": ""},
        {**GOOD, "案號": "A5", "項目": "飛碟"},
        {**GOOD, "案號": "A6", "內容": "長" * 5000},
        {**GOOD, "案號": "A7", "狀態": "失蹤"},
        {**GOOD, "案號": "A8"},
    ]
    path = write_csv(tmp_path / "a.csv", rows)
    with path.open("a", encoding="utf-8") as file:
        file.write("A9,2016/9/10,too,few\n")
        file.write("A10" + "," * 12 + "\n")
    out = tmp_path / "rejects.csv"
    taken = import_cases(path, reader, out)
    assert (taken.rows, taken.new, taken.rejected) == (10, 3, 7)
    assert set(ImportedCase.objects.values_list("number", flat=True)) == {"A1", "A3", "A8"}
    with out.open(encoding="utf-8-sig", newline="") as file:
        rejected = list(csv.reader(file))
    assert rejected[0] == ["原列號", "退回原因", *COLUMNS, "…"]
    said = {row[0]: row[1] for row in rejected[1:]}
    assert said == {
        "3": "受理時間「昨天」不是看得懂的時間",
        "6": "案號是空的",
        "7": "服務項目「飛碟」不在規則包裡",
        "8": "反映內容太長（5000 字，至多 4000 字）",
        "9": "狀態「失蹤」不在對照表裡",
        "11": "欄數不符：應有 10 欄，實有 4 欄",
        "12": "欄數不符：應有 10 欄，實有 13 欄",
    }
    assert rejected[1][2:4] == ["A2", "昨天"]


@pytest.mark.django_db
def test_a_mended_reject_file_can_be_imported_itself(tmp_path: Path, reader: Reader) -> None:
    out = tmp_path / "rejects.csv"
    import_cases(write_csv(tmp_path / "a.csv", [{**GOOD, "受理時間": "昨天"}]), reader, out)
    out.write_text(out.read_text("utf-8-sig").replace("昨天", "105/9/10"), "utf-8-sig")
    taken = import_cases(out, reader)
    assert (taken.new, taken.rejected) == (1, 0)


@pytest.mark.django_db
def test_running_again_changes_nothing_and_a_changed_row_once(tmp_path: Path, reader: Reader) -> None:
    rows = [{**GOOD, "案號": f"A{number}"} for number in range(5)]
    path = write_csv(tmp_path / "a.csv", rows)
    first = import_cases(path, reader)
    again = import_cases(path, reader)
    assert (first.new, first.unchanged) == (5, 0)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 5)
    rows[2]["辦理情形"] = "現場未發現"
    third = import_cases(write_csv(path, [*rows, {**GOOD, "案號": "A4"}]), reader)
    assert (third.new, third.changed, third.unchanged) == (0, 1, 5)
    assert ImportedCase.objects.count() == 5
    assert ImportedCase.objects.get(number="A2").finding == "not_found"


@pytest.mark.django_db
def test_a_rerun_leaves_no_old_reject_file(tmp_path: Path, reader: Reader) -> None:
    out = tmp_path / "rejects.csv"
    import_cases(write_csv(tmp_path / "a.csv", [{**GOOD, "案號": ""}]), reader, out)
    assert out.exists()
    import_cases(write_csv(tmp_path / "a.csv", [GOOD]), reader, out)
    assert not out.exists()


@pytest.mark.django_db
def test_json_with_a_broken_record_in_the_middle(tmp_path: Path, reader: Reader) -> None:
    good = [json.dumps({**GOOD, "案號": number}, ensure_ascii=False) for number in ("J1", "J2", "J3")]
    path = tmp_path / "day.json"
    path.write_text(
        "[\n" + ",\n".join([good[0], '{"案號": "X", "內容": oops}', good[1], good[2]]) + "\n]", "utf-8"
    )
    taken = import_cases(path, reader)
    assert (taken.new, taken.rejected) == (3, 1)
    assert taken.first_rejects[0].line == 3
    assert ImportedCase.objects.get(number="J2").line == 4


@pytest.mark.django_db
def test_json_under_a_key_and_in_another_encoding(tmp_path: Path, mapping: Path) -> None:
    mapping.write_text(MAPPING + "records_at: rows\n", "utf-8")
    reader = Reader(load(mapping), load_pack(POLICIES / "newtaipei"))
    path = tmp_path / "day.json"
    content = {"count": {"total": 1}, "rows": [{**GOOD, "成案時間": None}]}
    path.write_bytes(json.dumps(content, ensure_ascii=False).encode("cp950"))
    assert import_cases(path, reader).new == 1
    assert ImportedCase.objects.get().established_at is None


@pytest.mark.django_db
def test_a_garbled_character_rejects_its_row_only(tmp_path: Path, reader: Reader) -> None:
    path = write_csv(tmp_path / "a.csv", [GOOD, {**GOOD, "案號": "A2"}], "utf-8")
    raw = path.read_bytes()
    at = raw.rindex("不亮".encode())
    path.write_bytes(raw[:at] + b"\xff\xfe" + raw[at:])
    taken = import_cases(path, reader)
    assert (taken.new, taken.rejected) == (1, 1)
    assert taken.first_rejects[0].reason == "「內容」有無法辨識的字元"


def test_a_missing_column_is_said_with_those_there_are(tmp_path: Path, reader: Reader) -> None:
    path = tmp_path / "a.csv"
    path.write_text("案號,時間\n1,2\n", "utf-8")
    with pytest.raises(MappingError, match=r"檔案沒有這些欄位：受理時間.*檔案有：案號、時間"):
        import_cases(path, reader)


@pytest.mark.parametrize("content", ["", "\n", "a,a\n1,2\n"])
def test_a_file_without_columns_is_refused(tmp_path: Path, reader: Reader, content: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(Unreadable):
        import_cases(path, reader)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("number: 案號", "number: {column: 案號, value: x}"),
        ("source: sample-1999", "source: 高雄"),
        ("sightings: true", "sightingz: true"),
        ("map: {路燈: streetlight}", "map: {路燈: ufo}"),
    ],
)
def test_a_slip_in_the_mapping_is_said_before_any_row(mapping: Path, change: str, said: str) -> None:
    mapping.write_text(MAPPING.replace(change, said, 1), "utf-8")
    with pytest.raises(MappingError):
        Reader(load(mapping), load_pack(POLICIES / "newtaipei"))


@pytest.mark.django_db
def test_steps_of_known_cases_only_and_once(tmp_path: Path, reader: Reader) -> None:
    import_cases(write_csv(tmp_path / "a.csv", [GOOD]), reader)
    path = tmp_path / "steps.csv"
    path.write_text(
        "案號,seen,狀態\nA1,2016-09-10T15:00:00Z,待確認\nA1,2016-09-10T15:12:00Z,待處理\n"
        "ZZ,2016-09-10T15:12:00Z,待處理\nA1,soon,待處理\n",
        "utf-8",
    )
    out = tmp_path / "rejects.csv"
    first, again = import_steps(path, reader, out), import_steps(path, reader)
    assert (first.new, first.rejected) == (2, 2)
    assert (again.new, again.unchanged, again.rejected) == (0, 2, 2)
    assert {reject.reason for reject in first.first_rejects} == {
        "沒有這個案號的案件",
        "時間「soon」不是看得懂的時間",
    }
    assert ImportedStep.objects.filter(sighting=True).count() == 2


def _case(standing: Standing = Standing.ACKNOWLEDGED, established: bool = True) -> ImportedCase:
    at = datetime(2016, 9, 10, 14, 51, tzinfo=UTC)
    return ImportedCase(
        number="A1",
        received_at=at,
        established_at=at.replace(minute=52) if established else None,
        standing=standing,
    )


def _seen(*steps: tuple[int, Standing]) -> list[ImportedStep]:
    day = datetime(2016, 9, 10, 15, tzinfo=UTC)
    return [ImportedStep(at=day.replace(minute=m), standing=s, sighting=True) for m, s in steps]


def test_a_first_sighting_says_nothing_of_when() -> None:
    story = story_of(_case(), _seen((7, Standing.ACKNOWLEDGED), (30, Standing.COMPLETED)))
    assert [standing for _at, standing in story.steps] == [Standing.COMPLETED]
    assert story.unknown == {Standing.ACKNOWLEDGED}


def test_a_change_between_two_sightings_is_known() -> None:
    story = story_of(_case(), _seen((1, Standing.ESTABLISHED), (7, Standing.ACKNOWLEDGED)))
    assert [(at.minute, standing) for at, standing in story.steps] == [(7, Standing.ACKNOWLEDGED)]
    assert story.unknown == frozenset()


def test_what_was_released_had_been_done() -> None:
    story = story_of(
        _case(Standing.CLOSED),
        _seen((1, Standing.ESTABLISHED), (7, Standing.ACKNOWLEDGED), (30, Standing.CLOSED)),
    )
    assert story.unknown == frozenset()


def test_a_case_still_being_written_was_never_established() -> None:
    draft = _case(Standing.DRAFT, established=False)
    assert story_of(draft, _seen((1, Standing.DRAFT))).at is None


@pytest.mark.django_db
def test_the_command_speaks_both_languages(tmp_path: Path, mapping: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [GOOD, {**GOOD, "案號": ""}])
    words = [
        "cases", str(path), "--mapping", str(mapping), "--policy", str(POLICIES / "newtaipei"),
        "--rejects", str(tmp_path / "r.csv"),
    ]  # fmt: skip
    chinese = CliRunner().invoke(cli_data.import_, words, env={"LANGUAGE": "zh_TW"})
    assert chinese.exit_code == 0, chinese.output
    assert "案件：共 2 列；新增 1，更新 0，相同 0，退回 1" in chinese.output
    english = CliRunner().invoke(cli_data.import_, words, env={"LANGUAGE": "en"})
    assert "2 rows; 0 new, 0 changed, 1 unchanged, 1 rejected" in english.output
    assert "is empty" in english.output
    assert translation.get_language() == "zh-hant"


def test_the_mapping_that_ships_fits_its_pack() -> None:
    mapping = load(POLICIES / "kaohsiung" / "import" / "open1999.yaml")
    Reader(mapping, load_pack(POLICIES / "kaohsiung"))
    assert mapping.sightings
    assert mapping.cases.completed_at is None, "the feed loses late changes: no closing time is taken from it"
