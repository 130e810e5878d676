"""Rules that nothing can break, or nothing can keep: found without looking at any data."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal, InvalidOperation

from pyoxigraph import Literal, NamedNode, Quad

from communique.faults import Fault, Node, fault
from communique.findings import Rule
from communique.intake import LARGEST_PROJECT
from communique.namespaces import PREFIXES, shrink
from communique.prescan import LARGEST_LITERAL

_SH = PREFIXES["sh"]
_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_FIRST = PREFIXES["rdf"] + "first"
_REST = PREFIXES["rdf"] + "rest"
_NIL = NamedNode(PREFIXES["rdf"] + "nil")
_TARGETS = frozenset({"targetClass", "targetNode", "targetObjectsOf", "targetSubjectsOf"})
_OF_PROPERTIES = frozenset({"minCount", "maxCount", "uniqueLang", "lessThan", "lessThanOrEquals"})
_NEEDS = {
    "flags": "pattern",
    "ignoredProperties": "closed",
    "qualifiedMaxCount": "qualifiedValueShape",
    "qualifiedMinCount": "qualifiedValueShape",
    "qualifiedValueShapesDisjoint": "qualifiedValueShape",
}
_LISTS = frozenset({"and", "in", "languageIn", "or", "xone"})
_CONDITIONS = frozenset({"node", "not", "qualifiedValueShape"})
_LEAST = {"minCount": "values", "minLength": "letters", "qualifiedMinCount": "such values"}
_GREATEST = {
    "maxCount": LARGEST_PROJECT,
    "maxLength": LARGEST_LITERAL,
    "qualifiedMaxCount": LARGEST_PROJECT,
}
_QUALIFIED = frozenset({"qualifiedMaxCount", "qualifiedMinCount"})
_COUNTS = frozenset({*_LEAST, *_GREATEST})
_PAIRS = (
    ("minCount", "maxCount"),
    ("qualifiedMinCount", "qualifiedMaxCount"),
    ("minLength", "maxLength"),
    ("minInclusive", "maxInclusive"),
    ("minInclusive", "maxExclusive"),
    ("minExclusive", "maxInclusive"),
    ("minExclusive", "maxExclusive"),
)
_WORDS = """
    closed deactivated declare defaultValue description flags group ignoredProperties message name
    order path qualifiedMaxCount qualifiedMinCount qualifiedValueShapesDisjoint severity
    targetClass targetNode targetObjectsOf targetSubjectsOf
