"""Files that look like a part of the project and stand where nothing reads them."""

import difflib
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from communique.dataset import FORMATS
from communique.findings import Finding, Region, Rule
from communique.resources import FOLDERS

_STRAY = Rule("stray-file", "What a project says and asks stands in its four folders.")
_READ = frozenset({*FORMATS, ".rq"})
_ALIKE = 0.75
_NAMES = {**{folder: folder for folder in FOLDERS}, "query": "queries"}
_MOST = 10_000
"""Entries of a folder at most that are looked at."""


def strays(root: Path) -> Iterator[Finding]:
    """Find files directly in the project's folder, and folders that are called almost like its own.

    A folder is told once, at its first file. Hidden ones, links and all other folders are passed
    over: they may hold tests, examples and what is built.
    """
    within = _within(root)
    with os.scandir(root) as entries:
        found = sorted((each for each in entries if _is_open(each)), key=lambda each: each.name)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            meant = _meant(entry, root, within)
            first = _first(Path(entry.path)) if meant else None
            if first:
                what = f"Nothing reads the folder {entry.name}."
                yield _stray(first.relative_to(root), what, f"did you mean {meant}?", "error")
        elif Path(entry.name).suffix.lower() in _READ:
            what = "Nothing reads a file outside the four folders."
            hint = f"move it to {', '.join(FOLDERS[:-1])} or {FOLDERS[-1]}"
            yield _stray(Path(entry.name), what, hint, "warning")


def _is_open(entry: os.DirEntry[str]) -> bool:
    return not (entry.name.startswith(".") or entry.is_symlink())


def _within(root: Path) -> dict[str, str]:
    """Return the folders in those of the project, by their names."""
    own = [root / folder for folder in reversed(FOLDERS)]
    return {
        each.name: each.relative_to(root).as_posix()
        for folder in own
        if not folder.is_symlink() and os.access(folder, os.R_OK)
        for each in sorted(folder.iterdir())
        if each.is_dir()
    }


def _meant(entry: os.DirEntry[str], root: Path, within: dict[str, str]) -> str:
    """Return the folder that was meant by one that is not of the project, or nothing."""
    name = entry.name.casefold()
    near = difflib.get_close_matches(name, _NAMES, n=1, cutoff=_ALIKE)
    meant = _NAMES[near[0]] if near else within.get(entry.name, "")
    is_own = entry.name in FOLDERS or (meant and (root / meant).samefile(entry.path))
    return "" if is_own else meant


def _first(folder: Path) -> Path | None:
    """Return the first file in a folder that a project's folder could hold."""
    files = (Path(place) / name for place, _, names in os.walk(folder) for name in sorted(names))
    looked = islice(files, _MOST)
    return next((each for each in looked if each.suffix.lower() in _READ), None)


def _stray(path: Path, message: str, hint: str, severity: str) -> Finding:
    return Finding(path.as_posix(), Region(), _STRAY, message, severity, "policy", hint=hint)
