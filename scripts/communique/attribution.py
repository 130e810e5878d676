"""Through whose mouths a statement reaches the reader, and where the text has it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pyoxigraph import Store

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
SELECT ?said ?force ?footing ?certainty WHERE {
  { ?said a cmq:Statement } UNION { ?said a org:Membership }
  OPTIONAL { ?said cmq:force ?force }
  OPTIONAL { ?said cmq:attribution ?footing }
  OPTIONAL { ?said cmq:certainty ?certainty }
}
"""
_VOICES = "SELECT DISTINCT ?said ?voice WHERE { ?said cmq:voice ?voice }"
_RELAYED = "SELECT DISTINCT ?outer ?said WHERE { ?outer cmq:relays ?said }"
_BORNE = """
SELECT DISTINCT ?said ?span ?start ?end ?sentence ?source WHERE {
  ?said cmq:evidence ?span .
  ?span oa:start ?start ; oa:end ?end ; cmq:within ?passage .
  ?passage dcterms:identifier ?sentence ; oa:hasSource ?source .
}
"""


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
    """The ways to every statement and every membership of a store."""

    def __init__(self, store: Store) -> None:
        """Read who says what inside what, and where."""
        self._labels = Labels(store)
        said = select(store, _SAID)
        self._force = _texts(said, "force")
        self._footing = _texts(said, "footing")
        self._certainty = _texts(said, "certainty")
        self.known = frozenset(row["said"].value for row in said)
        self._voices = _lists(select(store, _VOICES), "said", "voice")
        self._outer = _lists(select(store, _RELAYED), "said", "outer")
        self._borne: dict[str, list[Position]] = defaultdict(list)
        for row in select(store, _BORNE):
            self._borne[row["said"].value].append(_position(row))
        sources = {place.source for places in self._borne.values() for place in places}
        self._many_texts = len(sources) > 1

    def routes(self, said: str) -> tuple[Route, ...]:
        """Return every way to a statement or membership, in the order of the text."""
        found = [
            Route(chain, self._words(chain, position), position)
            for chain in self._chains((said,))
            for position in self._borne.get(chain[0], [])
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
        names = sorted(self._labels.of(voice) for voice in self._voices.get(said, []))
        return f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else (names or [NOBODY])[0]

    def _fullest(self, said: str, chosen: set[str]) -> list[Route]:
        routes = self.routes(said)
        most = max((len(chosen & set(route.statements)) for route in routes), default=0)
        return [route for route in routes if len(chosen & set(route.statements)) == most]

    def _chains(self, inner: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """Yield the chain that ends in a statement, and each one that leads to it from outside."""
        yield inner
        for outer in self._outer.get(inner[0], []):
            if outer not in inner:
                yield from self._chains((outer, *inner))

    def doubts(self, said: str) -> list[str]:
        """Tell what keeps a statement from being plainly its voice's: footing and reading."""
        footing, certainty = self._footing.get(said, ""), self._certainty.get(said, "")
        unsure = [self._labels.of(footing)] if footing in _FOOTINGS_TO_TELL else []
        open_ = certainty not in {"", _CMQV + "certain"}
        return unsure + ([f"{self._labels.of(certainty)} reading"] if open_ else [])

    def _words(self, chain: tuple[str, ...], position: Position) -> str:
        text = self._labels.of(position.source) if self._many_texts else TEXT
        if chain[0] not in self._force:
            return text + _noted(self.doubts(chain[0]))
        steps = [self._step(said, relays=said != chain[-1]) for said in chain]
        return ARROW.join([text, *steps])

    def _step(self, said: str, *, relays: bool) -> str:
        """Name the voices, how they report what follows if not plainly, and what is in doubt."""
        force = self._force.get(said, "")
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


def _position(row: dict[str, Term]) -> Position:
    return Position(
        source=row["source"].value,
        start=int(row["start"].value),
        end=int(row["end"].value),
        sentence=row["sentence"].value,
        span=row["span"].value,
    )


def _texts(rows: Iterable[dict[str, Term]], column: str) -> dict[str, str]:
    return {row["said"].value: row[column].value for row in rows if column in row}


def _lists(rows: Iterable[dict[str, Term]], key: str, column: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        found[row[key].value].append(row[column].value)
    return {each: sorted(values) for each, values in found.items()}
