"""Where an installation keeps what must survive: the database, the files, the keys."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

import citycall


@dataclass(frozen=True)
class DataDir:
    root: Path

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def files(self) -> Path:
        return self.root / "files"

    @property
    def keys(self) -> Path:
        return self.root / "keys" / "keys.json"

    @property
    def lock(self) -> Path:
        return self.root / "run.lock"

    @property
    def socket_dir(self) -> Path:
        """The folder of the embedded server's socket: inside, unless the path is too long for a socket."""
        inside = self.root / "socket"
        if len(os.fsencode(inside / ".s.PGSQL.5432")) < 100:
            return inside
        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        return Path(f"/tmp/citycall-{os.getuid()}-{name}")  # nosec B108: its owner is checked


def clone_root() -> Path | None:
    """The folder of the clone that this program runs from, if it runs from one."""
    root = Path(citycall.__file__).resolve().parents[2]
    return root if (root / "pyproject.toml").is_file() else None


def others_can_reach(path: Path) -> bool:
    """Whether another account may pass through every existing folder on the way to `path`."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents) if folder.exists())


def default_data_dir() -> Path:
    """`var/` of the clone; for root with a closed home, a folder that the database's account can reach."""
    clone = clone_root()
    if clone is None:
        if os.geteuid() == 0:
            return Path("/var/lib/citycall")
        home = os.environ.get("XDG_DATA_HOME")
        return (Path(home) if home else Path.home() / ".local" / "share") / "citycall"
    if os.geteuid() != 0 or others_can_reach(clone):
        return clone / "var"
    name = hashlib.sha256(os.fsencode(clone)).hexdigest()[:8]
    return Path("/var/lib/citycall") / f"{clone.name}-{name}"


def data_dir() -> DataDir:
    """The data directory of this process: CITYCALL_DATA, or the default."""
    given = os.environ.get("CITYCALL_DATA")
    return DataDir(Path(given).expanduser().absolute() if given else default_data_dir())
