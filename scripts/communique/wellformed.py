"""Check what can be checked of the evidence without any text."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from pyoxigraph import Store

from communique.namespaces import PREFIXES, shrink
from communique.passages import (
    SHORTEST_DIGESTED,
    Copy,
    Passage,
    Span,
    Thing,
    copies,
    passages_of,
    spans_of,
    tail,
    things,
)
from communique.relocation import Place

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Problem:
    """One fault in what the dataset says of its evidence, whatever the text is."""

    iri: str
    message: str


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
