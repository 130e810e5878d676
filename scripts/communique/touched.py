"""Which rules an edit touches: only these can find something in an article without findings.

Of an article is kept what stands for all that each predicate says in it, and for what it joins. If
it still joins the same, the same is looked at beside it, and a rule that reads no predicate of
which something else is said sees what it saw. What rules read is followed as in `reaching`; where
that cannot be told of one, or there are blank nodes, all are asked.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from pyoxigraph import Quad, RdfFormat, Store, serialize

from communique.dataset import Term
from communique.engines import sh
from communique.reaching import OWN, TYPE, Profile, Rule, Sorts, constraints, reach
from communique.sparqlrules import targets
from communique.verified import Rules

_MARK = 16
"""The bytes that stand for what a predicate says."""
_BLANK, _TRIPLE = b"_:", b"<<"
_ALONE = frozenset(map(sh, ("node", "property", "sparql")))
"""Of these a shape may have several, each of which is a rule by itself."""
_CLOSED = frozenset(map(sh, ("closed", "ignoredProperties")))
"""They only look at what is joined by what."""


class Reading(NamedTuple):
    """Rules with a target, with all that they ask, and the predicates that they read."""

    shapes: list[Quad]
    predicates: frozenset[str]


class Marks:
    """What stands for what an article says."""

    def __init__(self, said: Iterable[Quad]) -> None:
        """Mark what each predicate says, and what is joined; nothing if there are blank nodes."""
        text = serialize((quad.triple for quad in said), format=RdfFormat.N_TRIPLES) or b""
        self._by = dict[str, bytes]()
        lines, joined = defaultdict[bytes, list[bytes]](list), set[bytes]()
        for line in sorted(set(text.splitlines())):
            subject, predicate, value = line.split(b" ", 2)
            if subject.startswith(_BLANK) or value.startswith((_BLANK, _TRIPLE)):
                return
            lines[predicate].append(line)
            joined.add(subject + predicate)
            if value.startswith(b"<"):
                joined.add(value)
        self._by = {by[1:-1].decode(): _mark(each) for by, each in lines.items()}
        self._by[""] = _mark(sorted(joined))

    @property
    def kept(self) -> bytes:
        """Return them as they are kept."""
        return b"".join(sorted(self._by.values()))

    def changed(self, former: bytes) -> frozenset[str] | None:
        """Return the predicates by which something else is said than when these marks were kept.

        None is returned where other things are joined, or have other classes, and where nothing
        can be told.
        """
        known = {former[at : at + _MARK] for at in range(0, len(former), _MARK)}
        found = frozenset(by for by, mark in self._by.items() if mark not in known)
        return found if self._by and found.isdisjoint({"", TYPE}) else None


def _mark(lines: Iterable[bytes]) -> bytes:
    return sha256(b"\n".join(lines)).digest()[:_MARK]


def readings(shapes: Iterable[Quad]) -> dict[str, Reading] | None:
    """Return by predicate the rules that read it; None if that cannot be told of all of them.

    That of a type is left out: all rules read it.
    """
    rules = Rules(list(shapes))
    if rules.declined(Store()):
        return None
    by = defaultdict[str, list[Reading]](list)
    for shape in rules.subjects():
        for unit in _units(rules, shape):
            reading = _reading(rules, shape, unit)
            if reading is None:
                return None
            for predicate in reading.predicates - {TYPE}:
                by[predicate].append(reading)
    return {predicate: together(some) for predicate, some in by.items()}


def together(some: Iterable[Reading]) -> Reading:
    """Return some rules as one set of rules."""
    quads, predicates = dict[Quad, None](), set[str]()
    for each in some:
        quads |= dict.fromkeys(each.shapes)
        predicates |= each.predicates
    return Reading(list(quads), frozenset(predicates))


def _units(rules: Rules, shape: Term) -> Iterator[list[Rule]]:
    """Yield the rules of a shape with a target: those together that may depend on each other."""
    if not any(targets(shape, rules)):
        return
    mine = [each for each in constraints(rules, shape) if each.predicate.value not in _CLOSED]
    rest = [each for each in mine if each.predicate.value not in _ALONE]
    yield from ([each] for each in mine if each.predicate.value in _ALONE)
    if rest:
        yield rest


def _reading(rules: Rules, shape: Term, unit: Collection[Rule]) -> Reading | None:
    """Return some rules of a shape with what they read, or None if that may be anything."""
    found = [reach(rules, rule, Profile((), {}), Sorts((OWN,))) for rule in unit]
    asked = set[Term]()
    for node in (*rules.of(shape, "path"), *(rule.value for rule in unit)):
        _ask(rules, node, asked)
    if any(each.everything for each in found) or any(rules.of(each, "closed") for each in asked):
        return None
    predicates = {by for each in found for by in each.along}
    for name in ("targetSubjectsOf", "targetObjectsOf"):
        predicates |= {target.value for target in rules.of(shape, name)}
    told = {(rule.predicate, rule.value) for rule in constraints(rules, shape)}
    left = told - {(rule.predicate, rule.value) for rule in unit}
    shapes = [
        quad
        for quad in rules.quads
        if quad.subject in asked
        or (quad.subject == shape and (quad.predicate, quad.object) not in left)
    ]
    return Reading(shapes, frozenset(predicates))


def _ask(rules: Rules, node: Term, asked: set[Term]) -> None:
    """Note a shape with all to which its triples lead."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if each not in asked:
            asked.add(each)
            waiting += (value for values in rules.about(each).values() for value in values)
