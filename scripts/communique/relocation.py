"""Find the passages of a copy in another copy of the same text, and the words inside them."""

import hashlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, islice

from communique.canonical import canonical, folded
from communique.passages import Passage, digest

_MOST_PLACES = 20
_MOST_GUESSES = 3_000


@dataclass(frozen=True, order=True)
class Place:
    """Where words stand in the reader's text: code points, end exclusive."""

    start: int
    end: int


@dataclass(frozen=True)
class Text:
    """The reader's text, and its canonical form with the way back."""

    raw: str
    canonical: str = field(init=False)
    origins: "array[int]" = field(init=False)

    def __post_init__(self) -> None:
        """Canonicalise the text once."""
        form, origins = canonical(self.raw)
        object.__setattr__(self, "canonical", form)
        object.__setattr__(self, "origins", origins)

    def place(self, start: int, end: int) -> Place:
        """Return the whole words that stand behind a slice of the canonical form."""
        last = self.origins[end - 1]
        while end < len(self.origins) and self.origins[end] == last:
            end += 1
        stop = self.origins[end] if end < len(self.origins) else len(self.raw)
        while self.raw[stop - 1].isspace():
            stop -= 1
        return Place(self.origins[start], stop)


@dataclass(frozen=True)
class _Link:
    """The best chain of places that ends here."""

    found: int
    scattered: int
    places: tuple[tuple[int, Place], ...]

    @property
    def rank(self) -> tuple[int, int]:
        return (self.found, -self.scattered)


def find(text: Text, passages: Iterable[Passage]) -> dict[str, list[Place]]:
    """Return the places where each passage stands, by its IRI; at most twenty for each."""
    wanted: dict[int, dict[bytes, list[str]]] = defaultdict(lambda: defaultdict(list))
    for passage in passages:
        if passage.canonical_sha256 and 0 < passage.canonical_length <= len(text.canonical):
            key = bytes.fromhex(passage.canonical_sha256)
            wanted[passage.canonical_length][key].append(passage.iri)
    found: dict[str, list[Place]] = {}
    for length, names in wanted.items():
        for start, key in _hits(text.canonical, length, names):
            for iri in names[key]:
                places = found.setdefault(iri, [])
                if len(places) < _MOST_PLACES:
                    places.append(text.place(start, start + length))
    return found


def _hits(form: str, length: int, wanted: dict[bytes, list[str]]) -> Iterator[tuple[int, bytes]]:
    """Slide a window of this length over the canonical form."""
    window: str | bytes
    source: str | bytes = form.encode() if form.isascii() else form
    for start in range(len(form) - length + 1):
        window = source[start : start + length]
        key = hashlib.sha256(window if isinstance(window, bytes) else window.encode()).digest()
        if key in wanted:
            yield start, key


def in_order(candidates: list[list[Place]]) -> dict[int, Place]:
    """Choose one place for as many passages as can stand in the order of the text.

    Of two such choices the one that leaves less text between the passages is taken.
    """
    chain: list[_Link] = []
    for index, places in enumerate(candidates):
        chain += [_extend(chain, index, place) for place in sorted(set(places))]
    best = max(chain, key=lambda link: link.rank, default=_Link(0, 0, ()))
    return dict(best.places)


def _extend(chain: list[_Link], index: int, place: Place) -> _Link:
    best = _Link(1, 0, ((index, place),))
    for link in chain:
        last, before = link.places[-1]
        if last < index and before.end <= place.start:
            gap = link.scattered + place.start - before.end
            longer = _Link(link.found + 1, gap, (*link.places, (index, place)))
            best = max(best, longer, key=lambda found: found.rank)
    return best


@dataclass(frozen=True)
class Words:
    """The code points of a passage as its own copy has them, and where the reader has each."""

    places: tuple[Place, ...]

    def place(self, start: int, end: int) -> Place:
        """Return where the code points from `start` to `end` of the passage stand."""
        return Place(self.places[start].start, self.places[end - 1].end)


def words(raw: str, place: Place, passage: Passage) -> Words | None:
    """Match a passage that was found, code point by code point, with its own copy.

    The copy is not at hand. But its length is known, and mostly its digest: a reading of the
    reader's words that has this digest is the copy itself. Returns None if no reading fits.
    """
    length = passage.end - passage.start
    readings = [_single_spaced(_exact(raw, place)), _single_spaced(_folded(raw, place))]
    for reading in [_exact(raw, place), *readings]:
        if passage.sha256 and _digest(reading) == passage.sha256:
            return _words(reading)
    fitting = next((reading for reading in readings if len(reading) == length), None)
    if passage.sha256 and not fitting:
        for reading in _respaced(readings[1], length):
            if _digest(reading) == passage.sha256:
                return _words(reading)
    return _words(fitting) if fitting else None


_Reading = list[tuple[str, Place]]


def _words(reading: _Reading) -> Words:
    return Words(tuple(place for _, place in reading))


def _digest(reading: _Reading) -> str:
    return digest("".join(character for character, _ in reading))


def _exact(raw: str, place: Place) -> _Reading:
    return [(raw[at], Place(at, at + 1)) for at in range(place.start, place.end)]


def _folded(raw: str, place: Place) -> _Reading:
    text, origins = folded(raw[place.start : place.end])
    ends = array("I", [place.end - place.start])
    for origin, later in zip(reversed(origins[:-1]), reversed(origins[1:]), strict=True):
        ends.append(later if later != origin else ends[-1])
    starts = [place.start + origin for origin in origins]
    stops = [place.start + end for end in reversed(ends)]
    return [(c, Place(a, b)) for c, a, b in zip(text, starts, stops, strict=True)]


def _single_spaced(reading: _Reading) -> _Reading:
    kept: _Reading = []
    for character, place in reading:
        if not character.isspace():
            kept.append((character, place))
        elif kept[-1][0] != " ":
            kept.append((" ", place))
    return kept


def _respaced(reading: _Reading, length: int) -> Iterator[_Reading]:
    """Put back spaces that the reader's copy lost, take out those that it won: a few guesses."""
    letters = [(c, place) for c, place in reading if c != " "]
    before = _spaces(reading)
    surplus = len(before) - (length - len(letters))
    elsewhere = sorted(set(range(1, len(letters))) - before)
    changes = combinations(sorted(before) if surplus > 0 else elsewhere, abs(surplus))
    for change in islice(changes, _MOST_GUESSES):
        yield _with_spaces(letters, before ^ set(change))


def _spaces(reading: _Reading) -> set[int]:
    """Return before which letter there is a space, counting letters."""
    found, letters = set(), 0
    for character, _ in reading:
        if character == " ":
            found.add(letters)
        else:
            letters += 1
    return found


def _with_spaces(letters: _Reading, before: set[int]) -> _Reading:
    spaced: _Reading = []
    for index, (character, place) in enumerate(letters):
        if index in before:
            spaced.append((" ", Place(place.start, place.start)))
        spaced.append((character, place))
    return spaced
