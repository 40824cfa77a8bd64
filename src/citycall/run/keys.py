"""The keys of an installation: made once, kept in one file that only its owner reads."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class KeysError(Exception):
    """The key file is missing, unreadable or not fit for this installation."""


@dataclass(frozen=True, repr=False)
class KeyRing:
    """What signs sessions and what encrypts private data. `sample` marks the keys of a sample government."""

    secret_key: str
    field_keys: Mapping[int, bytes]  # by version, 32 bytes each (AES-256-GCM)
    current_version: int  # the version that new values are encrypted with
    lookup_key: bytes  # for the keyed hash by which a telephone number is found
    sample: bool

    @property
    def current_field_key(self) -> bytes:
        return self.field_keys[self.current_version]

    def __repr__(self) -> str:
        return f"<KeyRing of {len(self.field_keys)} keys, {'sample' if self.sample else 'real'}>"

    @classmethod
    def new(cls, *, sample: bool) -> KeyRing:
        return cls(
            secret_key=secrets.token_urlsafe(48),
            field_keys={1: secrets.token_bytes(32)},
            current_version=1,
            lookup_key=secrets.token_bytes(32),
            sample=sample,
        )

    @classmethod
    def load(cls, file: Path) -> KeyRing:
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise KeysError(f"no keys at {file}; `citycall run` or `citycall init PACK` makes them") from None
        except OSError as error:
            raise KeysError(f"cannot read the keys at {file}: {error.strerror}") from error
        try:
            found: dict[str, Any] = json.loads(text)
            return cls(
                secret_key=str(found["secret_key"]),
                field_keys={
                    int(version): base64.b64decode(key) for version, key in found["field_keys"].items()
                },
                current_version=int(found["current_version"]),
                lookup_key=base64.b64decode(found["lookup_key"]),
                sample=bool(found["sample"]),
            )
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise KeysError(f"the key file {file} is damaged ({error!r}); put its backup back") from error

    def save(self, file: Path) -> None:
        """Write a new key file, readable by its owner alone. An existing one is never overwritten."""
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = json.dumps(
            {
                "sample": self.sample,
                "secret_key": self.secret_key,
                "current_version": self.current_version,
                "field_keys": {
                    str(version): base64.b64encode(key).decode() for version, key in self.field_keys.items()
                },
                "lookup_key": base64.b64encode(self.lookup_key).decode(),
            },
            indent=1,
        )
        part = file.with_name(f".{file.name}.{os.getpid()}")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(handle, "w", encoding="utf-8") as out:
                out.write(text + "\n")
                out.flush()
                os.fsync(out.fileno())
            os.link(part, file)  # fails if there is one already
        except FileExistsError:
            raise KeysError(f"there are keys at {file} already; they are never overwritten") from None
        finally:
            part.unlink(missing_ok=True)
