"""Files that come into a store on disk: which they are, and their triples within limits.

Turtle and TriG are read whole, as the first gate has it. N-Triples and N-Quads are read block by
block of whole lines, so that a file may be of any size; packed files are unpacked as they are read.
"""

import errno
import gzip
import hashlib
import io
import os
import re
import stat
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, parse

from communique.dataset import ASIDE, FORMATS, graph_iri, graph_name
from communique.errors import CommuniqueError
from communique.findings import Finding
from communique.inference import INFERRED, STEPS
from communique.intake import LARGEST_FILE, OPENING
from communique.lines import visible
from communique.prescan import LARGEST_LITERAL, Scan, strange
from communique.refusals import Text

LONGEST_LINE = 4 * LARGEST_LITERAL
_BLOCK = 2**20
_MOST_UNPACKED, _MOST_TIMES = 200 * 10**6, 100
_PACKED = ".gz"
_STREAMED = (RdfFormat.N_QUADS, RdfFormat.N_TRIPLES)
_TRIPLE_TERM = b"<<"
_STRETCH = re.compile(rb'"(?:[^"\\\n]|\\.)*"|<[^<>\n]*>|#[^\n]*')
_ASIDE = frozenset({*(graph_iri(name) for name in ASIDE), INFERRED, STEPS})
"""Graphs that no question sees, and those that are worked out here."""


class Refused(Exception):  # noqa: N818  it is told of one file, and the others are loaded
    """Why a file is not loaded: what, what to do, and where in it (`:12:3`)."""

    def __init__(self, what: str, place: str = "") -> None:
        """Take what is told."""
        super().__init__(what)
        self.place = place


@dataclass(frozen=True)
class Incoming:
    """One file, and the graph that it is where it names no other."""

    path: Path
    graph: NamedNode
    named: bool = False
    """Whether it was given by its own name, so that it may be a link."""

    @property
    def where(self) -> str:
        """Its path as it can be printed."""
        return visible(str(self.path).encode(errors="backslashreplace").decode())


def incoming(places: Iterable[Path]) -> list[Incoming]:
    """List the files in some places, each a project, a folder or a file, by their paths."""
    found: dict[Path, Incoming] = {}
    for place in places:
        top = Path(os.path.abspath(place))  # noqa: PTH100  a link stays a link
        if not os.path.lexists(top):
            raise CommuniqueError(f"{place}: no such file or folder. Check the path")
        if not top.is_dir():
            found[top] = Incoming(top, graph_iri(_graph(top)), named=True)
            continue
        folders = [top / "ontology", top / "data"]
        project = top if all(folder.is_dir() for folder in folders) else None
        for folder in folders if project else [top]:
            for path in _below(folder):
                found.setdefault(path, Incoming(path, graph_iri(_graph(path, project))))
    if not found:
        endings = ", ".join(FORMATS)
        raise CommuniqueError(f"load: no file to load. Give files or folders of {endings}")
    return [found[path] for path in sorted(found)]


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") for part in parts)
        if not hidden and syntax(path) and not path.is_dir():
            yield path


def _graph(path: Path, project: Path | None = None) -> str:
    """Name the graph of a file as in its project, which is where its ontology or data begins."""
    plain = path.with_suffix("") if path.suffix == _PACKED else path
    if project:
        return graph_name(plain.relative_to(project))
    starts = [at for at, part in enumerate(plain.parts[:-1]) if part in {"ontology", "data"}]
    return graph_name(Path(*plain.parts[max(starts, default=-1) :]))


def syntax(path: Path) -> RdfFormat | None:
    """Return the format that the name of a file promises, packed or not."""
    name = path.name.lower().removesuffix(_PACKED)
    return FORMATS.get(Path(name).suffix)


def digest(file: Incoming) -> str:
    """Return the SHA-256 of the bytes of a file."""
    with _opened(file) as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def triples(file: Incoming, sha256: str) -> Iterator[Quad]:
    """Yield what questions see of a file whose bytes have this digest, each in its named graph.

    Blank nodes are named for the file and their place in it: the same each time it is read. What
    cannot be loaded raises Refused, also after some triples have been yielded.
    """
    form = syntax(file.path)
    if form is None:
        endings = ", ".join(FORMATS)
        raise Refused(f"not named like a file of triples. Use {endings}, or any of them with .gz")
    named = _Naming(f"{file.path} {sha256}", lasting=form in _STREAMED)
    with _opened(file) as source:
        hashed = _Hashed(source)
        buffered = io.BufferedReader(hashed, _BLOCK)
        for first, block in _blocks(file, form, buffered, hashed.size):
            for quad in _parsed(block, form, first):
                graph = quad.graph_name if isinstance(quad.graph_name, NamedNode) else file.graph
                if graph not in _ASIDE:
                    subject, object_ = named.blank(quad.subject), named.blank(quad.object)
                    yield Quad(subject, quad.predicate, object_, graph)
        if hashed.of_all() != sha256:
            raise Refused("changed while it was read. Load it again")


