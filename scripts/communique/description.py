"""Describe what is published, in VoID, DCAT 3 and SPARQL Service Description."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Triple

from communique.namespaces import BASE, PREFIXES, namespace, shrink, split

META = PREFIXES["graph"] + "meta"
READINGS = "readings-rdf12.nt"
HOME = f"{BASE}id/dataset/"
DATASET = HOME + "communique"
DOWNLOADS = f"{BASE}dist/"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
TITLE = "Communiqué: diplomatic communications as linked data"
ABOUT = (
    "Who said what, who undertook what and according to whom, read from articles about diplomacy: "
    "every statement with its voice, its force and the place of the words that prove it."
)
ENGLISH = "http://publications.europa.eu/resource/authority/language/ENG"
KEYWORDS = ("attribution", "diplomacy", "evidence", "reported speech", "speech acts")
_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
_TYPE = PREFIXES["rdf"] + "type"
_COPIED = ("creator", "issued", "license", "modified", "publisher")
_ROLES = {
    "actors": "Actors, posts and places, with their identifiers elsewhere: editorial",
    "alignments": "Links from our terms to those of other vocabularies: schema",
    "curated": "Judgements across sources, each with its author: curated",
    "inferred": "What follows from all the other graphs: made by a reasoner",
    "meta": "This description: metadata",
    "ontology": "Classes and properties: schema",
    "vocab": "Concept schemes: schema",
}
_READING = "What was read from one document: statements, matters, accounts, evidence"


@dataclass(frozen=True)
class File:
    """One file that is published, and how many triples it holds."""

    path: str
    media_type: str
    title: str
    data: bytes
    triples: int = 0

    @property
    def sha256(self) -> str:
        """The digest of its bytes."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def iri(self) -> str:
        """The IRI of it as a distribution."""
        return HOME + self.path.replace("/", "-")


@dataclass(frozen=True)
class Pending:
    """A file whose bytes contain its own description, so that this cannot state its digest."""

    path: str
    media_type: str
    title: str

    @property
    def iri(self) -> str:
        """The IRI of it as a distribution."""
        return HOME + self.path.replace("/", "-")


def version(triples: Iterable[Triple]) -> str:
    """Return the version that the ontology's header states, or the empty string."""
    return next((o.value for p, o in _header(triples) if p == PREFIXES["owl"] + "versionInfo"), "")


def describe(
    graphs: Mapping[str, list[Triple]], files: Iterable[File], pending: Iterable[Pending]
) -> list[Triple]:
    """Describe the dataset, its graphs and its files.

    All counts are of what is described; the description does not count itself.
    """
    files, pending = list(files), list(pending)
    union = {triple for triples in graphs.values() for triple in triples}
    body = _Body()
    _about_graphs(body, graphs)
    _about_dataset(body, union, [*files, *pending])
    for each in (files, pending):
        for file in each:
            _about_file(body, file)
    for file in files:
        body.extend(checksum(file))
    _about_contents(body, union)
    return body.triples


def checksum(file: File) -> list[Triple]:
    """State the size and the digest of a file."""
    body, node = _Body(), file.iri + "-sha256"
    body.literal(file.iri, "dcat:byteSize", str(len(file.data)), "xsd:nonNegativeInteger")
    body.link(file.iri, "spdx:checksum", node)
    body.a(node, "spdx:Checksum")
    body.link(node, "spdx:algorithm", PREFIXES["spdx"] + "checksumAlgorithm_sha256")
    body.literal(node, "spdx:checksumValue", file.sha256, "xsd:hexBinary")
    return body.triples


class _Body:
    """Triples under construction, written with prefixed names."""

    def __init__(self) -> None:
        self.triples: list[Triple] = []

    def extend(self, triples: Iterable[Triple]) -> None:
        self.triples.extend(triples)

    def a(self, subject: str, *classes: str) -> None:
        for each in classes:
            self.link(subject, "rdf:type", _iri(each))

    def link(self, subject: str, predicate: str, target: str) -> None:
        self._add(subject, predicate, NamedNode(target))

    def literal(
        self, subject: str, predicate: str, value: str | int, datatype: str | None = None
    ) -> None:
        typed = NamedNode(_iri(datatype)) if datatype else None
        self._add(subject, predicate, Literal(value, datatype=typed))

    def english(self, subject: str, predicate: str, text: str) -> None:
        self._add(subject, predicate, Literal(text, language="en"))

    def _add(self, subject: str, predicate: str, value: NamedNode | Literal) -> None:
        self.triples.append(Triple(NamedNode(subject), NamedNode(_iri(predicate)), value))


def _iri(curie: str) -> str:
    prefix, _, local = curie.partition(":")
    return f"{namespace(prefix)}{local}"


def _header(triples: Iterable[Triple]) -> list[tuple[str, NamedNode | Literal]]:
    """Return what is said of the ontology: of the first, if there are several."""
    triples = list(triples)
    header = NamedNode(PREFIXES["owl"] + "Ontology")
    subjects = {str(t.subject): t.subject for t in triples if t.object == header}
    found = subjects[min(subjects)] if subjects else None
    return [
        (t.predicate.value, t.object)
        for t in triples
        if t.subject == found and isinstance(t.object, NamedNode | Literal)
    ]


