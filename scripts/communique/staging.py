"""Put a whole folder in the place of another in one step, or leave everything as it was.

A folder `dist` is a link to one release in `.dist-releases`. A release never changes. A new one
is written beside it, synced and renamed; then the link is swapped, which is one operation.
"""

import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from communique.errors import CommuniqueError
from communique.resources import TESTED

_DAY = 24 * 60 * 60
_UNFINISHED = ("stage-", "link-")


def put(files: Mapping[str, bytes], out: Path, *, name: str) -> None:
    """Make `out` hold just these files, written in this order, as the release of this name."""
    refuse_foreign(out)
    try:
        home = _home(out)
        home.mkdir(parents=True, exist_ok=True)
        with _lock(home, out):
            refuse_foreign(out)
            _clean(home)
            current = out.readlink().name if out.is_symlink() else ""
            release = _release(files, home, name)
            if release != current:
                _link(out, release)
                _prune(home, keep={release, current})
    except OSError as error:
        raise CommuniqueError(
            f"{out}: {error.strerror}. What was published before is unchanged; "
            "make room or choose another folder, and publish again"
        ) from error


def refuse_foreign(out: Path) -> None:
    """Refuse a place that holds something which was not published by us."""
    if out.name in {"", ".."}:
        raise CommuniqueError(f"{out}: not the name of a new folder. Give one, such as dist")
    if out.is_symlink():
        if out.readlink().parent == Path(_home(out).name):
            return
        raise CommuniqueError(f"{out}: a link to somewhere else. Remove it or choose another")
    if out.is_dir() and any(out.iterdir()):
        raise CommuniqueError(
            f"{out}: not empty, and not published by this tool. Empty it or choose another folder"
        )
    if out.exists() and not out.is_dir():
        raise CommuniqueError(f"{out}: a file, not a folder. Remove it or choose another name")


def refuse_within(root: Path, out: Path) -> None:
    """Refuse a place among a project's own files: the next run would read what this one wrote."""
    place = out.absolute().parent.resolve() / out.name
    for name in TESTED:
        if place.is_relative_to((root / name).resolve()):
            raise CommuniqueError(f"{out}: among the project's own files. Choose another folder")


def _home(out: Path) -> Path:
    return out.parent / f".{out.name}-releases"


@contextmanager
def _lock(home: Path, out: Path) -> Iterator[None]:
    """Hold the lock of one place; the system frees it even if we are killed."""
    import fcntl

    with (home / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CommuniqueError(
                f"{out}: somebody is publishing there now. Wait until that is done"
            ) from error
        yield


def _clean(home: Path) -> None:
    """Remove what an interrupted run left, when it is older than a day."""
    for path in home.iterdir():
        if path.name.startswith(_UNFINISHED) and time.time() - path.lstat().st_mtime > _DAY:
            _remove(path)


def _prune(home: Path, *, keep: set[str]) -> None:
    """Remove older releases, but not the last one: somebody may still be reading it."""
    for path in home.iterdir():
        if path.is_dir() and path.name not in keep and not path.name.startswith(_UNFINISHED):
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _release(files: Mapping[str, bytes], home: Path, name: str) -> str:
    """Return the name of a release with these files: one that is there, or a new one."""
    fresh, count = name, 1
    while (home / fresh).exists():
        if _holds(home / fresh, files):
            return fresh
        count += 1
        fresh = f"{name}-{count}"
    stage = home / f"stage-{secrets.token_hex(8)}"
    try:
        _write(files, stage)
        stage.rename(home / fresh)
    except OSError:
        _remove(stage)
        raise
    _sync(home)
    return fresh


def _holds(folder: Path, files: Mapping[str, bytes]) -> bool:
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return there == set(files) and all(
        (folder / name).read_bytes() == data for name, data in files.items()
    )


def _write(files: Mapping[str, bytes], stage: Path) -> None:
    folders = {(stage / name).parent for name in files}
    folders |= {above for folder in folders for above in folder.parents if stage in above.parents}
    for folder in [stage, *sorted(folders - {stage})]:
        folder.mkdir()
    for name, data in files.items():
        with (stage / name).open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    for folder in [*sorted(folders - {stage}, reverse=True), stage]:
        _sync(folder)


def _link(out: Path, release: str) -> None:
    home = _home(out)
    link = home / f"link-{secrets.token_hex(8)}"
    link.symlink_to(Path(home.name) / release, target_is_directory=True)
    if out.is_dir() and not out.is_symlink():
        out.rmdir()
    link.replace(out)
    _sync(out.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
