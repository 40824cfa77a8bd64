"""Agencies, posts and staff from a CSV file: everything or, with its faults named by line, nothing."""

from __future__ import annotations

import csv
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from citycall.base.commands import Context, Refused, background
from citycall.people.commands import add_agency, add_post, add_staff, assign_post
from citycall.people.models import Agency, Post, Staff
from citycall.people.roles import ROLES

COLUMNS = ("agency", "agency_name", "post", "role", "username", "display_name", "email", "mobile")


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where."""

    line: int
    message: str

    def __str__(self) -> str:
        return _("第 %(line)s 行：%(message)s") % {"line": self.line, "message": self.message}


class RosterRefused(Exception):
    """The file was not taken in."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


@dataclass
class Taken:
    """What was made."""

    agencies: int = 0
    posts: int = 0
    staff: int = 0
    passwords: dict[str, str] = field(default_factory=dict)


def import_roster(path: Path, *, with_passwords: bool = False) -> Taken:
    """Take a file in; what is there already stays. With any faulty line nothing is written."""
    rows = _rows(path)
    taken, faults = Taken(), []
    with transaction.atomic(), background("people.import_roster", via="cli") as ctx:
        for line, row in rows:
            try:
                with transaction.atomic():
                    _one(ctx, row, taken, with_passwords)
            except Refused as refused:
                inside = "；".join(f"{name} {message}" for name, message in refused.fields.items())
                faults.append(Fault(line, inside or refused.message))
        if faults:
            raise RosterRefused(faults)
        ctx.audit("roster", path.name, agencies=taken.agencies, posts=taken.posts, staff=taken.staff)
    return taken


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise RosterRefused([Fault(1, _("檔案不是 UTF-8 編碼。"))]) from None
    reader = csv.DictReader(text.splitlines())
    found = tuple(reader.fieldnames or ())
    missing = [name for name in COLUMNS if name not in found]
    unknown = [name for name in found if name not in COLUMNS]
    if missing or unknown:
        what = "、".join(missing + unknown)
        raise RosterRefused([Fault(1, _("欄位不符：%(what)s。") % {"what": what})])
    rows, faults = [], []
    for row in reader:
        if None in row or any(value is None for value in row.values()):
            faults.append(Fault(reader.line_num, _("欄位數目不符。")))
        elif any(row.values()):
            rows.append((reader.line_num, {name: value.strip() for name, value in row.items()}))
    if faults:
        raise RosterRefused(faults)
    return rows


def _one(ctx: Context, row: dict[str, str], taken: Taken, with_passwords: bool) -> None:
    agency = row["agency"]
    if not Agency.objects.filter(pk=agency).exists():
        add_agency(ctx, {"code": agency, "name_zh": row["agency_name"]})
        taken.agencies += 1
    post = _post(ctx, agency, row, taken)
    if not row["username"]:
        return
    staff = Staff.objects.filter(username__iexact=row["username"]).first()
    if staff is None:
        given = {name: row[name] for name in ("username", "display_name", "email", "mobile")}
        if with_passwords:
            given["password"] = taken.passwords[row["username"]] = secrets.token_urlsafe(12)
        staff = Staff.objects.get(pk=add_staff(ctx, given).staff)
        taken.staff += 1
    if post:
        assign_post(ctx, {"post": post, "staff": staff.pk})


def _post(ctx: Context, agency: str, row: dict[str, str], taken: Taken) -> str:
    name = row["post"]
    if not name:
        return ""
    code = name if "." in name else f"{agency}.{name}"
    if code.partition(".")[0] != agency:
        raise Refused(
            "invalid", _("職務代碼不屬於這個機關。"), fields={"post": _("職務代碼不屬於這個機關。")}
        )
    if not Post.objects.filter(pk=code).exists():
        role = row["role"] or re.sub(r"\d+$", "", name.rpartition(".")[2])
        if role not in ROLES:
            message = _("沒有「%(role)s」這個角色。") % {"role": role}
            raise Refused("invalid", message, fields={"role": message})
        add_post(ctx, {"code": code, "role": role, "name_zh": str(ROLES[role])})
        taken.posts += 1
    return code