def _about_dataset(body: _Body, union: set[Triple], files: Iterable[File | Pending]) -> None:
    body.a(DATASET, "dcat:Dataset", "sd:Dataset", "void:Dataset")
    body.english(DATASET, "dcterms:title", TITLE)
    body.english(DATASET, "dcterms:description", ABOUT)
    header = _header(union)
    copied = {PREFIXES["dcterms"] + name for name in _COPIED}
    subject = NamedNode(DATASET)
    body.extend(Triple(subject, NamedNode(p), o) for p, o in header if p in copied)
    if not any(p == PREFIXES["dcterms"] + "license" for p, _ in header):
        body.link(DATASET, "dcterms:license", LICENCE)
    body.literal(DATASET, "void:triples", len(union))
    _name_graph(body, "meta")
    if known := version(union):
        body.literal(DATASET, "dcat:version", known)
    body.literal(DATASET, "void:uriSpace", f"{BASE}id/")
    body.literal(DATASET, "dcterms:identifier", DATASET)
    body.link(DATASET, "dcterms:language", ENGLISH)
    body.link(DATASET, "dcterms:conformsTo", PREFIXES["graph"] + "shapes")
    body.link(DATASET, "dcat:landingPage", BASE)
    for word in KEYWORDS:
        body.english(DATASET, "dcat:keyword", word)
    for file in files:
        body.a(_whole(file), "dcat:Dataset")
        body.link(_whole(file), "dcat:distribution", file.iri)
        if _whole(file) == DATASET:
            body.link(DATASET, "void:dataDump", DOWNLOADS + file.path)


def _whole(file: File | Pending) -> str:
    """Return what a file holds: one graph, or the dataset."""
    name = file.path.removeprefix("graphs/").removesuffix(".ttl")
    return PREFIXES["graph"] + name if name != file.path.removesuffix(".ttl") else DATASET


def _about_graphs(body: _Body, graphs: Mapping[str, list[Triple]]) -> None:
    asserted = sorted(set(graphs) - {"inferred"})
    for name, triples in sorted(graphs.items()):
        graph = _name_graph(body, name)
        body.link(DATASET, "void:subset", graph)
        body.a(graph, "void:Dataset")
        body.literal(graph, "void:triples", len(triples))
        for document in _objects(triples, "cmq:copyOf"):
            body.link(graph, "dcterms:source", document)
        for curator in _objects(triples, "prov:wasAttributedTo"):
            body.link(graph, "prov:wasAttributedTo", curator)
        for source in asserted if name == "inferred" else ():
            body.link(graph, "prov:wasDerivedFrom", PREFIXES["graph"] + source)


def _objects(triples: Iterable[Triple], predicate: str) -> list[str]:
    """List the IRIs that a property leads to."""
    found = {t.object for t in triples if t.predicate.value == _iri(predicate)}
    return sorted(each.value for each in found if isinstance(each, NamedNode))


def _name_graph(body: _Body, name: str) -> str:
    graph, entry = PREFIXES["graph"] + name, f"{HOME}graph-{name.replace('/', '-')}"
    body.link(DATASET, "sd:namedGraph", entry)
    body.a(entry, "sd:NamedGraph")
    body.link(entry, "sd:name", graph)
    body.link(entry, "sd:graph", graph)
    body.a(graph, "dcat:Dataset", "sd:Graph")
    body.link(DATASET, "dcterms:hasPart", graph)
    body.link(graph, "dcterms:license", LICENCE)
    body.english(graph, "dcterms:title", _ROLES.get(name, _READING))
    body.link(graph, "void:dataDump", f"{DOWNLOADS}graphs/{name}.ttl")
    return graph


def _about_file(body: _Body, file: File | Pending) -> None:
    body.a(file.iri, "dcat:Distribution")
    body.english(file.iri, "dcterms:title", file.title)
    body.link(file.iri, "dcat:downloadURL", DOWNLOADS + file.path)
    body.link(file.iri, "dcat:mediaType", _MEDIA_TYPES + file.media_type)
    body.link(file.iri, "dcterms:license", LICENCE)


def _about_contents(body: _Body, triples: set[Triple]) -> None:
    """Count entities by class and triples by property."""
    members: dict[str, set[object]] = defaultdict(set)
    uses: Counter[str] = Counter()
    for triple in triples:
        uses[triple.predicate.value] += 1
        if triple.predicate.value == _TYPE and isinstance(triple.object, NamedNode):
            members[triple.object.value].add(triple.subject)
    for iri, entities in sorted(members.items()):
        part = _partition(body, "class", iri)
        body.literal(part, "void:entities", len(entities))
    for iri, count in sorted(uses.items()):
        part = _partition(body, "property", iri)
        body.literal(part, "void:triples", count)
    for space in sorted({split(iri)[0] for iri in {*members, *uses}}):
        body.link(DATASET, "void:vocabulary", space)


def _partition(body: _Body, kind: str, iri: str) -> str:
    short = shrink(iri).strip("<>")
    part = f"{HOME}{kind}-" + "".join(c if c.isalnum() else "-" for c in short)
    body.link(DATASET, f"void:{kind}Partition", part)
    body.link(part, f"void:{kind}", iri)
    return part
