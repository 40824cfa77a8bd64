"""Items learned from cases: features, training, what is stored, suggestions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from citycall.services.cases.classify import Model, ModelError, Report
from citycall.services.cases.classify.cli import classify
from citycall.services.cases.classify.features import fields_of, plain

TAUGHT = [
    *(
        Report(f"渠反映該處{n}盞路燈故障不亮", f"中山路{n}號", "鳳山區", "streetlight", "works")
        for n in range(1, 9)
    ),
    *(Report(f"路面有{n}處坑洞", f"光復路{n}號", "三民區", "pothole", "works") for n in range(1, 9)),
    *(Report(f"半夜施工噪音第{n}天", f"民生路{n}號", "鳳山區", "noise", "env") for n in range(1, 9)),
]


@pytest.fixture(scope="module")
def model() -> Model:
    from citycall.services.cases.classify.training import train

    return train(TAUGHT)


def test_what_was_taught_is_known_and_says_why(model: Model) -> None:
    first = model.items_for(Report("巷口路燈不亮"))[0]
    assert first.code == "streetlight"
    assert any("路燈" in word for word in first.words)
    assert model.agencies_for(Report("施工噪音"))[0].code == "env"


def test_a_stored_model_answers_as_the_one_that_was_stored(model: Model) -> None:
    again = Model.from_bytes(model.to_bytes())
    asked = Report("路燈與坑洞", "中山路3號", "鳳山區")
    one, other = model.items_for(asked), again.items_for(asked)
    assert [guess.code for guess in one] == [guess.code for guess in other]
    assert one[0].share == pytest.approx(other[0].share, rel=1e-4)


@pytest.mark.parametrize("damaged", [b"", b"x", b"\x78\x9c\x03\x00\x00\x00\x00\x01"])
def test_what_is_no_model_is_refused(damaged: bytes) -> None:
    with pytest.raises(ModelError):
        Model.from_bytes(damaged)


@given(st.text(max_size=80), st.text(max_size=40))
def test_any_text_has_features_and_an_answer(model: Model, words: str, address: str) -> None:
    fields_of(Report(words, address), frozenset({"路燈"}))
    assert not any(character.isdecimal() and character != "0" for character in plain(words))
    shares = [guess.share for guess in model.items_for(Report(words, address))]
    assert sum(shares) <= 1.0001
    assert shares == sorted(shares, reverse=True)


def test_evaluate_needs_no_installation(tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    rows = [f"{one.item},{one.agency},{one.district},{one.address},{one.description}" for one in TAUGHT]
    file.write_text("item,agency,district,address,description\n" + "\n".join(rows * 10), encoding="utf-8")
    answer = CliRunner().invoke(classify, ["evaluate", "--train", str(file), "--test", str(file)])
    assert answer.exit_code == 0, answer.output
    assert "first 100.00%" in answer.output
    assert " to 100.0%)" in answer.output
    assert "(98.4% to 100.0%), 240" in answer.output
    bare = tmp_path / "bare.csv"
    bare.write_text("a,b\n1,2\n")
    assert "no column for" in CliRunner().invoke(classify, ["evaluate", "--train", str(bare)]).output


def test_rows_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    rows = [f"{one.item},{one.agency},{one.description}" for one in TAUGHT] * 10
    file.write_text(
        "\n".join(["item,agency,description", *rows, ",works,路燈不亮", "noise,env,"]), encoding="utf-8"
    )
    answer = CliRunner().invoke(classify, ["evaluate", "--train", str(file), "--test", str(file)])
    assert "240 reports read, 2 rows left out (1 without an item, 1 without a description)" in answer.stderr
    assert "of 240" in answer.stdout


def test_the_interval_narrows_with_what_was_asked() -> None:
    from citycall.services.cases.classify.evaluation import interval

    few, many = interval(95, 100), interval(9_500, 10_000)
    assert few[0] < many[0] < 0.95 < many[1] < few[1]
    assert interval(0, 0) == (0.0, 1.0)
    assert interval(10, 10)[1] == 1.0


def written(folder: Path, name: str, raw: bytes) -> str:
    (folder / name).write_bytes(raw)
    return str(folder / name)


def evaluated(teach: str, ask: str, *more: str) -> Result:
    return CliRunner().invoke(classify, ["evaluate", "--train", teach, "--test", ask, *more])


HEAD = "item,agency,district,address,description"
TABLE = "\n".join(
    [
        HEAD,
        *(f"{one.item},{one.agency},{one.district},{one.address},{one.description}" for one in TAUGHT * 10),
    ]
)


@pytest.mark.parametrize(
    "raw",
    [
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        TABLE.encode("cp950"),
        TABLE.replace(",", ";").encode(),
        TABLE.replace(",", "\t").replace("\n", "\r\n").encode(),
        TABLE.replace(HEAD, " Item , AGENCY ,District,Address, Description").encode(),
    ],
    ids=["mark", "utf-16", "big5", "semicolons", "tabs", "capitals"],
)
def test_a_table_is_read_as_offices_write_it(tmp_path: Path, raw: bytes) -> None:
    plainly = written(tmp_path, "plain.csv", TABLE.encode())
    answer = evaluated(plainly, written(tmp_path, "other.csv", raw), "--json")
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    assert (found["asked"], found["item_first"], found["agency_among_three"]) == (240, 240, 240)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (bytes(range(256)) * 4, "not a text in UTF-8, UTF-16 or Big5"),
        (TABLE.encode("utf-16")[:-1], "not a text in UTF-8, UTF-16 or Big5"),
        (TABLE.encode().replace(b"works", b"wor\0ks", 1), "not a text in UTF-8, UTF-16 or Big5"),
        (HEAD.encode(), "no report to use"),
        (f"{HEAD}\n\nx\nx,y\n".encode(), "2 without a description"),
        (b"agency,description\nworks,lamp", "no column for item (item or InformDesc_"),
        (f'{HEAD}\n"{"x" * 200_000}'.encode(), "a quotation mark that is not closed?"),
    ],
)
def test_a_table_that_cannot_be_used_says_why_before_anything_is_learned(
    tmp_path: Path, raw: bytes, said: str
) -> None:
    answer = evaluated(written(tmp_path, "plain.csv", TABLE.encode()), written(tmp_path, "bad.csv", raw))
    assert answer.exit_code == 1
    assert said in answer.stderr
    assert isinstance(answer.exception, SystemExit)


def test_what_training_never_saw_is_counted(tmp_path: Path) -> None:
    later = f"{TABLE}\nflood,water,鳳山區,中山路1號,路面淹水\n"
    teach, ask = written(tmp_path, "a.csv", TABLE.encode()), written(tmp_path, "b.csv", later.encode())
    answer = evaluated(teach, ask)
    assert answer.stdout.count("1 of them of one that the training never saw") == 2
    assert json.loads(evaluated(teach, ask, "--json").stdout)["items_never_seen"] == 1


def test_a_column_of_numbers_is_not_taken_for_items(tmp_path: Path) -> None:
    rows = "\n".join([HEAD, *(f"FILE{n},works,鳳山區,中山路,路燈不亮" for n in range(1_100))])
    file = written(tmp_path, "a.csv", rows.encode())
    answer = evaluated(file, file)
    assert answer.exit_code == 1
    assert "1100 different items or agencies" in answer.stderr


def test_a_rare_item_is_not_lost_among_frequent_ones() -> None:
    """Three reports of cables, among a hundred of lamps of which a few name cables too."""
    from citycall.services.cases.classify.training import train

    places = ("公園", "路口", "巷內", "橋下")
    taught = [
        *(
            Report(f"{place}的{thing}需要處理", item=thing)
            for thing in ("路燈", "坑洞", "積水")
            for place in places
        ),
    ] * 25
    taught += [Report(f"{place}的路燈與電線需要處理", item="路燈") for place in places]
    taught += [Report(f"{place}的電線需要處理", item="cable") for place in places[:3]]
    assert train(taught, {"cable": "-"}).items_for(Report("路口電線與路燈"))[0].code == "cable"


def test_the_name_of_an_item_speaks_for_it() -> None:
    """One report of an item, in other words than its name: asked by its name it is found all the same."""
    from citycall.services.cases.classify.training import train

    taught = [*TAUGHT, Report("線垂到地上", item="cable"), Report("怕有人觸電", item="streetlight")]
    first = train(taught, {"cable": "電線掉落(一)"}).items_for(Report("電線掉落"))[0]
    assert first.code == "cable"
    assert train(taught, {"cable": "-"}).items_for(Report("電掉落"))[0].code != "cable"
