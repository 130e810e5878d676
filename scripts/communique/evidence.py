"""Check that the words the dataset points at are where it says, in the reader's own copy."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pyoxigraph import Store

from communique.canonical import plain
from communique.errors import CommuniqueError
from communique.passages import (
    Passage,
    Span,
    copies,
    digest,
    passages_of,
    spans_of,
)
from communique.relocation import Place, Text, find, in_order, words
from communique.wellformed import Problem, problems

__all__ = ["Problem", "ReaderCopy", "Result", "check", "counts", "problems", "read_copy"]

Status = Literal["verified", "relocated", "altered", "missing", "unverifiable"]
Kind = Literal["passage", "span"]

LARGEST_COPY = 20_000_000
_EDGE_SHARE = 0.5


LOST = frozenset({"altered", "missing"})
"""What a passage or a span is when a copy does not bear it out."""


@dataclass(frozen=True)
class Result:
    """What became of one passage or span.

    *verified*: at its place, word for word. *relocated*: at another place, or with another
    typography. *altered*: other words stand between its neighbours, or the dataset is wrong
    about the very copy that it describes. *missing*: nothing stands there.
    *unverifiable*: it bears no digest, or its spacing differs, so that its place is unsure.
    """

    iri: str
    kind: Kind
    identifier: str
    status: Status
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True)
class ReaderCopy:
    """The reader's file, decoded."""

    path: Path
    text: str
    byte_order_mark: bool


@dataclass(frozen=True)
class _Found:
    status: Status
    place: Place | None = None


def read_copy(path: Path) -> ReaderCopy:
    """Read the reader's copy of an article: UTF-8, line ends as they are."""
    try:
        if path.stat().st_size > LARGEST_COPY:
            raise CommuniqueError(
                f"{path}: larger than 20 MB. Give the article alone, as plain text"
            )
        data = path.read_bytes()
        text = data.decode("utf-8")
    except OSError as error:
        raise CommuniqueError(
            f"{path}: {error.strerror}. Give the file that holds your copy of the article"
        ) from error
    except UnicodeDecodeError as error:
        raise CommuniqueError(
            f"{path}: not UTF-8 at byte {error.start}. Save the copy as plain text in UTF-8"
        ) from error
    return ReaderCopy(path, text.removeprefix("\ufeff"), text.startswith("\ufeff"))


def check(store: Store, text: str) -> list[Result]:
    """Look for every passage and span of the article that this text is a copy of.

    The article is the one whose copy has the text's digest, else those of which at least one
    passage is found. With one article in the store and none of it in the text, all is missing.
    """
    by_copy: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages_of(store):
        by_copy[passage.copy].append(passage)
    if not by_copy:
        raise CommuniqueError(
            "evidence: the dataset describes no passage. Add those of the article first"
        )
    spans: dict[str, list[Span]] = defaultdict(list)
    for span in spans_of(store):
        spans[span.passage].append(span)
    found = _identical(store, by_copy, text) or _relocated(by_copy, text)
    return [
        result
        for passage, outcome in found
        for result in _results(text, passage, outcome, spans[passage.iri])
    ]


def counts(results: Iterable[Result]) -> dict[tuple[Kind, Status], int]:
    """Count results by kind and status."""
    return dict(Counter((result.kind, result.status) for result in results))


def _identical(
    store: Store, by_copy: dict[str, list[Passage]], text: str
) -> list[tuple[Passage, _Found]]:
    whole = digest(text)
    same = [copy.iri for copy in copies(store) if copy.sha256 == whole]
    for copy in copies(store):
        if copy.iri in same and copy.code_points != len(text):
            raise CommuniqueError(
                f"evidence: {copy.iri} has {len(text):,} code points and not {copy.code_points:,}. "
                "Mend its cmq:codePoints"
            )
    return [
        (passage, _confirmed(passage, text)) for iri in same for passage in by_copy.get(iri, [])
    ]


def _confirmed(passage: Passage, text: str) -> _Found:
    """Hold a passage's own figures against the very copy that they were taken from."""
    here = text[passage.start : passage.end]
    form = plain(here)
    right = passage.canonical_length == len(form) and (
        not (passage.sha256 or passage.canonical_sha256)
        or (passage.sha256 == digest(here) and passage.canonical_sha256 == digest(form))
    )
    return _Found("verified" if right else "altered", Place(passage.start, passage.end))


