"""A store on disk: what its folder holds, whether that is believed, and how it is read.

The folder has the engine's files in `data`, and beside them a manifest that is written last. It
names each file that was loaded, with its size and digest, and each file of the engine. Without a
manifest, or with one that does not fit, nothing of the store is believed. While it is filled there
is a journal instead, which grows by a line for each file.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pyoxigraph import Store

from communique import resources
from communique.errors import CommuniqueError
from communique.lines import count

DATA, JOURNAL, MANIFEST, LOCK = "data", "journal.jsonl", "manifest.json", "lock"
FORM = 1
"""Of the manifest, the journal and what is in the store: another one is loaded anew."""
_LOGS = ("LOG", "LOCK")
_DAMAGED = ("Corruption", "IO error")


@dataclass(frozen=True)
class Loaded:
    """A file that was loaded, as it was then."""

    path: str
    graph: str
    size: int
    modified: int
    """In nanoseconds, as the system has it."""
    sha256: str
    triples: int


@dataclass(frozen=True)
class Manifest:
    """What a store holds, and of what it was made."""

    places: tuple[str, ...]
    """Where the files were looked for."""
    files: tuple[Loaded, ...]
    refused: dict[str, str]
    """Paths of files that were not loaded, and why."""
    inferred: int
    parts: dict[str, tuple[int, str]]
    """The engine's own files: their sizes and digests."""
    version: str
    form: int = FORM

    @property
    def triples(self) -> int:
        """How many triples the files have; one that two files hold is counted twice."""
        return sum(file.triples for file in self.files)

    @property
    def size(self) -> int:
        """How many bytes the store has."""
        return sum(size for size, _ in self.parts.values())

    @property
    def digest(self) -> str:
        """Name what was loaded: another file, another word, another version, another digest."""
        told = [[self.form, self.version], *([file.graph, file.sha256] for file in self.files)]
        return hashlib.sha256(json.dumps(sorted(map(str, told))).encode()).hexdigest()


def is_ours(folder: Path) -> bool:
    """Tell whether a folder is a store of this tool, finished or not, or has room for one."""
    held = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    return bool(held & {JOURNAL, MANIFEST}) or held <= {LOCK}


def journaled(folder: Path) -> tuple[tuple[str, ...], list[Loaded]] | None:
    """Return where a journal looks for files, and what it has of them; nothing if it is no use.

    A line that was cut when the run was killed is left out: its file is loaded again.
    """
    try:
        lines = (folder / JOURNAL).read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return None
    told = [_told(line) for line in lines if line.endswith(b"\n")]
    if not told or told[0].get("form") != FORM or told[0].get("version") != resources.version():
        return None
    try:
        return tuple(map(str, told[0]["places"])), [Loaded(**each) for each in told[1:]]
    except (KeyError, TypeError):
        return None


def begin(folder: Path, places: Sequence[str], files: Iterable[Loaded]) -> None:
    """Write a journal, and take away the manifest: from here on nothing is believed."""
    head = {"form": FORM, "version": resources.version(), "places": list(places)}
    lines = [json.dumps(each) + "\n" for each in (head, *map(asdict, files))]
    _put(folder / JOURNAL, "".join(lines))
    (folder / MANIFEST).unlink(missing_ok=True)


def note(folder: Path, files: Iterable[Loaded]) -> None:
    """Add files to the journal that are in the store now."""
    with (folder / JOURNAL).open("a", encoding="utf-8") as journal:
        journal.writelines(json.dumps(asdict(file)) + "\n" for file in files)
        journal.flush()
        os.fsync(journal.fileno())


