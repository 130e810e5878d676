"""What a question can be asked about: the parameters that its header declares."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, cast

from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES, expand
from communique.tokens import blanked

OPEN = "UNDEF"
"""What leaves an optional parameter open: any value will do."""

KINDS = ("iri", "string", "integer", "decimal", "date", "duration", "boolean")

_SLACK = 0.1
"""How much less alike than the closest name another one may be."""

_KEYS = ("type", "class", "scheme", "values", "many", "required", "help")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class Parameter(NamedTuple):
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
    blocks = blocks_of(sparql) if stated else {}
    return tuple(_parameter(f"{where}: parameter {n}", n, v, blocks) for n, v in stated.items())


def suggestion(given: str, known: Iterable[str]) -> str:
    """Say which known names are closest, or nothing."""
    import difflib

    by_folded = {name.casefold(): name for name in known}
    wanted = given.casefold()
    near = difflib.get_close_matches(wanted, by_folded, n=3, cutoff=0.5)
    alike = {each: difflib.SequenceMatcher(None, wanted, each).ratio() for each in near}
    kept = [by_folded[each] for each in near if alike[each] > max(alike.values()) - _SLACK]
    return f"Did you mean {' or '.join(kept)}?" if kept else ""


def blocks_of(sparql: str) -> dict[str, list[tuple[int, int, str]]]:
    """Find the blocks of each parameter: where the text between the braces starts and ends."""
    found: dict[str, list[tuple[int, int, str]]] = {}
    for block in re.finditer(r"\bVALUES\s+\$(\w+)\s*\{([^{}]*)\}", blanked(sparql), re.IGNORECASE):
        start, end = block.span(2)
        found.setdefault(block[1], []).append((start, end, sparql[start:end]))
    return found


def nearest(given: str, known: Sequence[str]) -> str:
    """Say which known names are closest, or all of them."""
    return suggestion(given, known) or f"Use one of {', '.join(known)}"


def _parameter(
    where: str, name: object, stated: object, blocks: dict[str, list[tuple[int, int, str]]]
) -> Parameter:
    if not isinstance(stated, dict):
        raise CommuniqueError(f"{where}: has no type. Write {{type: iri}} or another type")
    for key in stated:
        if key not in _KEYS:
            raise CommuniqueError(f"{where}: key {key} is not known. {nearest(str(key), _KEYS)}")
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
