"""What all articles of a project share, in the forms in which an article is checked beside it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import BlankNode, NamedNode, Quad, Store

from communique import dangling
from communique.dataset import ASIDE, FORMATS, graph_iri
from communique.engines import engine
from communique.faults import Node
from communique.graphs import Graphs, graphs, suffix
from communique.intake import Document
from communique.namespaces import PREFIXES, split
from communique.parting import Parts
from communique.places import Places, Triples
from communique.reaching import FOREIGN, OWN, PLAIN, TYPE, Edge, Profile, Sorts, shared
from communique.touched import Marks, Reading
from communique.validation import Choices, copy_of, homes, store_of
from communique.vocabularies import Vocabulary, vocabulary
from communique.wanted import in_queries, in_triples, prefixes_of, queries_of

if TYPE_CHECKING:
    from communique.evidence import ReaderCopy

_SUBCLASS = PREFIXES["rdfs"] + "subClassOf"
_STATEMENT = PREFIXES["cmq"] + "Statement"
PLACED_IN = tuple(PREFIXES["cmq"] + name for name in ("DigestState", "Passage", "Span"))
"""The classes of what evidence is made of: copies, and places in them."""
_ASIDE = {graph_iri(name) for name in ASIDE}


def digest(data: bytes) -> str:
    """Return the SHA-256 of some bytes, in hex."""
    return sha256(data).hexdigest()


def iri_of(term: Node) -> str:
    """Return the IRI of a thing; nothing for a blank node or a literal."""
    return term.value if isinstance(term, NamedNode) else ""


@dataclass(frozen=True)
class Context:
    """What all articles share, and what is assumed of them; it can be pickled."""

    root: Path
    documents: tuple[Document, ...]
    """The files that are not articles."""
    choices: Choices
    edges: frozenset[Edge] = frozenset()
    """By what the things of articles are joined, as far as is known."""
    apart: frozenset[str] = frozenset()
    """Namespaces that do not tell which article a name is of."""
    stopped: frozenset[str] = frozenset()
    """The layers in which what is shared has errors."""

    def __getstate__(self) -> dict[str, object]:
        """Leave out what can be made again."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def __setstate__(self, state: Mapping[str, object]) -> None:
        """Take the fields back."""
        self.__dict__.update(state)

    def frame(self, *, placed: bool) -> "Frame":
        """Return what is shared, read; `placed` knows where blank nodes stand."""
        return self._placed if placed else self._unplaced

    @cached_property
    def _unplaced(self) -> "Frame":
        return Frame(self, placed=False)

    @cached_property
    def _placed(self) -> "Frame":
        return Frame(self, placed=True)

    @cached_property
    def texts(self) -> dict[str, str]:
        """The paths of the files of graphs, by what they say."""
        return {each.text: each.path for each in self.documents if suffix(each.path) in FORMATS}

    @cached_property
    def words(self) -> "ReaderCopy | None":
        """The reader's copy of an article."""
        return copy_of(self.choices)


