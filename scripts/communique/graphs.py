"""Documents become graphs: what each file says, and why one cannot be read."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from zlib import crc32

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, parse

from communique.dataset import ASIDE, FORMATS, graph_iri, graph_name
from communique.errors import CommuniqueError
from communique.findings import Finding, Region, Rule, around
from communique.intake import Document
from communique.positions import Located, NotTurtle, Reading, read

_PREFIX = re.compile("[Pp][Rr][Ee][Ff][Ii][Xx]")
_DECLARED = re.compile(r"\s+([^\s:<]*):\s*<([^>]*)>")

_ALIGNMENTS = graph_iri("alignments")

_SYNTAX = Rule("syntax", "A file is in the syntax that its name promises.")
ONE_GRAPH = Rule("one-graph", "A file is one graph of its own, and names no other.")
_RESERVED = Rule("reserved-name", "A file has no name that is kept aside from the data.")
_EMPTY = Rule("empty-file", "A file holds a triple.")
TWICE = Rule("duplicate-file", "No two files hold the same bytes.")


class File(NamedTuple):
    """A document that holds triples, and the graph that it is."""

    document: Document
    number: int
    """By which its blank nodes are told from those of other files."""
    graph: NamedNode

    @property
    def path(self) -> str:
        """From the project's folder, with `/`."""
        return self.document.path

    def placed(self) -> Reading:
        """Return where everything in the file stands; a CommuniqueError where that is not known."""
        try:
            return self.reading()
        except NotTurtle as error:
            raise CommuniqueError(
                f"{self.path}: the engine reads it, and what tells places does not: "
                f"{error.message}. Write it more plainly"
            ) from error

    def reading(self) -> Reading:
        """Return where everything in the file stands, blank nodes named as in its graph."""
        found = read(self.document.text, syntax=FORMATS[suffix(self.path)])
        named = [_named(each, self.number) for each in found.triples]
        return replace(found, triples=named)


@dataclass(frozen=True)
class Graphs:
    """What the files of a project say, each a named graph."""

    data: list[Quad] = field(default_factory=list)
    """Ontology and data. A store would keep the value of a number, and not how it is written."""
    shapes: list[Quad] = field(default_factory=list)
    files: dict[NamedNode, File] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    """Why files cannot be read, or not be taken as they are."""

    @property
    def asked(self) -> list[Quad]:
        """What questions see, and shapes judge: all but what is kept aside, as alignments are."""
        aside = {graph_iri(name) for name in ASIDE}
        return [quad for quad in self.data if quad.graph_name not in aside]


def graphs(documents: Iterable[Document], *, placed: bool = True) -> Graphs:
    """Read the documents that hold triples.

    With `placed`, blank nodes are named for where they stand, so that they can be found in the
    files; that takes a second reading of the files that have some.
    """
    found = Graphs()
    seen: dict[str, str] = {}
    for document in documents:
        if suffix(document.path) not in FORMATS:
            continue
        file = File(document, crc32(document.path.encode()), _graph(PurePosixPath(document.path)))
        if (other := seen.setdefault(document.text, document.path)) != document.path:
            found.findings.append(twice(document.path, other))
        elif _is_reserved(document.path, file.graph):
            message = "A file of this name is kept aside: nothing judges it, and nobody asks it."
            found.findings.append(_whole(file, _RESERVED, message, "give it another name"))
        elif file.graph in found.files:
            other = found.files[file.graph].path
            message = f"The file would be the same graph as {other}."
            found.findings.append(_whole(file, ONE_GRAPH, message, "give it another name"))
        else:
            found.files[file.graph] = file
            is_rule = document.path.startswith("shapes/")
            quads = found.shapes if is_rule else found.data
            found.findings.extend(_added(file, quads, placed=placed))
    return found


def _is_reserved(path: str, graph: NamedNode) -> bool:
    """Tell whether a file would be a graph that is kept aside; only alignments of terms are one."""
    aside = {graph_iri(name) for name in ASIDE}
    return graph in aside and not (path.startswith("ontology/") and graph == _ALIGNMENTS)


def suffix(path: str) -> str:
    """Return the end of a file's name, in lower case."""
    return PurePosixPath(path).suffix.lower()


def prefixes_of(text: str) -> tuple[list[tuple[str, str]], set[str]] | None:
    """Return the prefixes that a text declares, each with its IRI, and those of them that it uses.

    It is a quick look, which takes a string or a comment for what it holds: what seems wrong by it
    is to be read in earnest, and so is a text about which it returns None.
    """
    declared, ends = list[tuple[str, str]](), list[int]()
    for word in _PREFIX.finditer(text):
        beside = (text[word.start() - 1 : word.start()], text[word.end() : word.end() + 1])
        if any(map(_is_of_name, beside)):
            continue
        found = _DECLARED.match(text, word.end())
        if not found:
            return None
        declared.append((found[1], found[2]))
        ends.append(found.end())
    return declared, {name for name, _ in declared if _is_used(name, text, max(ends))}


