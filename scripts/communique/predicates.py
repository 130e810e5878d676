"""What a query can see: triples of the properties, and things of the classes, that it names.

A query is read sign by sign, and each sign leads from one place in a pattern to the next. Where
one has no place here, the query may see anything.
"""

from pyoxigraph import Store

from communique.names import meant, spaces, unknown
from communique.namespaces import PREFIXES
from communique.tokens import Token, signs

_TYPE = PREFIXES["rdf"] + "type"
_CERTAIN = ("http://", "https://")
"""How an IRI begins that is whole, and not a comparison of two values."""
_TERMS = ("blank", "iri", "literal", "variable")
_CLAUSES = {
    **dict.fromkeys(("BIND", "FILTER"), "call"),
    **dict.fromkeys(("MINUS", "OPTIONAL", "UNION"), "subject"),
    "VALUES": "values",
}
_ENDS = {**_CLAUSES, ";": "verb", ".": "subject"}
_APART = frozenset({"aside", "call", "outside", "values"})
"""Where there is no pattern, and most signs lead nowhere."""

_NEXT: dict[str, dict[str, str]] = {
    "subject": {**_CLAUSES, **dict.fromkeys(_TERMS, "verb"), ".": "subject", "SELECT": "aside"},
    "verb": {**_ENDS, "iri": "object", "a": "class", "^": "inverse"},
    "inverse": {"iri": "object"},
    "path": {"iri": "step", "^": "path"},
    "step": {**dict.fromkeys("/|", "path"), **dict.fromkeys("*+?", "step")},
    "object": {
        **dict.fromkeys(_TERMS, "said"),
        **dict.fromkeys("/|", "verb"),
        **dict.fromkeys("*+?-", "object"),
    },
    "said": {**_ENDS, **dict.fromkeys(("language", "^", "iri"), "said"), ",": "object"},
    "class": {"iri": "classed"},
    "classed": {**_ENDS, ",": "class"},
    "list": dict.fromkeys((*_TERMS, "language", *"^+-"), "list"),
    "aside": {"VALUES": "values", "DESCRIBE": "", "FROM": ""},
    "call": {},
    "outside": {},
    "values": {},
}
"""Where each sign leads, from each place."""

_GROUP = {"{": ("subject", "subject")}
_BRACKETS: dict[str, dict[str, tuple[str, str]]] = {
    "subject": {**_GROUP, "(": ("list", "verb"), "[": ("verb", "verb")},
    "verb": {**_GROUP, "(": ("path", "object")},
    "inverse": {"(": ("path", "object")},
    "path": {"(": ("path", "step")},
    "object": {"(": ("list", "said"), "[": ("verb", "said")},
    "said": _GROUP,
    "classed": _GROUP,
    "list": {"(": ("list", "list"), "[": ("verb", "list")},
    "aside": {"{": ("subject", "aside"), "(": ("outside", "aside")},
    "call": {**_GROUP, "(": ("outside", "subject")},
    "outside": {"{": ("subject", "outside"), "(": ("outside", "outside")},
    "values": {"{": ("outside", "subject"), "(": ("outside", "values")},
}
"""Where one is within a bracket that opens at a place, and where after it."""


def seen_by(sparql: str, union: Store) -> frozenset[str] | None:
    """Return the IRIs in a query if it sees no triples of others; None if it may see any.

    A query may name what is described only by what follows: then it may see any, too.
    """
    if "\\" in sparql or any(unknown(union, sparql)):
        return None
    declared = spaces(sparql)
    place, outer, found = "aside", list[str](), set[str]()
    for token in signs(sparql):
        iri = meant(token, declared) if token.kind in {"iri", "name"} else ""
        place = _after(place, _sign(token, iri), outer)
        if not place:
            return None
        found.add(iri)
    return frozenset(found)


def _sign(token: Token, iri: str) -> str:
    """Return what a token is to a pattern; nothing if that is not certain."""
    if token.kind in {"iri", "name"}:
        if token.text.startswith("_:"):
            return "blank"
        return ("a" if iri == _TYPE else "iri") if iri.startswith(_CERTAIN) else ""
    if token.kind in {"long", "number", "short"} or token.text.lower() in {"true", "false"}:
        return "literal"
    if token.kind in {"language", "variable"}:
        return token.kind
    return token.text if token.text == "a" else token.text.upper()


def _after(place: str, sign: str, outer: list[str]) -> str:
    """Return where a sign leads, and hold where one is after its bracket; nothing if nowhere."""
    if sign in {")", "]", "}"}:
        return outer.pop() if outer else ""
    if sign in {"(", "[", "{"}:
        within, after = _BRACKETS.get(place, {}).get(sign, ("", ""))
        outer.append(after)
        return within
    return _NEXT[place].get(sign, place if sign and place in _APART else "")