class _Naming:
    """Names the blank nodes of a file: by their labels if these are lasting, or else in order."""

    def __init__(self, what: str, *, lasting: bool) -> None:
        self._prefix = "f" + hashlib.sha256(what.encode(errors="surrogateescape")).hexdigest()[:24]
        self._lasting = lasting
        self._numbers: dict[str, int] = {}

    def blank(self, term: Any) -> Any:  # noqa: ANN401  a term as it came, or a blank node
        """Return a term, under another name if it is a blank node."""
        if not isinstance(term, BlankNode):
            return term
        label = term.value
        if not self._lasting:
            label = str(self._numbers.setdefault(label, len(self._numbers)))
        return BlankNode(f"{self._prefix}.{label}")


class _Hashed(io.RawIOBase):
    """A file whose bytes are hashed as they are read."""

    def __init__(self, source: io.FileIO) -> None:
        self._source = source
        self._sha256 = hashlib.sha256()
        self.size = os.fstat(source.fileno()).st_size

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  as io has it
        """Read some bytes."""
        got = self._source.readinto(buffer) or 0
        self._sha256.update(memoryview(buffer)[:got])
        return got

    def of_all(self) -> str:
        """Return the digest, after the last byte has been read."""
        while self.read(_BLOCK):
            pass
        return self._sha256.hexdigest()


@contextmanager
def _opened(file: Incoming) -> Iterator[io.FileIO]:
    """Open a file that is one; say what is wrong with it, also while it is read."""
    flags = OPENING & ~getattr(os, "O_NOFOLLOW", 0) if file.named else OPENING
    try:
        with io.FileIO(os.open(file.path, flags)) as source:
            if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
                raise Refused("not a file. Remove it")
            yield source
    except OSError as error:
        what = "a link to a file" if error.errno == errno.ELOOP else error.strerror or str(error)
        raise Refused(f"{what}. Check the file") from error
    except (EOFError, zlib.error) as error:
        raise Refused("its gzip is cut or spoilt. Pack it again") from error


def _blocks(
    file: Incoming, form: RdfFormat, source: IO[bytes], size: int
) -> Iterator[tuple[int, bytes]]:
    """Yield the parts of a file that can be parsed by themselves, each with its first line."""
    if file.path.suffix.lower() == _PACKED:
        source = cast("IO[bytes]", gzip.GzipFile(fileobj=source))
    if form not in _STREAMED:
        yield 1, _whole(source, form)
        return
    first, unpacked = 1, 0
    while block := source.read(_BLOCK):
        if not block.endswith(b"\n"):
            block += source.readline(LONGEST_LINE)
            if len(block) >= LONGEST_LINE and not block.endswith(b"\n"):
                raise Refused(f"a line of more than {LONGEST_LINE:,} bytes. Keep long texts out")
        unpacked += len(block)
        if unpacked > max(_MOST_UNPACKED, _MOST_TIMES * size):
            raise Refused(f"more than {_MOST_TIMES} times as large when unpacked. Unpack it first")
        if first == 1:
            block = block.removeprefix(BOM_UTF8)
        _look(block, first)
        yield first, block
        first += block.count(b"\n")


def _look(block: bytes, first: int) -> None:
    """Refuse lines that no engine should see."""
    for finding in strange(Text("", _decoded(block, first))):
        raise _found(finding, first)
    if _TRIPLE_TERM in block and _TRIPLE_TERM in _STRETCH.sub(b'""', block):
        raise Refused("something is said of a triple (RDF 1.2). Give the statement an IRI")


def _whole(source: IO[bytes], form: RdfFormat) -> bytes:
    """Read a file that has to be read at once; refuse what no engine should see."""
    data = source.read(LARGEST_FILE + 1).removeprefix(BOM_UTF8)
    if len(data) > LARGEST_FILE:
        most = LARGEST_FILE // 10**6
        raise Refused(f"more than {most} MB of {form.name}. Write it as N-Quads, or divide it")
    scan = Scan(Text("", _decoded(data, 1)), f".{form.file_extension}", frozenset())
    for finding in scan.findings():
        raise _found(finding, 1)
    return data


def _decoded(data: bytes, first: int) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = first + data.count(b"\n", 0, error.start)
        what = f"the byte 0x{data[error.start]:02X} is not UTF-8. Save it as UTF-8"
        raise Refused(what, f":{line}") from error


def _found(finding: Finding, first: int) -> Refused:
    place = f":{finding.region.line + first - 1}:{finding.region.column}"
    return Refused(f"{finding.message} {finding.hint}", place)


def _parsed(block: bytes, form: RdfFormat, first: int) -> Iterator[Quad]:
    try:
        yield from parse(block, format=form)
    except SyntaxError as error:
        what = str(error.msg).rstrip(".")
        line = (error.lineno or 1) + first - 1
        raise Refused(
            f"not {form.name}: {what}. Mend the file", f":{line}:{error.offset}"
        ) from error
