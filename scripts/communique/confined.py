"""A function run in a process of its own: limited in time and memory, without network.

Shapes hold queries, and a query may take for ever, fill the memory or end its process. So a child
checks a stranger's project, and its parent watches. It gets no more of the environment than it
needs. What goes to and fro is pickled, and of what comes back only reports are revived.
"""

import atexit
import io
import os
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, NamedTuple

from communique import child
from communique.errors import CommuniqueError
from communique.inside import LENGTH, NO_MEMORY
from communique.lines import visible

SECONDS = 60.0
MEMORY = 2**30
_MAPPED = 2**30
"""What the libraries map without using it, which the system counts, too."""
_KEPT = (*child.LOADING, "PATH", "TMPDIR", "TEMP", "TMP", "LANG", "LC_*", "NO_COLOR")
"""What a child gets of the environment; by PATH it finds git."""
_REVIVED = frozenset(
    ("communique.findings", name) for name in ("Report", "Finding", "Region", "Rule")
)
"""The classes of which an answer may be, besides text, numbers, lists and the like."""
_AHEAD = dict[str, "Child"]()
"""The children that were started ahead, by what they load."""
_EXPOSED = (
    "Note: this system cannot keep shapes from the network; "
    "only the search for SERVICE in their queries does."
)


def _warn(note: str) -> None:
    sys.stderr.write(f"{note}\n")


def call(name: str, *given: object, **how: Any) -> Any:  # noqa: ANN401  see Child.call
    """Start a child, and have it call `package.module:function` (see Child.call)."""
    module, _, function = name.partition(":")
    with started(module) as waiting:
        return waiting.call(function, *given, **how)


@contextmanager
def started(module: str) -> "Iterator[Child]":
    """Start a child that loads a module, and end it at last; or take the one that is ahead.

    While it loads, its parent can prepare what to ask.
    """
    waiting = _AHEAD.pop(module, None) or _start(module)
    try:
        yield waiting
    finally:
        waiting.end()


def start_ahead(module: str) -> "Child | None":
    """Start a child of which is not yet known what it is to do, if anything.

    If none can be started, whoever needs it is told then.
    """
    with suppress(CommuniqueError):
        _AHEAD[module] = waiting = _start(module)
        atexit.register(waiting.end)
        return waiting
    return None


def _start(module: str) -> "Child":
    try:
        talk = tempfile.TemporaryFile()  # noqa: SIM115  closed with the child
        return Child(module, child.start("communique.inside", talk, _KEPT, module), talk)
    except OSError as error:
        raise CommuniqueError(
            f"no process of its own: {error.strerror}. Make room for it: it needs a temporary "
            "file, some open files and a process"
        ) from error


class Child(NamedTuple):
    """A child that waits for the one thing that it is to do."""

    module: str
    """What it has loaded."""
    process: "subprocess.Popen[bytes]"
    talk: IO[bytes]
    """What it complains of."""

    def end(self) -> None:
        """End it, whatever it does."""
        child.end(self.process)
        self.talk.close()

    def call(  # noqa: PLR0913  who listens to what, and how much it may take
        self,
        function: str,
        *given: object,
        where: str,
        seconds: float = SECONDS,
        memory: int = MEMORY,
        tell: Callable[[str], None] = _warn,
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> Any:  # noqa: ANN401  whatever the function returns
        """Call a function of its module and return what it returns: a report, or text.

        All that is given and returned is pickled. `tell` hears if the child that returned it could
        not leave the network, and `progress` how much of its work is done (see inside). Raises
        the CommuniqueError that the function raises, or one that says that nothing came of it for
        more than `seconds`, or that it took more than `memory` bytes, or returned what is not to
        be revived.
        """
        child.check_patience(seconds)
        terms = os.getpid(), self.module, function, given, memory + _MAPPED
        _send(self.process, pickle.dumps(terms))
        for message in _messages(self.process, where, seconds):
            kind, value, more = _revived(message, where)
            if kind == "progress":
                progress(value, more)
            elif kind == "error":
                raise CommuniqueError(value)
            elif kind == "bug":
                raise RuntimeError(value)
            elif kind == "value":
                if not more:
                    tell(_EXPOSED)
                return value
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired as expired:
            raise _late(where, seconds) from expired
        self.talk.seek(0)
        said = self.talk.read().decode(errors="replace")
        raise _explained(where, code, said, seconds, memory)


def _send(process: "subprocess.Popen[bytes]", terms: bytes) -> None:
    """Tell a child what to do; one that has ended already is seen later."""
    if process.stdin:
        with suppress(BrokenPipeError):
            process.stdin.write(terms)
            process.stdin.close()


def _messages(process: "subprocess.Popen[bytes]", where: str, seconds: float) -> Iterator[bytes]:
    """Yield what a child says, until it has nothing more to say; it may take so long over each."""
    heard = queue.Queue[bytes]()
    threading.Thread(target=_listen, args=(process.stdout, heard), daemon=True).start()
    while True:
        try:
            message = heard.get(timeout=seconds)
        except queue.Empty as nothing:
            raise _late(where, seconds) from nothing
        if not message:
            return
        yield message


def _listen(stream: IO[bytes], heard: "queue.Queue[bytes]") -> None:
    """Pass on what is said, message by message, and nothing at the end."""
    with suppress(ValueError, OSError):  # closed while it is read
        while len(head := stream.read(LENGTH)) == LENGTH:
            message = stream.read(int.from_bytes(head))
            if message:
                heard.put(message)
    heard.put(b"")


class _Reports(pickle.Unpickler):
    """Revives reports, and what is made of text and numbers."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401  one of our classes
        """Return a class that may be in an answer; refuse all else that a pickle can name."""
        if (module, name) not in _REVIVED:
            raise _Refused(f"{module}.{name}")
        return super().find_class(module, name)


class _Refused(Exception):  # noqa: N818  it is no error until it is told
    """The name of what an answer may not hold."""


def _revived(answer: bytes, where: str) -> tuple[str, Any, Any]:
    """Return the kind of a message and what it holds; of an answer, if the network was left."""
    try:
        kind, value, alone = _Reports(io.BytesIO(answer)).load()
    except _Refused as refused:
        held = visible(str(refused)[:100])
        raise CommuniqueError(
            f"{where}: its process answered with {held}, which no report holds. "
            "Take out what was changed last"
        ) from refused
    return kind, value, alone


def _late(where: str, seconds: float) -> CommuniqueError:
    return CommuniqueError(
        f"{where}: not done within {seconds:g} s. A query of the shapes may ask too much; "
        "if there is much to check, validate --timeout gives it longer"
    )


def _explained(where: str, code: int, said: str, seconds: float, memory: int) -> Exception:
    """Return the error that says in one line why a child ended without an answer."""
    cause = child.cause(code, said)
    if cause == "time":
        return _late(where, seconds)
    if code == NO_MEMORY or cause == "memory":
        most = f"{memory // 2**20:,} MiB"
        return CommuniqueError(f"{where}: more than {most} of memory is needed. Divide the project")
    if cause:
        return CommuniqueError(
            f"{where}: what is read ended its process ({cause}). Take out what was changed last"
        )
    return RuntimeError(f"the child ended with {code}: {said}")
