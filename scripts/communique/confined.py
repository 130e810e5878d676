"""A function run in a process of its own: limited in time and memory, without network.

Shapes hold queries, and a query may take for ever, fill the memory or end its process. So a child
checks a stranger's project, and its parent watches. What goes to and fro is pickled: the child
runs our own code, and what a stranger wrote is only read by it.
"""

import importlib
import math
import os
import pickle
import subprocess
import sys
import tempfile
import traceback
from typing import Any, NoReturn

from communique import child
from communique.errors import CommuniqueError

SECONDS = 60.0
MEMORY = 2**30
_MAPPED = 2**30
"""What the libraries map without using it, which the system counts, too."""
_NO_MEMORY = 17
"""With what a child exits that has none left."""


def call(
    name: str, *given: object, where: str, seconds: float = SECONDS, memory: int = MEMORY
) -> Any:  # noqa: ANN401  whatever the function returns
    """Call `package.module:function` in a child and return what it returns.

    All that is given and returned is pickled. Raises the CommuniqueError that the function raises,
    or one that says that it took longer than `seconds`, or more than `memory` bytes.
    """
    child.check_patience(seconds)
    terms = pickle.dumps((name, given, math.ceil(seconds) + 5, memory + _MAPPED))
    with tempfile.TemporaryFile() as talk:
        process = child.start(__name__, talk)
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
    kind, value = pickle.loads(answer)  # noqa: S301  our own child wrote it
    if kind == "error":
        raise CommuniqueError(value)
    if kind == "bug":
        raise RuntimeError(value)
    return value


def serve() -> None:
    """Run as the child: take limits, leave the network, call the function, send what it returns."""
    name, given, cpu, memory = pickle.loads(sys.stdin.buffer.read())  # noqa: S301  our parent did
    child.limit(memory, cpu)
    child.die_with_parent()
    child.leave_network()
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
    answer.write(pickle.dumps(reply))
    answer.flush()


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
