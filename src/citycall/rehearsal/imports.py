"""Taking in published case files: good rows staged, bad rows said with line and reason, safe to run again.

Nothing becomes a case here. `replay` does that later, through the ordinary commands.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import TextIOWrapper
from itertools import islice
from pathlib import Path

import orjson
from django.db import transaction
from django.utils.translation import gettext as _

from citycall.base import clock
from citycall.rehearsal.mapping import BadRow, CaseFields, MappingError, Reader, StepFields
from citycall.rehearsal.mapping import Mapping as FileMapping
from citycall.rehearsal.models import ImportedCase, ImportedStep, Standing
from citycall.rehearsal.reading import Record, Table, open_table, rejects_file

_BATCH = 1000
_SHOWN = 20
Progress = Callable[[int, int], None]


@dataclass
class Reject:
    line: int
    reason: str


@dataclass
class Taken:
    """What became of the rows of one file."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    first_rejects: list[Reject] = field(default_factory=list)

    def reject(self, line: int, reason: str) -> None:
        self.rejected += 1
        self.reasons[reason] += 1
        if len(self.first_rejects) < _SHOWN:
            self.first_rejects.append(Reject(line, reason))


class Rejects:
    """The reject file, made when the first bad row comes."""

    def __init__(self, path: Path | None, table: Table) -> None:
        self.path, self.table = path, table
        self._file: TextIOWrapper | None = None
        if path is not None:
            path.unlink(missing_ok=True)

    def add(self, record: Record, reason: str) -> None:
        if self.path is None:
            return
        if self._file is None:
            self._file, self._writer = rejects_file(self.path, self.table.columns)
        row = [record.values.get(name, "") for name in (*self.table.columns, "…")]
        self._writer.writerow([record.line, reason, *row])

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def import_cases(
    path: Path, reader: Reader, rejects: Path | None = None, tell: Progress | None = None
) -> Taken:
    """Stage the cases of a file. A case is known again by source and number."""
    fields = reader.mapping.cases
    table = _opened(path, reader, fields)
    taken, out = Taken(), Rejects(rejects, table)
    try:
        for batch in _batches(table, tell):
            good: dict[str, tuple[ImportedCase, list[ImportedStep]]] = {}
            again: list[tuple[ImportedCase, list[ImportedStep]]] = []
            for record in batch:
                taken.rows += 1
                try:
                    case, steps = _case(record, fields, reader, path.name)
                except BadRow as bad:
                    taken.reject(record.line, str(bad))
                    out.add(record, str(bad))
                    continue
                if case.number in good:  # the later of two rows of one number holds
                    again.append(good[case.number])
                good[case.number] = (case, steps)
            taken.unchanged += sum(case.digest == good[case.number][0].digest for case, _steps in again)
            taken.changed += sum(case.digest != good[case.number][0].digest for case, _steps in again)
            _stage_cases(reader.mapping, good, taken)
    finally:
        out.close()
        table.close()
    return taken


def import_steps(
    path: Path, reader: Reader, rejects: Path | None = None, tell: Progress | None = None
) -> Taken:
    """Stage what became of cases that are staged already."""
    fields = reader.mapping.steps
    if fields is None:
        raise MappingError(_("對照檔沒有 steps，無法匯入辦理歷程"))
    table = _opened(path, reader, fields)
    taken, out = Taken(), Rejects(rejects, table)
    try:
        for batch in _batches(table, tell):
            found: list[tuple[Record, str, ImportedStep]] = []
            for record in batch:
                taken.rows += 1
                try:
                    found.append((record, *_step(record, fields, reader)))
                except BadRow as bad:
                    taken.reject(record.line, str(bad))
                    out.add(record, str(bad))
            ids = dict(
                ImportedCase.objects.filter(
                    source=reader.mapping.source, number__in={number for _record, number, _step in found}
                ).values_list("number", "id")
            )
            known = []
            for record, number, step in found:
                if number not in ids:
                    reason = _("沒有這個案號的案件")
                    taken.reject(record.line, reason)
                    out.add(record, reason)
                    continue
                step.case_id = ids[number]
                known.append(step)
            _stage_steps(known, taken)
    finally:
        out.close()
        table.close()
    return taken


def _opened(path: Path, reader: Reader, fields: CaseFields | StepFields) -> Table:
    table = open_table(path, reader.mapping.encoding, reader.mapping.records_at)
    try:
        reader.check_columns(fields, table.columns)
    except MappingError:
        table.close()
        raise
    return table


def _batches(table: Table, tell: Progress | None) -> Iterator[list[Record]]:
    rows = iter(table)
    while batch := list(islice(rows, _BATCH)):
        yield batch
        if tell:
            tell(table.done, table.size)


