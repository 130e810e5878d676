"""What a range of revisions changes, read from git's store alone.

Nothing of a repository is run, and none of its settings can hide a change: files are compared as
they are, with what git keeps of them, and no hook, filter, attribute or remote has a part in it.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path, PurePosixPath

from communique.errors import CommuniqueError
from communique.lines import visible
from communique.resources import TESTED

MOST_BYTES = 20_000_000
"""The size of a file at most that is compared line by line."""

_SECONDS = 60
_MOST_PAIRS = 1_000
_ALIKE = 0.5
"""The share of lines that a renamed file has in common with the former one, at least."""

_QUIET = (
    "--no-pager",
    "--no-optional-locks",
    "--literal-pathspecs",
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "protocol.allow=never"),
    *("-c", "safe.directory=*"),  # nothing of the repository is run, whoever owns it
)
_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_HUNK = re.compile(rb"^@@ -\S+ \+([0-9]+)(?:,([0-9]+))? @@", re.MULTILINE)
_LINE_END = re.compile(rb"\r\n?")


def changed(root: Path, base: str = "HEAD") -> dict[str, set[int]]:
    """Return the lines that are different now from where the history parted from `base`.

    Uncommitted work counts. Beside a deletion the lines around it are named; a file that is gone
    has none. Files are named from the project's folder.
    """
    repository = _Repository(root)
    then = repository.files(repository.parting(base))
    lines = {pair.path: pair.lines() for pair in _pairs(root, then, repository)}
    return lines | {path: set() for path in then if not (root / path).is_file()}


def shapes_at(root: Path, revision: str) -> list[tuple[str, bytes]]:
    """Return the files of the shapes at a revision: each path from the project's folder."""
    repository = _Repository(root)
    commit = repository.commit(revision)
    entries = repository.files(commit)
    found = {path: blob for path, blob in entries.items() if path.startswith("shapes/")}
    if not found:
        raise CommuniqueError(f"{_shown(revision)}: has no files in shapes/. Give another revision")
    contents = repository.contents(found.values())
    return [(path, contents[blob]) for path, blob in sorted(found.items())]


@contextmanager
def project_at(root: Path, revision: str) -> Iterator[Path]:
    """Lay the files of a project as they were at a revision into a folder of their own."""
    repository = _Repository(root)
    entries = repository.files(repository.commit(revision))
    contents = repository.contents(entries.values())
    with tempfile.TemporaryDirectory(prefix="communique-") as folder:
        for path, blob in entries.items():
            place = Path(folder) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(contents[blob])
        yield Path(folder)


def parting(root: Path, base: str) -> str:
    """Return the commit at which the history parted from `base`."""
    return _Repository(root).parting(base)


