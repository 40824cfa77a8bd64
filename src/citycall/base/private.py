"""Private data: fields encrypted one by one, a keyed hash for looking a telephone up, and masks.

Keys live in a file outside the database (`settings.CITYCALL_KEYS`), by version:

    {"sample": false, "current": "2", "keys": {"1": "<base64>", "2": "<base64>"}, "hash_key": "<base64>"}

A new value is written with the current key, an old one is read with the version it names, so a key is
changed by adding one and making it current. The ciphertext is bound to its table and column: a value
moved elsewhere does not open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models

NONCE_BYTES = 12
KEY_BYTES = 32
FORMAT = b"\x01"
LOOK_AGAIN_SECONDS = 5.0


class Unreadable(Exception):
    """A stored value does not open: its key is missing, or it was moved or altered."""


# --- keys ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Keys:
    """The content of a key file."""

    sample: bool
    current: int
    ciphers: dict[int, AESGCM] = field(repr=False)
    hash_key: bytes = field(repr=False)


def create_key_file(path: Path, *, sample: bool) -> None:
    """Write a new key file that only its owner may read. FileExistsError when there is one already."""
    content = {
        "sample": sample,
        "current": "1",
        "keys": {"1": _new_key()},
        "hash_key": _new_key(),
    }
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = _write_beside(path, content)
    try:
        os.link(beside, path)  # fails when there is one: keys are never overwritten
    finally:
        beside.unlink()


def add_key(path: Path) -> int:
    """Add a key to the file and make it the current one; old values stay readable. Returns its version."""
    content = json.loads(path.read_text(encoding="ascii"))
    version = max(int(known) for known in content["keys"]) + 1
    content["keys"][str(version)] = _new_key()
    content["current"] = str(version)
    _write_beside(path, content).replace(path)
    return version


def keys() -> Keys:
    """The keys of this installation. A changed file is noticed within seconds."""
    path = Path(str(settings.CITYCALL_KEYS))
    return _keys_at(path, int(time.monotonic() / LOOK_AGAIN_SECONDS))


def is_sample() -> bool:
    """Whether this installation runs on a sample's keys. A real government refuses to start on them."""
    return keys().sample


@lru_cache(maxsize=4)
def _keys_at(path: Path, period: int) -> Keys:
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        raise ImproperlyConfigured(
            f"The key file {path} cannot be read ({error.strerror}); "
            "`citycall run` or `citycall init PACK` makes one, a lost one comes from its backup."
        ) from error
    return _read_keys(path, changed)