def _case(
    record: Record, fields: CaseFields, reader: Reader, file: str
) -> tuple[ImportedCase, list[ImportedStep]]:
    if record.fault:
        raise BadRow(record.fault)
    row = record.values
    number = reader.required(fields.number, row, _("案號"), 40)
    received = reader.time(fields.received_at, row, _("受理時間"))
    if received is None:
        raise BadRow(_("%s是空的") % _("受理時間"))
    case = ImportedCase(
        source=reader.mapping.source,
        number=number,
        received_at=received,
        established_at=reader.time(fields.established_at, row, _("成案時間")),
        item=reader.required(fields.item, row, _("服務項目"), 64),
        item_name=_as_published(fields, row),
        agency_name=reader.fitting(reader.text(fields.agency, row, _("機關")), _("機關"), 80),
        district_name=reader.fitting(reader.text(fields.district, row, _("行政區")), _("行政區"), 40),
        address=reader.required(fields.address, row, _("地點"), 200),
        description=reader.required(fields.description, row, _("反映內容"), 4000),
        reporter_name=reader.fitting(reader.text(fields.reporter_name, row, _("姓名")), _("姓名"), 80),
        reporter_phone=reader.fitting(reader.text(fields.reporter_phone, row, _("電話")), _("電話"), 40),
        standing=reader.text(fields.standing, row, _("狀態")) or Standing.ESTABLISHED,
        finding=reader.text(fields.finding, row, _("查處情形")),
        result=reader.fitting(reader.text(fields.result, row, _("辦理結果")), _("辦理結果"), 4000),
        file=file[:200],
        line=record.line,
        imported_at=clock.now(),
    )
    steps = []
    for source, label, standing in (
        (fields.acknowledged_at, _("簽收時間"), Standing.ACKNOWLEDGED),
        (fields.completed_at, _("辦畢時間"), Standing.COMPLETED),
    ):
        at = reader.time(source, row, label)
        if at is not None:
            steps.append(ImportedStep(at=at, standing=standing, agency_name=case.agency_name))
    case.digest = _digest(case, steps)
    return case, steps


def _as_published(fields: CaseFields, row: Mapping[str, str]) -> str:
    return "".join(row.get(name, "") for name in fields.item.named()).strip()[:80]


def _digest(case: ImportedCase, steps: list[ImportedStep]) -> str:
    content = [getattr(case, name) for name in _CONTENT] + [[step.at, step.standing] for step in steps]
    return hashlib.blake2b(orjson.dumps(content), digest_size=16).hexdigest()


def _step(record: Record, fields: StepFields, reader: Reader) -> tuple[str, ImportedStep]:
    if record.fault:
        raise BadRow(record.fault)
    row = record.values
    number = reader.required(fields.number, row, _("案號"), 40)
    at: datetime | None = reader.time(fields.at, row, _("時間"))
    if at is None:
        raise BadRow(_("%s是空的") % _("時間"))
    step = ImportedStep(
        at=at,
        standing=reader.required(fields.standing, row, _("狀態"), 16),
        agency_name=reader.fitting(reader.text(fields.agency, row, _("機關")), _("機關"), 80),
        sighting=reader.mapping.sightings,
    )
    return number, step


_CONTENT = (
    "number",
    "received_at",
    "established_at",
    "item",
    "item_name",
    "agency_name",
    "district_name",
    "address",
    "description",
    "reporter_name",
    "reporter_phone",
    "standing",
    "finding",
    "result",
)
_KEPT = [name for name in (*_CONTENT, "digest", "file", "line", "imported_at") if name != "number"]


@transaction.atomic
def _stage_cases(
    mapping: FileMapping, good: dict[str, tuple[ImportedCase, list[ImportedStep]]], taken: Taken
) -> None:
    source = mapping.source
    here = dict(ImportedCase.objects.filter(source=source, number__in=good).values_list("number", "digest"))
    write = [number for number, (case, _steps) in good.items() if here.get(number) != case.digest]
    taken.unchanged += len(good) - len(write)
    taken.changed += sum(number in here for number in write)
    taken.new += sum(number not in here for number in write)
    if not write:
        return
    ImportedCase.objects.bulk_create(
        [good[number][0] for number in write],
        update_conflicts=True,
        unique_fields=["source", "number"],
        update_fields=_KEPT,
    )
    ids = dict(ImportedCase.objects.filter(source=source, number__in=write).values_list("number", "id"))
    if mapping.cases.acknowledged_at or mapping.cases.completed_at:
        ImportedStep.objects.filter(case_id__in=ids.values(), sighting=False).delete()
    steps = []
    for number in write:
        for step in good[number][1]:
            step.case_id = ids[number]
            steps.append(step)
    ImportedStep.objects.bulk_create(steps)


@transaction.atomic
def _stage_steps(steps: list[ImportedStep], taken: Taken) -> None:
    wanted = {(step.case_id, step.at, step.standing): step for step in steps}
    here = {
        (step.case_id, step.at, step.standing): (step.agency_name, step.sighting)
        for step in ImportedStep.objects.filter(case_id__in={key[0] for key in wanted})
    }
    write = [step for key, step in wanted.items() if here.get(key) != (step.agency_name, step.sighting)]
    taken.unchanged += len(steps) - len(write)
    taken.changed += sum((step.case_id, step.at, step.standing) in here for step in write)
    taken.new += sum((step.case_id, step.at, step.standing) not in here for step in write)
    ImportedStep.objects.bulk_create(
        write,
        update_conflicts=True,
        unique_fields=["case", "at", "standing"],
        update_fields=["agency_name", "sighting"],
    )
