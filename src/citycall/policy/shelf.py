"""The packs that stand side by side in one folder, each with whether its document still applies (TP-0b)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from citycall.policy.load import load_pack
from citycall.policy.model import Pack
from citycall.policy.source import PackError


def packs_in(folder: Path | str) -> Iterator[Pack | PackError]:
    """Every pack of the folder in the order of their names; in the place of a broken one what is wrong."""
    for path in sorted(Path(folder).glob("*/pack.yaml")):
        try:
            yield load_pack(path.parent)
        except PackError as error:
            yield error


def document(pack: Pack, day: date, lang: str = "zh") -> list[str]:
    """Which document the rules come from and how it stands on a day, in lines that people read."""
    zh = not lang.startswith("en")
    lines = [pack.title] if pack.title else []
    if pack.issued is not None:
        lines.append(f"{'發布' if zh else 'issued'} {pack.issued}")
    current = pack.edition_on(day)
    for edition in pack.editions:
        note = f"  {edition.note.get(lang)}" if edition.note else ""
        mark = ("  ← 現行" if zh else "  ← in force") if edition is current else ""
        lines.append(f"{edition.since}  {edition.document}{note}{mark}")
    if pack.ends is not None:
        by = f" ({pack.ended_by})" if pack.ended_by else ""
        if pack.applies_on(day):
            lines.append(f"{'停止適用日' if zh else 'ends on'} {pack.ends}{by}")
        else:
            said = "已停止適用，僅供範本之用，自" if zh else "no longer in force, kept as a template, since"
            lines.append(f"{said} {pack.ends}{by}")
    return lines
