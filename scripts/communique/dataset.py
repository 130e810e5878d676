"""Files become named graphs, and named graphs become one store."""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    parse,
)

from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES

Term = NamedNode | BlankNode | Literal
Answer = QuerySolutions | QueryBoolean | QueryTriples
Runner = Callable[[str, dict[str, str]], Answer]
"""Answers a query of some prefixes."""

FORMATS = {
    ".nq": RdfFormat.N_QUADS,
    ".nt": RdfFormat.N_TRIPLES,
    ".trig": RdfFormat.TRIG,
    ".ttl": RdfFormat.TURTLE,
}
"""Turtle and its family, by the ends of their names: what the files of a project are."""

ASIDE = frozenset({"alignments", "meta", "shapes"})
_NAMES = {"communique": "ontology", "concepts": "vocab"}


class Source(NamedTuple):
    """One file of triples, and the name of the graph that it is."""

    path: Path
    graph: str

    @property
    def iri(self) -> NamedNode:
        """The graph's IRI."""
        return graph_iri(self.graph)


def graph_iri(name: str) -> NamedNode:
    """Return the IRI of the graph with this name, such as `vocab` or `source/<slug>`."""
    return NamedNode(PREFIXES["graph"] + name)


def turtle_files(folder: Path) -> list[Path]:
    """List the files of Turtle and its family below a folder; it is an error if there is none."""
    if not folder.is_dir():
        raise CommuniqueError(f"{folder}: no such folder. Give --root a project's folder")
    files = (path for path in folder.rglob("*") if path.suffix in FORMATS)
    found = sorted(path for path in files if not _hidden(path, folder))
    if not found:
        raise CommuniqueError(f"{folder}: no .ttl file in it. Give --root a project's folder")
    return found


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def sources(root: Path) -> list[Source]:
    """List the files of ontology and data with the graphs that they are."""
    files = turtle_files(root / "ontology") + turtle_files(root / "data")
    return [Source(path, graph_name(path.relative_to(root))) for path in files]


def load(root: Path, *, infer: bool = True) -> Store:
    """Read every file into its own named graph; with `infer`, add graph:inferred."""
    store = Store()
    for source in sources(root):
        _add(source.path, store, root=root, graph=source.iri)
    if infer:
        from communique.inference import add_inferred

        add_inferred(store)
    return store


def asked(root: Path, *, graphs: bool = False, sparql: str | None = None) -> Store:
    """Read what questions are asked of: `union` of `load`, in one go.

    Without `graphs` it has no named graphs, which takes half the time and memory. With the query
    that is asked, it has no more of what follows than that can see.
    """
    from communique.inference import entail
    from communique.predicates import seen_by

    aside = {graph_iri(name) for name in ASIDE}
    store = Store()
    for source in sources(root):
        if source.iri not in aside:
            _add(source.path, store, root=root, graph=source.iri if graphs else DefaultGraph())
    for graph in queried(store):
        store.update(f"ADD {graph} TO DEFAULT")
    words = None if graphs or sparql is None else seen_by(sparql, store)
    entail(store, graphs=graphs, words=words)
    return store


@contextmanager
def seen(
    root: Path,
    on_disk: Path | None,
    tell: Callable[[str], None] = lambda _: None,
    *,
    graphs: bool = False,
    sparql: str | None = None,
) -> Iterator[Store]:
    """Give what questions are asked of: a project's files, or a store on disk made of such.

    `graphs` and `sparql` are those of `asked`. `tell` hears if files have changed since the store
    was made of them.
    """
    if on_disk is None:
        yield asked(root, graphs=graphs, sparql=sparql)
        return
    from communique.ondisk import opened

    with opened(on_disk, tell) as store:
        yield store


def _add(path: Path, store: Store, *, root: Path, graph: NamedNode | DefaultGraph) -> None:
    """Add the triples of one file to one graph of a store."""
    form = FORMATS[path.suffix]
    if form.supports_datasets:
        store.extend(_within(graph, triples(path, root=root)))
        return
    with _told(path, root):
        store.load(_content(path), format=form, to_graph=graph)


def read(path: Path, *, root: Path, graph: NamedNode) -> list[Quad]:
    """Parse one file of triples into the quads of one graph."""
    return list(_within(graph, triples(path, root=root)))


def triples(path: Path, *, root: Path) -> list[Quad]:
    """Parse one file of triples, and say where it is not what its name promises."""
    with _told(path, root):
        return list(parse(_content(path), format=FORMATS[path.suffix]))


def _within(graph: NamedNode | DefaultGraph, quads: Iterable[Quad]) -> Iterator[Quad]:
    return (Quad(q.subject, q.predicate, q.object, graph) for q in quads)


def _content(path: Path) -> bytes:
    return path.read_bytes().removeprefix(BOM_UTF8)


@contextmanager
def _told(path: Path, root: Path) -> Iterator[None]:
    """Say where a file is not what its name promises."""
    where = path.relative_to(root) if path.is_relative_to(root) else path
    try:
        yield
    except SyntaxError as error:
        place = f"{where}:{error.lineno}:{error.offset}"
        what = str(error.msg).rstrip(".")
        raise CommuniqueError(
            f"{place}: not {FORMATS[path.suffix].name}: {what}. Mend the file"
        ) from error
    except OSError as error:
        raise CommuniqueError(f"{where}: {error.strerror}. Check the path") from error


def queried(store: Store) -> list[NamedNode]:
    """List the graphs that questions see: all but the alignments and the description."""
    aside = {graph_iri(name) for name in ASIDE}
    names = [graph for graph in store.named_graphs() if isinstance(graph, NamedNode)]
    return sorted((name for name in names if name not in aside), key=lambda name: name.value)


def union(store: Store) -> Store:
    """Return what questions are asked of: each triple once, whatever graphs hold it.

    The default graph of the result holds everything; its named graphs stay for `GRAPH`.
    """
    seen = Store()
    for graph in queried(store):
        quads = list(store.quads_for_pattern(None, None, None, graph))
        seen.extend(quads)
        seen.extend(Quad(q.subject, q.predicate, q.object) for q in quads)
    return seen


def select(store: Store, sparql: str) -> list[dict[str, Term]]:
    """Return the rows of a SELECT of our own; an unbound variable is not in its row."""
    return list(rows_of(store.query(sparql, prefixes=PREFIXES)))


def rows_of(answer: Answer) -> Iterator[dict[str, Term]]:
    """Yield the rows of the answer to a SELECT of our own, as they come."""
    if not isinstance(answer, QuerySolutions):
        raise TypeError(answer)
    names = [variable.value for variable in answer.variables]
    for row in answer:
        yield {name: row[name] for name in names if row[name] is not None}


def extent(store: Store, graphs: Iterable[NamedNode]) -> int:
    """Count the triples of some graphs."""
    return sum(1 for graph in graphs for _ in store.quads_for_pattern(None, None, None, graph))


def graph_name(path: Path) -> str:
    """Return the name of the graph that a file is; its path is from the project's folder."""
    if path.parts[:2] == ("data", "articles"):
        return f"source/{path.stem}"
    return _NAMES.get(path.stem, path.stem)
