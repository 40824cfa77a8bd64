"""Numbers as they are read out over the telephone."""

from __future__ import annotations

import re


def groups(number: str) -> list[str]:
    """`F1150302-000123` → `F`, `115`, `0302`, `000`, `123`: short enough to be said in one breath."""
    parts = []
    for run in re.findall(r"[A-Za-z]+|\d+", number):
        if run.isalpha():
            parts.append(run)
        elif len(run) == 7:  # year, month and day
            parts += [run[:3], run[3:]]
        else:
            parts += [run[at : at + 3] for at in range(0, len(run), 3)]
    return parts
