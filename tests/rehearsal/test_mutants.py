"""What `citycall mutants` makes of a pack, and that a story notices each clock and strike taken out."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker
from tests.rehearsal.stories import PACKS, STORIES

from citycall.rehearsal.mutants import Mutant, mutants, same_rules

CITIES = ("kinmen", "newtaipei", "taipei")

CLOCKS = """\
- code: sign_off
  name: {zh: 簽收, en: Sign-off}
  kinds: [fast]
  clauses: [NT-5-4-2d]
  start: {on: case.established}
  limit: 10 minutes
  stop: [case.acknowledged, case.withdrawn]
  sets_due: true
  strikes:
    - code: second_notice
      when: {daily_at: "18:00", from: limit}
      clauses: [NT-5-4-2e]
      do:
        - notify: {to: {setting: sign-off.to}, template: fast.unacknowledged, channels: [email, sms]}
"""
SETTINGS = """\
sign-off:
  value: {to: [intake_window], minutes: 10, once: true, at: "09:30"}
  says: {zh: 十分鐘, en: Ten minutes}
  clauses: [NT-5-4-2d]
weekly-meeting:
  value: null
report-back:
  value: {to: call_centre}
"""


def _pack(folder: Path) -> Path:
    pack = folder / "small"
    pack.mkdir()
    (pack / "pack.yaml").write_text("code: small\n", encoding="utf-8")
    (pack / "clocks.yaml").write_text(CLOCKS, encoding="utf-8")
    (pack / "settings.yaml").write_text(SETTINGS, encoding="utf-8")
    return pack


def test_each_rule_strike_value_and_setting_is_taken_out_or_shifted_once(tmp_path: Path) -> None:
    made = list(mutants(_pack(tmp_path)))
    assert [one.name for one in made] == [
        "clocks.yaml: sign_off deleted",
        "clocks.yaml: sign_off.start.on case.established taken out",
        "clocks.yaml: sign_off.start.on case.established -> case.acknowledged",
        "clocks.yaml: sign_off.limit 10 minutes -> 11 minutes",
        "clocks.yaml: sign_off.stop without case.acknowledged",
        "clocks.yaml: sign_off.stop without case.withdrawn",
        "clocks.yaml: sign_off.sets_due True -> False",
        "clocks.yaml: sign_off.second_notice deleted",
        "clocks.yaml: sign_off.second_notice.when.daily_at 18:00 -> 19:00",
        "clocks.yaml: sign_off.second_notice.when.from limit taken out",
        "clocks.yaml: sign_off.second_notice.when.from limit -> start",
        "clocks.yaml: sign_off.second_notice.do.0.notify.channels without email",
        "clocks.yaml: sign_off.second_notice.do.0.notify.channels without sms",
        "settings.yaml: sign-off.to without intake_window",
        "settings.yaml: sign-off.to intake_window -> evaluator",
        "settings.yaml: sign-off.minutes 10 -> 11",
        "settings.yaml: sign-off.once True -> False",
        "settings.yaml: sign-off.at 09:30 -> 10:30",
        "settings.yaml: report-back.to call_centre taken out",
        "settings.yaml: report-back.to call_centre -> duty_staff",
    ]
    assert made[0].clauses == ("NT-5-4-2d", "NT-5-4-2e")
    assert made[7].clauses == ("NT-5-4-2e",)
    assert made[-3].clauses == ("NT-5-4-2d",)


KINDS = """\
petition:
  name: {zh: 陳情, en: Petition}
  clauses: [TP-2-1-4a]
  item_required: false
  completion:
    requires: [finding, result]
    approved_by: {setting: reply-approval.petition.by}
    clauses: [TP-5-5-2a]
  moves:
    - {event: case.closed, from: [completed, replied], to: closed, clauses: [TP-5-5-1a]}
  findings:
    - {code: resolved, name: {zh: 已處理, en: Done}}
    - {code: outside, name: {zh: 函轉, en: Written to another}, asks: [authority]}
"""
INTAKE = """\
marks:
  private_rights:
    name: {zh: 涉及私權, en: Private rights}
    kinds: [petition]
    requires: {setting: private-rights.requires}
    clauses: [KM-6-2a]
outside:
  told_asks: [authority]
  clauses: [KM-2-2c]