class _Repository:
    """Git's store, as seen from a project's folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        if not root.is_dir():
            raise CommuniqueError(f"{root}: no such folder. Give --root a project's folder")
        found = self._ask("rev-parse", "--is-inside-work-tree", "--show-prefix")
        if found is None or not found.startswith(b"true\n"):
            raise CommuniqueError(
                f"{root}: not in the work tree of a git repository. "
                "Give --root a folder in one, or validate without a revision"
            )
        self._prefix = os.fsdecode(found).removeprefix("true\n").removesuffix("\n")

    def commit(self, revision: str) -> str:
        """Return the id of the commit that a revision names."""
        shown = _shown(revision)
        if not revision or revision.startswith("-") or re.search(r"[\x00-\x20\x7f]", revision):
            raise CommuniqueError(f"{shown or 'revision'}: not a revision. Give one, such as main")
        if ".." in revision:
            raise CommuniqueError(f"{shown}: a range. Give the revision at which it begins")
        found = self._ask("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        if found is None:
            raise CommuniqueError(f"{shown}: no commit of this name is here. {self._help()}")
        return os.fsdecode(found).strip()

    def parting(self, base: str) -> str:
        """Return the commit at which the history of what is checked out parted from a revision."""
        found = self._ask("merge-base", self.commit(base), self.commit("HEAD"))
        if not found:
            raise CommuniqueError(
                f"{_shown(base)}: no history in common with what is checked out. {self._help()}"
            )
        return os.fsdecode(found).strip()

    def files(self, commit: str) -> dict[str, str]:
        """Return the ids of the project's files at a commit, by their paths from its folder."""
        below = ("--", self._prefix) if self._prefix else ()
        listed = self._ask("ls-tree", "-r", "-z", "--full-tree", commit, *below)
        if listed is None:
            raise CommuniqueError(f"{commit}: its files are not here. {self._help()}")
        found = {}
        for entry in filter(None, os.fsdecode(listed).split("\0")):
            about, _, path = entry.partition("\t")
            mode, kind, blob = about.split(" ")
            name = path.removeprefix(self._prefix)
            if kind == "blob" and mode != "120000" and _is_relevant(name):
                found[name] = blob
        return found

    def contents(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """Return what git keeps under some ids."""
        wanted = list(dict.fromkeys(blobs))
        asked = "".join(f"{blob}\n" for blob in wanted).encode()
        output = self._ask("cat-file", "--batch", given=asked) or b""
        found, at = dict[str, bytes](), 0
        for blob in wanted:
            head, _, _ = output[at : at + 200].partition(b"\n")
            size = head.split(b" ")[-1]
            if not size.isdigit():
                break
            start = at + len(head) + 1
            at = start + int(size) + 1
            found[blob] = output[start : at - 1]
        if len(found) < len(wanted):
            raise CommuniqueError(f"git: the content of a file is not here. {self._help()}")
        return found

    def _help(self) -> str:
        if self._ask("rev-parse", "--is-shallow-repository") == b"true\n":
            return "This clone is shallow: git fetch --unshallow, or fetch-depth: 0 in a workflow"
        return "Check its name, or fetch it: git fetch origin"

    def _ask(self, *args: str, given: bytes = b"") -> bytes | None:
        """Return what git prints, or None if it cannot say."""
        done = _git(self._root, args, given)
        return None if done.returncode else done.stdout


def _git(
    folder: Path, args: Iterable[str], given: bytes = b"", **more: str
) -> "subprocess.CompletedProcess[bytes]":
    program = shutil.which("git")
    if not program:
        raise CommuniqueError("git: not found. Install it, or validate without a revision")
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    command = [program, *_QUIET, *args]
    try:
        return subprocess.run(  # noqa: S603  a fixed program, and no shell reads the arguments
            command,
            cwd=folder,
            input=given,
            capture_output=True,
            env=kept | _ENVIRONMENT | more,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CommuniqueError(f"git: no answer within {_SECONDS} seconds. Try again") from error
    except (OSError, ValueError) as error:
        raise CommuniqueError(f"git: cannot be run: {error}. Check the installation") from error


def _is_relevant(name: str) -> bool:
    """Tell whether findings may be in a file, and whether its path stays in the project."""
    parts = PurePosixPath(name).parts
    safe = bool(parts) and not name.startswith("/") and not any(p.startswith(".") for p in parts)
    return safe and "\\" not in name and (len(parts) == 1 or parts[0] in TESTED)


@dataclass(frozen=True)
class _Pair:
    """A file that is not as it was."""

    path: str
    before: bytes
    after: bytes
    comparable: bool = True

    def lines(self) -> set[int]:
        """Return the lines of it that changed, and those beside a deletion."""
        last = max(1, len(self.after.splitlines()))
        if not self.comparable:
            return {1}
        if not self.before:
            return set(range(1, last + 1))
        found = set[int]()
        for hunk in _HUNK.finditer(self._difference()):
            start, many = int(hunk[1]), int(hunk[2] or 1)
            found |= set(range(start, start + many)) if many else {start, start + 1}
        return {line for line in found if 1 <= line <= last}

    def _difference(self) -> bytes:
        with tempfile.TemporaryDirectory(prefix="communique-") as name:
            folder = Path(name)
            (folder / "before").write_bytes(self.before)
            (folder / "after").write_bytes(self.after)
            args = ("diff", "--no-index", "--text", "--unified=0", "--no-color", "--no-ext-diff")
            tail = ("--no-textconv", "--", "before", "after")
            return _git(folder, (*args, *tail), GIT_CEILING_DIRECTORIES=str(folder.parent)).stdout


def _pairs(root: Path, then: Mapping[str, str], repository: _Repository) -> Iterator[_Pair]:
    """Yield the files that are there and not as they were."""
    now = dict(_present(root))
    kept = {path for path, data in now.items() if _is_blob(data, then.get(path, ""))}
    gone = {path: blob for path, blob in then.items() if path not in now}
    former = {path: blob for path, blob in then.items() if path not in kept}
    contents = {b: _lines_of(data) for b, data in repository.contents(former.values()).items()}
    fresh = {path: data for path, data in now.items() if path not in then and data is not None}
    renamed = _renamed({path: contents[blob] for path, blob in gone.items()}, fresh)
    for path in sorted(now.keys() - kept):
        data = now[path]
        source = renamed.get(path, path)
        before = contents[then[source]] if source in then else b""
        if data is None:
            yield _Pair(path, before, b"", comparable=False)
        elif before != data or not then.get(source):
            yield _Pair(path, before, data)


def _present(root: Path) -> Iterator[tuple[str, bytes | None]]:
    """Yield the files of a project with their content; None for what is not to be read."""
    for folder, folders, names in os.walk(root):
        at_top = Path(folder) == root
        folders[:] = sorted(
            f for f in folders if not f.startswith(".") and (f in TESTED or not at_top)
        )
        for name in sorted([*names, *(f for f in folders if (Path(folder) / f).is_symlink())]):
            path = Path(folder) / name
            relative = path.relative_to(root).as_posix()
            if _is_relevant(relative):
                plain = path.is_file() and not path.is_symlink()
                small = plain and path.stat().st_size <= MOST_BYTES
                yield relative, _lines_of(path.read_bytes()) if small else None


def _lines_of(data: bytes) -> bytes:
    """Return a text with line feeds as its only line ends."""
    return _LINE_END.sub(b"\n", data)


def _is_blob(data: bytes | None, blob: str) -> bool:
    """Tell whether git keeps a content under this id."""
    if data is None or not blob:
        return False
    name = "sha256" if len(blob) == hashlib.sha256().digest_size * 2 else "sha1"
    whole = b"blob %d\0" % len(data) + data
    return hashlib.new(name, whole, usedforsecurity=False).hexdigest() == blob


def _renamed(gone: Mapping[str, bytes], fresh: Mapping[str, bytes]) -> dict[str, str]:
    """Return the former names of the files that have another one now."""
    pairs = list(product(sorted(fresh), sorted(gone)))[:_MOST_PAIRS]
    ranked = sorted(((_share(gone[g], fresh[f]), f, g) for f, g in pairs), reverse=True)
    found = dict[str, str]()
    for share, name, former in ranked:
        if share >= _ALIKE and name not in found and former not in found.values():
            found[name] = former
    return found


def _share(one: bytes, other: bytes) -> float:
    """Return how many of the lines of two files are the same, from 0 to 1."""
    lines = Counter(one.splitlines()), Counter(other.splitlines())
    return (lines[0] & lines[1]).total() / max(1, lines[0].total(), lines[1].total())


def _shown(revision: str) -> str:
    return visible(revision[:100])
