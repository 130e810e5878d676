"""What labels and names may not do: assert anything in a voice of their own, or repeat a source.

The shapes of a project say how its things are named. These rules hold in every project that uses
our classes, and can be checked without knowing its language of names.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from pyoxigraph import Literal, NamedNode, Quad

from communique.faults import Fault, fault
from communique.findings import Rule
from communique.namespaces import PREFIXES, shrink, split
from communique.vocabularies import installed_ontology

LONGEST_LABEL = 80
"""Characters of the label of something said or found."""
LONGEST_RUN = 7
"""Words in a row that may be those of a text: names and offices are as long."""
LONGEST_CONTENT_RUN = 5
"""Words in a row that may be those of a text when little words are left out of both."""

_CMQ, _RDFS = PREFIXES["cmq"], PREFIXES["rdfs"]
_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_LABEL = f"{_RDFS}label"
_SAID = (f"{_CMQ}Statement", f"{_CMQ}Matter", f"{_CMQ}Finding")
_STATEMENT = f"{_CMQ}Statement"
_QUOTE = f"{_CMQ}quote"
_READ = frozenset(
    {
        *(f"{_RDFS}{name}" for name in ("comment", "label")),
        *(
            PREFIXES["skos"] + name
            for name in (
                "altLabel",
                "changeNote",
                "definition",
                "editorialNote",
                "example",
                "note",
                "prefLabel",
                "scopeNote",
            )
        ),
        *(PREFIXES["dcterms"] + name for name in ("abstract", "description", "title")),
        f"{_CMQ}wording",
        PREFIXES["sh"] + "message",
    }
)
"""What people read."""

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_HEX = re.compile(r"[0-9a-f-]*", re.IGNORECASE)
_SHORTEST_WORD, _FEWEST_WORDS, _SHORTEST_SENTENCE = 3, 2, 3
_SENTENCE = re.compile(r"[^\W\d]{2,}\W*[.]\W*$|[!?…]\W*$")
_NAMED = re.compile(r"[^:]{2,60}: \S")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LITTLE = frozenset(
    [
        *("a", "an", "and", "are", "as", "at", "be", "been", "between", "by", "for", "from"),
        *("had", "has", "have", "he", "her", "his", "in", "into", "is", "it", "its", "of"),
        *("on", "or", "she", "that", "the", "their", "them", "they", "this", "to", "was"),
        *("were", "what", "which", "who", "will", "with", "would"),
    ]
)

_OPAQUE = Rule("opaque-name", "The IRI of something said or found tells nothing about it.")
_SHORT = Rule("label-length", f"What is said has a label of at most {LONGEST_LABEL} characters.")
_PHRASE = Rule("label-sentence", "The label of what is said is a phrase and no sentence.")
_VOICE = Rule("label-voice", "The label of a statement names its voice, then a colon.")
_TRIM = Rule("trimmed-text", "A text has no spaces around it and no control characters.")
_COPIED = Rule("copied-words", "Only a quotation repeats the words of a source.")


def faults(data: Iterable[Quad], ontology: Iterable[Quad] = ()) -> Iterator[Fault]:
    """Yield names and labels of statements, matters and findings that assert something.

    `ontology` tells which classes of the project are below ours.
    """
    data = list(data)
    below = _below(ontology)
    said = {quad.subject: quad for quad in data if quad.predicate == _TYPE and _is(quad, below)}
    statements = {
        quad.subject
        for quad in data
        if quad.predicate == _TYPE and getattr(quad.object, "value", "") in below[_STATEMENT]
    }
    for subject, quad in said.items():
        if isinstance(subject, NamedNode) and reads_as_words(split(subject.value)[1]):
            name = shrink(subject.value)
            what = f"The name {name} can be read as an assertion."
            hint = "Use a letter and a number, such as s017"
            yield _fault(quad, "subject", _OPAQUE, what, hint, name)
    for quad in data:
        if isinstance(quad.object, Literal) and quad.predicate.value in _READ:
            yield from _of_text(quad, quad.object.value)
            if quad.predicate.value == _LABEL and quad.subject in said:
                yield from _of_label(quad, quad.object.value, named=quad.subject in statements)


def reads_as_words(local: str) -> bool:
    """Tell whether a local name has two words or more, and so may say something."""
    parts = (part for part in re.split(r"[^A-Za-z0-9]+", local) if not _HEX.fullmatch(part))
    words = [word for part in parts for word in _WORD.findall(part)]
    return sum(len(word) >= _SHORTEST_WORD for word in words) >= _FEWEST_WORDS


def copied(quads: Iterable[Quad], text: str) -> Iterator[Fault]:
    """Yield the texts, quotations aside, that have a run of words in common with a copy."""
    words = _words(text)
    runs = _runs(words, LONGEST_RUN + 1)
    content_runs = _runs(_content(words), LONGEST_CONTENT_RUN + 1)
    for quad in quads:
        if not isinstance(quad.object, Literal) or quad.predicate.value == _QUOTE:
            continue
        own = _words(quad.object.value)
        shared = _runs(own, LONGEST_RUN + 1) & runs
        shared |= _runs(_content(own), LONGEST_CONTENT_RUN + 1) & content_runs
        if shared:
            name = shrink(quad.predicate.value)
            what = f"The {name.partition(':')[2]} has words of the source in a row."
            hint = "Say it in other words, or quote it with cmq:quote"
            yield _fault(quad, "object", _COPIED, what, hint, " ".join(min(shared)))


def _of_label(quad: Quad, label: str, *, named: bool) -> Iterator[Fault]:
    if len(label) > LONGEST_LABEL:
        what = f"The label has {len(label)} characters."
        yield _fault(quad, "object", _SHORT, what, "Shorten it to a phrase", label)
    if _SENTENCE.search(label) and len(label.split()) >= _SHORTEST_SENTENCE:
        what = "The label ends as a sentence does."
        yield _fault(quad, "object", _PHRASE, what, "Make it a phrase, without the stop", label)
    if named and not _NAMED.match(label):
        what = "The label names no voice."
        hint = "Write the voice, a colon, and what it says as a phrase"
        yield _fault(quad, "object", _VOICE, what, hint, label)


def _of_text(quad: Quad, text: str) -> Iterator[Fault]:
    if text != text.strip():
        what = "Spaces stand around the text."
        yield _fault(quad, "object", _TRIM, what, "Remove them", text)
    elif _CONTROL.search(text):
        what = "A control character stands in the text."
        yield _fault(quad, "object", _TRIM, what, "Remove it", text)


def _below(ontology: Iterable[Quad]) -> dict[str, set[str]]:
    """Return the classes below each of ours that is said or found, itself included."""
    under = defaultdict[str, set[str]](set)
    for quad in (*installed_ontology(), *ontology):
        if quad.predicate.value == f"{_RDFS}subClassOf" and isinstance(quad.object, NamedNode):
            under[quad.object.value].add(getattr(quad.subject, "value", ""))
    found = {}
    for top in _SAID:
        reached, waiting = set[str](), [top]
        while waiting:
            each = waiting.pop()
            if each not in reached:
                reached.add(each)
                waiting += under[each]
        found[top] = reached
    return found


def _is(quad: Quad, below: dict[str, set[str]]) -> bool:
    return any(getattr(quad.object, "value", "") in classes for classes in below.values())


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _content(words: Iterable[str]) -> list[str]:
    return [word for word in words if word not in _LITTLE]


def _runs(words: list[str], length: int) -> set[tuple[str, ...]]:
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def _fault(  # noqa: PLR0913, PLR0917  what `fault` takes
    quad: Quad, part: str, rule: Rule, message: str, hint: str, value: str = ""
) -> Fault:
    return fault(quad, part, rule, message, layer="policy", hint=hint, value=value)
