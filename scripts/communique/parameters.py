"""What a question can be asked about: typed values that never change its shape."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

from communique.errors import CommuniqueError
from communique.labels import visible
from communique.namespaces import PREFIXES, expand
from communique.tokens import blanked

OPEN = "UNDEF"
"""What leaves an optional parameter open: any value will do."""

KINDS = ("iri", "string", "integer", "decimal", "date", "duration", "boolean")
LONGEST = 65_536
"""Characters of a value at most."""

_SLACK = 0.1
"""How much less alike than the closest name another one may be."""

Value = NamedNode | Literal

_KEYS = ("type", "class", "scheme", "values", "many", "required", "help")
_ESCAPES = {"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
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


@dataclass(frozen=True)
class Parameter:
    """One thing that can be given to a question, as its header declares it."""

    name: str
    kind: str
    help: str = ""
    required: bool = True
    many: bool = False
    of_class: str = ""
    scheme: str = ""
    values: tuple[str, ...] = ()
    default: str = ""
    """What stands between the braces of its block."""

    @property
    def metavar(self) -> str:
        """What a value looks like, in a word."""
        if self.values:
            return f"[{'|'.join(self.values)}]"
        narrower = self.scheme or self.of_class
        return (re.split(r"[/#]", narrower)[-1] if narrower else self.kind).upper()


def declared(where: str, header: Mapping[str, object], sparql: str) -> tuple[Parameter, ...]:
    """Read the parameters that a header declares, each with the block that is its default."""
    stated = header.get("params") or {}
    if not isinstance(stated, dict):
        raise CommuniqueError(f"{where}: params has no names. Write `#+   name: {{type: iri}}`")
    blocks = _blocks(sparql) if stated else {}
    return tuple(_parameter(f"{where}: parameter {n}", n, v, blocks) for n, v in stated.items())


def filled(sparql: str, values: Mapping[str, Sequence[Value] | None]) -> str:
    """Put values between the braces of their blocks, and change nothing else; None leaves open."""
    texts = {name: _between(found) for name, found in values.items()}
    blocks = _blocks(sparql).items()
    places = [(start, end, name) for name, all_ in blocks for start, end, _ in all_]
    for start, end, name in sorted(places, reverse=True):
        if name in texts:
            sparql = f"{sparql[:start]} {texts[name]} {sparql[end:]}"
    return sparql


def literal(parameter: Parameter, text: str) -> Literal:
    """Read a value that is not an IRI."""
    _refuse_unwritable(parameter, text)
    if parameter.values and text not in parameter.values:
        raise wrong(parameter, text, "not in its list", _near(text, parameter.values))
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


def suggestion(given: str, known: Iterable[str]) -> str:
    """Say which known names are closest, or nothing."""
    by_folded = {name.casefold(): name for name in known}
    wanted = given.casefold()
    near = difflib.get_close_matches(wanted, by_folded, n=3, cutoff=0.5)
    alike = {each: difflib.SequenceMatcher(None, wanted, each).ratio() for each in near}
    kept = [by_folded[each] for each in near if alike[each] > max(alike.values()) - _SLACK]
    return f"Did you mean {' or '.join(kept)}?" if kept else ""


def _parameter(
    where: str, name: object, stated: object, blocks: dict[str, list[tuple[int, int, str]]]
) -> Parameter:
    if not isinstance(stated, dict):
        raise CommuniqueError(f"{where}: has no type. Write {{type: iri}} or another type")
    for key in stated:
        if key not in _KEYS:
            raise CommuniqueError(f"{where}: key {key} is not known. {_near(str(key), _KEYS)}")
    kind = str(stated.get("type", ""))
    if kind not in KINDS:
        raise CommuniqueError(f"{where}: type {kind or 'missing'}. Use one of {', '.join(KINDS)}")
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise CommuniqueError(f"{where}: not a name. Use letters, digits and _")
    if name not in blocks:
        raise CommuniqueError(f"{where}: has no block. Write VALUES ${name} {{ ... }}")
    return Parameter(
        name=name,
        kind=kind,
        help=str(stated.get("help") or ""),
        required=bool(stated.get("required", True)),
        many=bool(stated.get("many", False)),
        of_class=_named(where, "class", stated.get("class")),
        scheme=_scheme(stated.get("scheme")),
        values=tuple(str(value) for value in cast("Iterable[object]", stated.get("values") or ())),
        default=blocks[name][0][2].strip(),
    )


def _named(where: str, key: str, stated: object) -> str:
    found = expand(str(stated)) if stated else ""
    if found is None:
        raise CommuniqueError(f"{where}: {key} {stated} has no known prefix. Mend the header")
    return found


def _scheme(stated: object) -> str:
    name = str(stated or "")
    return (expand(name) or PREFIXES["cmqv"] + name) if name else ""


def _blocks(sparql: str) -> dict[str, list[tuple[int, int, str]]]:
    """Find the blocks of each parameter: where the text between the braces starts and ends."""
    found: dict[str, list[tuple[int, int, str]]] = {}
    for block in re.finditer(r"\bVALUES\s+\$(\w+)\s*\{([^{}]*)\}", blanked(sparql), re.IGNORECASE):
        start, end = block.span(2)
        found.setdefault(block[1], []).append((start, end, sparql[start:end]))
    return found


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


def _near(text: str, known: Sequence[str]) -> str:
    return suggestion(text, known) or f"Use one of {', '.join(known)}"


def wrong(parameter: Parameter, text: str, what: str, help_: str = "") -> CommuniqueError:
    """Return the error that names a parameter, a value, what is wrong with it, and what to do."""
    shown = text if len(text) <= 80 else f"{text[:80]}..."  # noqa: PLR2004  fits a line
    message = f"{parameter.name} {visible(repr(shown))}: {what}. {help_ or 'Give another value'}"
    return CommuniqueError(message)
