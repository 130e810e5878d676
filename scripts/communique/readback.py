"""Read what was written with two libraries, and hold it against what was meant.

pyoxigraph has to read it to the letter. rdflib reads a bare 03 in Turtle as 3 whatever it is
told, so there the values are compared.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pyoxigraph import (
    CanonicalizationAlgorithm,
    Dataset,
    NamedNode,
    Quad,
    RdfFormat,
    Store,
    Triple,
    parse,
)

from communique.description import READINGS, File
from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES

_PARSERS = {
    "text/turtle": "turtle",
    "application/n-triples": "nt",
    "application/n-quads": "nquads",
    "application/trig": "trig",
    "application/ld+json": "json-ld",
}
_LOOSELY = {"text/turtle", "application/trig"}


def check(files: Iterable[File], quads: list[Quad]) -> None:
    """Refuse to go on if a file says something else than these quads to either library."""
    graphs: dict[str, list[Triple]] = {}
    for quad in quads:
        graphs.setdefault(str(quad.graph_name), []).append(quad.triple)
    for file in files:
        if not file.triples or file.path == READINGS:
            continue
        meant = list(_meant(file, graphs, quads))
        alike = values if file.media_type in _LOOSELY else canonical
        if canonical(own(file)) != canonical(meant) or alike(foreign(file)) != alike(meant):
            raise CommuniqueError(
                f"{file.path}: what is read back is not what was written, so nothing is "
                "published. Report this with the data"
            )


def own(file: File) -> Iterable[Quad]:
    """Return what pyoxigraph reads in a file."""
    form = RdfFormat.from_media_type(file.media_type)
    return parse(file.data, format=form)


def foreign(file: File) -> Iterable[Quad]:
    """Return what rdflib reads in a file."""
    import rdflib

    with _lexical_forms():
        dataset = rdflib.Dataset()
        dataset.parse(data=file.data, format=_PARSERS[file.media_type])
        text = dataset.serialize(format="nquads")
    return parse(text, format=RdfFormat.N_QUADS)


def canonical(statements: Iterable[Quad]) -> set[str]:
    """Return quads with blank nodes named as RDFC-1.0 names them."""
    dataset = Dataset(statements)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


def values(statements: Iterable[Quad]) -> set[str]:
    """Return quads as `canonical` does, each number and duration in its shortest form."""
    store = Store()
    store.extend(statements)
    return canonical(store)


def _meant(file: File, graphs: dict[str, list[Triple]], quads: list[Quad]) -> Iterable[Quad]:
    if file.path.startswith("graphs/"):
        name = file.path.removeprefix("graphs/").removesuffix(".ttl")
        triples = graphs[str(NamedNode(PREFIXES["graph"] + name))]
    elif file.path.endswith(".nt"):
        triples = [quad.triple for quad in quads]
    else:
        return quads
    return [Quad(*triple) for triple in triples]


@contextmanager
def _lexical_forms() -> Iterator[None]:
    """Let rdflib keep "03" as it is; it would write 3."""
    import rdflib

    before = rdflib.NORMALIZE_LITERALS
    rdflib.NORMALIZE_LITERALS = False
    try:
        yield
    finally:
        rdflib.NORMALIZE_LITERALS = before
