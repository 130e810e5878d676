"""What things are called, of which classes and schemes they are, and what a name means."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from communique.dataset import ASIDE, sources, triples
from communique.namespaces import PREFIXES, shrink, split

_TYPE = PREFIXES["rdf"] + "type"
_ABOVE = PREFIXES["rdfs"] + "subClassOf"
_SCHEME = PREFIXES["skos"] + "inScheme"
_LABELS = (PREFIXES["skos"] + "prefLabel", PREFIXES["rdfs"] + "label")
_OTHER = PREFIXES["skos"] + "altLabel"
_TOLD = (_TYPE, _ABOVE, _SCHEME, *_LABELS, _OTHER)


@dataclass(frozen=True, order=True)
class Thing:
    """One thing with its names: its labels, and other labels."""

    label: str
    iri: str
    labels: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """Whatever it is called."""
        return self.labels | self.others | {self.local}

    @property
    def local(self) -> str:
        """The last part of its IRI, which has no spaces."""
        return local(self.iri)


class Names:
    """What some triples call things, and of which classes and schemes they say that they are."""

    def __init__(self, told: Iterable[Quad]) -> None:
        """Read what these triples tell."""
        self._told: dict[str, defaultdict[str, set[str]]] = {
            predicate: defaultdict(set) for predicate in _TOLD
        }
        for each in told:
            found = self._told.get(each.predicate.value)
            if found is None:
                continue
            thing, said = each.subject, each.object
            if isinstance(thing, NamedNode) and isinstance(said, NamedNode | Literal):
                found[thing.value].add(said.value)

    def things(self, iris: Iterable[str]) -> list[Thing]:
        """Return things with their names, by label."""
        return sorted(map(self._thing, iris))

    def typed(self) -> set[str]:
        """Return all that has a class."""
        return set(self._told[_TYPE])

    def of_class(self, iri: str) -> set[str]:
        """Return what is of a class or of a narrower one."""
        classes, reached = {iri}, {iri}
        while reached:
            reached = self._with(_ABOVE, reached) - classes
            classes |= reached
        return self._with(_TYPE, classes)

    def in_scheme(self, iri: str) -> set[str]:
        """Return the concepts of a scheme."""
        return self._with(_SCHEME, {iri})

    def _with(self, predicate: str, objects: set[str]) -> set[str]:
        return {thing for thing, found in self._told[predicate].items() if found & objects}

    def _thing(self, iri: str) -> Thing:
        labels = frozenset().union(*(self._told[each].get(iri, ()) for each in _LABELS))
        others = frozenset(self._told[_OTHER].get(iri, ()))
        return Thing(min(labels, default=shrink(iri)), iri, labels, others)


def names_in(store: Store) -> Names:
    """Return the names in a store made by `dataset.union`."""
    return Names(
        quad
        for predicate in _TOLD
        for quad in store.quads_for_pattern(None, NamedNode(predicate), None, DefaultGraph())
    )


def names_of(store: Store, *, of_class: str = "", scheme: str = "") -> Names:
    """Return the names of what is of a class, or in a scheme, and of nothing else."""
    told = list(_naming(store, _SCHEME, scheme)) if scheme else []
    reached = [of_class] if of_class else []
    for each in reached:
        told += _naming(store, _TYPE, each)
        above = list(_naming(store, _ABOVE, each))
        told += above
        narrower = (quad.subject.value for quad in above if isinstance(quad.subject, NamedNode))
        reached += [name for name in dict.fromkeys(narrower) if name not in reached]
    things = dict.fromkeys(quad.subject for quad in told)
    labels = (
        quad
        for thing in things
        for predicate in (*_LABELS, _OTHER)
        for quad in store.quads_for_pattern(thing, NamedNode(predicate), None, DefaultGraph())
    )
    return Names([*told, *labels])


def _naming(store: Store, predicate: str, iri: str) -> Iterator[Quad]:
    return store.quads_for_pattern(None, NamedNode(predicate), NamedNode(iri), DefaultGraph())


def names_in_files(root: Path) -> Names:
    """Return the same from a project's files, in less time than a store takes to be filled."""
    seen = (source.path for source in sources(root) if source.graph not in ASIDE)
    return Names(quad for path in seen for quad in triples(path, root=root))


def meant(name: str, among: Iterable[Thing]) -> list[Thing]:
    """Return what has a name as label, else as the last part of its IRI, else as another label."""
    wanted, kept = " ".join(name.split()).casefold(), list(among)
    labelled = [each for each in kept if wanted in folded(each.labels)]
    local_ = [each for each in kept if wanted == each.local.casefold()]
    return labelled or local_ or [each for each in kept if wanted in folded(each.others)]


def local(iri: str) -> str:
    """Return the last part of an IRI."""
    return split(iri)[1]


def folded(names: Iterable[str]) -> set[str]:
    """Return names as they are compared."""
    return {name.casefold() for name in names}
