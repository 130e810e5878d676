"""Articles one at a time: what can be checked of each by itself, beside what all of them share.

What is shared are ontology, shapes, registry and findings. Rules that look from one article into
another (see reaching) are left for all together (see concluding): an extract of each article is
kept for them.
"""

import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from hashlib import blake2b, sha256
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Store, Triple, serialize

from communique import dangling, misplaced
from communique.dataset import ASIDE, FORMATS, graph_iri
from communique.engines import engine
from communique.evidence import ReaderCopy, read_copy
from communique.faults import Fault, Node
from communique.findings import Finding
from communique.graphs import Graphs, graphs, suffix, twice
from communique.intake import Document, admitted
from communique.namespaces import PREFIXES, split
from communique.parting import Far, Parts, renamed
from communique.places import Places, Triples
from communique.reaching import FOREIGN, OWN, PLAIN, TYPE, Edge, Profile, Sorts, shared
from communique.shapes import unjudged
from communique.validation import Choices, Gate, findings_of, homes, store_of, turn
from communique.vocabularies import Vocabulary, vocabulary
from communique.wording import Wording

_SUBCLASS = PREFIXES["rdfs"] + "subClassOf"
_STATEMENT = PREFIXES["cmq"] + "Statement"
_PLACED_IN = tuple(PREFIXES["cmq"] + name for name in ("DigestState", "Passage", "Span"))
_HASH = 8
_ASIDE = {graph_iri(name) for name in ASIDE}


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
    def words(self) -> ReaderCopy | None:
        """The reader's copy of an article."""
        return read_copy(self.choices.copy) if self.choices.copy else None


@dataclass(frozen=True)
class Outcome:
    """What was found in one article, or in some that name each other, and what others need of it.

    It is made of text and numbers, and can be pickled.
    """

    paths: tuple[str, ...]
    digests: tuple[str, ...]
    """Of each file, the SHA-256 of what it holds."""
    findings: tuple[Finding, ...]
    failed: tuple[tuple[str, bool], ...] = ()
    """The layers that have errors (True), or were left out for those of others (False)."""
    files: int = 0
    """How many of the files can be opened."""
    triples: int = 0
    statements: int = 0
    predicates: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    nodes: frozenset[str] = frozenset()
    """Which of the nodes at which shapes aim are named."""
    names: tuple[tuple[str, bytes], ...] = ()
    """By namespace, hashes of the names of what is described, eight bytes each."""
    unresolved: frozenset[str] = frozenset()
    """Names of what neither the article nor what is shared describes."""
    answered: frozenset[str] = frozenset()
    """Names that what is shared leaves to articles, and that are described here."""
    borrowed: frozenset[str] = frozenset()
    """Namespaces of other articles whose findings are named here."""
    outside: frozenset[str] = frozenset()
    """What is named that is not described here, nor by the ontology."""
    part: str = ""
    """The digest of what is shared of that (see Frame.part)."""
    adds: bool = False
    """Whether something is described that is shared, and not left to articles."""
    wanting: bool = False
    """Whether names of the project are among what is unresolved."""
    edges: frozenset[Edge] = frozenset()
    extract: bytes = b""
    """What rules that look into other articles need of this one: N-Triples, by zlib."""
    extracted: str = ""
    """The digest of that, whatever the order of its triples."""
    spaces: tuple[str, ...] = ()
    """The namespaces of what is described."""
    unread: bool = False
    """Whether a file could not be read as a graph."""
    more: "Callable[[], Outcome] | None" = field(default=None, compare=False)
    """Returns the outcome with its names, what is outside and its extract, where these are kept."""

    def full(self) -> "Outcome":
        """Return the outcome with all that is kept of it."""
        return self.more() if self.more else self


def digest(data: bytes) -> str:
    """Return the SHA-256 of what a file holds, in hex."""
    return sha256(data).hexdigest()


def hashed(iri: str) -> bytes:
    """Return eight bytes that stand for a name."""
    return blake2b(iri.encode(), digest_size=_HASH).digest()