def _is_used(name: str, text: str, start: int) -> bool:
    """Tell whether a name with this prefix may stand in a text, from some place on."""
    at = text.find(f"{name}:", start)
    while at >= 0 and _is_of_name(text[at - 1 : at]):
        at = text.find(f"{name}:", at + 1)
    return at >= 0


def _is_of_name(sign: str) -> bool:
    """Tell whether a sign beside a word makes it a part of a longer name."""
    return sign.isalnum() or sign in {"_", "-", ":", "."}


def _graph(path: PurePosixPath) -> NamedNode:
    if path.parts[0] == "shapes":
        return graph_iri(path.with_suffix("").as_posix())
    return graph_iri(graph_name(Path(path)))


def _added(file: File, known: list[Quad], *, placed: bool) -> Iterator[Finding]:
    """Add what a file says to what is known; yield why that cannot be done."""
    try:
        quads = list(parse(file.document.text.encode(), format=FORMATS[suffix(file.path)]))
    except SyntaxError as error:
        yield _unreadable(file, error)
        return
    if not quads:
        yield _whole(file, _EMPTY, "The file holds no triple.", "remove it, or fill it")
    if any(not isinstance(quad.graph_name, DefaultGraph) for quad in quads):
        yield _naming_graphs(file)
    if placed and any(_is_blank(quad) for quad in quads):
        quads = _located(file, quads)
    known.extend(Quad(q.subject, q.predicate, q.object, file.graph) for q in quads)


def _is_blank(quad: Quad) -> bool:
    return isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode)


def _located(file: File, quads: list[Quad]) -> list[Quad]:
    """Return the quads with blank nodes named for where they stand in the file.

    The library names them at random. That our own reader finds the same triples is not taken on
    trust: as many, and the same wherever no blank node is in them.
    """
    ours = [Quad(each.subject, each.predicate, each.object) for each in file.placed().triples]
    if _outline(ours) != _outline(quads):
        raise CommuniqueError(
            f"{file.path}: read in two ways, with two results. Write it more plainly"
        )
    return ours


def _outline(quads: Iterable[Quad]) -> Counter[tuple[str, ...]]:
    triples = {(quad.subject, quad.predicate, quad.object) for quad in quads}
    return Counter(
        tuple("" if isinstance(term, BlankNode) else str(term) for term in triple)
        for triple in triples
    )


def _named(each: Located, number: int) -> Located:
    subject, object_ = each.subject, each.object
    if isinstance(subject, BlankNode):
        subject = BlankNode(f"f{number}.{subject.value}")
    if isinstance(object_, BlankNode):
        object_ = BlankNode(f"f{number}.{object_.value}")
    return each._replace(subject=subject, object=object_)


def _unreadable(file: File, error: SyntaxError) -> Finding:
    """Say where a file stops being what it should be, by our own reader if that knows better."""
    text = file.document.text
    try:
        file.reading()
    except NotTurtle as fault:
        region, what = Reading(text, [], [], []).region((fault.start, fault.end)), fault.message
    else:
        line, column = error.lineno or 1, error.offset or 1
        region, what = Region(line, column, line, column + 1), str(error.msg).rstrip(".")
    return _at(file, region, _SYNTAX, f"Not {FORMATS[suffix(file.path)].name}: {what}.")


def _naming_graphs(file: File) -> Finding:
    """Say where the first graph is named."""
    reading = file.placed()
    region = reading.region(reading.graphs[0])
    return _at(file, region, ONE_GRAPH, "The file names graphs.", "leave the names of graphs out")


def _at(file: File, region: Region, rule: Rule, message: str, hint: str = "") -> Finding:
    before, excerpt = around(file.document.text, region)
    return Finding(
        file=file.path,
        region=region,
        rule=rule,
        message=message,
        severity="error",
        layer="syntax",
        hint=hint,
        before=before,
        excerpt=excerpt,
    )


def twice(path: str, other: str) -> Finding:
    """Tell of a file that holds the same as another one."""
    return Finding(path, Region(), TWICE, f"The file holds the same as {other}.", "error", "syntax")


def _whole(file: File, rule: Rule, message: str, hint: str = "") -> Finding:
    """Return a finding about a file as a whole."""
    return Finding(file.path, Region(), rule, message, "error", "syntax", hint=hint)