"""
_SILENT = frozenset(_WORDS.split())
"""What of SHACL asks nothing by itself."""
_KINDS = frozenset(NamedNode(f"{_SH}{kind}Shape") for kind in ("Node", "Property"))
_SEVERITIES = frozenset(NamedNode(_SH + name) for name in ("Violation", "Warning"))
_TRUE, _FALSE = frozenset({"true", "1"}), frozenset({"false", "0"})
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}
_EXAMPLES = ("", "x" * 10_000, "\t", "\x01", "\u200b", "\u2603", *map(chr, range(32, 127)))
"""Texts of which any pattern with a purpose misses some."""
_SIZES = {"byte": 7, "short": 15, "int": 31, "long": 63}
_BOUNDS = {"minInclusive": -1, "maxInclusive": 1}
_RANGES: dict[str, dict[str, int]] = {
    PREFIXES["xsd"] + name: bounds
    for name, bounds in {
        "nonNegativeInteger": {"minInclusive": 0},
        "positiveInteger": {"minInclusive": 1},
        "nonPositiveInteger": {"maxInclusive": 0},
        "negativeInteger": {"maxInclusive": -1},
        **{
            name: {"minInclusive": -(2**bits), "maxInclusive": 2**bits - 1}
            for name, bits in _SIZES.items()
        },
        **{
            f"unsigned{name.title()}": {"minInclusive": 0, "maxInclusive": 2 ** (bits + 1) - 1}
            for name, bits in _SIZES.items()
        },
    }.items()
}
"""The least and the greatest value that a datatype has, if there are any."""

_IDLE = Rule("idle-constraint", "A constraint has an effect.")
_IMPOSSIBLE = Rule("impossible-constraint", "What a shape asks for can be.")
_ASKING = Rule("asking-nothing", "A shape asks something.")
_SEVERITY = Rule("unknown-severity", "A severity is sh:Violation or sh:Warning.")
_HINTS = {
    _ASKING: "add a constraint, or remove the shape",
    _SEVERITY: "write sh:Violation, or sh:Warning for what may stay",
}


def faults(
    quads: Iterable[Quad], pathless: Collection[Node], unreached: Collection[Node]
) -> Iterator[Fault]:
    """Find what asks nothing; what is told of shapes without a path or a use is not told again."""
    shapes = _Shapes(quads)
    yield from shapes.idle(pathless)
    yield from shapes.impossible()
    yield from shapes.asking_nothing({*pathless, *unreached})
    yield from shapes.of_unknown_severity()


class _Shapes:
    """What shapes ask, by shape and by the name of SHACL's property."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        self._said = defaultdict[Node, dict[str, list[Quad]]](dict)
        self._about = defaultdict[Node, list[Quad]](list)
        for quad in quads:
            self._about[quad.subject].append(quad)
            iri = quad.predicate.value
            if iri.startswith(_SH):
                name = iri.removeprefix(_SH)
                self._said[quad.subject].setdefault(name, []).append(quad)

    def _stated(self, name: str) -> Iterator[Quad]:
        return (quad for said in self._said.values() for quad in said.get(name, ()))

    def _value(self, shape: Node, name: str) -> str:
        return next((_written(quad) for quad in self._said[shape].get(name, ())), "")

    def idle(self, pathless: Collection[Node]) -> Iterator[Fault]:
        """Find constraints that an engine ignores, or that hold whatever the data is."""
        for shape, said in list(self._said.items()):
            for name, quads in said.items():
                if shape in pathless and name in _OF_PROPERTIES:
                    continue
                for quad in quads:
                    if why := self._why_idle(shape, name, quad):
                        what = shrink(quad.predicate.value)
                        message = f"{what} of the shape {called(quad)} has no effect: {why}."
                        yield _fault(quad, "predicate", _IDLE, message)

    def _why_idle(self, shape: Node, name: str, quad: Quad) -> str:
        said = self._said[shape]
        if name in _OF_PROPERTIES and "path" not in said:
            return "the shape has no path"
        if name in _NEEDS and _NEEDS[name] not in said:
            return f"the shape has no sh:{_NEEDS[name]}"
        if name == "flags" and _written(quad).strip("imqsx"):
            return "its letters are i, m, q, s and x"
        return self._why_kept(shape, name, quad) or _why_void(name, _written(quad))

    def _why_kept(self, shape: Node, name: str, quad: Quad) -> str:
        """Say why a constraint is kept in any case, given what else the shape says."""
        if name in _LISTS and quad.object == _NIL:
            return "its list is empty"
        if name == "equals" and quad.object in self._objects(shape, "path"):
            return "it is the path of the shape"
        if name in _BOUNDS and self._is_beyond(shape, name, quad):
            return "the datatype has no other values"
        if name == "qualifiedValueShape" and not self._said[shape].keys() & _QUALIFIED:
            return "the shape has no number of such values"
        if name == "pattern" and matches_all(_written(quad), self._value(shape, "flags")):
            return "it matches every text"
        return ""

    def _is_beyond(self, shape: Node, name: str, quad: Quad) -> bool:
        """Tell whether all that the datatype of the shape can hold is within a bound."""
        kinds = [each for each in self._objects(shape, "datatype") if isinstance(each, NamedNode)]
        bound = _number(_written(quad))
        ends = (_RANGES.get(kind.value, {}).get(name) for kind in kinds)
        return any(
            bound is not None and end is not None and (bound - end) * _BOUNDS[name] >= 0
            for end in ends
        )

    def _objects(self, shape: Node, name: str) -> list[Node]:
        return [quad.object for quad in self._said.get(shape, {}).get(name, ())]

    def impossible(self) -> Iterator[Fault]:
        """Find pairs of constraints of which no value keeps both."""
        for shape, said in list(self._said.items()):
            for least, most in _PAIRS:
                low, high = (_number(self._value(shape, each)) for each in (least, most))
                if low is None or high is None:
                    continue
                if low > high or (low == high and "Exclusive" in least + most):
                    what = f"Nothing keeps sh:{least} and sh:{most} of the shape"
                    quad = said[least][0]
                    yield _fault(quad, "predicate", _IMPOSSIBLE, f"{what} {called(quad)}.")

    def asking_nothing(self, told: Collection[Node]) -> Iterator[Fault]:
        """Find shapes without a constraint; the fault is at the shape, else where it is named.

        A property shape of a closed shape may be one: it says which property is allowed.
        """
        parameters = [quad.object for quad in self._stated("parameter")]
        own = {path for each in parameters for path in self._objects(each, "path")}
        allowing = {
            quad.object
            for quad in self._stated("property")
            if self._value(quad.subject, "closed") in _TRUE
        }
        conditions = {quad.object: quad for quad in self._conditions()}
        uses = {quad.object: quad for quad in self._stated("property")} | conditions
        for shape in {**uses, **dict.fromkeys(self._declared())}:
            is_fine = shape in allowing and shape not in conditions
            if is_fine or shape in told or self._asks(shape, own):
                continue
            about = self._about.get(shape)
            value = shrink(shape.value) if isinstance(shape, NamedNode) and not about else ""
            at = min(about, key=_type_first) if about else uses[shape]
            name = called(at) if about else "that is named here"
            message = f"The shape {name} asks nothing."
            yield _fault(at, "subject" if about else "object", _ASKING, message, value)

    def _conditions(self) -> Iterator[Quad]:
        """Yield a triple for each use of a shape as a condition, with the shape as its object."""
        for name in _CONDITIONS:
            yield from self._stated(name)
        for name in ("and", "or", "xone"):
            for quad in self._stated(name):
                yield from self._members(quad.object)

    def _declared(self) -> Iterator[Node]:
        """Yield the shapes that have a target, or a type that says that they are shapes."""
        for shape, about in self._about.items():
            types = {quad.object for quad in about if quad.predicate == _TYPE}
            if types & _KINDS or self._said.get(shape, {}).keys() & _TARGETS:
                yield shape

    def _members(self, head: Node) -> Iterator[Quad]:
        seen = set[Node]()
        while head not in seen and head != _NIL:
            seen.add(head)
            links = {quad.predicate.value: quad for quad in self._about.get(head, ())}
            if _FIRST in links:
                yield links[_FIRST]
            head = links[_REST].object if _REST in links else _NIL

    def _asks(self, shape: Node, own: Collection[Node]) -> bool:
        """Tell whether a shape has a constraint: of SHACL, or of the project's own components."""
        said = self._said.get(shape, {})
        is_closed = "closed" in said and self._value(shape, "closed") in _TRUE
        by_own = any(quad.predicate in own for quad in self._about.get(shape, ()))
        return is_closed or by_own or bool(said.keys() - _SILENT)

    def of_unknown_severity(self) -> Iterator[Fault]:
        """Find severities that this gate does not tell."""
        for quad in self._stated("severity"):
            if quad.object not in _SEVERITIES:
                found = shrink(quad.object.value) if isinstance(quad.object, NamedNode) else "none"
                message = f"The shape {called(quad)} has a severity that is not known: {found}."
                yield _fault(quad, "object", _SEVERITY, message)


