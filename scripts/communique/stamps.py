"""What the system says of the files of a project, by which those are known that are as they were.

It is what git looks at: sizes, times and numbers. A file that was written within a moment may be
written again without another time, so nothing is said of it that could be believed.
"""

import os
import stat
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from communique.resources import FOLDERS

Stamps = Mapping[str, str]
"""What is said of each thing in a project's folders, by its path: a letter for its kind, the rest
of a file that is old enough."""
FOLDER = "d"
_MOMENT, _SECOND = 20_000_000, 10**9
"""Nanoseconds."""


def stamps(root: Path) -> Stamps:
    """Look at all that stands in the folders of a project, and open nothing; of links, follow none.

    Nothing at all is returned where it cannot be looked at.
    """
    found, ahead, now = dict[str, str](), list[str](), time.time_ns()
    with suppress(OSError):
        for top in FOLDERS:
            found[top] = _stamp(os.lstat(f"{root}/{top}"), now)
            ahead += [top] if found[top] == FOLDER else []
        while ahead:
            folder = ahead.pop()
            with os.scandir(f"{root}/{folder}") as entries:
                for entry in entries:
                    if not entry.name.startswith("."):
                        path = f"{folder}/{entry.name}"
                        found[path] = said = _stamp(entry.stat(follow_symlinks=False), now)
                        if said == FOLDER:
                            ahead.append(path)
        return found
    return {}


def is_sure(stamp: str) -> bool:
    """Tell whether more than its kind is said of a file."""
    return len(stamp) > 1


def together(stamps: Stamps, paths: Iterable[str]) -> str:
    """Return what is said of some files, or nothing if that cannot be believed of one."""
    said = [stamps.get(path, "") for path in paths]
    return " ".join(said) if all(map(is_sure, said)) else ""


def _stamp(status: os.stat_result, now: int) -> str:
    mode = status.st_mode
    if stat.S_ISDIR(mode):
        return FOLDER
    kind = "f" if stat.S_ISREG(mode) else "l" if stat.S_ISLNK(mode) else "o"
    written = max(status.st_mtime_ns, status.st_ctime_ns)
    tick = _MOMENT if written % _SECOND else 2 * _SECOND
    if now - written < tick:
        return kind
    times = f"{status.st_mtime_ns} {status.st_ctime_ns}"
    return f"{kind}{status.st_size} {times} {status.st_ino}"
