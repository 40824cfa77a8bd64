"""The lines of the list, drawn at once: fifty of them as a template take longer than all the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import pgettext

from citycall.web.inbox.trays import Tray
from citycall.web.ui.templatetags.ui import badge, button, clock, when
from citycall.web.ui.words import Reader, reader


def drawn(
    rows: Sequence[Mapping[str, Any]], tray: Tray, said: Mapping[str, str], *, picks: bool
) -> SafeString:
    """All lines of a page; `said` stands before each cell on a telephone, `picks` offers every box."""
    to = reader()
    unsigned = tray.code == "unsigned"
    return SafeString(  # nosec B703: every value is escaped below
        "".join(
            _line(row, said, to, picks=picks or (row["signable"] and unsigned), first=place == 0)
            for place, row in enumerate(rows)
        )
    )


def _line(row: Mapping[str, Any], said: Mapping[str, str], to: Reader, *, picks: bool, first: bool) -> str:
    case = row["case"]
    number = escape(case.number)
    timed = said["due" if row["clock"] else "time"]
    pick = (
        f'<label class="choice"><input type="checkbox" name="case" value="{case.pk}" id="pick-{case.pk}">'
        f'<span class="visually-hidden">{escape(said["pick"])} {number}</span></label>'
        if picks
        else ""
    )
    stage = f'<br><span class="small-print">{escape(row["stage"])}</span>' if row["stage"] else ""
    return (
        f'<tr id="row-{case.pk}">\n<td class="pick">{pick}</td>\n'
        f'<th scope="row"><a class="row-link mono nowrap" id="open-{case.pk}" href="{escape(row["href"])}">'
        f"{number}</a></th>\n"
        f'<td data-label="{escape(said["item"])}"><strong class="item">{escape(row["item"])}</strong>'
        f"{stage}</td>\n"
        f'<td data-label="{escape(said["place"])}"><span>{_place(row)}</span></td>\n'
        f'<td data-label="{escape(timed)}"><span>{_time(row, to)}</span></td>\n'
        f'<td data-label="{escape(said["status"])}"><span class="cluster">{_badges(row, said)}</span></td>\n'
        f'<td data-label="{escape(said["handler"])}">{escape(row["handler"])}</td>\n'
        f'<td class="end row-act">{_act(row, first=first)}</td>\n</tr>\n'
    )


def _place(row: Mapping[str, Any]) -> str:
    district = f'<span class="soft">{escape(row["district"])}</span> ' if row["district"] else ""
    if not district and not row["address"]:
        return '<span class="none">—</span>'
    return f"{district}{escape(row['address'])}"


def _time(row: Mapping[str, Any], to: Reader) -> str:
    running, case = row["clock"], row["case"]
    if not running:
        return when(case.closed_at or case.established_at, to=to)
    name = row["clock_name"]
    ticking = clock(running.due, running.started_at, label=name, to=to)
    return f'{ticking}<span class="small-print clock-name">{escape(name)}</span>'


def _badges(row: Mapping[str, Any], said: Mapping[str, str]) -> str:
    case = row["case"]
    shown = (
        row["badge"],
        (said["owed"], "warn") if row["phone_task"] else None,
        (said["signed_late"], "late") if case.acknowledged_late else None,
        (said["intake_late"], "late") if case.registered_late else None,
        (said["told"], "info") if row["told"] else None,
        (case.grade, "info") if case.grade else None,
    )
    return "".join(badge(*one) for one in shown if one is not None)


def _act(row: Mapping[str, Any], *, first: bool) -> str:
    """What can be done from the list; the first line has the key."""
    if not row["signable"]:
        return ""
    drawn = _sign(pgettext("act", "簽收"), first=first)
    return drawn.replace(_WHICH, str(row["case"].pk))


_WHICH = "which-case"


@cache
def _sign(words: str, *, first: bool) -> str:
    """The button, drawn once; each line puts its own case into it."""
    kind, key = ("primary", "s") if first else ("secondary", "")
    return button(words, kind, name="one", value=_WHICH, key=key, small=True, data_sign=True)