def called(quad: Quad) -> str:
    """Name the shape that a triple is about."""
    return shrink(quad.subject.value) if isinstance(quad.subject, NamedNode) else "without a name"


def _why_void(name: str, text: str) -> str:
    """Say why a constraint cannot be broken, or not be understood, whatever the data is."""
    number = int(text) if text.isascii() and text.isdigit() else None
    if name in _COUNTS and number is None:
        return "it is not a whole number"
    if name in _LEAST and number == 0:
        return f"everything has at least 0 {_LEAST[name]}"
    if name in _GREATEST and number is not None and number >= _GREATEST[name]:
        return "no file can hold more"
    if name in {"closed", "uniqueLang"} and text in _FALSE:
        return "it is false"
    if name == "pattern" and not compiles(text):
        return "it is no regular expression"
    return ""


def compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def matches_all(pattern: str, flags: str) -> bool:
    """Tell whether a pattern finds something in every text, as far as examples can tell."""
    if "q" in flags or not compiles(pattern):
        return False
    options = re.RegexFlag(0)
    for letter in flags:
        options |= _FLAGS.get(letter, 0)
    search = re.compile(pattern, options).search
    return all(search(text) for text in _EXAMPLES)


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _written(quad: Quad) -> str:
    return quad.object.value if isinstance(quad.object, Literal) else ""


def _type_first(quad: Quad) -> tuple[bool, str]:
    return quad.predicate != _TYPE, str(quad)


def _fault(quad: Quad, part: str, rule: Rule, message: str, value: str = "") -> Fault:
    hint = _HINTS.get(rule, "")
    return fault(quad, part, rule, message, layer="shapes", hint=hint, value=value)
