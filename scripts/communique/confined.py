"""A function run in a process of its own: limited in time and memory, without network.

Shapes hold queries, and a query may take for ever, fill the memory or end its process. So a child
checks a stranger's project, and its parent watches. It gets no more of the environment than it
needs. What goes to and fro is pickled, and of what comes back only reports are revived.
"""

import importlib
import io
import math
import os
import pickle
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from communique import child
from communique.errors import CommuniqueError
from communique.lines import visible

SECONDS = 60.0
MEMORY = 2**30
_MAPPED = 2**30
"""What the libraries map without using it, which the system counts, too."""
_NO_MEMORY = 17
"""With what a child exits that has none left."""
_KEPT = (*child.LOADING, "PATH", "TMPDIR", "TEMP", "TMP", "LANG", "LC_*", "NO_COLOR")
"""What a child gets of the environment; by PATH it finds git."""
_REVIVED = frozenset(
    ("communique.findings", name) for name in ("Report", "Finding", "Region", "Rule")
)
"""The classes of which an answer may be, besides text, numbers, lists and the like."""
_EXPOSED = (
    "Note: this system cannot keep shapes from the network; "
    "only the search for SERVICE in their queries does."
)


def _warn(note: str) -> None:
    sys.stderr.write(f"{note}\n")


def call(
    name: str,
    *given: object,
    where: str,
    seconds: float = SECONDS,
    memory: int = MEMORY,
    tell: Callable[[str], None] = _warn,
) -> Any:  # noqa: ANN401  whatever the function returns
    """Call `package.module:function` in a child and return what it returns: a report, or text.

    All that is given and returned is pickled. `tell` hears if the child that returned it could
    not leave the network. Raises the CommuniqueError that the function raises, or one that says
    that it took longer than `seconds`, or more than `memory` bytes, or returned what is not to be
    revived.
    """
    child.check_patience(seconds)
    terms = pickle.dumps((name, given, math.ceil(seconds) + 5, memory + _MAPPED))
    with tempfile.TemporaryFile() as talk:
        process = child.start(__name__, talk, _KEPT)
        try:
            answer, _ = process.communicate(terms, timeout=seconds)
        except subprocess.TimeoutExpired:
            _late(where, seconds)
        finally:
            child.end(process)
        talk.seek(0)
        said = talk.read().decode(errors="replace")
    if process.returncode:
        _explain(where, process.returncode, said, seconds, memory)
    kind, value, alone = _revived(answer, where)
    if kind == "error":
        raise CommuniqueError(value)
    if kind == "bug":
        raise RuntimeError(value)
    if not alone:
        tell(_EXPOSED)
    return value


def serve() -> None:
    """Run as the child: take limits, leave the network, call the function, send what it returns."""
    name, given, cpu, memory = pickle.loads(sys.stdin.buffer.read())  # noqa: S301  our parent did
    child.limit(memory, cpu)
    child.die_with_parent()
    alone = child.leave_network()
    answer = sys.stdout.buffer
    sys.stdout = sys.stderr
    module, _, function = name.partition(":")
    try:
        reply = "value", getattr(importlib.import_module(module), function)(*given)
    except CommuniqueError as error:
        reply = "error", str(error)
    except MemoryError:
        os._exit(_NO_MEMORY)
    except Exception:  # noqa: BLE001  the parent shows it as the bug that it is
        reply = "bug", traceback.format_exc()
    answer.write(pickle.dumps((*reply, alone)))
    answer.flush()


class _Reports(pickle.Unpickler):
    """Revives reports, and what is made of text and numbers."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401  one of our classes
        """Return a class that may be in an answer; refuse all else that a pickle can name."""
        if (module, name) not in _REVIVED:
            raise _Refused(f"{module}.{name}")
        return super().find_class(module, name)


class _Refused(Exception):  # noqa: N818  it is no error until it is told
    """The name of what an answer may not hold."""


def _revived(answer: bytes, where: str) -> tuple[str, Any, bool]:
    """Return the kind of an answer, what it holds, and whether the child left the network."""
    try:
        kind, value, alone = _Reports(io.BytesIO(answer)).load()
    except _Refused as refused:
        held = visible(str(refused)[:100])
        raise CommuniqueError(
            f"{where}: its process answered with {held}, which no report holds. "
            "Take out what was changed last"
        ) from refused
    return kind, value, alone


def _late(where: str, seconds: float) -> NoReturn:
    raise CommuniqueError(
        f"{where}: not done within {seconds:g} s. A query of the shapes may ask too much"
    )


def _explain(where: str, code: int, said: str, seconds: float, memory: int) -> NoReturn:
    """Say in one line why a child ended without an answer."""
    cause = child.cause(code, said)
    if cause == "time":
        _late(where, seconds)
    if code == _NO_MEMORY or cause == "memory":
        most = f"{memory // 2**20:,} MiB"
        raise CommuniqueError(f"{where}: more than {most} of memory is needed. Divide the project")
    if cause:
        raise CommuniqueError(
            f"{where}: what is read ended its process ({cause}). Take out what was changed last"
        )
    raise RuntimeError(f"the child ended with {code}: {said}")
