"""What a result of validation means, in the words of the domain, and how to mend it."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Store, Triple

from communique.dataset import Term, select
from communique.engines import Result
from communique.labels import Labels
from communique.lines import count
from communique.namespaces import PREFIXES
from communique.parameters import suggestion
from communique.vocabularies import Closest, Vocabulary, split

_SH = PREFIXES["sh"]
_CHOICES = {f"{_SH}{name}ConstraintComponent" for name in ("And", "Node", "Not", "Or", "Xone")}
_LACKING = f"{_SH}MinCountConstraintComponent"
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|[-_]")
_LISTED = 8
"""How many allowed values a hint names."""

_CLASSES = """
SELECT ?thing ?class WHERE {
  ?thing a ?class .
  FILTER NOT EXISTS { ?thing a ?other . ?other rdfs:subClassOf+ ?class . FILTER(?other != ?class) }
}
"""


class Wording:
    """Tells what results mean, with the labels of a dataset and the rules of its shapes."""

    def __init__(self, data: Store, shapes: Store, vocabulary: Vocabulary) -> None:
        """Read labels from the data, what is asked for from the shapes, names from a table."""
        self._data = data
        self._shapes = shapes
        self._labels = Labels(data)
        self._closest = Closest(vocabulary)
        self.shrink = vocabulary.shrink

    def message(self, result: Result, others: Iterable[Result] = ()) -> str:
        """Say in a sentence what is not as it should be, and which other rules are not kept."""
        say = _MESSAGES.get(result.component.removeprefix(_SH))
        if say is None or (not isinstance(result.path, NamedNode) and say is not _closed):
            said = self._by_rule(result)
        else:
            said = say(self, result)
        return "; nor does this: ".join([said.removesuffix("."), *map(_rule, others)]) + "."

    def shared(self, more: int) -> str:
        """Say of how many other things the same is so, for the one cause that is pointed at."""
        return (
            f" The cause may be here: it is so with {count(more, 'other thing')}." if more else ""
        )

    def hint(self, result: Result) -> str:
        """Say how to mend it, or nothing if that cannot be derived."""
        say = _HINTS.get(result.component.removeprefix(_SH))
        return say(self, result) if say else ""

    def found(self, result: Result) -> str:
        """Return the value of a result as it is written; a thing has none but its own name."""
        if result.value is None:
            return ""
        named = result.component == f"{_SH}PatternConstraintComponent"
        return self.written(result.value) if named or result.value != result.focus else ""

    def thing(self, term: Term) -> str:
        """Name a thing: what it is, and what it is called."""
        if isinstance(term, Literal):
            return f'"{term.value}"'
        kind = self._kinds.get(term.value, "")
        if isinstance(term, BlankNode):
            return f"{kind or 'a thing'} without a name"
        label = self._labels.found(term.value)
        called = f'"{label}"' if label else self.shrink(term.value)
        return f"{kind} {called}".strip()

    def called(self, iri: Term) -> str:
        """Name a class, a property or a concept by its label, else by the words of its name."""
        label = self._labels.found(iri.value) if isinstance(iri, NamedNode) else ""
        return label or _HUMP.sub(" ", split(iri.value)[1]).lower()

    def asked(self, result: Result, constraint: str) -> list[Term]:
        """Return what a shape states for a constraint."""
        return sorted(_objects(self._shapes, result.shape, NamedNode(_SH + constraint)), key=str)

    def number(self, result: Result, constraint: str) -> str:
        """Return the number that a shape states for a constraint."""
        return next((term.value for term in self.asked(result, constraint)), "")

    def members(self, result: Result, constraint: str) -> list[Term]:
        """Return the members of the list that a shape states for a constraint."""
        return [m for head in self.asked(result, constraint) for m in _members(self._shapes, head)]

    def values(self, result: Result) -> list[Term]:
        """Return the values that the focus has on the path of a result."""
        if not isinstance(result.path, NamedNode):
            return []
        return sorted(_objects(self._data, result.focus, result.path), key=str)

    def nearest(self, iri: str, wanted: set[str]) -> str:
        """Name the one of some IRIs that is closest to an IRI, or nothing."""
        return self._closest(iri, wanted)

    def written(self, term: Term) -> str:
        """Return a term as it is written in a file, or nearly so."""
        return self.shrink(term.value) if isinstance(term, NamedNode) else term.value

    def listed(self, terms: list[Term]) -> str:
        """Name the first of some terms, and count the others."""
        names = [self.written(term) for term in terms]
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        return ", ".join(names[:_LISTED]) + more

    def instances(self, classes: list[Term]) -> set[str]:
        """Return the IRIs of the things of some classes, or of classes below them."""
        return {
            row["thing"].value
            for each in classes
            for row in select(
                self._data, f"SELECT ?thing {{ ?thing rdf:type/rdfs:subClassOf* {each} }}"
            )
            if isinstance(row["thing"], NamedNode)
        }

    def properties(self, result: Result) -> set[str]:
        """Return the IRIs of the properties that a closed shape allows."""
        query = f"SELECT ?path {{ {_node(result.shape)} sh:property/sh:path ?path }}"
        rows = select(self._shapes, query)
        return {row["path"].value for row in rows if isinstance(row["path"], NamedNode)}

    @cached_property
    def _kinds(self) -> dict[str, str]:
        rows = select(self._data, _CLASSES)
        return {row["thing"].value: self.called(row["class"]) for row in rows}

    def _by_rule(self, result: Result) -> str:
        found = "" if result.value in (None, result.focus) else f"; found {_value(self, result)}"
        return f"{_capital(self.thing(result.focus))}: this does not hold: {_rule(result)}{found}."


def gathered(results: Iterable[Result]) -> Iterator[tuple[Result, list[Result]]]:
    """Yield each result, with those that are not worth a finding beside it.

    Where a thing lacks something, rules about it as a whole (that it is this or that) often do
    not hold either, and there is nothing to point at but the thing itself, once.
    """
    things = defaultdict[tuple[Term, str], list[Result]](list)
    for result in sorted(results, key=str):
        things[result.focus, result.severity].append(result)
    for found in things.values():
        whole = [each for each in found if is_of_all(each)]
        parts = [each for each in found if not is_of_all(each)]
        lacking = [each for each in parts if each.value is None and each.component == _LACKING]
        first = next(iter([*lacking, *whole]), None)
        for each in [*parts, *([] if lacking else whole[:1])]:
            yield each, [other for other in whole if each is first and other is not first]


def is_of_all(result: Result) -> bool:
    """Tell whether a result is of a choice between shapes that a thing has to keep."""
    return result.path is None and result.component in _CHOICES


def _rule(result: Result) -> str:
    return result.message.removesuffix(".") or "It is as SHACL asks for"


def _few(words: Wording, result: Result) -> str:
    least = words.number(result, "minCount")
    what = words.called(_path(result))
    how = f"no {what}" if least == "1" else f"fewer than {least} of: {what}"
    return f"{_capital(words.thing(result.focus))} has {how}."


def _many(words: Wording, result: Result) -> str:
    most = words.number(result, "maxCount")
    what = words.called(_path(result))
    if most == "0":
        return f"{_capital(words.thing(result.focus))} has a value of {what}, and may have none."
    how = "one" if most == "1" else most
    return f"{_capital(words.thing(result.focus))} has more than {how} of: {what}."


def _class(words: Wording, result: Result) -> str:
    wanted = " or ".join(words.called(each) for each in words.asked(result, "class"))
    return f"{_has(words, result)}, which is not of the class {wanted}."


def _datatype(words: Wording, result: Result) -> str:
    wanted = " or ".join(words.shrink(each.value) for each in words.asked(result, "datatype"))
    return f"{_has(words, result)}, which is not of the datatype {wanted}."


def _in(words: Wording, result: Result) -> str:
    return f"{_has(words, result)}, which is not one of the values allowed."


def _lacks(words: Wording, result: Result) -> str:
    wanted = " and ".join(words.thing(each) for each in words.asked(result, "hasValue"))
    thing = _capital(words.thing(result.focus))
    return f"{thing} does not have the {words.called(_path(result))} {wanted}."


def _form(words: Wording, result: Result) -> str:
    return f"{_has(words, result)}, which does not have the form asked for."


def _long(words: Wording, result: Result) -> str:
    most = words.number(result, "maxLength")
    return f"{_has(words, result)}, which has more than {most} letters."


def _short(words: Wording, result: Result) -> str:
    least = words.number(result, "minLength")
    return f"{_has(words, result)}, which has fewer than {least} letters."


def _closed(words: Wording, result: Result) -> str:
    what = words.called(_path(result))
    return f"{_capital(words.thing(result.focus))} has {what}, which its class does not have."


def _bounded(constraint: str, relation: str) -> Callable[[Wording, Result], str]:
    def say(words: Wording, result: Result) -> str:
        return f"{_has(words, result)}, which is not {relation} {words.number(result, constraint)}."

    return say


def _has(words: Wording, result: Result) -> str:
    what = words.called(_path(result))
    return f"{_capital(words.thing(result.focus))} has the {what} {_value(words, result)}"


def _value(words: Wording, result: Result) -> str:
    return "" if result.value is None else words.thing(result.value)


def _add(words: Wording, result: Result) -> str:
    if not isinstance(result.path, NamedNode):
        return ""
    what = words.shrink(result.path.value)
    classes = [f"a thing of the class {words.called(c)}" for c in words.asked(result, "class")]
    kinds = [f'"..."^^{words.shrink(kind.value)}' for kind in words.asked(result, "datatype")]
    one_of = [words.listed(words.members(result, "in"))] if words.asked(result, "in") else []
    value = next(iter([*one_of, *classes, *kinds]), "a value")
    return f"add {what} with {value}"


def _keep_one(words: Wording, result: Result) -> str:
    return f"keep one of {words.listed(found)}" if (found := words.values(result)) else ""


def _other_thing(words: Wording, result: Result) -> str:
    known = words.instances(words.asked(result, "class"))
    given = result.value.value if isinstance(result.value, NamedNode) else ""
    near = words.nearest(given, known) if given else ""
    return f"did you mean {near}?" if near else ""


def _other_value(words: Wording, result: Result) -> str:
    allowed = words.members(result, "in")
    given = words.written(result.value) if result.value is not None else ""
    near = suggestion(given, [words.written(each) for each in allowed])
    return (
        f"{_lower(near)} Allowed: {words.listed(allowed)}".strip()
        if near
        else (f"use one of {words.listed(allowed)}")
    )


def _other_property(words: Wording, result: Result) -> str:
    near = words.nearest(_path(result).value, words.properties(result))
    return f"did you mean {near}?" if near else "remove it"


def _write_typed(words: Wording, result: Result) -> str:
    kind = next((words.shrink(each.value) for each in words.asked(result, "datatype")), "")
    if not kind or result.value is None:
        return ""
    return 'write "..."@en' if kind == "rdf:langString" else f'write "..."^^{kind}'


def _match(words: Wording, result: Result) -> str:
    return f"it has to match {words.number(result, 'pattern')}"


def _give(words: Wording, result: Result) -> str:
    wanted = words.listed(words.asked(result, "hasValue"))
    if not isinstance(result.path, NamedNode):
        return ""
    return f"add {words.shrink(_path(result).value)} {wanted}"


def _shorten(words: Wording, result: Result) -> str:
    return f"shorten it to {words.number(result, 'maxLength')} letters"


_MESSAGES: dict[str, Callable[[Wording, Result], str]] = {
    "MinCountConstraintComponent": _few,
    "MaxCountConstraintComponent": _many,
    "ClassConstraintComponent": _class,
    "DatatypeConstraintComponent": _datatype,
    "InConstraintComponent": _in,
    "HasValueConstraintComponent": _lacks,
    "PatternConstraintComponent": _form,
    "MaxLengthConstraintComponent": _long,
    "MinLengthConstraintComponent": _short,
    "ClosedConstraintComponent": _closed,
    "MinInclusiveConstraintComponent": _bounded("minInclusive", "at least"),
    "MinExclusiveConstraintComponent": _bounded("minExclusive", "more than"),
    "MaxInclusiveConstraintComponent": _bounded("maxInclusive", "at most"),
    "MaxExclusiveConstraintComponent": _bounded("maxExclusive", "less than"),
}
_HINTS: dict[str, Callable[[Wording, Result], str]] = {
    "MinCountConstraintComponent": _add,
    "MaxCountConstraintComponent": _keep_one,
    "ClassConstraintComponent": _other_thing,
    "DatatypeConstraintComponent": _write_typed,
    "InConstraintComponent": _other_value,
    "HasValueConstraintComponent": _give,
    "PatternConstraintComponent": _match,
    "MaxLengthConstraintComponent": _shorten,
    "ClosedConstraintComponent": _other_property,
}


def _members(shapes: Store, head: Term) -> Iterator[Term]:
    """Yield the members of a list."""
    first, rest = NamedNode(PREFIXES["rdf"] + "first"), NamedNode(PREFIXES["rdf"] + "rest")
    node: Term | None = head
    while isinstance(node, NamedNode | BlankNode):
        yield from _objects(shapes, node, first)
        node = next(_objects(shapes, node, rest), None)


def _objects(store: Store, subject: Term, predicate: NamedNode) -> Iterator[Term]:
    found = store.quads_for_pattern(_node(subject), predicate, None, DefaultGraph())
    return (quad.object for quad in found if not isinstance(quad.object, Triple))


def _node(term: Term) -> NamedNode | BlankNode:
    """Return a term that can be a subject."""
    if isinstance(term, Literal):
        return BlankNode()
    return term


def _path(result: Result) -> NamedNode:
    if not isinstance(result.path, NamedNode):
        raise TypeError(result)
    return result.path


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
