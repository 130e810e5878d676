"""A function asked for one thing after another, in a process that is watched.

What it is asked about may take for ever, fill the memory or end the process. So a child does the
work, without network where the system allows, and its parent ends it when it is late: what comes
next gets a new one. Starting it costs what starting Python costs, once for many things.
"""

import importlib
import pickle
import struct
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from typing import IO, Any, Self

from communique import child, inside

SECONDS = 60.0
MEMORY = 2**31
_STARTING = 120.0
_SIZE = struct.Struct(">Q")
_KEPT = (*child.LOADING, "PATH", "TMPDIR", "TEMP", "TMP", "LANG", "LC_*")


class LostError(Exception):
    """The process ended, or was ended, without an answer; the message says why."""


class Watched:
    """Answers by a function in a child; one that ends is followed by another."""

    def __init__(
        self, name: str, *given: object, seconds: float = SECONDS, memory: int = MEMORY
    ) -> None:
        """Take `package.module:function`, which makes what is then called, and its arguments.

        What is called takes something that can be pickled, and returns bytes.
        """
        self._terms = pickle.dumps((name, given, memory))
        self._seconds = seconds
        self._late = False
        self._process: Any = None

    def __enter__(self) -> Self:
        """Wait for the first question before a process is started."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self._end()

    def ask(self, asked: object) -> bytes:
        """Return the answer; raise LostError if twice there is none, or it takes too long."""
        try:
            return self._asked(asked)
        except LostError:
            if self._late:
                raise
        return self._asked(asked)  # the system may have ended it for what another one did

    def _asked(self, asked: object) -> bytes:
        if self._process is None:
            self._start()
        answer = self._exchange(pickle.dumps(asked), self._seconds)
        if answer is None:
            why = self._why(self._seconds)
            self._end()
            raise LostError(why)
        return answer

    def _start(self) -> None:
        self._talk = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        self._process = child.start(__name__, self._talk, _KEPT)
        if self._exchange(self._terms, _STARTING) is None:
            why = self._why(_STARTING)
            self._end()
            raise LostError(why)

    def _exchange(self, sent: bytes, seconds: float) -> bytes | None:
        """Send something and return what comes back, or nothing if the process ends first."""
        self._late = False
        timer = threading.Timer(seconds, self._stop)
        timer.daemon = True
        timer.start()
        try:
            _put(self._process.stdin, sent)
            return _taken(self._process.stdout)
        except BrokenPipeError:
            return None
        finally:
            timer.cancel()

    def _stop(self) -> None:
        self._late = True
        child.kill(self._process)

    def _why(self, seconds: float) -> str:
        code = self._process.wait()
        self._talk.seek(0)
        said = self._talk.read().decode(errors="replace")
        cause = child.cause(code, said)
        if self._late:
            return f"It is not done within {seconds:g} s"
        if cause == "memory":
            return "It needs more memory than it may have"
        if cause:
            return f"It ended the process that read it ({cause})"
        raise RuntimeError(f"the child ended with {code}: {said}")

    def _end(self) -> None:
        if self._process is not None:
            child.end(self._process)
            self._talk.close()
            self._process = None


def serve() -> None:
    """Run as the child: take limits, leave the network, then answer one question after another."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    name, given, memory = pickle.loads(_taken(source) or b"")  # noqa: S301  our parent did
    inside.limit(memory, round(child.LONGEST))
    inside.die_with_parent()
    inside.leave_network()
    module, _, function = name.partition(":")
    answer: Callable[[Any], bytes] = getattr(importlib.import_module(module), function)(*given)
    _put(sink, b"")
    for asked in inside.swept(iter(partial(_taken, source), None)):
        _put(sink, answer(pickle.loads(asked)))  # noqa: S301  our parent did


def _put(pipe: IO[bytes], content: bytes) -> None:
    pipe.write(_SIZE.pack(len(content)))
    pipe.write(content)
    pipe.flush()


def _taken(pipe: IO[bytes]) -> bytes | None:
    """Return what was put into a pipe, or nothing if it ended before."""
    head = pipe.read(_SIZE.size)
    if len(head) < _SIZE.size:
        return None
    (size,) = _SIZE.unpack(head)
    content = pipe.read(size)
    return content if len(content) == size else None
