"""The addresses of pages that lists name in every line."""

from __future__ import annotations

from functools import cache
from urllib.parse import quote

from django.urls import reverse


def case_address(view: str, number: str) -> str:
    """The page of a case, such as ``inbox:case``: what stands before its number is asked for once."""
    return f"{_before(view)}{quote(number)}/"


@cache
def _before(view: str) -> str:
    return reverse(view, args=["-"]).removesuffix("-/")
