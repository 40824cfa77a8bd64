"""The archive that goes to the police with a false report: what was said, by which number, what was done."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import datetime
from typing import Any

from citycall.base import clock
from citycall.base.encoding import jsonable
from citycall.base.events import history
from citycall.base.files import StoredFile, path_of
from citycall.base.notices import Notice
from citycall.people.parties import Revealed
from citycall.services.cases.models import Case, CaseFile, PhoneRecord, PoliceReferral

_CASE = (
    "number", "kind", "item", "category", "description", "address", "district", "agency", "channel",
    "call_id", "established_at", "withdrawn_at", "withdraw_reason", "status", "marks", "identity_check_id",
)  # fmt: skip


def packed(
    case: Case, referral: PoliceReferral, reporter: Revealed | None, *, made_at: datetime, made_by: str
) -> tuple[str, list[str], bytes]:
    """Name, names of the files, and the archive itself. The manifest names each file with its SHA-256."""
    parts: dict[str, bytes] = {
        "case.json": _json({name: getattr(case, name) for name in _CASE}),
        "reporter.json": _json(reporter.model_dump() if reporter else None),
        "incident.json": _json(
            {
                "kind": referral.incident.kind,
                "at": referral.incident.at,
                "text": referral.incident.text,
                "asked_at": referral.asked_at,
                "note": referral.note,
            }
        ),
        "events.json": _json(
            [
                {"at": one.at, "kind": one.kind, "by": one.actor_kind, "post": one.post, "data": one.data}
                for one in history("case", case.pk)
            ]
        ),
        "notices.json": _json(
            [
                {"at": one.created_at, "template": one.template, "channel": one.channel, "state": one.state}
                for one in Notice.objects.filter(about_kind="case", about_id=case.pk).order_by("id")
            ]
        ),
        "phone-records.json": _json(
            [
                {"opened_at": one.opened_at, "at": one.at, "caller": one.caller, "content": one.content}
                for one in PhoneRecord.objects.filter(case=case).order_by("id")
            ]
        ),
    }
    kept = list(CaseFile.objects.filter(case=case).order_by("id"))
    stored = StoredFile.objects.in_bulk([one.file_id for one in kept])
    for one in kept:
        file = stored.get(one.file_id)
        if file is not None and file.erased_at is None and path_of(file.sha256).is_file():
            parts[f"files/{one.pk}-{file.name}"] = path_of(file.sha256).read_bytes()
    manifest = {
        "case": case.number,
        "made_at": clock.local(made_at).isoformat(),
        "made_by": made_by,
        "files": [
            {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in parts.items()
        ],
    }
    parts = {"manifest.json": _json(manifest), **parts}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            stamp = clock.local(made_at).timetuple()[:6]
            archive.writestr(zipfile.ZipInfo(name, date_time=stamp), content)
    return f"{case.number}-evidence.zip", list(parts), out.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(jsonable(value), ensure_ascii=False, indent=1).encode()
