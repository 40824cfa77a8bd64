"""The reports that a story may ask for, each as rows of plain fields."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules


def enter_all() -> None:
    """Every report of this folder is entered under its name."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
