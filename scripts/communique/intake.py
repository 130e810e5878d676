"""The first gate: opens the files of a project, and refuses what no engine should see."""

import errno
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from communique.dataset import FORMATS
from communique.errors import CommuniqueError
from communique.findings import Finding, Region
from communique.prescan import SCHEMES, Scan, hidden_in, strange
from communique.refusals import Text, refusal
from communique.resources import FOLDERS
from communique.shapecode import BEGINNINGS, of_shapes, refusal_of
from communique.tokens import tokens

LARGEST_FILE = 20 * 10**6
LARGEST_PROJECT = 500 * 10**6
_TURTLE = tuple(FORMATS)
_QUERIES = (".rq",)

_BOM = b"\xef\xbb\xbf"
_WIDE = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_NAMED = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]*):[^<>\"{}|^`\\\x00-\x20]*>")
_ANCHOR = re.compile(r"(?:^#\+|[-:,?\[{])\s*([&!][^\s,\[\]{}]+)")
_STAIRS = re.compile(r"(?:[-?:]\s+){33}")
_MOST_BRACKETS = 64
_FLAGS = os.O_RDONLY
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
    _FLAGS |= getattr(os, _name, 0)


@dataclass(frozen=True)
class Document:
    """One file that passed the gate."""

    path: str
    """From the project's folder, with `/`."""
    text: str
    """What it says, its line ends as they are, without a byte order mark."""
    data: bytes
    """The same in UTF-8."""


def documents(
    root: Path, folders: tuple[str, ...] = FOLDERS
) -> tuple[list[Document], list[Finding]]:
    """Open every file below the folders of a project; return what passed, and what is refused.

    A file about which there is an error is not among the documents; hidden files are passed over.
    No link is followed and nothing outside the root is opened. A folder that is missing is a
    CommuniqueError.
    """
    gate = _Gate(root)
    for folder in folders:
        gate.enter(folder)
    return gate.documents, sorted(gate.findings)