@lru_cache(maxsize=4)
def _read_keys(path: Path, changed: int) -> Keys:
    try:
        content = json.loads(path.read_text(encoding="ascii"))
        found = Keys(
            sample=bool(content["sample"]),
            current=int(content["current"]),
            ciphers={int(v): AESGCM(base64.b64decode(key)) for v, key in content["keys"].items()},
            hash_key=base64.b64decode(content["hash_key"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ImproperlyConfigured(
            f"The key file {path} is damaged ({error!r}); put its backup back."
        ) from error
    if found.current not in found.ciphers or len(found.hash_key) < KEY_BYTES:
        raise ImproperlyConfigured(f"The key file {path} lacks a key; put its backup back.")
    return found


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


def _write_beside(path: Path, content: dict[str, Any]) -> Path:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump(content, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    return beside


# --- encryption ---------------------------------------------------------------------------------


def encrypt(text: str, place: str) -> bytes:
    """Seal `text` for `place` ("table.column") with the current key."""
    held = keys()
    nonce = os.urandom(NONCE_BYTES)
    sealed = held.ciphers[held.current].encrypt(nonce, text.encode("utf-8"), place.encode("utf-8"))
    return FORMAT + held.current.to_bytes(2, "big") + nonce + sealed


def decrypt(stored: bytes, place: str) -> str:
    """Open what `encrypt` sealed for the same place, with the key version that it names."""
    version = key_version(stored)
    cipher = keys().ciphers.get(version)
    if cipher is None:
        raise Unreadable(f"{place}: key version {version} is not in the key file")
    nonce, sealed = stored[3 : 3 + NONCE_BYTES], stored[3 + NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, sealed, place.encode("utf-8")).decode("utf-8")
    except (InvalidTag, ValueError) as error:
        raise Unreadable(f"{place}: the value was altered or does not belong here") from error


def key_version(stored: bytes) -> int:
    """The version of the key that a stored value needs."""
    if stored[:1] != FORMAT or len(stored) < 3 + NONCE_BYTES:
        raise Unreadable("not an encrypted value")
    return int.from_bytes(stored[1:3], "big")


if TYPE_CHECKING:
    _TextField = models.Field[Any, Any]
else:
    _TextField = models.Field


class EncryptedTextField(_TextField):
    """Text that the database holds only encrypted. It cannot be searched; `None` stays NULL."""

    description = "Text, encrypted"
    private = True  # never in an event

    def get_internal_type(self) -> str:
        return "BinaryField"

    def _place(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        return encrypt(str(value), self._place())

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return value if prepared else self.get_prep_value(value)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        if value is None:
            return None
        return decrypt(bytes(value), self._place())

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted: it cannot be looked up by {lookup_name}")
        return super().get_lookup(lookup_name)

    def value_to_string(self, obj: models.Model) -> str:
        raise FieldError(f"{self.name} is encrypted: it is not written out")


# --- telephone numbers --------------------------------------------------------------------------

_DIGITS = str.maketrans("０１２３４５６７８９＋－（）＃", "0123456789+-()#")
# Area codes of two digits and more; everything else that starts with 0 has one digit after it.
_LONG_AREAS = ("037", "049", "082", "089", "0826", "0836")
_EXTENSION = re.compile(r"(?:#|分機|轉|ext\.?)\s*([0-9]{1,6})\s*$", re.IGNORECASE)


def normalise_phone(number: str) -> str:
    """Digits only, with the national 0 in front: '+886 912-345-678' → '0912345678'.

    An extension is kept after '#'. Raises ValueError when this is no telephone number.
    """
    text = number.translate(_DIGITS).strip()
    extension = ""
    if found := _EXTENSION.search(text):
        extension, text = found.group(1), text[: found.start()]
    if re.search(r"[^0-9+()\-.\s]", text):
        raise ValueError("this is no telephone number")
    foreign = text.lstrip("( ").startswith(("+", "00"))
    digits = re.sub(r"[^0-9]", "", text)
    if foreign:
        digits = digits.removeprefix("00")
        if digits.startswith("886"):
            digits = "0" + digits[3:].lstrip("0")
        else:
            digits = "+" + digits
    if not 3 <= len(digits.lstrip("+")) <= 15 or (len(digits) > 4 and digits[0] not in "0+"):
        # A short number (1999, 110) may do without 0; a longer one without an area code is ambiguous.
        raise ValueError("this is no telephone number")
    return f"{digits}#{extension}" if extension else digits


def is_mobile(number: str) -> bool:
    """Whether a text message can reach this (normalised) number."""
    return re.fullmatch(r"09\d{8}", number) is not None


def format_phone(number: str) -> str:
    """As people write it: '0912-345-678', '02-2960-3456', '037-322-150'."""
    main, _, extension = number.partition("#")
    parts = _groups(main)
    return "-".join(parts) + (f"#{extension}" if extension else "")


def _groups(main: str) -> list[str]:
    if main.startswith("+") or not main.startswith("0") or len(main) < 9:
        return [main]
    if is_mobile(main):
        return [main[:4], main[4:7], main[7:]]
    area = next((a for a in reversed(_LONG_AREAS) if main.startswith(a)), main[:2])
    if main.startswith(("0800", "0809")):
        area = main[:4]
    rest = main[len(area) :]
    half = len(rest) - 4 if len(rest) > 6 else len(rest) - 3
    return [area, rest[:half], rest[half:]]


def phone_hash(number: str) -> str:
    """A keyed hash by which a number is found without being readable (HMAC-SHA256, hex)."""
    main = normalise_phone(number).partition("#")[0]
    return hmac.new(keys().hash_key, main.encode("ascii"), hashlib.sha256).hexdigest()


# --- masks --------------------------------------------------------------------------------------

_MASK = "○"


def mask_name(name: str | None) -> str:
    """王小明 → 王○明, 王明 → 王○, 歐陽小明 → 歐○○明, John Smith → J*** S***."""
    text = (name or "").strip()
    if not text:
        return ""
    if re.search(r"[A-Za-z]", text):
        return " ".join(word[0] + "***" for word in text.split())
    if len(text) == 1:
        return _MASK
    if len(text) == 2:
        return text[0] + _MASK
    return text[0] + _MASK * (len(text) - 2) + text[-1]


def mask_phone(number: str | None) -> str:
    """0912345678 → 09xx-xxx-678, 0229603456 → 02-xxxx-x456; the extension is left out."""
    text = (number or "").strip()
    if not text:
        return ""
    main = text.partition("#")[0]
    groups = _groups(main)
    if is_mobile(main):
        return f"09xx-xxx-{main[-3:]}"
    if len(groups) == 1:
        return "x" * max(len(main) - 3, 0) + main[-3:] if len(main) > 4 else "xxx"
    rest = "".join(groups[1:])
    hidden = "x" * (len(rest) - 3) + rest[-3:]
    cut = len(groups[1])
    return f"{groups[0]}-{hidden[:cut]}-{hidden[cut:]}"


def mask_email(address: str | None) -> str:
    """wang@example.com → w***@example.com."""
    text = (address or "").strip()
    if not text:
        return ""
    local, at, domain = text.rpartition("@")
    return f"{local[:1]}***@{domain}" if at else "***"


_EMAIL_WITHIN = re.compile(r"[^\s<>\"'(),;:\[\]]+@[\w.-]+")
_MOBILE_WITHIN = re.compile(r"(?<![\w+])(?:\+?886[- ]?9|09)\d{2}[- ]?\d{3}[- ]?\d{3}(?!\w)")


def mask_within(text: str, to: str = "", masked: str = "") -> str:
    """What a gateway answered, with addresses and mobile numbers masked; above all the one it was about.

    450 4.2.1 <wang@example.com>: user wang is over quota → 450 4.2.1 <w***@example.com>: user w*** is …
    """
    if to:
        masked = masked or (mask_email(to) if "@" in to else mask_phone(to))
        text = re.sub(rf"(?<!\w){re.escape(to)}(?!\w)", lambda _found: masked, text, flags=re.IGNORECASE)
    text = _EMAIL_WITHIN.sub(lambda found: mask_email(found[0]), text)
    text = _MOBILE_WITHIN.sub(lambda found: f"09xx-xxx-{found[0][-3:]}", text)
    local = to.rpartition("@")[0]
    if len(local) > 2:
        text = re.sub(
            rf"(?<![\w*]){re.escape(local)}(?!\w)",
            lambda found: f"{found[0][0]}***",
            text,
            flags=re.IGNORECASE,
        )
    return text


_ROAD = re.compile(r"^(.*?(?:大道|[路街道村里]))(?:([一二三四五六七八九十\d]+段))?")


def mask_address(address: str | None) -> str:
    """新北市板橋區中山路一段161號 → 新北市板橋區中山路一段○○: nothing after the road."""
    text = (address or "").strip()
    if not text:
        return ""
    # The road is looked for after the district, so that 道 or 里 in a district's name does not end it early.
    district = re.match(r"^.*?[縣市].*?[鄉鎮市區]", text)
    start = district.end() if district else 0
    found = _ROAD.match(text[start:])
    shown = text[: start + found.end()] if found else text[:start]
    return shown + _MASK * 2