def finish(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, and take away the journal: from here on the store is believed."""
    _put(folder / MANIFEST, json.dumps(asdict(manifest), indent=1) + "\n")
    (folder / JOURNAL).unlink(missing_ok=True)


def manifest_of(folder: Path) -> Manifest:
    """Return the manifest of a finished store, or say in a line why there is none."""
    again = f"Run communique load --store {folder}"
    if (folder / JOURNAL).exists():
        raise CommuniqueError(f"{folder}: half loaded. {again} to go on")
    if not folder.is_dir():
        raise CommuniqueError(f"{folder}: no such folder. {again} to build a store")
    if not (folder / MANIFEST).is_file():
        raise CommuniqueError(f"{folder}: no store of this tool. Build one in another folder")
    told = _told((folder / MANIFEST).read_bytes())
    try:
        told["files"] = tuple(Loaded(**each) for each in told["files"])
        told["parts"] = {
            str(name): (int(size), str(of)) for name, (size, of) in told["parts"].items()
        }
        found = Manifest(**told)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CommuniqueError(
            f"{folder}: its manifest is damaged. {again} to build it anew"
        ) from error
    if (found.form, found.version) != (FORM, resources.version()):
        version = str(found.version)
        raise CommuniqueError(f"{folder}: made by version {version}. {again} to build it anew")
    return found


def parts(folder: Path) -> dict[str, tuple[int, str]]:
    """Return the engine's own files with their sizes and digests."""
    return {path.name: (path.stat().st_size, _digest(path)) for path in _parts(folder)}


def _parts(folder: Path) -> list[Path]:
    """List the engine's files, without its logs."""
    found = sorted(path for path in (folder / DATA).glob("*") if path.is_file())
    return [path for path in found if not path.name.startswith(_LOGS)]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def refuse_damaged(folder: Path, manifest: Manifest, *, wholly: bool = False) -> None:
    """Refuse a store whose files are not as they were written: in size, or `wholly`, in all."""
    found = parts(folder) if wholly else {p.name: (p.stat().st_size, "") for p in _parts(folder)}
    written = manifest.parts if wholly else {n: (s, "") for n, (s, _) in manifest.parts.items()}
    for name in sorted({*found, *written}):
        if found.get(name) != written.get(name):
            raise CommuniqueError(
                f"{folder}: damaged, {DATA}/{name} is not as it was written. "
                f"Run communique load --store {folder} to build it anew"
            )


@contextmanager
def locked(folder: Path, *, alone: bool) -> Iterator[None]:
    """Hold the lock of a store: alone to write it, or with others who read it."""
    path = folder / LOCK
    with path.open("a" if alone else "r") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            what = "somebody reads or loads it" if alone else "it is being loaded"
            raise CommuniqueError(f"{folder}: {what}. Wait until that is done") from error
        yield


@contextmanager
def opened(folder: Path, tell: Callable[[str], None]) -> Iterator[Store]:
    """Open a store to read it; `tell` hears if files have changed since it was made of them."""
    if not (folder / LOCK).exists():
        manifest_of(folder)
        raise CommuniqueError(f"{folder}: its lock is missing. Build the store anew")
    with locked(folder, alone=False), told_in_a_line(folder):
        manifest = manifest_of(folder)
        refuse_damaged(folder, manifest)
        changed = [file.path for file in manifest.files if not is_as_it_was(file)]
        if changed:
            what = count(len(changed), "file")
            tell(
                f"Note: {what} changed since {folder} was loaded, first {changed[0]}. "
                f"Run communique load --store {folder}"
            )
        yield Store.read_only(str(folder / DATA))


def held_in(folder: Path | None) -> Path | None:
    """Return where the engine has its files, for a process that opens them itself."""
    return folder / DATA if folder else None


def is_as_it_was(file: Loaded) -> bool:
    """Tell by its size and its time whether a file has not changed."""
    try:
        status = Path(file.path).stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (file.size, file.modified)


@contextmanager
def told_in_a_line(folder: Path) -> Iterator[None]:
    """Say in a line what the engine finds wrong with its files."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        what = " ".join(str(error).split())
        if not what.startswith(_DAMAGED):
            raise
        if "No space left" in what or "File too large" in what:
            raise CommuniqueError(
                f"{folder}: no room. Make room and run communique load again: it goes on from here"
            ) from error
        raise CommuniqueError(
            f"{folder}: damaged ({what[:200]}). Remove it and run communique load --store {folder}"
        ) from error


def _told(line: bytes) -> dict[str, Any]:
    """Read a JSON object, or nothing of what is none."""
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _put(path: Path, text: str) -> None:
    """Write a file as a whole or not at all."""
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
