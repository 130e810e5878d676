"""Write the dataset for others: every serialisation, its description and its sums."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from pyoxigraph import (
    CanonicalizationAlgorithm,
    Dataset,
    NamedNode,
    Quad,
    RdfFormat,
    Store,
    Triple,
    serialize,
)

from communique import dataset, jsonld, readback, staging
from communique.description import META, READINGS, File, Pending, checksum, describe, version
from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES, prefixes_for, shrink
from communique.turtle import formatted

_GRAPH_NAME = re.compile(r"[a-z0-9-]{1,100}(/[a-z0-9-]{1,100})?")
_TURTLE = "text/turtle"
_BULK = (
    Pending("communique.nq", "application/n-quads", "Everything, in canonical N-Quads"),
    Pending("communique.trig", "application/trig", "Everything, in TriG"),
    Pending("communique.nt", "application/n-triples", "Everything in one graph, in N-Triples"),
    Pending("communique.jsonld", "application/ld+json", "Everything, in JSON-LD"),
    Pending("context.jsonld", "application/ld+json", "The context of the JSON-LD"),
)
_CATALOGUE = Pending("catalogue.ttl", _TURTLE, "The description, with the sums of all files")
_META = Pending("graphs/meta.ttl", _TURTLE, "The graph meta, in Turtle")
_READINGS = Pending(READINGS, "application/n-triples", "The readings, in RDF 1.2")
_SHAPES = "shapes"
_TOLD = {PREFIXES["cmq"] + name for name in ("relays", "voice", "attribution")}
_REIFIES = NamedNode(PREFIXES["rdf"] + "reifies")


@dataclass(frozen=True)
class Publication:
    """What was published, and where."""

    out: Path
    version: str
    digest: str
    triples: int
    files: tuple[File, ...]

    def __str__(self) -> str:
        """Say it in one line."""
        size = sum(len(file.data) for file in self.files)
        return (
            f"{self.out}: {len(self.files)} files, {size:,} bytes; {self.triples:,} triples, "
            f"version {self.version or 'not stated'}, canonical digest {self.digest[:16]}"
        )


def publish(
    quads: Iterable[Quad], out: Path, *, readings: bool = False, read_back: bool = True
) -> Publication:
    """Write the published files of some named graphs to the folder `out`, or nothing.

    Same quads, same bytes. A `Store` is such quads, but it has turned P0D into PT0S: see
    `quads_of`. With `readings`, each voice's innermost statements are added in RDF 1.2. With
    `read_back`, nothing is written that two libraries do not read as it was meant.
    """
    staging.refuse_foreign(out)
    publication = compose(quads, out, readings=readings, read_back=read_back)
    files = {file.path: file.data for file in publication.files}
    staging.put(files, out, name=publication.files[-1].sha256[:16])
    return publication


def quads_of(root: Path, store: Store) -> list[Quad]:
    """Return what a project's files say, to the letter, and what its store infers from them.

    The shapes are there too, as graph:shapes: they are published by themselves.
    """
    inferred = store.quads_for_pattern(None, None, None, dataset.graph_iri("inferred"))
    folder = root / "shapes"
    found = dataset.turtle_files(folder) if folder.is_dir() else []
    shapes = (dataset.Source(path, _SHAPES) for path in found)
    said = [
        quad
        for source in (*dataset.sources(root), *shapes)
        for quad in dataset.read(source.path, root=root, graph=source.iri)
    ]
    return [*said, *inferred]


def compose(
    quads: Iterable[Quad], out: Path, *, readings: bool = False, read_back: bool = True
) -> Publication:
    """Make every file that is published, the manifest last, without writing any."""
    quads = list(quads)
    _check(quads)
    parts = [_graph_file(name, triples) for name, triples in sorted(_by_graph(quads).items())]
    content = _canonical([quad for quad in quads if _graph_name(quad) != _SHAPES])
    if readings:
        parts.append(_readings(content))
    graphs = _by_graph(content)
    meta = describe(graphs, parts, [_META, *_BULK])
    everything = sorted({*content, *(_in_meta(triple) for triple in meta)}, key=_order)
    whole = [_turtle(_META, meta), *_bulk(everything)]
    catalogue = _turtle(_CATALOGUE, [*meta, *(t for file in whole for t in checksum(file))])
    files = sorted([*parts, *whole, catalogue], key=lambda file: file.path)
    known = version(triple for triples in graphs.values() for triple in triples)
    sums = _sums(files)
    digest = next(file.sha256 for file in files if file.path == "communique.nq")
    manifest = _manifest([*files, sums], known, digest, everything)
    if read_back:
        readback.check(parts, quads)
        readback.check(whole, everything)
    extent = len({quad.triple for quad in everything})
    return Publication(out, known, digest, extent, (*files, sums, manifest))


def _check(quads: list[Quad]) -> None:
    """Refuse what has no place in the published folder."""
    names = {_graph_name(quad) for quad in quads}
    if not names - {_SHAPES}:
        raise CommuniqueError("publish: nothing to publish. Load ontology and data first")
    if len({name.replace("/", "-") for name in names}) < len(names):
        raise CommuniqueError("publish: two graphs would share a file name. Rename one")
    for quad in quads:
        if isinstance(quad.object, Triple):
            raise CommuniqueError(
                f"publish: {quad.subject} has a triple as object. Use plain RDF 1.1 in the data"
            )


def _graph_name(quad: Quad) -> str:
    """Return the name of a graph, from which the name of its file follows."""
    graph, base = quad.graph_name, PREFIXES["graph"]
    if not isinstance(graph, NamedNode):
        raise CommuniqueError(
            f"publish: what is said of {quad.subject} is in no graph. Put it in a named graph"
        )
    name = graph.value.removeprefix(base)
    if not graph.value.startswith(base) or not _GRAPH_NAME.fullmatch(name) or name == "meta":
        raise CommuniqueError(
            f"publish: {graph} cannot name a file. Name the graph graph:<name> or "
            "graph:source/<name> in lower-case letters, digits and hyphens, but not graph:meta"
        )
    return name


def _by_graph(quads: Iterable[Quad]) -> dict[str, list[Triple]]:
    graphs: dict[str, list[Triple]] = defaultdict(list)
    for quad in quads:
        graphs[_graph_name(quad)].append(quad.triple)
    return graphs


def _canonical(quads: list[Quad]) -> list[Quad]:
    """Give blank nodes the labels that RDFC-1.0 gives them."""
    labelled = Dataset(quads)
    labelled.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return list(labelled)


def _in_meta(triple: Triple) -> Quad:
    return Quad(triple.subject, triple.predicate, triple.object, NamedNode(META))


def _order(quad: Quad) -> tuple[str, ...]:
    return tuple(str(term) for term in (quad.graph_name, *quad.triple))


def _graph_file(name: str, triples: list[Triple]) -> File:
    return _turtle(Pending(f"graphs/{name}.ttl", _TURTLE, f"The graph {name}, in Turtle"), triples)


def _turtle(about: Pending, triples: list[Triple]) -> File:
    fresh = formatted(_lines(triples, RdfFormat.N_TRIPLES).decode(), where=about.path)
    return _file(about, fresh.encode(), len(set(triples)))


def _file(about: Pending, data: bytes, triples: int = 0) -> File:
    return File(about.path, about.media_type, about.title, data, triples)


def _bulk(quads: list[Quad]) -> list[File]:
    """Write everything in each form; the order is that of `_BULK`."""
    union = {quad.triple for quad in quads}
    document, context = jsonld.documents(quads)
    lines = _lines(quads, RdfFormat.N_QUADS), _lines(union, RdfFormat.N_TRIPLES)
    trig = _sorted_prefixes(_written(quads, RdfFormat.TRIG, _prefixes(quads)))
    data = (lines[0], trig, lines[1], document, context)
    extents = (len(quads), len(quads), len(union), len(quads), 0)
    return [_file(*each) for each in zip(_BULK, data, extents, strict=True)]


def _lines(statements: Iterable[Quad] | Iterable[Triple], form: RdfFormat) -> bytes:
    """Write one statement a line, sorted by code point: canonical N-Triples or N-Quads."""
    return b"".join(sorted(_written(statements, form).splitlines(keepends=True)))


def _written(
    statements: Iterable[Quad] | Iterable[Triple],
    form: RdfFormat,
    prefixes: dict[str, str] | None = None,
) -> bytes:
    buffer = BytesIO()
    serialize(statements, buffer, form, prefixes=prefixes)
    return buffer.getvalue()


def _sorted_prefixes(trig: bytes) -> bytes:
    """Sort the prefixes, which are written in any order."""
    lines = trig.splitlines(keepends=True)
    count = next(n for n, line in enumerate(lines) if not line.startswith(b"@prefix "))
    return b"".join([*sorted(lines[:count]), *lines[count:]])


def _prefixes(quads: list[Quad]) -> dict[str, str]:
    iris = {term.value for quad in quads for term in quad if isinstance(term, NamedNode)}
    return prefixes_for({shrink(iri).partition(":")[0] for iri in iris})


def _readings(quads: list[Quad]) -> File:
    """Say of each innermost statement what each of its voices does with its content.

    Who relays it, in whose voice and on what footing, goes with it: no reading without its tellers.
    """
    said: dict[str, dict[NamedNode, set[NamedNode]]] = defaultdict(lambda: defaultdict(set))
    for quad in quads:
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode):
            said[quad.predicate.value][quad.subject].add(quad.object)
    voices, forces, contents, relays = (
        said[PREFIXES["cmq"] + name] for name in ("voice", "force", "content", "relays")
    )
    found = {
        Triple(statement, _REIFIES, Triple(voice, force, content))
        for statement in contents.keys() - relays.keys()
        for content in contents[statement]
        for voice in voices[statement]
        for force in forces[statement]
    }
    told = {quad.triple for quad in quads if quad.predicate.value in _TOLD}
    return _file(_READINGS, _lines(found | told, RdfFormat.N_TRIPLES), len(found | told))


def _sums(files: list[File]) -> File:
    lines = "".join(f"{file.sha256}  {file.path}\n" for file in files)
    return _file(Pending("SHA256SUMS", "text/plain", "The digests of the files"), lines.encode())


def _manifest(files: list[File], known: str, digest: str, quads: list[Quad]) -> File:
    """List everything but itself."""
    content = {
        "version": known,
        "canonical": {"algorithm": "RDFC-1.0", "hash": "SHA-256", "digest": digest},
        "quads": len(quads),
        "triples": len({quad.triple for quad in quads}),
        "files": [
            {
                "path": file.path,
                "mediaType": file.media_type,
                "bytes": len(file.data),
                "sha256": file.sha256,
                "triples": file.triples,
            }
            for file in files
        ],
    }
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    return _file(Pending("manifest.json", "application/json", "The manifest"), text.encode())
