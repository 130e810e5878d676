"""Check that the words the dataset points at are where it says, in the reader's own copy."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pyoxigraph import Store

from communique.canonical import plain
from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES, shrink
from communique.passages import (
    SHORTEST_DIGESTED,
    Copy,
    Passage,
    Span,
    Thing,
    copies,
    digest,
    passages_of,
    spans_of,
    tail,
    things,
)
from communique.relocation import Place, Text, find, in_order, words

Status = Literal["verified", "relocated", "altered", "missing", "unverifiable"]
Kind = Literal["passage", "span"]

LARGEST_COPY = 20_000_000
_SHA256 = re.compile(r"[0-9a-f]{64}")
_EDGE_SHARE = 0.5


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
class Problem:
    """One fault in what the dataset says of its evidence, whatever the text is."""

    iri: str
    message: str


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
        yield Result(span.iri, "span", passage.identifier, moved.status, start, end)


def problems(store: Store) -> list[Problem]:
    """Check what can be checked without any text; sorted, empty if all is well."""
    held = {copy.iri: copy for copy in copies(store)}
    sentences = {passage.iri: passage for passage in passages_of(store)}
    found = [
        *(fault for copy in held.values() for fault in _copy_faults(copy)),
        *(fault for each in sentences.values() for fault in _passage_faults(each, held)),
        *(fault for span in spans_of(store) for fault in _span_faults(span, sentences, held)),
        *_order_faults(list(sentences.values())),
        *_shared_identifiers(list(sentences.values())),
        *_digest_faults(store),
    ]
    return sorted(found, key=lambda problem: (problem.iri, problem.message))


def _copy_faults(copy: Copy) -> Iterator[Problem]:
    if not copy.source:
        yield Problem(copy.iri, "a copy names the one document that it is a copy of")
    if not copy.sha256:
        yield Problem(copy.iri, "a copy has one digest")
    if copy.code_points < 1:
        yield Problem(copy.iri, "a copy states how many code points it has")


def _passage_faults(passage: Passage, held: dict[str, Copy]) -> Iterator[Problem]:
    iri, copy = passage.iri, held.get(passage.copy)
    if copy is None:
        yield Problem(iri, "a passage names the copy that it is a part of")
        return
    if passage.source != copy.source:
        yield Problem(iri, "a passage has the source that its copy is a copy of")
    yield from _place_faults(iri, passage.start, passage.end, Place(0, copy.code_points), copy)
    long = passage.end - passage.start >= SHORTEST_DIGESTED
    if long and not (passage.sha256 and passage.canonical_sha256):
        yield Problem(iri, f"a passage of {SHORTEST_DIGESTED} code points or more has two digests")
    if not long and (passage.sha256 or passage.canonical_sha256):
        yield Problem(iri, f"a passage under {SHORTEST_DIGESTED} code points bears no digest")
    if passage.canonical_length < 1:
        yield Problem(iri, "a passage states its canonical length")
    if not passage.identifier:
        yield Problem(iri, "a passage has one identifier")


def _span_faults(
    span: Span, sentences: dict[str, Passage], held: dict[str, Copy]
) -> Iterator[Problem]:
    passage = sentences.get(span.passage)
    if passage is None:
        yield Problem(span.iri, "a span is within one passage")
        return
    around = Place(passage.start, passage.end)
    yield from _place_faults(span.iri, span.start, span.end, around, held.get(passage.copy))


def _place_faults(
    iri: str, start: int, end: int, around: Place, copy: Copy | None
) -> Iterator[Problem]:
    if not 0 <= start < end:
        yield Problem(iri, "a place starts before it ends, and both are counted")
    elif start < around.start or end > around.end:
        yield Problem(iri, f"{start} to {end} is outside {around.start} to {around.end}")
    if copy and iri.rsplit("/", 1)[-1] != tail(copy.sha256, start, end):
        yield Problem(iri, f"the name of this place is {tail(copy.sha256, start, end)}")


def _order_faults(passages: list[Passage]) -> Iterator[Problem]:
    for one, other in pairwise(passages):
        if one.copy == other.copy and other.start < one.end:
            yield Problem(other.iri, f"a passage does not overlap another: {shrink(one.iri)}")


def _shared_identifiers(passages: list[Passage]) -> Iterator[Problem]:
    bearers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for passage in passages:
        bearers[passage.source, passage.identifier].append(passage.iri)
    for (_, identifier), (_first, *others) in bearers.items():
        for iri in others if identifier else []:
            yield Problem(iri, f"another passage of this source is called {identifier}")


def _digest_faults(store: Store) -> Iterator[Problem]:
    for name in ("DigestState", "Passage", "Span"):
        for thing in things(store, name):
            for value in _digests(thing):
                if name == "Span":
                    yield Problem(thing.iri, "a span bears no digest: it could be guessed")
                elif not _SHA256.fullmatch(value):
                    yield Problem(
                        thing.iri, f"a digest is 64 lower-case digits, not {value[:80]!r}"
                    )


def _digests(thing: Thing) -> list[str]:
    cmq = PREFIXES["cmq"]
    return [
        value
        for name in ("sha256", "canonicalSha256")
        for value in thing.values.get(cmq + name, [])
    ]
