"""Where the stories are, and what the fixtures of this folder give."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from citycall.rehearsal.result import Result

STORIES = Path(__file__).parents[2] / "scenarios"
PACKS = Path(__file__).parents[2] / "policies"
Tell = Callable[..., Result]
WriteStory = Callable[..., Path]

ESTABLISH = """\
  - do: cases.establish
    as: call_centre.operator1
    with:
      item: streetlight
      description: 路燈不亮
      place: {address: 新北市板橋區中山路一段161號}
      reporter: {name: 王小明, phone: "0912345678"}
    save: c
"""