"""


def test_kinds_and_intake_are_taken_apart_too(tmp_path: Path) -> None:
    """Parts and moves; not the words, nor the entries of a list that asks for nothing besides."""
    pack = tmp_path / "small"
    pack.mkdir()
    (pack / "pack.yaml").write_text("code: small\n", encoding="utf-8")
    (pack / "kinds.yaml").write_text(KINDS, encoding="utf-8")
    (pack / "intake.yaml").write_text(INTAKE, encoding="utf-8")
    made = list(mutants(pack))
    assert [one.name for one in made] == [
        "kinds.yaml: petition.item_required False -> True",
        "kinds.yaml: petition.completion deleted",
        "kinds.yaml: petition.completion.requires without finding",
        "kinds.yaml: petition.completion.requires without result",
        "kinds.yaml: petition.moves.case.closed deleted",
        "kinds.yaml: petition.moves.case.closed.from without completed",
        "kinds.yaml: petition.moves.case.closed.from without replied",
        "kinds.yaml: petition.moves.case.closed.to closed taken out",
        "kinds.yaml: petition.findings.outside deleted",
        "kinds.yaml: petition.findings.outside.asks without authority",
        "kinds.yaml: petition.findings.outside.asks authority -> course",
        "intake.yaml: marks deleted",
        "intake.yaml: marks.private_rights deleted",
        "intake.yaml: outside deleted",
        "intake.yaml: outside.told_asks without authority",
        "intake.yaml: outside.told_asks authority -> contact",
    ]
    told = {one.what: one.clauses for one in made}
    assert told["petition.completion.requires without finding"] == ("TP-5-5-2a",)
    assert told["petition.moves.case.closed deleted"] == ("TP-5-5-1a",)
    assert told["petition.findings.outside deleted"] == ("TP-2-1-4a",), "where it has none, its kind's"
    assert told["marks.private_rights deleted"] == ("KM-6-2a",)


def test_a_mutant_is_laid_out_as_a_copy_that_differs_in_one_thing(tmp_path: Path) -> None:
    pack = _pack(tmp_path)
    before = (pack / "clocks.yaml").read_text(encoding="utf-8")
    first = next(mutants(pack))
    laid = first.lay(pack, tmp_path / "laid")
    assert laid.name == "small"
    assert (laid / "clocks.yaml").read_text(encoding="utf-8").strip() == "[]"
    assert (laid / "settings.yaml").read_text(encoding="utf-8") == SETTINGS
    assert (pack / "clocks.yaml").read_text(encoding="utf-8") == before


def test_a_deleted_clock_takes_with_it_the_windows_that_name_it(tmp_path: Path) -> None:
    """As whoever takes a clock out would do it; a window that is counted otherwise stays."""
    from citycall.policy import load_pack

    pack = PACKS / "taipei"
    by_name = {one.what: one for one in mutants(pack)}
    whole = load_pack(pack).requests
    for clock, rule in (("petition", "extend"), ("first_stage", "release"), ("second_stage", "release")):
        laid = load_pack(by_name[f"{clock} deleted"].lay(pack, tmp_path / clock)).requests
        windows = {one.code: len(one.windows) for one in whole}
        assert {one.code: len(one.windows) for one in laid} == {**windows, rule: windows[rule] - 1}


def test_a_default_that_is_left_out_says_the_same(tmp_path: Path) -> None:
    from citycall.policy import load_pack

    pack = PACKS / "newtaipei"
    by_name = {one.what: one for one in mutants(pack)}
    default = by_name["first_stage.dunning.when.from limit taken out"]
    other = by_name["sign_off deleted"]
    assert same_rules(load_pack(pack), load_pack(default.lay(pack, tmp_path / "default")))
    assert not same_rules(load_pack(pack), load_pack(other.lay(pack, tmp_path / "other")))


def test_a_reading_left_to_its_default_says_the_same(tmp_path: Path) -> None:
    from citycall.policy import load_pack

    by_name = {one.what: one for one in mutants(PACKS / "kinmen")}
    default = by_name["days.days calendar taken out"]
    assert same_rules(load_pack(PACKS / "kinmen"), load_pack(default.lay(PACKS / "kinmen", tmp_path)))


def test_only_values_of_services_that_are_not_built_count_as_unread() -> None:
    from citycall.policy import load_pack
    from citycall.policy.variation_points import POINTS, READINGS
    from citycall.rehearsal.cli_mutants import _unread

    for city in CITIES:
        read = load_pack(PACKS / city).referred
        for one in mutants(PACKS / city):
            if _unread(one, read):
                slug = one.path.split(".")[1]
                assert not (POINTS.get(slug) or READINGS[slug]).built, one.name


def _deletions() -> list[object]:
    """Each clock and each strike of the three cities, taken out."""
    return [
        pytest.param(city, one, id=f"{city}: {one.what}")
        for city in CITIES
        for one in mutants(PACKS / city)
        if one.file == "clocks.yaml" and one.what.endswith(" deleted")
    ]


@pytest.mark.slow  # needs databases of its own
@pytest.mark.parametrize(("city", "mutant"), _deletions())
def test_a_story_of_its_clause_notices_a_clock_or_a_strike_taken_out(
    city: str, mutant: Mutant, databases: object, django_db_blocker: DjangoDbBlocker
) -> None:
    from citycall.rehearsal.clauses import catalogue
    from citycall.rehearsal.cli_mutants import tried
    from citycall.rehearsal.scenario import load
    from citycall.rehearsal.scratch import Scratch

    assert isinstance(databases, Scratch)
    stories = [load(path, catalogue()) for path in sorted((STORIES / city).glob("*.yaml"))]
    with django_db_blocker.unblock():
        outcome = next(tried(PACKS / city, [mutant], stories, databases, cited=True))
    assert outcome.verdict == "noticed", outcome
