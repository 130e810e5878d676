"""Through whose mouths a statement reaches the reader, and where the text has it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from typing import cast

from pyoxigraph import DefaultGraph, NamedNode, Store

from communique.dataset import Term, select
from communique.labels import Labels
from communique.namespaces import PREFIXES

ARROW = " ▸ "
TEXT = "article"
NOBODY = "somebody unnamed"

_CMQV = PREFIXES["cmqv"]
_PLAIN_FORCES = frozenset({_CMQV + "assert", _CMQV + "announce"})
_FOOTINGS_TO_TELL = frozenset(
    _CMQV + name for name in ("common-ground", "implied", "presupposed", "scope-uncertain")
)

_SAID = """
SELECT DISTINCT ?said WHERE {
  { ?said a cmq:Statement } UNION { ?said a org:Membership }
}
"""
_TWO_TEXTS = """
SELECT DISTINCT ?source WHERE {
  ?said cmq:evidence ?span . ?span cmq:within/oa:hasSource ?source .
} LIMIT 2
"""
_ATTRIBUTION, _CERTAINTY, _EVIDENCE, _FORCE, _RELAYS, _VOICE, _WITHIN = (
    NamedNode(PREFIXES["cmq"] + name)
    for name in ("attribution", "certainty", "evidence", "force", "relays", "voice", "within")
)
_END, _SOURCE, _START = (NamedNode(PREFIXES["oa"] + name) for name in ("end", "hasSource", "start"))
_IDENTIFIER = NamedNode(PREFIXES["dcterms"] + "identifier")


@dataclass(frozen=True, order=True)
class Position:
    """Where a text bears a statement: its sentence, and code points of the copy described."""

    source: str
    start: int
    end: int
    sentence: str
    span: str

    def __str__(self) -> str:
        """Name the sentence and the code points: `S5 621-730`."""
        return f"{self.sentence} {self.start}-{self.end}"


@dataclass(frozen=True)
class Route:
    """One way from a text to a statement, the outermost statement first."""

    statements: tuple[str, ...]
    words: str
    position: Position


class Attributions:
    """The ways to every statement and every membership of a store, read when they are asked for."""

    def __init__(self, store: Store) -> None:
        """Take a store made by `dataset.union`."""
        self._store = store
        self._labels = Labels(store)
        self._borne = cache(self._positions)
        self._outer = cache(self._relaying)

    @cached_property
    def known(self) -> frozenset[str]:
        """All statements and memberships."""
        return frozenset(row["said"].value for row in select(self._store, _SAID))

    @cached_property
    def _many_texts(self) -> bool:
        return len(select(self._store, _TWO_TEXTS)) > 1

    def _said(self, thing: str, predicate: NamedNode) -> list[str]:
        """Return what is said of a thing by one predicate, in order."""
        found = self._store.quads_for_pattern(NamedNode(thing), predicate, None, DefaultGraph())
        return sorted(cast("Term", quad.object).value for quad in found)

    def _one(self, thing: str, predicate: NamedNode) -> str:
        return next(iter(self._said(thing, predicate)), "")

    def _relaying(self, said: str) -> list[str]:
        """Return the statements that relay another, in order."""
        found = self._store.quads_for_pattern(None, _RELAYS, NamedNode(said), DefaultGraph())
        return sorted(cast("Term", quad.subject).value for quad in found)

    def _positions(self, said: str) -> list[Position]:
        """Return where the text bears a statement; what is not told in full is left out."""
        return [
            Position(source, int(start), int(end), sentence, span)
            for span in self._said(said, _EVIDENCE)
            for start, end in product(self._said(span, _START), self._said(span, _END))
            for passage in self._said(span, _WITHIN)
            for sentence in self._said(passage, _IDENTIFIER)
            for source in self._said(passage, _SOURCE)
        ]

    def routes(self, said: str) -> tuple[Route, ...]:
        """Return every way to a statement or membership, in the order of the text."""
        found = [
            Route(chain, self._words(chain, position), position)
            for chain in self._chains((said,))
            for position in self._borne(chain[0])
        ]
        return tuple(sorted(found, key=lambda route: (route.position, route.statements)))

    def supporting(self, bearers: Iterable[str]) -> tuple[Route, ...]:
        """Return the ways on which a set of statements, taken together, rests.

        Of the ways to one statement those are kept that pass through most of the others, and
        a way that only leads on to another one of the set is left to that one.
        """
        chosen = set(bearers)
        best = [route for said in sorted(chosen) for route in self._fullest(said, chosen)]
        passed = {said for route in best for said in route.statements[:-1]}
        kept = {route for route in best if route.statements[-1] not in passed}
        return tuple(sorted(kept, key=lambda route: (route.position, route.statements)))

    def by(self, said: str) -> str:
        """Name the voice or voices of a statement."""
        names = sorted(self._labels.of(voice) for voice in self._said(said, _VOICE))
        return f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else (names or [NOBODY])[0]

    def _fullest(self, said: str, chosen: set[str]) -> list[Route]:
        routes = self.routes(said)
        most = max((len(chosen & set(route.statements)) for route in routes), default=0)
        return [route for route in routes if len(chosen & set(route.statements)) == most]

    def _chains(self, inner: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """Yield the chain that ends in a statement, and each one that leads to it from outside."""
        yield inner
        for outer in self._outer(inner[0]):
            if outer not in inner:
                yield from self._chains((outer, *inner))

    def doubts(self, said: str) -> list[str]:
        """Tell what keeps a statement from being plainly its voice's: footing and reading."""
        footing, certainty = self._one(said, _ATTRIBUTION), self._one(said, _CERTAINTY)
        unsure = [self._labels.of(footing)] if footing in _FOOTINGS_TO_TELL else []
        open_ = certainty not in {"", _CMQV + "certain"}
        return unsure + ([f"{self._labels.of(certainty)} reading"] if open_ else [])

    def _words(self, chain: tuple[str, ...], position: Position) -> str:
        text = self._labels.of(position.source) if self._many_texts else TEXT
        if not self._said(chain[0], _FORCE):
            return text + _noted(self.doubts(chain[0]))
        steps = [self._step(said, relays=said != chain[-1]) for said in chain]
        return ARROW.join([text, *steps])

    def _step(self, said: str, *, relays: bool) -> str:
        """Name the voices, how they report what follows if not plainly, and what is in doubt."""
        force = self._one(said, _FORCE)
        telling = (
            [self._labels.of(force)] if relays and force and force not in _PLAIN_FORCES else []
        )
        return self.by(said) + _noted(telling + self.doubts(said))


def _noted(notes: list[str]) -> str:
    return f" ({', '.join(notes)})" if notes else ""


def paths_and_positions(routes: Iterable[Route]) -> tuple[str, str]:
    """Put ways into words: each path once, and at its place its positions in the text."""
    grouped: dict[str, list[str]] = {}
    for route in routes:
        grouped.setdefault(route.words, []).append(str(route.position))
    return "; ".join(grouped), "; ".join(", ".join(places) for places in grouped.values())
