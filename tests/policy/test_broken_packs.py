"""Small mistakes in real packs: each is refused with the file, the line, the key and what was expected.

`pytest -s tests/policy/test_broken_packs.py` prints the whole table as people would read it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.policy.conftest import POLICIES

from citycall.policy import PackError, load_pack
from citycall.policy.check import check_pack

Make = Callable[..., Path]


class Broken(NamedTuple):
    """What stands in a file, what is put there, and what must be said: the key, and some of the words."""

    pack: str
    file: str
    old: str
    new: str
    key: str
    says: str
    stands: str = ""  # the line that is named, where it is another than the one that was changed

    @property
    def line(self) -> int:
        """The line on which the file first differs."""
        before = (POLICIES / self.pack / self.file).read_text(encoding="utf-8")
        if self.stands:
            return before.count("\n", 0, before.index(self.stands)) + 1
        at = before.index(self.old)
        same = next(
            (n for n, (a, b) in enumerate(zip(self.old, self.new, strict=False)) if a != b),
            min(len(self.old), len(self.new)),
        )
        return before.count("\n", 0, at + same) + 1

    def told(self, refusal: str, folder: Path) -> str:
        """What was changed and what is said, in two lines."""
        new = (self.new or "(nothing)").splitlines()[-1].strip()
        return f"{self.old.splitlines()[0].strip()}  ->  {new}\n    {refusal}".replace(
            f"{folder.parent}/", ""
        )

    def __str__(self) -> str:
        return f"{self.pack}/{self.file}:{self.key}"


NT, KM, TP = "newtaipei", "kinmen", "taipei"
PACK, KINDS, CLOCKS, NOTICES = "pack.yaml", "kinds.yaml", "clocks.yaml", "notices.yaml"
TASKS, SETTINGS, READINGS, ITEMS = "tasks.yaml", "settings.yaml", "readings.yaml", "items.csv"

# What loading refuses.
REFUSED = [
    # the head
    Broken(NT, PACK, "status: in_force", "status: maybe", "status", "expected 'in_force', 'sample' or"),
    Broken(NT, PACK, 'version: "2026.1"', "version: 2026.1", "version", "valid string"),
    Broken(NT, PACK, "hotline:", "hotlin:", "hotlin",
           "unknown key (did you mean hotline?); expected code, name, version"),
    Broken(NT, PACK, "timezone: Asia/Taipei", "timezone: Asia/Taipeh", "timezone", "not a time zone"),
    Broken(NT, PACK, '"17:00"]]', '"12:30"]]', "clock_calendar", "office hours are spans in order"),
    Broken(NT, PACK, '"17:00"]]', '"25:00"]]', "clock_calendar.office_hours", "'25:00' is not a time"),
    Broken(NT, PACK, "code: newtaipei", "code: newtaipei\ncode: other", "code", "twice"),
    Broken(NT, PACK, "name: {zh: 新北市政府,", "name: {fr: Ville, zh: 新北市政府,", "name.fr",
           "unknown key"),
    Broken(NT, PACK, "schema: 2", "schema: 9", "schema", "reads packs up to schema 2, not 9"),
    Broken(KM, PACK, "approved_by: {setting: stage-limits.approved_by}", "approved_by: []", "approved_by",
           "at least one role"),
    Broken(TP, PACK, "ends: 2017-09-01", "", "status", "needs `ends`", "status: repealed"),
    Broken(TP, PACK, "ends: 2017-09-01", "ends: 2017-08-30", "editions.0.since",
           "when the document has ended", "- since: 2017-08-30"),
    Broken(TP, PACK, "areas: {setting: clock-suspension.areas}", "areas: [nation]",
           "clock_calendar.suspension.areas.0", "expected 'city', 'district' or 'agency' (found 'nation')"),
    # references
    Broken(NT, CLOCKS, "{setting: sign-off.limit}", "{setting: sign-of.limit}", "clocks.0.limit",
           "there is no setting 'sign-of'"),
    Broken(NT, CLOCKS, "{setting: sign-off.limit}", "{setting: sign-off.limits}", "clocks.0.limit",
           "the setting 'sign-off' has no 'limits'"),
    Broken(NT, CLOCKS, "{reading: sign-off-from.start}", "{reading: sign-off-to.start}", "clocks.0.start",
           "there is no reading 'sign-off-to'"),
    # settings and readings
    Broken(NT, SETTINGS, "limit: 10 minutes", "limit: ten minutes", "settings.sign-off.value.limit",
           "write an amount and a unit"),
    Broken(NT, SETTINGS, "limit: 10 minutes", "limt: 10 minutes", "settings.sign-off.value.limt",
           "(did you mean limit?); expected limit, second_to"),
    Broken(KM, SETTINGS, 'at: "08:00"', 'at: "8am"', "settings.overdue-dunning.value.at",
           "is not a time of day, such as"),
    Broken(TP, SETTINGS, 'rounds: ["09:00", "14:00"]', 'rounds: ["09:00", "25:00"]',
           "settings.sign-off.value.rounds.1", "'25:00' is not a time of day"),
    Broken(TP, SETTINGS, "channels: [egov, email]", "channels: [pigeon]",
           "settings.notify-agency.value.dispatch.channels.0", "expected 'email', 'sms', 'egov'"),
    Broken(TP, SETTINGS, 'by: "day 26"', "by: day 32", "settings.monthly-preview.value.by",
           "'day 32': expected less than"),
    Broken(NT, SETTINGS, "clauses: [NT-4-3b", "clause: [NT-4-3b", "settings.managing-unit.clause",
           "unknown key"),
    Broken(TP, READINGS, "first_day: 0", "first_day: 2", "readings.third-day.value.first_day",
           "expected 0 or 1"),
    Broken(NT, READINGS, "counts: working", "counts: workin", "readings.half-day.value.counts",
           "expected 'working' or 'clock' (found 'workin')"),
    # kinds of case
    Broken(NT, KINDS, "{setting: stage-limits.first.min}", "4 fortnights", "kinds.fast.stages.first.min",
           "'fortnights' is not a unit of time; one of minutes"),
    Broken(NT, KINDS, "{setting: stage-limits.second.max}", "1.5 days", "kinds.fast.stages.second.max",
           "whole"),
    Broken(NT, KINDS, "{setting: identity-required.fast.otherwise_offer}", "letter",
           "kinds.fast.identity.otherwise_offer", "no kind of case 'letter'"),
    Broken(NT, KINDS, "{setting: repeat-false-reports.in_a_row}", "0", "kinds.fast.unfounded.in_a_row",
           "greater"),
    Broken(NT, KINDS, "[established], to: acknowledged", "[lost], to: acknowledged", "moves.1.from",
           "no move leads to the status 'lost'"),
    Broken(NT, KINDS, "number_prefix: F", "number_prefix: fast", "kinds.fast.number_prefix", "pattern"),
    Broken(TP, KINDS, "{event: case.graded_b,", "{event: case.graded_c,", "kinds.petition.grade_b",
           "needs a move case.graded_b", "  grade_b:"),
    Broken(TP, KINDS, "{event: case.reported_back,", "{event: case.reported,",
           "kinds.dispatch.completion.report_first", "needs a move case.reported_back",
           "    report_first:"),
    Broken(TP, KINDS, "{event: case.released,", "{event: case.let_go,", "kinds.dispatch.release",
           "needs a move case.released", "  release: "),
    Broken(TP, KINDS, "{setting: urgent-petition.telephone}", "outage",
           "kinds.petition.completion.told_by_phone_requires", "must be required or optional",
           "    told_by_phone_requires:"),
    Broken(TP, SETTINGS, "      law_enquiry: {", "      reform: {",
           "settings.petition-kinds.value.categories.reform", "twice"),
    # clocks
    Broken(NT, CLOCKS, "{setting: sign-off.limit}", "soon", "clocks.0.limit",
           "next working day 10:00, day 26"),
    Broken(NT, CLOCKS, "limit: kind.ordinary", "limit: day 45", "clocks.5.limit",
           "'day 45': expected less than or equal to 31"),
    Broken(NT, CLOCKS, "when: {at: limit}", "when: {at: limit, after_start: 1h}", "clocks.0.strikes.0.when",
           "exactly one of at, after_limit"),
    Broken(NT, CLOCKS, "{setting: overdue-dunning.at}", '"6pm"', "strikes.1.when.daily_at", "'6pm'"),
    Broken(NT, CLOCKS, "fast.unacknowledged", "fast.unknown", "clocks.0.strikes.0.do.0.notify.template",
           "no template 'fast.unknown'"),
    Broken(NT, CLOCKS, "- code: sign_off", "- cod: sign_off", "0", "expected a code"),
    Broken(NT, CLOCKS, "- mark: overdue", "- mark: overdue\n          task: delivery_problem",
           "clocks.1.strikes.0.do.0", "exactly one of notify, mark, task"),
    Broken(NT, CLOCKS, "kinds: [petition]", "kinds: [complaint]", "clocks.5.kinds",
           "no kind of case 'complaint'"),
    Broken(TP, CLOCKS, "- task: dunning_passed_on", "- task: dunning_passed", "do.1.task",
           "no task 'dunning_passed'; expected one of tasks.yaml"),
    Broken(TP, CLOCKS, "days: {setting: stage-dunning.second.day}", "days: -1", "on_day.days", "greater"),
    Broken(TP, CLOCKS, "after: start", "after: start\n          before: limit", "on_day",
           "one of after, before"),
    # notices, tasks, words
    Broken(NT, NOTICES, "{setting: notify-agency.fast.channels}", "[fax]", "notices.0.channels.0",
           "expected 'email', 'sms'"),
    Broken(NT, NOTICES, "{setting: notify-agency.fast.to}", "[Intake window]", "notices.0.to",
           "neither a role"),
    Broken(NT, NOTICES, "- code: petition_window", "- code: established_window", "code", "twice"),
    Broken(TP, TASKS, "kinds: [dispatch]", "kinds: [dispatches]", "tasks.0.kinds",
           "no kind of case 'dispatches'"),
    Broken(TP, TASKS, "asks: [at, text]", "asks: [time, text]", "tasks.1.asks.0",
           "expected 'person', 'at'"),
    Broken(TP, TASKS, "cancelled_by: [case.completed,", "cancelled_by: [completed,", "tasks.0.cancelled_by",
           "'completed' is not an event; expected one such as case.completed"),
    Broken(TP, TASKS, "limit: {setting: outside-jurisdiction.letter_within}", "limit: next workday",
           "tasks.2.limit", "is not a limit; write an amount"),
    Broken(TP, TASKS, "limit: {setting: outside-jurisdiction.letter_within}",
           "limit: before day of event_on", "tasks.2.limit", "a task knows no day of an event"),
    Broken(NT, "templates.yaml", "案號：{number}", "案號：{nummer}", "fast.established.email.zh-hant",
           "nummer"),
    Broken(NT, "templates.yaml", "zh-hant:", "zh:", "templates.fast.established.email.zh", "zh-hant or en"),
    # tables
    Broken(NT, ITEMS, "lamp dark,30,,,yes", "lamp dark,30,,,perhaps", "items.streetlight",
           "neither yes nor no"),
    Broken(NT, ITEMS, "streetlight,4 hours", "streetlight,3 hours", "items.streetlight.stage1",
           "3 hours is not between 4 hours and 1 days"),
    Broken(NT, ITEMS, "4 hours,14 days", "4 hours,15 days", "items.streetlight.stage2_max", "not between"),
    Broken(NT, ITEMS, "pothole,路面坑洞", "streetlight,路面坑洞", "items.streetlight", "twice"),
    Broken(NT, ITEMS, "stage1,stage2_max", "stage1,stage_2", "stage_2", "unknown column; known are"),
    Broken(NT, ITEMS, "drain,側溝及排水不良", "Drain !,側溝及排水不良", "items.Drain !",
           "a code has small letters"),
    Broken(NT, ITEMS, ",fast,works,drain", ",quick,works,drain", "items.drain.kind",
           "no kind of case 'quick'"),
    Broken(NT, ITEMS, ",,2024-12-31,yes", ",,2024-13-31,yes", "items.phone_booth.active_until", "date"),
    Broken(NT, "districts.csv", "65000020,三重區", "65000010,三重區", "districts.1", "twice"),
    Broken(NT, "districts.csv", "65000020,三重區", ",三重區", "districts.1", "a row without a code"),
    Broken(NT, "roads.csv", "縣民大道,65000010", "縣民大道,65000999", "roads", "no district '65000999'"),
]  # fmt: skip

# What can be read and is wrong all the same: `citycall policy check` refuses it.
UNSOUND = [
    Broken(NT, CLOCKS, "stop: [case.acknowledged, case.withdrawn]",
           "stop: [case.acknowledge, case.withdrawn]", "clocks.sign_off.stop",
           "no case of these kinds undergoes case.acknowledge; did you mean case.ack"),
    Broken(NT, CLOCKS, "late_on: [case.acknowledged]", "late_on: [case.taken]", "clocks.sign_off.late_on",
           "case.taken does not stop this clock"),
    Broken(TP, TASKS, "cancelled_by: [case.reopened]", "cancelled_by: [case.reopend]",
           "tasks.explanation.cancelled_by", "did you mean case.reopened?"),
    Broken(NT, NOTICES, "on: case.letter_sent", "on: case.letter_set", "notices.unfounded_letter.on",
           "did you mean case.letter_sent?"),
    Broken(KM, SETTINGS, "answer-speed:", "answer-sped:", "settings.answer-sped",
           "did you mean answer-speed?"),
    Broken(KM, SETTINGS, "clauses: [KM-7-3a, KM-7-3b]", "clauses: [KM-7-3a]",
           "settings.overdue-dunning.clauses", "expected the clauses KM-7-3a, KM-7-3b (found KM-7-3a)"),
    Broken(TP, READINGS, "clauses: [TP-5-5-6d]", "clauses: []", "readings.grade-b-from.clauses",
           "expected the clauses TP-5-5-6d (found none)"),
    Broken(NT, CLOCKS, "clauses: [NT-5-4-2e]", "clauses: [NT-9-9-9z]",
           "clocks.sign_off.strikes.second_notice", "there is no clause NT-9-9-9z"),
]  # fmt: skip


@pytest.mark.parametrize("one", REFUSED, ids=str)
def test_refused_with_file_line_key_and_what_was_expected(broken: Make, one: Broken) -> None:
    folder = broken(one.file, one.old, one.new, one.pack)
    with pytest.raises(PackError) as caught:
        load_pack(folder)
    error = caught.value
    print(one.told(str(error), folder))
    assert one.says in error.message
    assert one.key in error.key
    assert error.file == str(folder / one.file)
    assert error.line is not None
    assert abs(error.line - one.line) <= 3, f"said {error.line}, stands on {one.line}"


@pytest.mark.parametrize("one", UNSOUND, ids=str)
def test_unsound_with_file_line_key_and_what_was_expected(broken: Make, one: Broken) -> None:
    folder = broken(one.file, one.old, one.new, one.pack)
    (folder.parent / "clauses.yaml").symlink_to(POLICIES / "clauses.yaml")
    found = [one for one in check_pack(folder) if one.level == "error"]
    said = [finding for finding in found if one.says in finding.message]
    assert said, found
    print(one.told(f"{said[0].where}: {said[0].message}", folder))
    assert said[0].message.startswith(one.key)
    file, _, line = said[0].where.rpartition(":")
    assert file == str(folder / one.file)
    assert abs(int(line) - one.line) <= 4, f"said {line}, stands on {one.line}"


def test_a_point_that_is_missing(broken: Make) -> None:
    """An error for the documents that are served whole; for other packs it is a word of warning."""
    folder = broken(SETTINGS, "answer-speed:", "# answer-speed:", KM)
    text = (folder / SETTINGS).read_text(encoding="utf-8")
    head, _, rest = text.partition("# answer-speed:")
    (folder / SETTINGS).write_text(head + rest[rest.index("\ntransfer-reasons:") + 1 :], encoding="utf-8")
    assert ("error", "this point is missing: How fast a call is answered") in {
        (one.level, one.message.split(": ", 1)[1]) for one in check_pack(folder)
    }
    pack = folder / PACK
    pack.write_text(pack.read_text(encoding="utf-8").replace("seed: KM\n", ""), encoding="utf-8")
    assert "warning" in {one.level for one in check_pack(folder) if "is missing: How fast" in one.message}


def test_a_setting_that_nobody_reads(broken: Make) -> None:
    folder = broken(CLOCKS, "{setting: sign-off.limit}", "10 minutes")
    for old in ("{setting: sign-off.second_to}",):
        path = folder / CLOCKS
        path.write_text(path.read_text(encoding="utf-8").replace(old, "[intake_window]"), encoding="utf-8")
    found = [one for one in check_pack(folder) if "settings.sign-off" in one.message]
    assert [one.level for one in found] == ["warning"]
    assert "no rule takes this over and no code reads it" in found[0].message
    assert found[0].where.startswith(str(folder / SETTINGS))


def test_there_are_many() -> None:
    assert len(REFUSED) >= 60
    assert len(UNSOUND) >= 8
    assert {one.pack for one in REFUSED} == {NT, KM, TP}
