"""The values that are given to a question: typed, and never what changes its shape."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import cast

from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

from communique.errors import CommuniqueError
from communique.lines import visible
from communique.namespaces import PREFIXES, expand
from communique.parameters import KINDS, OPEN, Parameter, blocks_of, nearest

LONGEST = 65_536
"""Characters of a value at most."""

Value = NamedNode | Literal

_ESCAPES = {"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
_SCHEMES = ("http://", "https://", "urn:")
_LEXICAL = {
    "integer": r"[+-]?[0-9]{1,100}",
    "decimal": r"[+-]?(?=\.?[0-9])[0-9]{0,50}(?:\.[0-9]{0,50})?",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "duration": r"-?P(?=.)(?:[0-9]{1,9}D)?(?:T(?=.)(?:[0-9]{1,9}H)?(?:[0-9]{1,9}M)?"
    r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?S)?)?",
    "boolean": r"true|false",
}
_DATATYPES = {kind: kind for kind in KINDS} | {"duration": "dayTimeDuration"}
_LIKE_THIS = {
    "integer": "42",
    "decimal": "1.5",
    "date": "2025-03-18",
    "duration": "P30D or PT2H",
    "boolean": "true or false",
}


def filled(sparql: str, values: Mapping[str, Sequence[Value] | None]) -> str:
    """Put values between the braces of their blocks, and change nothing else; None leaves open."""
    texts = {name: _between(found) for name, found in values.items()}
    blocks = blocks_of(sparql).items()
    places = [(start, end, name) for name, all_ in blocks for start, end, _ in all_]
    for start, end, name in sorted(places, reverse=True):
        if name in texts:
            sparql = f"{sparql[:start]} {texts[name]} {sparql[end:]}"
    return sparql


def literal(parameter: Parameter, text: str) -> Literal:
    """Read a value that is not an IRI."""
    _refuse_unwritable(parameter, text)
    if parameter.values and text not in parameter.values:
        raise wrong(parameter, text, "not in its list", nearest(text, parameter.values))
    if parameter.kind == "string":
        return Literal(text)
    stripped = text.strip()
    if not re.fullmatch(_LEXICAL[parameter.kind], stripped) or not _exists(parameter, stripped):
        raise wrong(
            parameter, text, f"not of type {parameter.kind}", f"Write {_LIKE_THIS[parameter.kind]}"
        )
    datatype = NamedNode(PREFIXES["xsd"] + _DATATYPES[parameter.kind])
    return cast("Literal", _read_back([Literal(stripped, datatype=datatype)])[0])


def iri(parameter: Parameter, text: str) -> NamedNode | None:
    """Read a value that is an IRI, in angle brackets or not, or a prefixed name; else None."""
    _refuse_unwritable(parameter, text)
    bare = text[1:-1] if text.startswith("<") and text.endswith(">") else text
    found = bare if bare.startswith(_SCHEMES) else expand(text)
    try:
        return NamedNode(found) if found else None
    except ValueError:
        return None


def written(value: Value) -> str:
    r"""Write a value so that every engine reads back the same.

    Some engines expand ``\u....`` before they look for strings, so no value is written with a
    backslash before a ``u`` of its own, and no escape is written with four digits.
    """
    if isinstance(value, NamedNode):
        return str(value)
    text = re.sub(r'[\\"\n\r\t]', lambda found: _ESCAPES[found[0]], value.value)
    text = re.sub(r"(?<=\\)[uU]|[\x00-\x1f\x7f]", lambda f: f"\\U{ord(f[0]):08X}", text)
    is_string = value.datatype.value == PREFIXES["xsd"] + "string"
    return f'"{text}"' + ("" if is_string else f"^^{value.datatype}")


def wrong(parameter: Parameter, text: str, what: str, help_: str = "") -> CommuniqueError:
    """Return the error that names a parameter, a value, what is wrong with it, and what to do."""
    shown = text if len(text) <= 80 else f"{text[:80]}..."  # noqa: PLR2004  fits a line
    message = f"{parameter.name} {visible(repr(shown))}: {what}. {help_ or 'Give another value'}"
    return CommuniqueError(message)


def _between(values: Sequence[Value] | None) -> str:
    """Write values, read them back with an engine, and go on only if they are the same."""
    if not values:
        return OPEN
    if _read_back(values) != list(values):
        shown = visible(repr([value.value for value in values])[:80])
        raise CommuniqueError(f"{shown}: is read back as something else. Give another value")
    return " ".join(written(value) for value in values)


def _read_back(values: Sequence[Value]) -> list[Value]:
    """Return values as an engine reads them: numbers and durations in their one form."""
    texts = " ".join(written(value) for value in values)
    answer = Store().query(f"SELECT ?x {{ VALUES ?x {{ {texts} }} }}")
    if not isinstance(answer, QuerySolutions):
        raise TypeError(texts)
    return [cast("Value", row[0]) for row in answer]


def _refuse_unwritable(parameter: Parameter, text: str) -> None:
    if len(text) > LONGEST:
        raise wrong(parameter, text[:40] + "...", f"longer than {LONGEST:,} characters")
    if re.search("[\ud800-\udfff]", text):
        raise wrong(parameter, ascii(text), "not text: it holds half a character")


def _exists(parameter: Parameter, text: str) -> bool:
    if parameter.kind != "date":
        return True
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
