"""Corrupt a graph in one spot, in many ways: what the shapes of a project ought to notice."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from communique.namespaces import PREFIXES, shrink

Node = NamedNode | BlankNode | Literal | Triple
Key = TypeVar("Key")

_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_SUPER = NamedNode(PREFIXES["rdfs"] + "subClassOf")
_SCHEME = NamedNode(PREFIXES["skos"] + "inScheme")
_XSD, _CMQ = PREFIXES["xsd"], PREFIXES["cmq"]
_ARTICLE = re.compile(r"/a[0-9]+/")
_OTHER_DATATYPES = {
    _XSD + "integer": _XSD + "decimal",
    _XSD + "date": _XSD + "gYear",
    _XSD + "gYear": _XSD + "integer",
    _XSD + "gYearMonth": _XSD + "gYear",
    _XSD + "hexBinary": _XSD + "base64Binary",
    _XSD + "boolean": _XSD + "token",
    _XSD + "string": _XSD + "token",
    _XSD + "dayTimeDuration": _XSD + "duration",
    _CMQ + "ISO3166Alpha2": _CMQ + "ISO3166Alpha3",
    _CMQ + "ISO3166Alpha3": _CMQ + "ISO3166Alpha2",
    _CMQ + "ISO3166Numeric": _CMQ + "ISO3166Subdivision",
    _CMQ + "ISO3166Subdivision": _CMQ + "ISO3166Numeric",
}


@dataclass(frozen=True)
class Change:
    """What is taken out of a graph, and what is put in."""

    removed: frozenset[Triple]
    added: frozenset[Triple]


@dataclass(frozen=True)
class Mutant:
    """A graph with one spot changed."""

    operator: str
    kind: str
    """The prefixed name of the class of the thing that is changed."""
    predicate: str
    """The prefixed name of the property whose value is changed; `rdf:type` for a thing itself."""
    triple: Triple
    change: Change

    @property
    def stratum(self) -> tuple[str, str, str]:
        """What kind of change it is, and to what: operator, class, property."""
        return self.operator, self.kind, self.predicate


class World:
    """A graph to corrupt, and what its parts are: `data` is corrupted, `ontology` is not."""

    def __init__(self, data: Iterable[Triple], ontology: Iterable[Triple]) -> None:
        """Take the triples; their order does not matter."""
        self.data = sorted(set(data), key=str)
        self.ontology = sorted(set(ontology), key=str)
        self.held = frozenset(self.data)
        self.said: dict[Node, list[Triple]] = _grouped(self.data, lambda each: each.subject)
        self.named: dict[Node, list[Triple]] = _grouped(self.data, lambda each: each.object)
        everything = [*self.data, *self.ontology]
        self._kinds = _objects(everything, _TYPE)
        self._schemes = _objects(everything, _SCHEME)
        self._supers = {
            kind: wider
            for kind, wider in _objects(everything, _SUPER).items()
            if _space(kind) == _space(wider)
        }
        self.things = [each for each in self._kinds if each in self.said or each in self._schemes]
        """All that has a class, in the data or among the concepts."""
        self.concepts = list(self._schemes)
        self.strata = _grouped(self.data, lambda each: (self.kind(each.subject), each.predicate))
        """The triples by the class of their subject and their property."""
        self.predicates = sorted({each.predicate for each in self.data}, key=str)
        self._taken = {
            predicate: _distinct(triples, lambda each: each.object)
            for predicate, triples in _grouped(self.data, lambda each: each.predicate).items()
        }
        pairs = _grouped(self.data, lambda each: (each.subject, each.predicate))
        self._several = {(self.kind(s), p) for (s, p), of in pairs.items() if len(of) > 1}

    def kind(self, thing: Node) -> Node | None:
        """Return the class of a thing, if it has one."""
        return self._kinds.get(thing)

    def family(self, thing: Node) -> Node | None:
        """Return the widest class of the same vocabulary that a thing belongs to."""
        found = self.kind(thing)
        while found and (wider := self.wider(found)):
            found = wider
        return found

    def wider(self, kind: Node) -> Node | None:
        """Return the class above a class."""
        return self._supers.get(kind)

    def scheme(self, concept: Node) -> Node | None:
        """Return the scheme that a concept is in."""
        return self._schemes.get(concept)

    def taken(self, predicate: NamedNode) -> list[Node]:
        """List the values that a property has."""
        return self._taken[predicate]

    def strange(self, thing: Node) -> list[NamedNode]:
        """List the properties that nothing of the class of this thing has."""
        kind = self.kind(thing)
        return [each for each in self.predicates if (kind, each) not in self.strata]

    def is_single(self, triple: Triple) -> bool:
        """Tell whether no thing of this class has two values of this property."""
        return (self.kind(triple.subject), triple.predicate) not in self._several


Operator = Callable[[World, Triple, Random], Iterator[Change]]


def mutants(world: World, *, seed: int = 0, each: int = 3) -> Iterator[Mutant]:
    """Yield up to `each` mutants of every operator on every property of every class.

    The same seed gives the same mutants, whatever else the graph holds of other classes.
    """
    for (kind, predicate), triples in sorted(world.strata.items(), key=str):
        for name, operator in OPERATORS.items():
            stratum = (name, _short(kind), _short(predicate))
            random = Random(f"{seed} {stratum}")  # noqa: S311  a sample, and no secret
            found: dict[Change, Triple] = {}
            for triple in random.sample(triples, len(triples)):
                for change in operator(world, triple, random):
                    if change.removed - change.added or change.added - world.held:
                        found.setdefault(change, triple)
                if len(found) >= each:
                    break
            for change, triple in list(found.items())[:each]:
                yield Mutant(*stratum, triple, change)


def _grouped(triples: Iterable[Triple], key: Callable[[Triple], Key]) -> dict[Key, list[Triple]]:
    found = defaultdict[Key, list[Triple]](list)
    for each in triples:
        found[key(each)].append(each)
    return dict(found)


def _distinct(triples: Iterable[Triple], part: Callable[[Triple], Node]) -> list[Node]:
    return sorted({part(each) for each in triples}, key=str)


def _objects(triples: Iterable[Triple], predicate: NamedNode) -> dict[Node, Node]:
    """Return what a property says of each thing; of several values, one."""
    return {each.subject: each.object for each in triples if each.predicate == predicate}


def _short(term: Node | None) -> str:
    return shrink(term.value) if isinstance(term, NamedNode) else ""


def _space(term: Node) -> str:
    return re.sub(r"[^/#]*$", "", term.value) if isinstance(term, NamedNode) else ""


def _instead(triple: Triple, value: Node) -> Iterator[Change]:
    """Put another value in the place of this one."""
    if value != triple.object:
        new = Triple(triple.subject, triple.predicate, value)
        yield Change(frozenset([triple]), frozenset([new]))


def _besides(triple: Triple, value: Node) -> Iterator[Change]:
    """Put another value beside this one."""
    yield Change(frozenset(), frozenset([Triple(triple.subject, triple.predicate, value)]))


def _without(triples: Iterable[Triple]) -> Iterator[Change]:
    gone = frozenset(triples)
    if gone:
        yield Change(gone, frozenset())


def _one(random: Random, terms: Iterable[Key]) -> Iterator[Key]:
    """Yield one of some terms, which are in a lasting order, if there is any."""
    if listed := list(terms):
        yield random.choice(listed)


def _is_of_thing(triple: Triple) -> bool:
    return triple.predicate == _TYPE


# What is said of a thing.


def drop(_world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if not _is_of_thing(triple):
        yield from _without([triple])


def drop_all(world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    values = [each for each in world.said[triple.subject] if each.predicate == triple.predicate]
    if len(values) > 1 and not _is_of_thing(triple):
        yield from _without(values)


def second_value(world: World, triple: Triple, random: Random) -> Iterator[Change]:
    if _is_of_thing(triple) or not world.is_single(triple):
        return
    if isinstance(triple.object, Literal):
        taken = world.taken(triple.predicate)
        for value in _one(random, (each for each in taken if each != triple.object)):
            yield from _besides(triple, value)
    for value in _one(random, _likes(world, triple)):
        yield from _besides(triple, value)


def other_value(world: World, triple: Triple, random: Random) -> Iterator[Change]:
    for value in _one(random, _likes(world, triple)):
        yield from _instead(triple, value)


def _likes(world: World, triple: Triple) -> list[Node]:
    """List what is like a value: of the same scheme, or else of the same class."""
    kind, scheme = world.kind(triple.object), world.scheme(triple.object)
    if not kind or _is_of_thing(triple):
        return []
    same = (each for each in world.things if world.kind(each) == kind)
    near = (each for each in same if not scheme or world.scheme(each) == scheme)
    return [each for each in near if each not in (triple.object, triple.subject)]


def misspelt_property(_world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if not _is_of_thing(triple):
        name = triple.predicate.value
        yield from _renamed(triple, NamedNode(name[:-2] + name[-1] + name[-2]))


def other_property(world: World, triple: Triple, random: Random) -> Iterator[Change]:
    if not _is_of_thing(triple):
        for predicate in _one(random, world.strange(triple.subject)):
            yield from _renamed(triple, predicate)


def _renamed(triple: Triple, predicate: NamedNode) -> Iterator[Change]:
    new = Triple(triple.subject, predicate, triple.object)
    if predicate != triple.predicate:
        yield Change(frozenset([triple]), frozenset([new]))


def borrowed_property(world: World, triple: Triple, random: Random) -> Iterator[Change]:
    """Give a thing a property of another class, with a value that it has there."""
    if _is_of_thing(triple):
        for predicate in _one(random, world.strange(triple.subject)):
            for value in _one(random, world.taken(predicate)):
                new = Triple(triple.subject, predicate, value)
                yield Change(frozenset(), frozenset([new]))


def exchanged_properties(world: World, triple: Triple, random: Random) -> Iterator[Change]:
    """Let two properties of a thing exchange their values: start and end, say."""
    others = [
        each
        for each in world.said[triple.subject]
        if each.predicate not in (triple.predicate, _TYPE)
        and each.object != triple.object
        and _sort(each.object) == _sort(triple.object)
    ]
    if others and not _is_of_thing(triple):
        other = random.choice(others)
        yield Change(
            frozenset([triple, other]),
            frozenset(
                [
                    Triple(triple.subject, triple.predicate, other.object),
                    Triple(triple.subject, other.predicate, triple.object),
                ]
            ),
        )


def _sort(term: Node) -> str:
    return term.datatype.value if isinstance(term, Literal) else type(term).__name__


def exchanged_things(world: World, triple: Triple, random: Random) -> Iterator[Change]:
    """Let two things of a class exchange their values of a property."""
    others = [
        each
        for each in world.strata[world.kind(triple.subject), triple.predicate]
        if each.subject != triple.subject and each.object != triple.object
    ]
    if others and not _is_of_thing(triple):
        other = random.choice(others)
        yield Change(
            frozenset([triple, other]),
            frozenset(
                [
                    Triple(triple.subject, triple.predicate, other.object),
                    Triple(other.subject, triple.predicate, triple.object),
                ]
            ),
        )


# What a thing is.


def no_type(_world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if _is_of_thing(triple):
        yield from _without([triple])


def wider_type(world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    wider = world.wider(triple.object)
    if _is_of_thing(triple) and wider:
        yield from _instead(triple, wider)


def sibling_type(world: World, triple: Triple, random: Random) -> Iterator[Change]:
    for kind in _siblings(world, triple, random):
        yield from _instead(triple, kind)


def second_type(world: World, triple: Triple, random: Random) -> Iterator[Change]:
    for kind in _siblings(world, triple, random):
        yield from _besides(triple, kind)


def _siblings(world: World, triple: Triple, random: Random) -> Iterator[Node]:
    if _is_of_thing(triple):
        family = world.family(triple.subject)
        near = (each for each in world.said if world.family(each) == family)
        kinds = dict.fromkeys(kind for each in near if (kind := world.kind(each)))
        yield from _one(random, (kind for kind in kinds if kind != triple.object))


def foreign_type(world: World, triple: Triple, random: Random) -> Iterator[Change]:
    if _is_of_thing(triple):
        family = world.family(triple.subject)
        far = (each for each in world.said if world.family(each) != family)
        for kind in _one(random, dict.fromkeys(kind for each in far if (kind := world.kind(each)))):
            yield from _instead(triple, kind)


def misspelt_type(_world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if _is_of_thing(triple) and isinstance(triple.object, NamedNode):
        yield from _instead(triple, NamedNode(triple.object.value[:-1]))


# What a thing is called, and who speaks of it.


def misnamed(world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    yield from _called(world, triple, lambda iri: f"{iri}_X")


def capitalised(world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    yield from _called(world, triple, lambda iri: re.sub(r"[^/]+$", lambda m: m[0].upper(), iri))


def of_another_article(world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    yield from _called(world, triple, lambda iri: _ARTICLE.sub("/a2/", iri))


def _called(world: World, triple: Triple, rename: Callable[[str], str]) -> Iterator[Change]:
    """Call a thing otherwise, wherever it is mentioned."""
    old = triple.subject
    if _is_of_thing(triple) and isinstance(old, NamedNode):
        new = NamedNode(rename(old.value))
        gone = frozenset([*world.said[old], *world.named.get(old, [])])
        turned = (
            Triple(
                new if each.subject == old else each.subject,
                each.predicate,
                new if each.object == old else each.object,
            )
            for each in gone
        )
        if new != old:
            yield Change(gone, frozenset(turned))


def undescribed(world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if _is_of_thing(triple) and triple.subject in world.named:
        yield from _without(world.said[triple.subject])


def unmentioned(world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if _is_of_thing(triple):
        yield from _without(world.named.get(triple.subject, []))


# What is named.


def dangling(_world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if link := _link(triple):
        yield from _instead(triple, NamedNode(link.value[:-1] + "_"))


def unnamed(_world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if _link(triple):
        yield from _instead(triple, BlankNode("nobody"))


def as_literal(_world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if link := _link(triple):
        yield from _instead(triple, Literal(link.value))


def as_class(world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    kind = world.kind(triple.object)
    if _link(triple) and kind:
        yield from _instead(triple, kind)


def as_scheme(world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    scheme = world.scheme(triple.object)
    if _link(triple) and scheme:
        yield from _instead(triple, scheme)


def itself(_world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if _link(triple):
        yield from _instead(triple, triple.subject)


def turned_round(_world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if link := _link(triple):
        new = Triple(link, triple.predicate, triple.subject)
        yield Change(frozenset([triple]), frozenset([new]))


def cycle(world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    """Let a value have the thing as its own value of the property."""
    if (link := _link(triple)) and world.family(link) == world.family(triple.subject):
        said = world.said.get(link, [])
        old = [each for each in said if each.predicate == triple.predicate]
        new = Triple(link, triple.predicate, triple.subject)
        if new not in old:
            gone = old if world.is_single(triple) else []
            yield Change(frozenset(gone), frozenset([new]))


def wrong_class(world: World, triple: Triple, random: Random) -> Iterator[Change]:
    """Name a thing of a family that the property has nowhere among its values."""
    if _link(triple):
        right = {world.family(each) for each in world.taken(triple.predicate)}
        for thing in _one(
            random, (each for each in world.things if world.family(each) not in right)
        ):
            yield from _instead(triple, thing)


def wrong_kind(world: World, triple: Triple, random: Random) -> Iterator[Change]:
    """Name a thing of the right family, but of a class that the property has nowhere."""
    if _link(triple) and not world.scheme(triple.object):
        taken = {world.kind(each) for each in world.taken(triple.predicate)}
        family = world.family(triple.object)
        near = (each for each in world.things if world.family(each) == family)
        for thing in _one(random, (each for each in near if world.kind(each) not in taken)):
            yield from _instead(triple, thing)


def wrong_scheme(world: World, triple: Triple, random: Random) -> Iterator[Change]:
    scheme = world.scheme(triple.object)
    if _link(triple) and scheme:
        others = (each for each in world.concepts if world.scheme(each) != scheme)
        for thing in _one(random, others):
            yield from _instead(triple, thing)


def no_web_address(world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if (link := _link(triple)) and not world.kind(link):
        yield from _instead(triple, NamedNode(re.sub("^[a-z]+:", "urn:", link.value)))


def _link(triple: Triple) -> NamedNode | None:
    """Return what is named, if it is not a class."""
    value = triple.object
    return value if isinstance(value, NamedNode) and not _is_of_thing(triple) else None


# What is written.


def as_iri(_world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if isinstance(triple.object, Literal):
        yield from _instead(
            triple, NamedNode("urn:text:" + re.sub(r"\W", "-", triple.object.value))
        )


def untyped(_world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if isinstance(triple.object, Literal) and not triple.object.language:
        yield from _instead(triple, Literal(triple.object.value))


def other_datatype(_world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if isinstance(triple.object, Literal):
        other = _OTHER_DATATYPES.get(triple.object.datatype.value)
        if other:
            yield from _instead(triple, Literal(triple.object.value, datatype=NamedNode(other)))


def untagged(_world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if isinstance(triple.object, Literal) and triple.object.language:
        yield from _instead(triple, Literal(triple.object.value))


def other_language(_world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if isinstance(triple.object, Literal) and triple.object.language:
        yield from _instead(triple, Literal(triple.object.value, language="qu"))


def second_language(_world: World, triple: Triple, _random: Random) -> Iterator[Change]:
    if isinstance(triple.object, Literal) and triple.object.language:
        yield from _besides(triple, Literal(triple.object.value, language="qu"))


def _rewriting(write: Callable[[str], str], *names: str, other: bool = False) -> Operator:
    """Return what writes literals of these datatypes, or of all others, in another way."""
    kinds = {_XSD + name for name in names} | {PREFIXES["rdf"] + name for name in names}

    def operator(_world: World, triple: Triple, _random: Random) -> Iterator[Change]:
        value = triple.object
        if isinstance(value, Literal) and (value.datatype.value in kinds) is not other:
            yield from _instead(triple, _rewritten(value, write(value.value)))

    return operator


def _rewritten(old: Literal, text: str) -> Literal:
    if old.language:
        return Literal(text, language=old.language)
    return Literal(text, datatype=old.datatype)


def _plus(step: int) -> Callable[[str], str]:
    return lambda text: str(int(text) + step)


def _other_digit(text: str) -> str:
    """Change the last digit but eight, so that no name that begins as the digest does notices."""
    return text[:-8] + ("0" if text[-8:-7] != "0" else "1") + text[-7:]


_TEXTS = ("langString", "string")
_DATES = ("date", "gYear", "gYearMonth")

OPERATORS: dict[str, Operator] = {
    "drop": drop,
    "drop all": drop_all,
    "second value": second_value,
    "other value": other_value,
    "misspelt property": misspelt_property,
    "other property": other_property,
    "borrowed property": borrowed_property,
    "exchange of properties": exchanged_properties,
    "exchange of things": exchanged_things,
    "no type": no_type,
    "wider type": wider_type,
    "sibling type": sibling_type,
    "second type": second_type,
    "foreign type": foreign_type,
    "misspelt type": misspelt_type,
    "misnamed": misnamed,
    "capitalised": capitalised,
    "of another article": of_another_article,
    "undescribed": undescribed,
    "unmentioned": unmentioned,
    "dangling": dangling,
    "blank node": unnamed,
    "literal for thing": as_literal,
    "class for thing": as_class,
    "scheme for concept": as_scheme,
    "itself": itself,
    "turned round": turned_round,
    "cycle": cycle,
    "wrong class": wrong_class,
    "wrong kind": wrong_kind,
    "wrong scheme": wrong_scheme,
    "no web address": no_web_address,
    "thing for literal": as_iri,
    "no datatype": untyped,
    "other datatype": other_datatype,
    "no language": untagged,
    "other language": other_language,
    "second language": second_language,
    "empty": _rewriting(lambda _: "", *_TEXTS),
    "blank": _rewriting(lambda _: " ", *_TEXTS),
    "space before": _rewriting(lambda text: f" {text}", *_TEXTS),
    "space after": _rewriting(lambda text: f"{text} ", *_TEXTS),
    "control character": _rewriting(lambda text: f"{text[:1]}\u0007{text[1:]}", *_TEXTS),
    "line break": _rewriting(lambda text: f"{text[:1]}\n{text[1:]}", *_TEXTS),
    "turned writing": _rewriting(lambda text: f"{text[:1]}\u202e{text[1:]}", *_TEXTS),
    "overlong": _rewriting(lambda text: f"{text} " * 700 + text, *_TEXTS),
    "cut off": _rewriting(
        lambda text: text[: len(text) // 2], "boolean", "dayTimeDuration", *_DATES
    ),
    "cut off text": _rewriting(lambda text: text[: len(text) // 2], *_TEXTS),
    "nonsense": _rewriting(lambda _: "?", *_TEXTS, other=True),
    "one more": _rewriting(_plus(1), "integer"),
    "one less": _rewriting(_plus(-1), "integer"),
    "far beyond": _rewriting(_plus(1_000_000), "integer"),
    "negative": _rewriting(lambda text: f"-{text}", "integer", "dayTimeDuration"),
    "zero": _rewriting(lambda _: "0", "integer"),
    "fraction": _rewriting(lambda text: f"{text}.5", "integer"),
    "no time": _rewriting(lambda _: "P0D", "dayTimeDuration"),
    "long time": _rewriting(lambda _: "P40000D", "dayTimeDuration"),
    "far future": _rewriting(lambda text: f"9{text[1:]}", *_DATES),
    "far past": _rewriting(lambda text: f"0{text[1:]}", *_DATES),
    "impossible day": _rewriting(lambda text: f"{text[:8]}32", "date"),
    "short digest": _rewriting(lambda text: text[:-2], "hexBinary"),
    "capital digits": _rewriting(str.upper, "hexBinary"),
    "other digit": _rewriting(_other_digit, "hexBinary"),
    "reversed digest": _rewriting(lambda text: text[::-1], "hexBinary"),
}
"""What can be done to a triple, by name; each yields the changes that it makes there."""
