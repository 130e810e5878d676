"""What the columns of an answer mean, in the words of its question and of the ontology."""

import re
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Store

from communique.namespaces import PREFIXES, expand
from communique.questions import Question
from communique.tokens import words

_DEFINITION = NamedNode(PREFIXES["skos"] + "definition")
_CUSTOMARY = {
    "answer": "Whether the pattern that is asked for is there.",
    "asTold": "The time as the text tells it.",
    "curator": "Who made the finding.",
    "date": "The day, month or year that the time resolves to.",
    "day": "When the finding was made.",
    "end": "Where the words end: code points of the copy described.",
    "filedFrom": "Where the text was written.",
    "finding": "A curator's judgement.",
    "item": "What the row is about.",
    "note": "What the curator adds.",
    "object": "What a triple has its subject relate to.",
    "openQuestion": "A curator's finding that a reference is open.",
    "part": "The kind of passage.",
    "path": "Through whom what bears the row reaches the reader, the text first.",
    "place": "Where it is or would be.",
    "position": "Where the text has it: the sentence, and code points of the copy described.",
    "predicate": "What a triple says of its subject.",
    "proposedBy": "Whose proposal it is.",
    "reason": "Why the curator judges so.",
    "sentBy": "To whom the holder of the post reports.",
    "sentence": "The sentence, by the number that the curator gave it; unique within its source.",
    "source": "The text.",
    "start": "Where the words start: code points of the copy described.",
    "subject": "What a triple is about.",
    "subjectOf": "The undertaking of which it is the object.",
    "words": "Words of the text.",
}
"""What columns mean that questions use in one way only."""

_FORM = re.compile(r"\b(?:SELECT|ASK|CONSTRUCT|DESCRIBE)\b", re.IGNORECASE)
_OF_TRIPLES = {
    "subject": "The first term of an RDF triple.",
    "predicate": "The second term of an RDF triple, the relation.",
    "object": "The third term of an RDF triple: a thing or a value.",
}


@dataclass(frozen=True)
class Entry:
    """What one column means: in this question, and as a term."""

    column: str
    meaning: str
    term: str
    definition: str


def codebook(store: Store, question: Question, columns: tuple[str, ...]) -> list[Entry]:
    """Explain every column of a question's answer."""
    form = _FORM.search(words(question.sparql))
    if form and form[0].upper() in {"CONSTRUCT", "DESCRIBE"}:
        return [Entry(each, _customary(each), f"rdf:{each}", _OF_TRIPLES[each]) for each in columns]
    return [_entry(store, question, column) for column in columns]


def _entry(store: Store, question: Question, column: str) -> Entry:
    body = words(question.sparql)
    candidates = [f"cmq:{column}", *_terms(body, column, seen=set())]
    defined = [(term, text) for term in candidates if (text := _defined(store, term))]
    term, definition = defined[0] if defined else ("", "")
    meaning = _sentences(question.description, column)
    return Entry(column, meaning or ("" if definition else _customary(column)), term, definition)


def _customary(column: str) -> str:
    """Explain a column that means the same wherever it is, and those added as evidence."""
    added = column.removeprefix("evidence")
    return _CUSTOMARY.get(column if added == column else added.lower(), "")


def _sentences(description: str, column: str) -> str:
    """Return the sentences of a description that name a column."""
    sentences = re.split(r"(?<=[.;])\s+", description)
    named = re.compile(rf"\b{re.escape(column)}\b")
    return " ".join(sentence for sentence in sentences if named.search(sentence))


def _terms(body: str, variable: str, seen: set[str]) -> list[str]:
    """List the terms whose values or instances a query has in a variable, the closest first."""
    seen.add(variable)
    name = rf"[?$]{re.escape(variable)}\b"
    found = re.findall(rf"([A-Za-z][\w-]*:[\w-]+)[*+?]?\s+{name}", body)
    found += re.findall(rf"{name}\s+a\s+([A-Za-z][\w-]*:[\w-]+)", body)
    for made in re.findall(rf"\(([^()]*(?:\([^()]*\)[^()]*)*)\bAS\s+{name}\s*\)", body):
        for source in re.findall(r"[?$](\w+)", made):
            if source not in seen:
                found += _terms(body, source, seen)
    return found


def _defined(store: Store, term: str) -> str:
    iri = expand(term)
    if iri is None:
        return ""
    quads = store.quads_for_pattern(NamedNode(iri), _DEFINITION, None)
    return min((q.object.value for q in quads if isinstance(q.object, Literal)), default="")
