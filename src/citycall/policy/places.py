"""Places as people say them: one written form, the district, and a key by which repeats are found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from citycall.policy.model import Pack


@dataclass(frozen=True)
class Place:
    """An address made even, its district, its road, and the key that equal places share."""

    address_norm: str
    district_code: str | None
    road: str | None
    addr_key: str


class PlaceError(ValueError):
    """An address that cannot be fixed; `message` is for people, in Chinese, `choices` district codes to ask."""

    def __init__(
        self,
        code: Literal["outside_city", "no_district", "too_vague"],
        message: str,
        choices: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.choices = choices


def place(pack: Pack, address: str, district: str | None = None) -> Place:
    raise PlaceError("too_vague", address)