def _relocated(by_copy: dict[str, list[Passage]], text: str) -> list[tuple[Passage, _Found]]:
    reader = Text(text)
    places = find(reader, (passage for some in by_copy.values() for passage in some))
    known = [some for some in by_copy.values() if any(p.iri in places for p in some)]
    if not known and len(by_copy) > 1:
        raise CommuniqueError(
            f"evidence: no passage of any of {len(by_copy)} articles is in this copy. "
            "Give the text of an article that the dataset describes"
        )
    return [pair for some in known or by_copy.values() for pair in _outcomes(some, places, text)]


def _outcomes(
    passages: list[Passage], places: dict[str, list[Place]], text: str
) -> Iterator[tuple[Passage, _Found]]:
    """Say of each passage of one copy, in the order of the text, what became of it."""
    own = [_own_place(passage, text) for passage in passages]
    candidates = [
        [here] if here else places.get(passage.iri, [])
        for passage, here in zip(passages, own, strict=True)
    ]
    chosen = in_order(candidates)
    outcomes = _unfound(passages, candidates, chosen, text)
    for index, passage in enumerate(passages):
        if index in outcomes:
            yield passage, outcomes[index]
        elif own[index]:
            yield passage, _Found("verified", own[index])
        else:
            yield passage, _Found("relocated", chosen.get(index, candidates[index][0]))


def _own_place(passage: Passage, text: str) -> Place | None:
    """Return the passage's own place if its words stand there to the letter."""
    exact = passage.sha256 and digest(text[passage.start : passage.end]) == passage.sha256
    return Place(passage.start, passage.end) if exact else None


def _unfound(
    passages: list[Passage],
    candidates: list[list[Place]],
    chosen: dict[int, Place],
    text: str,
) -> dict[int, _Found]:
    """Judge the passages that were not found by what stands between those that were."""
    outcomes: dict[int, _Found] = {}
    for before, after in pairwise([-1, *sorted(chosen), len(passages)]):
        lost = [index for index in range(before + 1, after) if not candidates[index]]
        start = chosen[before].end if before in chosen else 0
        end = chosen[after].start if after in chosen else len(text)
        edge = before not in chosen or after not in chosen
        judged = _judge([passages[index] for index in lost], text, Place(start, end), edge=edge)
        outcomes.update(zip(lost, judged, strict=True))
    return outcomes


def _judge(lost: list[Passage], text: str, gap: Place, *, edge: bool) -> list[_Found]:
    between = len(plain(text[gap.start : gap.end]))
    short = [passage for passage in lost if not passage.canonical_sha256]
    room = between - sum(passage.canonical_length for passage in short)
    digested = sum(p.canonical_length for p in lost if p.canonical_sha256)
    some = room > (digested * _EDGE_SHARE if edge else 0)
    whole_text = gap == Place(0, len(text))
    long: Status = "altered" if some and not whole_text else "missing"
    if not between:
        return [_Found("missing")] * len(lost)
    placed = iter(_row(short, text, gap) if room == 0 else [])
    return [
        _Found(long) if passage.canonical_sha256 else next(placed, _Found("unverifiable"))
        for passage in lost
    ]


def _row(short: list[Passage], text: str, gap: Place) -> list[_Found]:
    """Place passages without digest that just fill a gap, one after the other."""
    inside = Text(text[gap.start : gap.end])
    found, at = [], 0
    for passage in short:
        place = inside.place(at, at + passage.canonical_length)
        moved = Place(gap.start + place.start, gap.start + place.end)
        found.append(_Found("relocated", moved))
        at += passage.canonical_length
    return found


def _results(text: str, passage: Passage, found: _Found, spans: list[Span]) -> Iterator[Result]:
    place = found.place
    start, end = (place.start, place.end) if place else (None, None)
    yield Result(passage.iri, "passage", passage.identifier, found.status, start, end)
    inside = words(text, place, passage) if place and found.status == "relocated" else None
    for span in spans:
        moved = found
        if found.status == "verified":
            moved = _Found("verified", Place(span.start, span.end))
        elif inside:
            at = inside.place(span.start - passage.start, span.end - passage.start)
            moved = _Found("relocated", at)
        elif found.status == "relocated":
            moved = _Found("unverifiable")
        start, end = (moved.place.start, moved.place.end) if moved.place else (None, None)
        misquoted = plain(span.quote.strip("… ")) not in plain(text[start:end])
        status = "altered" if moved.place and misquoted else moved.status
        yield Result(span.iri, "span", passage.identifier, status, start, end)
