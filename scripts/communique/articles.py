"""Articles one at a time: what can be checked of each by itself, beside what all of them share.

What is shared are ontology, shapes, registry and findings. Rules that look from one article into
another (see reaching) are left for all together (see concluding): an extract of each article is
kept for them.
"""

import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING

from pyoxigraph import Literal, Quad, Store

from communique import dangling, misplaced
from communique.extracts import extract, lines
from communique.faults import Fault, Node
from communique.findings import Finding
from communique.frame import PLACED_IN, Context, Frame, digest, iri_of
from communique.graphs import Graphs, graphs, twice
from communique.intake import Document, admitted
from communique.namespaces import split
from communique.parting import renamed
from communique.places import Places
from communique.reaching import OWN, PLAIN, TYPE, Edge
from communique.shapes import unjudged
from communique.touched import Marks, Reading
from communique.validation import Gate, findings_of, store_of, turn
from communique.vocabularies import Vocabulary
from communique.wording import Wording

if TYPE_CHECKING:
    from communique.evidence import ReaderCopy

HASH = 8
"""The bytes that stand for a name."""


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
    marks: bytes = b""
    """What stands for what is said by each predicate (see touched)."""
    spaces: tuple[str, ...] = ()
    """The namespaces of what is described."""
    unread: bool = False
    """Whether a file could not be read as a graph."""
    more: "Callable[[], Outcome] | None" = field(default=None, compare=False)
    """Returns the outcome with its names, extract, marks and what is outside, if these are kept."""

    def full(self) -> "Outcome":
        """Return the outcome with all that is kept of it."""
        return self.more() if self.more else self


def hashed(iri: str) -> bytes:
    """Return eight bytes that stand for a name."""
    return blake2b(iri.encode(), digest_size=HASH).digest()


def is_named(outcome: Outcome, iri: str) -> bool:
    """Tell whether an article describes a thing, as far as eight bytes tell."""
    space = split(iri)[0]
    if space not in outcome.spaces:
        return False
    return is_among(dict(outcome.full().names).get(space, b""), iri)


def is_among(names: bytes, iri: str) -> bool:
    """Tell whether a name is among some of which hashes are put together."""
    wanted = hashed(iri)
    at = names.find(wanted)
    while at > 0 and at % HASH:
        at = names.find(wanted, at + 1)
    return at >= 0


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
        self._shared = frame

    @cached_property
    def frame(self) -> Frame:
        """What is shared, as far as it is needed here."""
        paths = [document.path for document in self._documents]
        return self._shared.beside(self._graphs.data, self.marks, paths)

    @cached_property
    def marks(self) -> Marks:
        """What stands for what is said here."""
        return Marks(self._graphs.data)

    # What a whole project reads itself is here of what is shared.

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return self.frame.vocabulary

    @cached_property
    def _ontology(self) -> list[Quad]:
        return self.frame.ontology

    @cached_property
    def _words(self) -> "ReaderCopy | None":
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
        return frozenset(split(iri_of(thing))[0] for thing in things)

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
        texts = self._shared.context.texts
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
        asked = frame.touched
        if asked and not self._finds(asked):
            return
        data = (*self._said_elsewhere, *self._in_data)
        mine = (quad for quad in data if quad.subject in self.own)
        yield from unjudged(mine, self._union, frame.shapes)
        store = None if self._placed else self._union
        found = self._engine.results(self._asked, frame.parts.near, store)
        results = [each for each in renamed(found) if each.focus in self.own]
        wording = Wording(self._union, frame.shapes, self._vocabulary)
        yield from self._told(results, frame.judge.shapes, frame.rules, wording)

    def _finds(self, asked: Reading) -> bool:
        """Tell whether some rules find anything."""
        data = [quad for quad in self._asked if quad.predicate.value in asked.predicates]
        return bool(asked.shapes and self._engine.results(data, asked.shapes))

    def _evidence(self) -> Iterator[Fault]:
        if self._leaves_evidence:
            return iter(())
        return (each for each in super()._evidence() if each.subject in self.own)

    @property
    def _leaves_evidence(self) -> bool:
        """Whether nothing was changed of what is said of evidence."""
        changed = self.frame.changed
        if changed is None or self._words:
            return False
        types = (quad for quad in self._asked if quad.predicate.value == TYPE)
        evidence = {quad.subject for quad in types if iri_of(quad.object) in PLACED_IN}
        return evidence.isdisjoint(quad.subject for quad in self.by(changed))

    def _homes(self) -> dict[object, object]:
        mine, shared = super()._homes(), self.frame.homes
        things = {quad.subject for quad in self._additions()} & shared.keys()
        return mine | {
            each: min(shared[each], mine.get(each, shared[each]), key=turn) for each in things
        }

    def _worded(self) -> Iterable[Quad]:
        return (*self._said_elsewhere, *self._one_by_one)

    @cached_property
    def _one_by_one(self) -> list[Quad]:
        changed = self.frame.changed
        if changed is None:
            return super()._one_by_one
        return [q for q in self._graphs.data if q.predicate.value in {TYPE, *changed}]

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
    named = {iri_of(term) for quad in article.quads for term in (quad.subject, quad.object)} - {""}
    own = {iri_of(node) for node in article.own}
    outside = named - own
    by_what = {quad.predicate.value for quad in said} - own
    described, needed = dangling.described(said), lines(extract(article))
    unresolved = (outside | by_what) - frame.kinds.keys()
    beyond = frozenset(outside - frame.terms)
    return replace(
        told,
        predicates=frozenset(quad.predicate.value for quad in said),
        classes=frozenset(iri_of(quad.object) for quad in types) - {""},
        nodes=frame.aimed & named,
        unresolved=frozenset(unresolved),
        wanting=any(map(frame.vocabulary.owns, unresolved)),
        answered=frame.wanted & described,
        borrowed=_borrowed(article, outside),
        outside=beyond,
        part=frame.part(beyond, told.spaces),
        adds=not frame.fixed.isdisjoint(described),
        edges=frozenset(_edges(article)),
        extract=zlib.compress(needed, 1) if needed else b"",
        extracted=digest(needed),
        marks=article.marks.kept,
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
            for sort in frame.kinds.get(iri_of(end), (PLAIN,)):
                yield predicate, OWN, sort
