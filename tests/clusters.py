"""Spark for the tests: in this process, or a master with two workers on this machine."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from servers import free_port

SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.executor.cores": "1",
    "spark.executor.memory": "512m",
    "spark.sql.shuffle.partitions": "2",
}
"""Small, and reached from this machine only."""


def needed() -> None:
    """Skip where Java or Spark is missing."""
    for module in ("pyspark", "pandas", "pyarrow"):
        pytest.importorskip(module, reason=f"{module} is not installed: pip install '.[spark]'")
    if not shutil.which("java"):
        pytest.skip("Java is not installed: apt-get install openjdk-17-jre-headless")
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"


@dataclass(frozen=True)
class Cluster:
    """A master, and the processes of its workers."""

    master: str
    workers: tuple["subprocess.Popen[bytes]", ...]
    folder: Path

    @property
    def executors(self) -> list[Path]:
        """The folders of the executors that workers have started."""
        return sorted(self.folder.glob("worker-*/app-*/*"))


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Run a standalone master and two workers of one core each, as the package of Spark has them.

    The package has no scripts that start them, but the program that these call.
    """
    port = free_port()
    master = f"spark://127.0.0.1:{port}"
    started = [_start(folder, "master", "--port", str(port), "--webui-port", "0")]
    try:
        _wait(folder / "master.log", "started as master", "New state: ALIVE")
        for number in (1, 2):
            name = f"worker-{number}"
            options = ("--cores", "1", "--memory", "1g", "--webui-port", "0")
            started.append(_start(folder, name, *options, "-d", str(folder / name), master))
        for number in (1, 2):
            _wait(folder / f"worker-{number}.log", "Successfully registered with master")
        yield Cluster(master, tuple(started[1:]), folder)
    finally:
        for process in started:
            kill(process)


def _start(folder: Path, name: str, *options: str) -> "subprocess.Popen[bytes]":
    import pyspark

    home = Path(pyspark.__file__).parent
    kind = name.partition("-")[0].capitalize()
    program = f"org.apache.spark.deploy.{kind.lower()}.{kind}"
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [home / "bin" / "spark-class", program, "--host", "127.0.0.1", *options],
            env={
                **os.environ,
                "PYSPARK_PYTHON": sys.executable,
                "SPARK_DAEMON_MEMORY": "256m",
                "SPARK_HOME": str(home),
                "SPARK_LOCAL_IP": "127.0.0.1",
                "SPARK_NO_DAEMONIZE": "1",
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process with all that it has started in its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _wait(log: Path, *signs: str) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end:
        text = log.read_text(errors="replace")
        if any(sign in text for sign in signs):
            return
        time.sleep(0.1)
    raise TimeoutError(log.read_text(errors="replace")[-2000:])
