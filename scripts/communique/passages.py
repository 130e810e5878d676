"""Copies, passages and spans: what the dataset knows of a text that it does not hold."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Store, Triple

from communique.canonical import plain
from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES

SHORTEST_DIGESTED = 48
"""The digest of a shorter passage can be guessed, and many of them would rebuild the text."""

_CMQ, _OA, _XSD = PREFIXES["cmq"], PREFIXES["oa"], PREFIXES["xsd"]
_TYPE = PREFIXES["rdf"] + "type"
_IDENTIFIER = PREFIXES["dcterms"] + "identifier"
_KIND = PREFIXES["dcterms"] + "type"


@dataclass(frozen=True)
class Copy:
    """A concrete copy of a source document, known by its digest."""

    iri: str
    source: str
    sha256: str
    code_points: int


@dataclass(frozen=True)
class Passage:
    """A sentence of a copy; the empty string stands for a digest that it does not bear."""

    iri: str
    identifier: str
    source: str
    copy: str
    start: int
    end: int
    sha256: str
    canonical_sha256: str
    canonical_length: int


@dataclass(frozen=True)
class Span:
    """A clause or a word inside a passage, with the words quoted from it if there are any."""

    iri: str
    passage: str
    start: int
    end: int
    quote: str = ""


@dataclass(frozen=True)
class Sentence:
    """What a steward says of one sentence of a new article: its name, its kind, its place."""

    identifier: str
    kind: str
    start: int
    end: int


def digest(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def record(*said: object) -> str:
    """Return the digest of what is said of a copy or a passage; what is not said is a hyphen."""
    return digest(" ".join(str(each) or "-" for each in said))


def copies(store: Store) -> list[Copy]:
    """Read the copies that a store describes."""
    return [
        Copy(
            iri=thing.iri,
            source=thing.text(_CMQ + "copyOf"),
            sha256=thing.text(_CMQ + "sha256").lower(),
            code_points=thing.number(_CMQ + "codePoints"),
        )
        for thing in things(store, "DigestState")
    ]


def passages_of(store: Store) -> list[Passage]:
    """Read the passages that a store describes, copy by copy in the order of the text."""
    found = [
        Passage(
            iri=thing.iri,
            identifier=thing.text(_IDENTIFIER),
            source=thing.text(_OA + "hasSource"),
            copy=thing.text(_OA + "hasState"),
            start=thing.number(_OA + "start"),
            end=thing.number(_OA + "end"),
            sha256=thing.text(_CMQ + "sha256").lower(),
            canonical_sha256=thing.text(_CMQ + "canonicalSha256").lower(),
            canonical_length=thing.number(_CMQ + "canonicalLength"),
        )
        for thing in things(store, "Passage")
    ]
    return sorted(found, key=lambda passage: (passage.copy, passage.start, passage.end))


def spans_of(store: Store) -> list[Span]:
    """Read the spans that a store describes, in the order of the text."""
    found = [
        Span(
            iri=thing.iri,
            passage=thing.text(_CMQ + "within"),
            start=thing.number(_OA + "start"),
            end=thing.number(_OA + "end"),
            quote=thing.text(_CMQ + "quote"),
        )
        for thing in things(store, "Span")
    ]
    return sorted(found, key=lambda span: (span.passage, span.start, span.end))


@dataclass(frozen=True)
class Thing:
    """Everything that a store says of one thing, whatever graphs say it."""

    iri: str
    values: dict[str, list[str]]

    def text(self, predicate: str) -> str:
        """Return the one value of a predicate, or the empty string."""
        found = self.values.get(predicate, [])
        return found[0] if len(found) == 1 else ""

    def number(self, predicate: str) -> int:
        """Return the one value of a predicate as a natural number, or -1."""
        found = self.text(predicate)
        return int(found) if found.isascii() and found.isdigit() else -1


def things(store: Store, name: str) -> list[Thing]:
    """Read the things of one cmq: class, by IRI."""
    a, kind = NamedNode(_TYPE), NamedNode(_CMQ + name)
    subjects = {q.subject for q in store.quads_for_pattern(None, a, kind)}
    named = sorted(found.value for found in subjects if isinstance(found, NamedNode))
    return [Thing(iri, _values(store, iri)) for iri in named]


def _values(store: Store, iri: str) -> dict[str, list[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for quad in store.quads_for_pattern(NamedNode(iri), None, None):
        if isinstance(quad.object, NamedNode | Literal):
            found[quad.predicate.value].add(quad.object.value)
    return {predicate: sorted(values) for predicate, values in found.items()}


def passages(text: str, sentences: Iterable[Sentence], *, source: str, copy: str) -> list[Triple]:
    """Describe a copy and its passages, for an article that is being added.

    The text is the whole copy as it was decoded. Only sentences of 48 code points or more
    bear digests.
    """
    whole = digest(text)
    about: list[Triple] = [
        _link(copy, _TYPE, _CMQ + "DigestState"),
        _link(copy, _CMQ + "copyOf", source),
        _count(copy, _CMQ + "codePoints", len(text)),
        _hex(copy, _CMQ + "sha256", whole),
        _hex(copy, _CMQ + "recordSha256", record(len(text), whole)),
    ]
    for sentence in sentences:
        about += _passage(text, whole, sentence, source=source, copy=copy)
    return about


def _passage(text: str, whole: str, sentence: Sentence, *, source: str, copy: str) -> list[Triple]:
    words = text[sentence.start : sentence.end]
    if not 0 <= sentence.start < sentence.end <= len(text) or words != words.strip():
        raise CommuniqueError(
            f"{sentence.identifier}: {sentence.start} to {sentence.end} is no sentence of the "
            "text. Count code points, end exclusive, without the space around the sentence"
        )
    iri = f"{PREFIXES['passage']}{tail(whole, sentence.start, sentence.end)}"
    form, is_long = plain(words), len(words) >= SHORTEST_DIGESTED
    digests = (digest(words), digest(form)) if is_long else ("", "")
    told = record(sentence.identifier, sentence.kind, len(form), *digests)
    found = [
        _link(iri, _TYPE, _CMQ + "Passage"),
        Triple(NamedNode(iri), NamedNode(_IDENTIFIER), Literal(sentence.identifier)),
        _link(iri, _KIND, sentence.kind),
        _link(iri, _OA + "hasSource", source),
        _link(iri, _OA + "hasState", copy),
        _count(iri, _OA + "start", sentence.start),
        _count(iri, _OA + "end", sentence.end),
        _count(iri, _CMQ + "canonicalLength", len(form)),
        _link(iri, _CMQ + "canonicalization", PREFIXES["cmqv"] + "canon-1"),
        _hex(iri, _CMQ + "recordSha256", told),
    ]
    names = ("sha256", "canonicalSha256") if is_long else ()
    return found + [
        _hex(iri, _CMQ + name, made) for name, made in zip(names, digests, strict=False)
    ]


def tail(whole: str, start: int, end: int) -> str:
    """Return the local name that the evidence at this place has in every project."""
    return f"{whole[:8]}-{start}-{end}"


def _link(subject: str, predicate: str, target: str) -> Triple:
    return Triple(NamedNode(subject), NamedNode(predicate), NamedNode(target))


def _count(subject: str, predicate: str, number: int) -> Triple:
    return Triple(NamedNode(subject), NamedNode(predicate), Literal(number))


def _hex(subject: str, predicate: str, value: str) -> Triple:
    typed = Literal(value, datatype=NamedNode(_XSD + "hexBinary"))
    return Triple(NamedNode(subject), NamedNode(predicate), typed)
