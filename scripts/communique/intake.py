"""The first gate: opens the files of a project, and refuses what no engine should see."""

import errno
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from communique.dataset import FORMATS
from communique.errors import CommuniqueError
from communique.findings import Finding, Region
from communique.prescan import SCHEMES, Scan, hidden_in, strange
from communique.refusals import Text, refusal
from communique.resources import FOLDERS
from communique.shapecode import BEGINNINGS, of_shapes, refusal_of
from communique.tokens import tokens

ARTICLES = "data/articles/"
"""Where the files stand that are each a graph of its own, of one source."""
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
OPENING = os.O_RDONLY
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
    OPENING |= getattr(os, _name, 0)


class Document(NamedTuple):
    """One file that passed the gate."""

    path: str
    """From the project's folder, with `/`."""
    text: str
    """What it says, its line ends as they are, without a byte order mark."""
    data: bytes
    """The same in UTF-8."""


def is_article(path: str) -> bool:
    """Tell whether a file of a project is of one source."""
    return path.startswith(ARTICLES)


def documents(
    root: Path, folders: tuple[str, ...] = FOLDERS
) -> tuple[list[Document], list[Finding]]:
    """Open every file below the folders of a project; return what passed, and what is refused.

    A file about which there is an error is not among the documents; hidden files are passed over.
    No link is followed and nothing outside the root is opened. A folder that is missing is a
    CommuniqueError.
    """
    names, findings = listed(root, folders)
    passed, found = opened(root, names)
    return passed, sorted([*findings, *found])


def listed(root: Path, folders: tuple[str, ...] = FOLDERS) -> tuple[list[str], list[Finding]]:
    """List the files below the folders of a project without opening them; tell what is refused."""
    gate = _Gate(root)
    for folder in folders:
        gate.enter(folder)
    return gate.names, sorted(gate.findings)


def opened(root: Path, names: Iterable[str]) -> tuple[list[Document], list[Finding]]:
    """Open some files of a project, which are kept; return what passed, and what is refused."""
    passed, findings, left = list[Document](), list[Finding](), LARGEST_PROJECT
    for name in names:
        data, found = content(root, name)
        before, left = left, left - len(data or b"")
        if data is not None and left >= 0:
            document, found = admitted(name, data)
            passed += [document] if document else []
        elif data is not None and before >= 0:
            message = "With this file the project has more than 500 MB; the rest is not read."
            found = [_refused("total-size", name, message, "divide the project")]
        findings += found
    return passed, sorted(findings)


def content(root: Path, name: str) -> tuple[bytes | None, list[Finding]]:
    """Return what is in a file of a project, or why it is not read."""
    try:
        with os.fdopen(os.open(root / name, OPENING), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return None, [_refused("not-a-file", name, "This is not a file.", "remove it")]
            data = file.read(min(status.st_size, LARGEST_FILE) + 1)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return None, [_refused("symlink", name, _LINK, "check the file")]
        return None, [_refused("unreadable", name, f"{error.strerror}.", "check the file")]
    return (None, [too_large(name)]) if len(data) > LARGEST_FILE else (data, [])


def too_large(name: str) -> Finding:
    """Return the finding about a file that is not read for its size."""
    hint = "divide it, and keep what is generated out"
    return _refused("file-size", name, "This file has more than 20 MB.", hint)


def named(names: Iterable[str]) -> tuple[list[str], list[Finding]]:
    """Return those of some listed articles that can be read, by their names; tell of the others."""
    gate = _Gate(Path())
    for name in sorted(names):
        path = Path(name)
        if gate.is_well_named(path, name) and gate.is_accepted(path, _TURTLE):
            gate.names.append(name)
    return gate.names, sorted(gate.findings)


def admitted(name: str, data: bytes) -> tuple[Document | None, list[Finding]]:
    """Look at what a file holds, before any engine does; return it if there is no error."""
    text, found = _decoded(name, data.removeprefix(_BOM))
    if not found:
        found = _read(text, PurePosixPath(name).suffix)
    if data.startswith(_BOM):
        found = [*found, _marked(text)]
    if any(finding.severity == "error" for finding in found):
        return None, found
    return Document(name, text.text, data.removeprefix(_BOM)), found


def _refused(rule: str, name: str, message: str, hint: str) -> Finding:
    return refusal(rule, Text(name, ""), Region(), message, hint)


class _Gate:
    """Lists the files of one project, and tells which cannot be what they should."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: dict[str, str] = {}
        self.names: list[str] = []
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
        """List a file, if nothing is against its name and its kind."""
        name = _shown(path.relative_to(self._root))
        if self.is_well_named(path, name) and self._is_file(path, accepted):
            self.names.append(name)

    def _refuse(self, rule: str, path: Path, message: str, hint: str) -> None:
        self.findings.append(_refused(rule, _shown(path.relative_to(self._root)), message, hint))

    def is_well_named(self, path: Path, name: str) -> bool:
        """Tell whether a name can be read everywhere, and stands for one file."""
        folded = unicodedata.normalize("NFC", name).casefold()
        other = self._seen.setdefault(folded, name)
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
        try:
            mode = path.lstat().st_mode
        except OSError as error:
            self._refuse("unreadable", path, f"{error.strerror}.", "check the file and its folder")
            return False
        if stat.S_ISLNK(mode):
            self._refuse("symlink", path, _LINK, "put the file itself here")
        elif not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "a pipe, a socket or a device"
            self._refuse("not-a-file", path, f"This is {kind}, not a file.", "remove it")
        else:
            return self.is_accepted(path, accepted)
        return False

    def is_accepted(self, path: Path, accepted: tuple[str, ...]) -> bool:
        """Tell whether a name ends as one of the files that are read."""
        if path.suffix in accepted:
            return True
        message = f"A file like this is not read: {path.suffix or 'no ending'}."
        self._refuse("not-accepted", path, message, f"use {', '.join(accepted)}, or move it")
        return False


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