def is_named(outcome: Outcome, iri: str) -> bool:
    """Tell whether an article describes a thing, as far as eight bytes tell."""
    space = split(iri)[0]
    if space not in outcome.spaces:
        return False
    names, wanted = dict(outcome.full().names).get(space, b""), hashed(iri)
    return any(names[at : at + _HASH] == wanted for at in range(0, len(names), _HASH))


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
                found[quad.subject.value].add(shared(_iri(quad.object)))
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
                found[_iri(quad.subject)].append(_iri(quad.object))
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
        types = {(q.subject, _iri(q.object)) for q in quads if q.predicate.value == TYPE}
        are = {kind: _STATEMENT in self.classes([kind]) for _, kind in types}
        return len({thing for thing, kind in types if are[kind]})

    @cached_property
    def into(self) -> frozenset[str]:
        """The names that are left to articles: they are the project's, and have no class here."""
        owns = self.vocabulary.owns
        return frozenset(iri for iri in self.named if iri not in self.kinds and owns(iri))

    @cached_property
    def named(self) -> frozenset[str]:
        """The names that stand here as subjects or objects."""
        return frozenset(_iri(each) for quad in self.asked for each in (quad.subject, quad.object))

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
        return {_iri(q.subject): space for space, quads in self.satellites.items() for q in quads}

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

        It is of all that is said of them, and of what that leads to.
        """
        spaces = set(spaces)
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
        told = [*sorted(seen), *(self._node_digests[name] for name in sorted(seen))]
        return digest("\n".join([*told, *sorted(around.values())]).encode())

    @cached_property
    def _registry(self) -> list[Quad]:
        """What is shared but for what the ontology says."""
        return [quad for quad in self.core if _iri(quad.subject) not in self.terms]

    @cached_property
    def _linked(self) -> dict[str, set[str]]:
        """What each shared thing names, and what names it by predicates that are followed back."""
        found = defaultdict[str, set[str]](set)
        for quad in self._registry:
            subject, end = _iri(quad.subject), _iri(quad.object)
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
            said[_iri(quad.subject)].append(line)
            if quad.predicate.value in self.parts.back:
                said[_iri(quad.object)].append(line)
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
            subject = _iri(quad.subject)
            for name in (subject, _iri(quad.object)):
                found[split(name)[0]].add(subject)
        return found

    @cached_property
    def own_edges(self) -> frozenset[Edge]:
        """By what shared things are joined, with each other and with those of articles."""
        return frozenset(
            (quad.predicate.value, start, end)
            for quad in self.core
            for start in self.kinds.get(_iri(quad.subject), (OWN,))
            for end in self._ends(quad.object)
        )

    def _ends(self, term: Node) -> Collection[str]:
        iri = _iri(term)
        return self.kinds.get(iri) or ((FOREIGN,) if iri in self.into else (PLAIN,))

    @cached_property
    def parts(self) -> Parts:
        """The rules, parted by how far they reach."""
        profile = Profile(self.own_edges | self.context.edges, self.kinds)
        placed_here = any(shared(kind) in profile.shared for kind in _PLACED_IN)
        return Parts(self.judge.shapes, profile, self.classes, together=placed_here)

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


def _iri(term: Node) -> str:
    return term.value if isinstance(term, NamedNode) else ""


class _Article(Gate):
    """One article under check, or some that name each other, beside what is shared."""

    def __init__(
        self,
        frame: Frame,
        found: Sequence[Document],
        at_the_door: Iterable[Finding],
    ) -> None:
        context = frame.context
        super().__init__(context.root, context.choices, found, at_the_door, placed=frame.placed)
        self._engine = frame.engine
        self.frame = frame

    # What a whole project reads itself is here of what is shared.

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return self.frame.vocabulary

    @cached_property
    def _ontology(self) -> list[Quad]:
        return self.frame.ontology

    @cached_property
    def _words(self) -> ReaderCopy | None:
        return self.frame.context.words

    @cached_property
    def _known_names(self) -> Collection[str]:
        return self.frame.names | dangling.described(self._graphs.data)

    @cached_property
    def _places(self) -> Places:
        data = [*self._graphs.data, *self.frame.graphs.data, *self.frame.graphs.shapes]
        files = {**self.frame.graphs.files, **self._graphs.files}
        return Places(data, files, self._vocabulary)

    @property
    def said(self) -> list[Quad]:
        """What is said here."""
        return self._graphs.data

    @cached_property
    def spaces(self) -> frozenset[str]:
        """The namespaces of what is described."""
        things = {quad.subject for quad in self._graphs.data}
        return frozenset(split(_iri(thing))[0] for thing in things)

    @cached_property
    def around(self) -> list[Quad]:
        """What is said of this article alone in files that are shared."""
        spaces = self.spaces - self.frame.context.apart
        return [q for space in sorted(spaces) for q in self.frame.satellites.get(space, ())]

    @cached_property
    def own(self) -> frozenset[Node]:
        """The things that are described here."""
        return frozenset(quad.subject for quad in (*self._graphs.data, *self.around))

    @cached_property
    def quads(self) -> list[Quad]:
        """What is said here, and of this article alone."""
        return [*self._graphs.data, *self.around]

    def by(self, predicates: Iterable[str]) -> Iterator[Quad]:
        """Yield what is said by some predicates."""
        return (quad for each in predicates for quad in self._by_predicate.get(each, ()))

    @cached_property
    def _by_predicate(self) -> dict[str, list[Quad]]:
        found = defaultdict[str, list[Quad]](list)
        for quad in self.quads:
            found[quad.predicate.value].append(quad)
        return found

    @cached_property
    def beside(self) -> list[Quad]:
        """What the rules of one article look at of what is shared."""
        parts, index = self.frame.parts, self.frame.index
        found, seen = list[Quad](), set(self.own)
        waiting = [quad.object for quad in self.quads]
        for node in self.own:
            found += index.of(node)
            waiting += [quad.object for quad in index.of(node)]
            waiting += [q.subject for q in index.naming(node) if q.predicate.value in parts.back]
        while waiting:
            node = waiting.pop()
            if node in seen or isinstance(node, Literal):
                continue
            seen.add(node)
            for quad in index.of(node):
                if quad.predicate.value in parts.along:
                    found.append(quad)
                    waiting.append(quad.object)
            waiting += [q.subject for q in index.naming(node) if q.predicate.value in parts.back]
        return found

    @cached_property
    def _asked(self) -> list[Quad]:
        return [*self.quads, *self.beside]

    @cached_property
    def _union(self) -> Store:
        data = [*self.quads, *self.frame.asked] if self._placed else self._asked
        return store_of(data)

    def _shapes(self) -> Iterator[Finding | Fault]:
        return misplaced.shapes_among(self._graphs.data)

    def _queries(self) -> Iterator[Finding]:
        return iter(())

    @cached_property
    def _graphs(self) -> Graphs:
        texts = self.frame.context.texts
        found = graphs(
            (each for each in self._documents if each.text not in texts), placed=self._placed
        )
        again = (each for each in self._documents if each.text in texts)
        found.findings.extend(twice(each.path, texts[each.text]) for each in again)
        return found

    def _strays(self) -> Iterable[Finding]:
        return ()

    def _constraints(self) -> Iterator[Fault]:
        frame = self.frame
        data = (*self._said_elsewhere, *self._in_data)
        mine = (quad for quad in data if quad.subject in self.own)
        yield from unjudged(mine, self._union, frame.shapes)
        found = self._engine.results(self._asked, frame.parts.near)
        results = [each for each in renamed(found) if each.focus in self.own]
        wording = Wording(self._union, frame.shapes, self._vocabulary)
        yield from self._told(results, frame.judge.shapes, frame.rules, wording)

    def _evidence(self) -> Iterator[Fault]:
        return (each for each in super()._evidence() if each.subject in self.own)

    def _homes(self) -> dict[object, object]:
        mine, shared = super()._homes(), self.frame.homes
        things = {quad.subject for quad in self._additions()} & shared.keys()
        return mine | {
            each: min(shared[each], mine.get(each, shared[each]), key=turn) for each in things
        }

    def _worded(self) -> Iterable[Quad]:
        return (*self._said_elsewhere, *self._graphs.data)

    def _additions(self) -> Iterable[Quad]:
        return (*self._in_data, *self._said_elsewhere)

    @cached_property
    def _said_elsewhere(self) -> list[Quad]:
        """What other data say of the things of this article."""
        core = (quad for node in self.own for quad in self.frame.index.of(node))
        return [q for q in (*self.around, *core) if q.graph_name in self.frame.inside]


def check(context: Context, files: Sequence[tuple[str, bytes]]) -> Outcome:
    """Check one article, or some that name each other: their paths, and what they hold.

    What cannot be read is a finding; an error is a bug, or a rule that no engine can follow.
    """
    doors = [admitted(path, data) for path, data in files]
    passed = [document for document, _ in doors if document]
    at_the_door = [finding for _, found in doors for finding in found]

    article, findings, failed = findings_of(
        lambda placed: _Article(context.frame(placed=placed), passed, at_the_door),
        context.choices,
        context.stopped,
    )
    told = Outcome(
        paths=tuple(path for path, _ in files),
        digests=tuple(digest(data) for _, data in files),
        findings=tuple(sorted(findings)),
        failed=tuple(failed.items()),
        files=len(passed),
        triples=len(article.said),
        statements=article.frame.statements(article.said),
        unread=failed.get("encoding", False) or failed.get("syntax", False),
    )
    if told.unread:
        return told
    names = _names(dangling.described(article.said))
    told = replace(told, names=names, spaces=tuple(space for space, _ in names))
    return told if context.stopped else _known(told, article)


def _known(told: Outcome, article: _Article) -> Outcome:
    """Note what others need to know of an article."""
    frame, said = article.frame, article.said
    types = [quad for quad in said if quad.predicate.value == TYPE]
    named = {_iri(term) for quad in article.quads for term in (quad.subject, quad.object)} - {""}
    own = {_iri(node) for node in article.own}
    outside = named - own
    by_what = {quad.predicate.value for quad in said} - own
    described, extract = dangling.described(said), _lines(_extract(article))
    unresolved = (outside | by_what) - frame.kinds.keys()
    beyond = frozenset(outside - frame.terms)
    return replace(
        told,
        predicates=frozenset(quad.predicate.value for quad in said),
        classes=frozenset(_iri(quad.object) for quad in types) - {""},
        nodes=frame.aimed & named,
        unresolved=frozenset(unresolved),
        wanting=any(map(frame.vocabulary.owns, unresolved)),
        answered=frame.into & described,
        borrowed=_borrowed(article, outside),
        outside=beyond,
        part=frame.part(beyond, told.spaces),
        adds=not frame.fixed.isdisjoint(described),
        edges=frozenset(_edges(article)),
        extract=zlib.compress(extract, 1) if extract else b"",
        extracted=digest(extract),
    )


def _names(described: Iterable[str]) -> tuple[tuple[str, bytes], ...]:
    found = defaultdict[str, set[bytes]](set)
    for iri in described:
        found[split(iri)[0]].add(hashed(iri))
    return tuple((space, b"".join(sorted(names))) for space, names in sorted(found.items()))


def _borrowed(article: _Article, outside: Collection[str]) -> frozenset[str]:
    """Return the namespaces whose findings are named, though they are of another article."""
    orbits = article.frame.orbits
    return frozenset(orbits[iri] for iri in outside if iri in orbits) - article.spaces


def _edges(article: _Article) -> Iterator[Edge]:
    frame, own = article.frame, article.own
    for quad in {(q.predicate.value, q.object) for q in article.quads}:
        predicate, end = quad
        if end in own:
            yield predicate, OWN, OWN
        else:
            for sort in frame.kinds.get(_iri(end), (PLAIN,)):
                yield predicate, OWN, sort


class _Walk:
    """Walks along some predicates, among the things of an article."""

    def __init__(self, article: _Article) -> None:
        self._own = article.own
        self.quads = article.quads
        self.index = Triples(article.quads)

    def from_(self, starts: Iterable[Node], far: Far) -> Iterator[Quad]:
        along, back = far.along, far.back
        seen, waiting = set[Node](), list(starts)
        while waiting:
            node = waiting.pop()
            if node in seen or node not in self._own:
                continue
            seen.add(node)
            for quad in self.index.of(node):
                if quad.predicate.value in along:
                    yield quad
                    waiting.append(quad.object)
            for quad in self.index.naming(node):
                if quad.predicate.value in back:
                    yield quad
                    waiting.append(quad.subject)


def _extract(article: _Article) -> Iterator[Quad]:
    """Yield what rules need of an article that look into others."""
    frame, walk = article.frame, _Walk(article)
    answered = [node for node in article.own if _iri(node) in frame.into]
    for far in frame.parts.far:
        if far.everything:
            yield from article.quads
            return
        entries: set[Node] = {
            quad.subject for quad in article.by(far.back) if quad.object not in article.own
        }
        if far.own.is_far or frame.parts.is_wide(far.rule):
            entries |= _focus(article, frame.parts.targets(far.rule.shape))
        entries |= set(answered)
        yield from walk.from_(entries, far)
    yield from _targeted(article)


def _focus(article: _Article, targets: Mapping[str, Iterable[Node]]) -> set[Node]:
    """Return the things of an article at which a shape aims."""
    found: set[Node] = {node for node in targets["targetNode"] if not isinstance(node, Literal)}
    classes = {_iri(kind) for kind in targets["targetClass"]}
    for quad in article.by([TYPE] if classes else ()):
        if classes & article.frame.classes([_iri(quad.object)]):
            found.add(quad.subject)
    found |= {quad.subject for quad in article.by(map(_iri, targets["targetSubjectsOf"]))}
    return found | {quad.object for quad in article.by(map(_iri, targets["targetObjectsOf"]))}


def _targeted(article: _Article) -> Iterator[Quad]:
    """Yield a triple for each shared thing at which shapes aim since it is the object of one."""
    shapes = article.frame.parts.shapes
    wanted = {_iri(p) for each in shapes.subjects() for p in shapes.of(each, "targetObjectsOf")}
    seen = set[tuple[str, Node]]()
    for quad in article.by(wanted):
        key = quad.predicate.value, quad.object
        if quad.object not in article.own and key not in seen:
            seen.add(key)
            yield quad


def _lines(quads: Iterable[Quad]) -> bytes:
    """Write triples as N-Triples, sorted."""
    triples = {Triple(quad.subject, quad.predicate, quad.object) for quad in quads}
    text = serialize(triples, format=RdfFormat.N_TRIPLES) if triples else b""
    return b"".join(sorted((text or b"").splitlines(keepends=True)))