class _Gate:
    """Lets the files of one project in, or not."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._left = LARGEST_PROJECT
        self._names: dict[str, str] = {}
        self.documents: list[Document] = []
        self.findings: list[Finding] = []

    def enter(self, folder: str) -> None:
        """Look at all that is in a folder."""
        accepted = _QUERIES if folder == "queries" else _TURTLE
        top = self._root / folder
        if not os.path.lexists(top):
            raise CommuniqueError(f"{top}: no such folder. Give --root a project's folder")
        if top.is_symlink() or not top.is_dir():
            self._look(top, accepted)
            return
        ahead = [top]
        while ahead:
            folders, files = self._listed(ahead.pop())
            ahead += [each for each in folders if each.suffix not in accepted]
            for path in sorted([*files, *(each for each in folders if each.suffix in accepted)]):
                self._look(path, accepted)

    def _listed(self, folder: Path) -> tuple[list[Path], list[Path]]:
        """List the folders in a folder, the last first, and whatever else there is."""
        folders, files = list[Path](), list[Path]()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if not entry.name.startswith("."):
                        kind = folders if entry.is_dir(follow_symlinks=False) else files
                        kind.append(folder / entry.name)
        except OSError as error:
            self._refuse("unreadable", folder, f"{error.strerror}.", "check the folder")
        return sorted(folders, reverse=True), files

    def _look(self, path: Path, accepted: tuple[str, ...]) -> None:
        """Open one file and let it in, if nothing is against it."""
        name = _shown(path.relative_to(self._root))
        if not self._well_named(path, name) or not self._is_file(path, accepted):
            return
        data = self._opened(path)
        if data is None:
            return
        text, found = _decoded(name, data.removeprefix(_BOM))
        if not found:
            found = _read(text, path.suffix)
        if data.startswith(_BOM):
            found.append(_marked(text))
        self.findings += found
        if all(finding.severity != "error" for finding in found):
            self.documents.append(Document(name, text.text, data.removeprefix(_BOM)))

    def _refuse(self, rule: str, path: Path, message: str, hint: str) -> None:
        text = Text(_shown(path.relative_to(self._root)), "")
        self.findings.append(refusal(rule, text, Region(), message, hint))

    def _well_named(self, path: Path, name: str) -> bool:
        folded = unicodedata.normalize("NFC", name).casefold()
        other = self._names.setdefault(folded, name)
        if hidden_in(path.name) or "\\" in path.name or "\\x" in name or "\\udc" in name:
            message = "The name of this file holds what cannot be shown."
            self._refuse("file-name", path, message, "name it with letters, digits and hyphens")
            return False
        if other != name:
            message = f"On some systems this is the same file as {other}."
            self._refuse("file-name", path, message, "rename one of them")
            return False
        return True

    def _is_file(self, path: Path, accepted: tuple[str, ...]) -> bool:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            self._refuse("symlink", path, _LINK, "put the file itself here")
        elif not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "a pipe, a socket or a device"
            self._refuse("not-a-file", path, f"This is {kind}, not a file.", "remove it")
        elif path.suffix not in accepted:
            message = f"A file like this is not read: {path.suffix or 'no ending'}."
            self._refuse("not-accepted", path, message, f"use {', '.join(accepted)}, or move it")
        else:
            return True
        return False

    def _opened(self, path: Path) -> bytes | None:
        """Return what is in a file, unless it is too large."""
        try:
            with os.fdopen(os.open(path, _FLAGS), "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    self._refuse("not-a-file", path, "This is not a file.", "remove it")
                    return None
                data = file.read(min(status.st_size, LARGEST_FILE) + 1)
        except OSError as error:
            linked = error.errno == errno.ELOOP
            rule, message = ("symlink", _LINK) if linked else ("unreadable", f"{error.strerror}.")
            self._refuse(rule, path, message, "check the file")
            return None
        if len(data) > LARGEST_FILE:
            message = "This file has more than 20 MB."
            self._refuse("file-size", path, message, "divide it, and keep what is generated out")
            return None
        return self._within_total(path, data)

    def _within_total(self, path: Path, data: bytes) -> bytes | None:
        before, self._left = self._left, self._left - len(data)
        if self._left >= 0:
            return data
        if before >= 0:
            message = "With this file the project has more than 500 MB; the rest is not read."
            self._refuse("total-size", path, message, "divide the project")
        return None


_LINK = "This is a link to a file, not a file."


def _shown(path: Path) -> str:
    """Return a path so that it can be printed, whatever bytes its name has."""
    return path.as_posix().encode("utf-8", errors="backslashreplace").decode()


def _decoded(name: str, data: bytes) -> tuple[Text, list[Finding]]:
    wide = next((kind for mark, kind in _WIDE if data.startswith(mark)), "")
    if not wide and b"\0" in data[:2]:
        wide = "UTF-16"
    if wide:
        text = Text(name, "")
        message = f"This file is {wide}, not UTF-8."
        return text, [refusal("utf-8", text, Region(), message, "save it as UTF-8")]
    try:
        return Text(name, data.decode()), []
    except UnicodeDecodeError as error:
        text = Text(name, data.decode(errors="replace"))
        at = len(data[: error.start].decode())
        message = f"The byte 0x{data[error.start]:02X} is not UTF-8."
        return text, [text.refuse("utf-8", at, at + 1, message, "save it as UTF-8")]


def _marked(text: Text) -> Finding:
    message, hint = "This file begins with a byte order mark.", "save it as UTF-8 without one"
    return refusal("bom", text, Region(), message, hint, severity="warning")


def _read(text: Text, suffix: str) -> list[Finding]:
    """Look at what a file says, as far as that can be told without an engine."""
    if suffix in _QUERIES:
        return list(strange(text)) or list(_of_query(text))
    scan = Scan(text, suffix, BEGINNINGS)
    return scan.findings() or of_shapes(text, scan, suffix)


def _of_query(text: Text) -> Iterator[Finding]:
    header = _odd_header(text.text)
    if header:
        message = "The header of this question is more than keys and values."
        yield text.refuse("query-header", *header, message, "write the values out")
        return
    refused = refusal_of(text.text)
    if refused:
        rule, start, end, message, hint = refused
        yield text.refuse(rule, start, end, message, hint)
    elif any(found[1].casefold() not in SCHEMES for found in _NAMED.finditer(text.text)):
        for token in tokens(text.text):
            found = _NAMED.fullmatch(token.text) if token.kind == "iri" else None
            if found and found[1].casefold() not in SCHEMES:
                message = f"The IRI {token.text} has the scheme {found[1]}."
                end = token.start + len(token.text)
                yield text.refuse("iri-scheme", token.start, end, message, _SCHEMES)


def _odd_header(text: str) -> tuple[int, int] | None:
    """Return where a header makes more of itself than it says, or nests too deep."""
    at, brackets = 0, 0
    for line in text.splitlines(keepends=True):
        if line.startswith("#+"):
            found = _ANCHOR.search(line)
            if found:
                return at + found.start(1), at + found.end(1)
            brackets += line.count("[") + line.count("{")
            if brackets > _MOST_BRACKETS or _STAIRS.search(line):
                return at, at + 2
        at += len(line)
    return None


_SCHEMES = f"use {', '.join(sorted(SCHEMES))}"
