"""What can be asked of the people room."""

from __future__ import annotations
