"""A process of its own: how it is started and ended (what it does is told in inside.py)."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import IO

from communique.errors import CommuniqueError

LONGEST = 86_400.0
"""Seconds that anything may take."""

LOADING = ("LD_LIBRARY_PATH", "DYLD_*", "PYTHONHOME", "SYSTEMROOT")
"""The variables without which an interpreter may find neither its libraries nor its modules."""

_START = (
    "import sys; sys.path[:] = {path!r}; from communique.__main__ import keep_all; keep_all(); "
    "import {loads}; from {module} import serve; serve()"
)


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_patience(seconds: float) -> None:
    """Refuse what is no number of seconds to wait: nothing, less, no end, not a number."""
    if not 0 < seconds <= LONGEST:
        raise CommuniqueError(
            f"timeout {seconds:g}: not a time to wait. Give seconds, at most {LONGEST:,.0f}"
        )


def start(
    module: str, talk: IO[bytes], kept: Iterable[str], loads: str = __package__
) -> "subprocess.Popen[bytes]":
    """Start a child that runs `serve` of a module, with pipes; what it complains of goes to `talk`.

    Of the environment it gets the variables that are kept, by name or by pattern (`LC_*`), and
    no other: what is in it besides may be a password. It loads another module before, so that it
    has what it will need when it is told what to do.
    """
    patterns = tuple(kept)
    code = _START.format(path=sys.path, module=module, loads=loads)
    return subprocess.Popen(  # noqa: S603  our own code, no shell
        [sys.executable, "-P", "-s", "-S", "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=talk,
        env={
            name: value
            for name, value in os.environ.items()
            if any(fnmatchcase(name, pattern) for pattern in patterns)
        },
        start_new_session=True,
    )


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process with its group, if it still runs."""
    if process.poll() is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (AttributeError, ProcessLookupError, PermissionError):
        process.kill()


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process with its group, and close its pipes."""
    kill(process)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(BrokenPipeError):
            if pipe:
                pipe.close()


def cause(code: int, said: str) -> str:
    """Tell what ended a process: `time`, `memory`, the name of another signal, or nothing known."""
    name = signal.Signals(-code).name if code < 0 else ""
    if name == "SIGXCPU":
        return "time"
    return "memory" if "memory allocation" in said or "MemoryError" in said else name
