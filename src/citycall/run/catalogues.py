"""Message catalogues (.po) made into what Django reads (.mo), without gettext's programs."""

from __future__ import annotations

import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_all(root: Path) -> list[Path]:
    """Compile each catalogue below `root` whose .mo is missing or older. Gives those that were compiled."""
    done = []
    for po in sorted(root.glob("**/locale/*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        with po.open("rb") as file:
            catalogue = read_po(file, locale=po.parent.parent.name, abort_invalid=True)
        part = mo.with_suffix(f".mo.{os.getpid()}")
        with part.open("wb") as out:
            write_mo(out, catalogue)
        part.replace(mo)
        done.append(mo)
    return done
