"""The rules of a project, and the faults by which a rule would pass in silence."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import NamedNode, Quad, Store, Triple

from communique.dataset import Term, graph_iri, read, select, turtle_files
from communique.names import TERMS, closest, described
from communique.namespaces import PREFIXES, shrink

_FOCUS = {
    "targetClass": "ASK {{ [] rdf:type/rdfs:subClassOf* {target} }}",
    "targetNode": "ASK {{ {{ {target} ?p ?o }} UNION {{ ?s ?q {target} }} }}",
    "targetSubjectsOf": "ASK {{ ?s {target} ?o }}",
    "targetObjectsOf": "ASK {{ ?s {target} ?o }}",
}
_TARGETS = """
SELECT ?shape ?kind ?target WHERE {
  VALUES ?kind { sh:targetClass sh:targetNode sh:targetSubjectsOf sh:targetObjectsOf }
  ?shape ?kind ?target .
}
"""
_UNREACHED = """
SELECT DISTINCT ?shape WHERE {
  VALUES ?kind { sh:NodeShape sh:PropertyShape }
  ?shape a ?kind .
  FILTER NOT EXISTS {
    ?shape sh:targetClass|sh:targetNode|sh:targetSubjectsOf|sh:targetObjectsOf []
  }
  FILTER NOT EXISTS { [] (!rdf:type) ?shape }
}
"""

_KEYWORDS = frozenset({"and", "class", "in", "not", "or"})


@dataclass(frozen=True, order=True)
class Flaw:
    """A shape that cannot do its work, and why."""

    shape: str
    message: str


@dataclass(frozen=True)
class Shapes:
    """The shapes of a project, and the file of each."""

    store: Store
    files: dict[str, str]
    targeting: tuple[str, ...]
    idle: tuple[str, ...]
    flaws: tuple[Flaw, ...]


def load_shapes(root: Path, data: Store) -> Shapes:
    """Read the shapes of a project and try their targets on the data."""
    store, files = Store(), dict[str, str]()
    for path in turtle_files(root / "shapes"):
        quads = read(path, root=root, graph=graph_iri("shapes"))
        store.extend(Quad(q.subject, q.predicate, q.object) for q in quads)
        files |= {_name(q.subject): path.relative_to(root).as_posix() for q in quads}
    targets = select(store, _TARGETS)
    found = {_name(row["shape"]): False for row in targets}
    for row in targets:
        found[_name(row["shape"])] |= _has_focus(data, row["kind"], row["target"])
    idle = tuple(sorted(shape for shape, used in found.items() if not used))
    unreached = list(_unreached(store))
    none = not targets and not unreached
    flaws = [
        *(Flaw(shape, "A shape finds something to check.") for shape in idle),
        *([Flaw("", "The shapes of a project have a target.")] if none else []),
        *unreached,
        *_misspelt(store),
        *_switched_off(store),
        *_unknown(store, data),
    ]
    return Shapes(store, files, tuple(sorted(found)), idle, tuple(sorted(flaws)))


def _has_focus(data: Store, kind: Term, target: Term) -> bool:
    ask = _FOCUS[kind.value.removeprefix(PREFIXES["sh"])].format(target=target)
    return bool(data.query(ask, prefixes=PREFIXES))


def _unreached(store: Store) -> Iterator[Flaw]:
    for row in select(store, _UNREACHED):
        yield Flaw(_name(row["shape"]), "A shape has a target, or another shape that uses it.")


def _misspelt(store: Store) -> Iterator[Flaw]:
    """Find words that look like SHACL and are not: every engine ignores them."""
    from rdflib import SH

    known = _KEYWORDS.union(str(term).removeprefix(PREFIXES["sh"]) for term in dir(SH))
    for quad in store:
        for term in (quad.predicate, quad.object):
            word = term.value.removeprefix(PREFIXES["sh"]) if isinstance(term, NamedNode) else ""
            if word and word != getattr(term, "value", word) and word not in known:
                near = difflib.get_close_matches(word, known, n=1)
                hint = f"; did you mean sh:{near[0]}?" if near else "."
                yield Flaw(_name(quad.subject), f"SHACL has no sh:{word}{hint}")


def _switched_off(store: Store) -> Iterator[Flaw]:
    for row in select(store, "SELECT ?shape WHERE { ?shape sh:deactivated ?how FILTER(?how) }"):
        yield Flaw(_name(row["shape"]), "A shape is not deactivated.")


def _unknown(store: Store, data: Store) -> Iterator[Flaw]:
    """Find terms of ours that nothing declares: a rule about them has nothing to judge."""
    known = described(data)
    for quad in store:
        term = quad.object.value if isinstance(quad.object, NamedNode) else ""
        if term.startswith(TERMS) and term not in known:
            near = closest(term, known)
            hint = f"; is it {near}?" if near else "."
            yield Flaw(_name(quad.subject), f"Nothing describes {shrink(term)}{hint}")


def _name(term: Term | Triple) -> str:
    return str(term) if isinstance(term, Triple) else term.value