class Frame:
    """What all articles share, in the forms in which it is asked."""

    def __init__(self, context: Context, *, placed: bool) -> None:
        """Read what is shared."""
        self.context = context
        self.placed = placed or context.choices.engine != "fast"
        self.graphs: Graphs = graphs(context.documents, placed=self.placed)
        judge = context.choices.judge
        self.judge: Graphs = graphs(judge, placed=self.placed) if judge else self.graphs
        self.engine = engine(context.choices.engine)
        self.asked = [q for q in self.graphs.data if q.graph_name not in _ASIDE]

    changed: frozenset[str] | None = None
    """The predicates by which alone an article says something else than when it was checked."""
    touched: Reading | None = None
    """The rules of one article that have to be asked, if not all of them."""

    def beside(self, _said: Sequence[Quad], _marks: Marks, _paths: Sequence[str]) -> "Frame":
        """Return it as far as an article needs it that says so much: all of it."""
        return self

    @cached_property
    def ontology(self) -> list[Quad]:
        """What the ontology says."""
        files = self.graphs.files
        inside = {graph for graph, file in files.items() if file.path.startswith("ontology/")}
        return [quad for quad in self.graphs.data if quad.graph_name in inside]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The terms and prefixes of the project."""
        return vocabulary(self.ontology, self.graphs.shapes)

    @cached_property
    def names(self) -> frozenset[str]:
        """The IRIs of all that is described here."""
        return frozenset(dangling.described([*self.graphs.data, *self.graphs.shapes]))

    @cached_property
    def kinds(self) -> dict[str, Sorts]:
        """The sorts of the things that have a class here; others are added to, not described."""
        found = defaultdict[str, set[str]](set)
        for quad in self.graphs.data:
            if quad.predicate.value == TYPE and isinstance(quad.subject, NamedNode):
                found[quad.subject.value].add(shared(iri_of(quad.object)))
        return {iri: Sorts(kinds) for iri, kinds in found.items()}

    @cached_property
    def homes(self) -> dict[object, object]:
        """The graph in which each thing of the data has its class here."""
        return homes(quad for quad in self.asked if quad.graph_name in self.inside)

    @cached_property
    def inside(self) -> frozenset[object]:
        """The graphs of the data."""
        files = self.graphs.files.items()
        return frozenset(graph for graph, file in files if file.path.startswith("data/"))

    @cached_property
    def above(self) -> dict[str, list[str]]:
        """The classes just above each class."""
        found = defaultdict[str, list[str]](list)
        for quad in self.graphs.data:
            if quad.predicate.value == _SUBCLASS:
                found[iri_of(quad.subject)].append(iri_of(quad.object))
        return found

    def classes(self, kinds: Iterable[str]) -> set[str]:
        """Return some classes with all that are above them."""
        found, waiting = set[str](), list(kinds)
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting += self.above.get(each, ())
        return found

    def statements(self, quads: Iterable[Quad]) -> int:
        """Count the statements among what is described."""
        types = {(q.subject, iri_of(q.object)) for q in quads if q.predicate.value == TYPE}
        are = {kind: _STATEMENT in self.classes([kind]) for _, kind in types}
        return len({thing for thing, kind in types if are[kind]})

    @cached_property
    def into(self) -> frozenset[str]:
        """The names that are left to articles: they are the project's, and have no class here."""
        owns = self.vocabulary.owns
        return frozenset(iri for iri in self.named if iri not in self.kinds and owns(iri))

    @cached_property
    def wanted(self) -> frozenset[str]:
        """The names that are left to articles, wherever they stand, in triples and in queries."""
        shapes, vocabulary = self.graphs.shapes, self.vocabulary
        queries = (each.text for each in self.context.documents if each.path.endswith(".rq"))
        declared = prefixes_of(shapes)
        asked = in_queries(
            [*queries, *queries_of(shapes)],
            lambda prefix: (*declared.get(prefix, ()), *vocabulary.namespaces(prefix)),
        )
        names = {*in_triples([*self.graphs.data, *shapes]), *asked}
        return frozenset(iri for iri in names if iri not in self.kinds and vocabulary.owns(iri))

    @cached_property
    def wanted_in(self) -> dict[str, list[str]]:
        """The same, by namespace."""
        found = defaultdict[str, list[str]](list)
        for iri in sorted(self.wanted):
            found[split(iri)[0]].append(iri)
        return found

    @cached_property
    def named(self) -> frozenset[str]:
        """The names that stand here as subjects or objects."""
        return frozenset(
            iri_of(each) for quad in self.asked for each in (quad.subject, quad.object)
        )

    @cached_property
    def fixed(self) -> frozenset[str]:
        """Those of them that are not left to articles."""
        return self.named - self.into

    @cached_property
    def satellites(self) -> dict[str, list[Quad]]:
        """By the namespace of an article, what is said here of that one article alone."""
        spaces = defaultdict[Node, set[str]](set)
        for quad in self.asked:
            for term in (quad.subject, quad.object):
                if isinstance(term, NamedNode) and term.value in self.into:
                    spaces[quad.subject].add(split(term.value)[0])
        found = defaultdict[str, list[Quad]](list)
        for quad in self.asked:
            named = spaces.get(quad.subject, set())
            if len(named) == 1 and not named & self.context.apart:
                found[next(iter(named))].append(quad)
        return dict(found)

    @cached_property
    def orbits(self) -> dict[str, str]:
        """The namespace of the one article that each such thing is about."""
        return {iri_of(q.subject): space for space, quads in self.satellites.items() for q in quads}

    @cached_property
    def core(self) -> list[Quad]:
        """All that is shared but for that."""
        around = {id(quad) for quads in self.satellites.values() for quad in quads}
        return [quad for quad in self.asked if id(quad) not in around]

    @cached_property
    def around(self) -> frozenset[Node]:
        """The things of which something is said that is about one article alone."""
        return frozenset(q.subject for quads in self.satellites.values() for q in quads)

    @cached_property
    def index(self) -> Triples:
        """What is shared by all, to be looked up."""
        return Triples(self.core)

    @cached_property
    def terms(self) -> frozenset[str]:
        """The IRIs of all that the ontology describes."""
        return frozenset(dangling.described(self.ontology))

    def part(self, outside: Iterable[str], spaces: Iterable[str]) -> str:
        """Return the digest of what is shared of some names and of those in some namespaces.

        It is of all that is said of them, and of what that leads to; and of the names in those
        namespaces that are left to articles.
        """
        spaces = set(spaces)
        wanted = (iri for space in sorted(spaces) for iri in self.wanted_in.get(space, ()))
        around = {space: self._around_digests[space] for space in spaces & {*self._around_digests}}
        seen, waiting = (
            set[str](),
            [*outside, *(n for s in spaces for n in self._in_space.get(s, ()))],
        )
        while waiting:
            name = waiting.pop()
            if name not in seen and name in self._linked:
                seen.add(name)
                waiting += self._linked[name]
        told = [*wanted, "", *sorted(seen), *(self._node_digests[name] for name in sorted(seen))]
        return digest("\n".join([*told, *sorted(around.values())]).encode())

    @cached_property
    def _registry(self) -> list[Quad]:
        """What is shared but for what the ontology says."""
        return [quad for quad in self.core if iri_of(quad.subject) not in self.terms]

    @cached_property
    def _linked(self) -> dict[str, set[str]]:
        """What each shared thing names, and what names it by predicates that are followed back."""
        found = defaultdict[str, set[str]](set)
        for quad in self._registry:
            subject, end = iri_of(quad.subject), iri_of(quad.object)
            if end or isinstance(quad.object, BlankNode):
                found[subject].add(end)
            if end and quad.predicate.value in self.parts.back:
                found[end].add(subject)
        return found

    @cached_property
    def _node_digests(self) -> dict[str, str]:
        """The digest of what is said of each thing, or of who names it."""
        said = defaultdict[str, list[str]](list)
        for quad in self._registry:
            line = _line(quad)
            said[iri_of(quad.subject)].append(line)
            if quad.predicate.value in self.parts.back:
                said[iri_of(quad.object)].append(line)
        return {name: digest("\n".join(sorted(lines)).encode()) for name, lines in said.items()}

    @cached_property
    def _around_digests(self) -> dict[str, str]:
        return {
            space: digest("\n".join(sorted(map(_line, quads))).encode())
            for space, quads in self.satellites.items()
        }

    @cached_property
    def _in_space(self) -> dict[str, set[str]]:
        """By namespace, the shared things that are in it or that name something in it."""
        found = defaultdict[str, set[str]](set)
        for quad in self._registry:
            subject = iri_of(quad.subject)
            for name in (subject, iri_of(quad.object)):
                found[split(name)[0]].add(subject)
        return found

    @cached_property
    def own_edges(self) -> frozenset[Edge]:
        """By what shared things are joined, with each other and with those of articles."""
        return frozenset(
            (quad.predicate.value, start, end)
            for quad in self.core
            for start in self.kinds.get(iri_of(quad.subject), (OWN,))
            for end in self._ends(quad.object)
        )

    def _ends(self, term: Node) -> Collection[str]:
        iri = iri_of(term)
        return self.kinds.get(iri) or ((FOREIGN,) if iri in self.into else (PLAIN,))

    @cached_property
    def parts(self) -> Parts:
        """The rules, parted by how far they reach."""
        profile = Profile(self.own_edges | self.context.edges, self.kinds)
        return Parts(self.judge.shapes, profile, self.classes, together=self.holds_evidence)

    @cached_property
    def holds_evidence(self) -> bool:
        """Whether there is evidence among what is shared."""
        wanted = {shared(kind) for kind in PLACED_IN}
        return not all(map(wanted.isdisjoint, self.kinds.values()))

    @cached_property
    def rules(self) -> Places:
        """Where the rules stand."""
        return Places(self.judge.shapes, self.judge.files, self.vocabulary)

    @cached_property
    def shapes(self) -> Store:
        """The shapes, as what tells of results wants them."""
        store = store_of(self.judge.shapes)
        store.extend(self.judge.shapes)
        return store

    @cached_property
    def aimed(self) -> frozenset[str]:
        """The nodes at which shapes aim by name."""
        shapes = self.parts.shapes
        nodes = (node for each in shapes.subjects() for node in shapes.of(each, "targetNode"))
        return frozenset(node.value for node in nodes)


def _line(quad: Quad) -> str:
    """Write a triple; blank nodes have no lasting name."""
    terms = (quad.subject, quad.predicate, quad.object)
    return " ".join("_" if isinstance(each, BlankNode) else str(each) for each in terms)
