"""What a process does that is one of its own: it takes limits, leaves the network, and answers.

It loads no more than that needs, since its parent waits for it.
"""

import gc
import importlib
import os
import pickle
import signal
import sys
from collections.abc import Iterable, Iterator
from typing import IO, Any, TypeVar

from communique.errors import CommuniqueError

_Work = TypeVar("_Work")

BETWEEN = 10
"""After so many pieces of work a process looks for garbage."""
LENGTH = 8
"""The bytes before a message that say how long it is."""
NO_MEMORY = 17
"""With what a child exits that has none left."""
_NEW_NETWORK = 0x40000000
_NEW_USER = 0x10000000
_DIE_WITH_PARENT = 1
_CHANNEL = list[IO[bytes]]()
"""Where this process answers."""


def swept(work: Iterable[_Work]) -> Iterator[_Work]:
    """Yield pieces of work, and look for the garbage that they leave, on which graphs hang.

    What is no garbage then, as what all pieces need, is not looked through again till the end.
    """
    try:
        for done, piece in enumerate(work):
            if done == 1 or done % BETWEEN == 0 < done:
                gc.collect()
                gc.freeze()
            yield piece
    finally:
        gc.unfreeze()


def limit(memory: int, cpu: int | None = None) -> None:
    """Limit this process, where the system knows limits: bytes, and seconds of computing."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if cpu is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    try:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    except (OSError, ValueError):  # macOS knows it and refuses it
        return


def leave_network() -> bool:
    """Move to a network of its own, without any way out. Linux only."""
    system = _system()
    return system is not None and any(
        system.unshare(flags) == 0 for flags in (_NEW_USER | _NEW_NETWORK, _NEW_NETWORK)
    )


def open_nothing() -> bool:
    """Forbid new descriptors: no socket, no file."""
    try:
        import resource
    except ImportError:
        return False
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    return True


def die_with_parent() -> None:
    """Let the system end this process when its parent ends. Linux only."""
    system = _system()
    if system is not None:
        system.prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def is_orphan(parent: int) -> bool:
    """Tell whether the process of this number, which started this one, has ended. POSIX only."""
    return os.name == "posix" and os.getppid() != parent


def _system() -> Any:  # noqa: ANN401  whatever the C library has
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    return ctypes.CDLL(None)


def _say(answer: IO[bytes], *message: object) -> None:
    text = pickle.dumps(message)
    answer.write(len(text).to_bytes(LENGTH) + text)
    answer.flush()


def advanced(done: int, of: int) -> None:
    """Say in a child of `confined` how much of its work is done; elsewhere, to nobody."""
    if _CHANNEL:
        _say(_CHANNEL[0], "progress", done, of)


def alive() -> None:
    """Say in a child that its work goes on, though no more of it is done; elsewhere, to nobody."""
    if _CHANNEL:
        _say(_CHANNEL[0], "alive", None, None)


def serve() -> None:
    """Run as a child of `confined`: take limits, leave the network, call a function, answer."""
    die_with_parent()
    terms = sys.stdin.buffer.read()
    if not terms:
        return  # nobody needs it
    parent, module, function, given, memory = pickle.loads(terms)  # noqa: S301  our parent did
    if is_orphan(parent):
        return
    limit(memory)
    alone = leave_network()
    answer = sys.stdout.buffer
    _CHANNEL.append(answer)
    sys.stdout = sys.stderr
    try:
        reply = "value", getattr(importlib.import_module(module), function)(*given)
    except CommuniqueError as error:
        reply = "error", str(error)
    except MemoryError:
        os._exit(NO_MEMORY)
    except Exception:  # noqa: BLE001  the parent shows it as the bug that it is
        import traceback

        reply = "bug", traceback.format_exc()
    _say(answer, *reply, alone)
