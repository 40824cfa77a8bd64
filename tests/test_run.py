"""The process tree as a whole: started, served, stopped, killed, started again."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("run")]

# Of processor time, which does not mind what runs beside it; two free cores show about 0.6 of it on the wall.
SECOND_START_SECONDS = 11.0
RUN = (sys.executable, "-m", "citycall.cli", "run")


def environment() -> dict[str, str]:
    """Without what this run of the tests is told, so that the program has a database of its own."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CITYCALL_") and name != "DATABASE_URL"
    }


class Running:
    """One `citycall run`, from outside."""

    def __init__(self, data: Path, port: int, *options: str) -> None:
        self.url = f"http://127.0.0.1:{port}/"
        self.log = data.with_name(f"{data.name}.log")
        self.began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*RUN, "--port", str(port), "--data", str(data), *options],
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )

    def first_page(self, patience: float = 120) -> float:
        """Wait for the first page. Gives the seconds since the start."""
        while True:
            try:
                with urllib.request.urlopen(self.url, timeout=patience) as answer:
                    assert answer.status == 200
                    return time.monotonic() - self.began
            except urllib.error.HTTPError as error:
                raise AssertionError(f"{error.code} {self.log.read_text()}") from error
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() - self.began < patience, self.log.read_text()
                time.sleep(0.05)

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def processor_time(self) -> float:
        """Seconds of processor time that this process and its children have taken."""
        own = psutil.Process(self.process.pid)
        times = [one.cpu_times() for one in (own, *own.children(recursive=True))]
        return sum(one.user + one.system for one in times)

    def wait_for(self, text: str, patience: float = 30) -> None:
        deadline = time.monotonic() + patience
        while text not in self.log.read_text():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)


Start = Callable[..., Running]


@pytest.fixture
def data() -> Iterator[Path]:
    """A folder that the database's account can reach: pytest's own are closed to others."""
    root = Path(tempfile.mkdtemp(prefix="citycall-run-"))
    root.chmod(0o755)
    yield root / "data"
    shutil.rmtree(root)


@pytest.fixture
def start(data: Path, free_port: int) -> Iterator[Start]:
    started: list[Running] = []

    def begin(*options: str) -> Running:
        started.append(Running(data, free_port, *options))
        return started[-1]

    yield begin
    for running in started:
        family = []
        with contextlib.suppress(psutil.NoSuchProcess):
            family = running.family()
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()
        psutil.wait_procs(family, timeout=20)


def gone(family: list[psutil.Process], patience: float = 20) -> list[psutil.Process]:
    """Those of the family that still live after this long. An ended one that nobody asked after is gone."""
    left = psutil.wait_procs(family, timeout=patience)[1]
    return [process for process in left if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def test_starts_stops_and_starts_again_with_its_data(start: Start, data: Path) -> None:
    first = start()
    first.first_page()
    first.wait_for("Ctrl-C")
    family = first.family()
    assert sum("citycall.run.web" in " ".join(child.cmdline()) for child in family) == 2
    assert (data / "keys" / "keys.json").stat().st_mode & 0o777 == 0o600
    keys = json.loads((data / "keys" / "keys.json").read_text())
    assert keys["sample"] is True

    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(30) == 0, first.log.read_text()
    assert gone(family, 1) == []
    assert "stopped" in first.log.read_text()
    first.log.unlink()

    second = start()
    second.first_page()
    took = second.processor_time()
    second.wait_for("Ctrl-C")
    said = second.log.read_text()
    assert "first start" not in said
    assert "bringing the database" not in said
    assert json.loads((data / "keys" / "keys.json").read_text()) == keys
    assert took < SECOND_START_SECONDS, f"processor time to the first page: {took:.1f} s"


def test_another_city_starts_in_a_place_of_its_own(start: Start, data: Path) -> None:
    first = start("--pack", "kinmen")
    first.first_page()
    first.wait_for("Ctrl-C")
    assert "Kinmen County" in first.log.read_text()
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(30) == 0

    for pack, folder, said in (
        ("taipei", data, "keeps kinmen already"),
        ("atlantis", data.with_name("fresh"), "no policy pack atlantis"),
    ):
        refused = subprocess.run(
            [*RUN, "--port", "0", "--data", folder, "--pack", pack],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert refused.returncode == 1
        assert said in refused.stderr


def test_survives_its_own_death_and_that_of_its_children(start: Start) -> None:
    first = start()
    first.first_page()
    first.wait_for("Ctrl-C")

    web = next(child for child in first.family() if "citycall.run.web" in " ".join(child.cmdline()))
    web.kill()
    first.wait_for("was ended by SIGKILL; again in")
    assert urllib.request.urlopen(first.url, timeout=10).status == 200

    family = first.family()
    first.process.kill()
    first.process.wait()
    assert gone(family) == []
    first.log.unlink()
    second = start()
    second.first_page()


def test_a_second_one_says_who_runs_already(start: Start, data: Path, free_port: int) -> None:
    first = start()
    first.first_page()
    second = subprocess.run(
        [sys.executable, "-m", "citycall.cli", "run", "--port", "0", "--data", str(data)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert second.returncode == 1
    assert "runs already" in second.stderr
    assert str(first.process.pid) in second.stderr


def test_a_port_in_use_is_said_so(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = subprocess.run(
            [
                sys.executable,
                "-m",
                "citycall.cli",
                "run",
                "--port",
                str(port),
                "--data",
                str(data),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert refused.returncode == 1
    assert f"port {port} is in use" in refused.stderr
