"""Shapes that ask for less than before: a change of the rules that a reader of it must see.

What cannot be compared, such as two patterns or two queries, is told of as changed.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Store, Triple

from communique.faults import Fault, fault
from communique.findings import Rule
from communique.labels import Labels
from communique.namespaces import PREFIXES, shrink

RULE = Rule("loosened-shape", "A change asks for no less than was asked for before.")

_SH = PREFIXES["sh"]
_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_CLASSES = {NamedNode(PREFIXES["rdfs"] + "Class"), NamedNode(PREFIXES["owl"] + "Class")}
_FIRST, _REST = (NamedNode(PREFIXES["rdf"] + name) for name in ("first", "rest"))
_TARGETS = frozenset({"targetClass", "targetNode", "targetObjectsOf", "targetSubjectsOf"})
_LOWER = frozenset({"minCount", "minExclusive", "minInclusive", "minLength", "qualifiedMinCount"})
_UPPER = frozenset({"maxCount", "maxExclusive", "maxInclusive", "maxLength", "qualifiedMaxCount"})
_SEVERAL = _TARGETS | {"class", "disjoint", "equals", "hasValue", "node"}
"""What a shape may say several times, each on its own."""
_TURNING = frozenset({"ask", "flags", "path", "prefixes", "select"})
"""What changes the sense of another value."""
_TALK = frozenset({"defaultValue", "description", "group", "message", "name", "order"})
_NEGATING = frozenset({"not", "qualifiedValueShape", "xone"})
_SEVERITIES = ("Info", "Warning", "Violation")
_KINDS = {
    "BlankNode": {"BlankNode"},
    "BlankNodeOrIRI": {"BlankNode", "IRI"},
    "BlankNodeOrLiteral": {"BlankNode", "Literal"},
    "IRI": {"IRI"},
    "IRIOrLiteral": {"IRI", "Literal"},
    "Literal": {"Literal"},
}
_Looser = tuple[str, Quad | None]
_HINT = "If that is meant, let a person agree to it"
_DEEPEST = 64
_LONGEST = 60


@dataclass
class _Graph:
    """A graph of shapes, by subject and by the local name of each SHACL predicate."""

    store: Store
    name: Callable[[str], str] = shrink
    about: dict[object, list[Quad]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read the quads of the store."""
        for quad in self.store:
            self.about.setdefault(quad.subject, []).append(quad)

    def said(self, subject: object) -> dict[str, list[Quad]]:
        """Return what is said of a shape that can have an effect."""
        found: dict[str, list[Quad]] = {}
        for quad in self.about.get(subject, []):
            name = quad.predicate.value.removeprefix(_SH)
            if name != quad.predicate.value and name not in _TALK:
                found.setdefault(name, []).append(quad)
        return found

    def members(self, node: object) -> list[object]:
        """Return the members of a list; what is no list is its own only member."""
        found, seen = list[object](), set[object]()
        while isinstance(node, BlankNode) and node not in seen:
            seen.add(node)
            links = {quad.predicate: quad.object for quad in self.about.get(node, [])}
            if _FIRST not in links:
                break
            found.append(links[_FIRST])
            node = links.get(_REST)
        return found if seen and found else [node] if node is not None else []

    def text(self, node: object, depth: int = 0) -> str:
        """Write a term for comparison; a blank node as what is said of it."""
        if not isinstance(node, BlankNode) or depth > _DEEPEST:
            return str(node)
        members = self.members(node)
        if members != [node]:
            return f"( {' '.join(self.text(each, depth + 1) for each in members)} )"
        quads = (quad for quads in self.said(node).values() for quad in quads)
        said = sorted(f"{q.predicate} {self.text(q.object, depth + 1)}" for q in quads)
        return f"[ {' ; '.join(said)} ]"

    def shown(self, node: object) -> str:
        """Write a term for a reader."""
        if isinstance(node, NamedNode):
            return self.name(node.value)
        if isinstance(node, BlankNode):
            members = self.members(node)
            if members != [node]:
                return f"({', '.join(self.shown(each) for each in members[:20])})"
            path = self.said(node).get("path")
            return f"the rule of {self.shown(path[0].object)}" if path else "a rule without a name"
        text = " ".join((node.value if isinstance(node, Literal) else str(node)).split())
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def loosened(before: Store, after: Store, *, name: Callable[[str], str] = shrink) -> list[Fault]:
    """Return how shapes ask for less than before: each is a warning of the layer `shapes`.

    A fault points at what is there now, or at the shape itself where something is gone; only for
    a shape that is gone its triples are those of `before`. `name` shortens an IRI for readers.
    """
    return list(_Comparison(_Graph(before, name), _Graph(after, name)).faults())


class _Comparison:
    def __init__(self, before: _Graph, after: _Graph) -> None:
        self._before = before
        self._after = after
        self._labels = Labels(after.store)
        self._negated = _negated(before) | _negated(after)

    def faults(self) -> Iterator[Fault]:
        """Yield what is looser, shape by shape."""
        named = [s for s in self._before.about if isinstance(s, NamedNode) and self._is_shape(s)]
        for shape in sorted(named, key=str):
            if shape not in self._after.about:
                quad = self._before.about[shape][0]
                yield _told(
                    quad, "subject", f"{self._after.name(shape.value)} is no longer a shape."
                )
            else:
                yield from self._of_classes(shape)
                yield from self._of_shape(shape, shape, shape)

    def _is_shape(self, subject: NamedNode) -> bool:
        return bool(self._before.said(subject))

    def _of_classes(self, shape: NamedNode) -> Iterator[Fault]:
        """Tell of a shape that was a class, and so had its members as a target."""
        was, is_ = (
            {q.object for q in graph.about[shape] if q.predicate == _TYPE}
            for graph in (self._before, self._after)
        )
        if was & _CLASSES and not is_ & _CLASSES:
            what = "it is no longer a class whose members are checked"
            yield self._fault(shape, what, self._anchor(shape, shape), "subject")

    def _of_shape(self, named: NamedNode, former: object, present: object) -> Iterator[Fault]:
        """Compare one shape, which may be a blank node below one that is named."""
        was, is_ = self._before.said(former), self._after.said(present)
        for name in sorted(was.keys() | is_.keys()):
            values = _Values(name, was.get(name, []), is_.get(name, []), self._before, self._after)
            for what, quad in values.looser(negated=named in self._negated):
                anchor = quad or self._anchor(named, present)
                yield self._fault(named, what, anchor, "object" if quad else "subject")
        for what, quad in _admitted(was, is_, self._before, self._after):
            yield self._fault(named, what, quad, "object")
        for pair in self._below(was, is_):
            yield from self._of_shape(named, *pair)

    def _fault(self, named: NamedNode, what: str, quad: Quad, part: str) -> Fault:
        label = self._labels.of(named.value)
        label = self._after.name(named.value) if label.startswith("<") else label
        return _told(quad, part, f"{label} asks for less: {what}.", value=what)

    def _anchor(self, named: NamedNode, present: object) -> Quad:
        """Return what stands for a shape from which something is gone."""
        if present != named:
            users = (q for qs in self._after.about.values() for q in qs if q.object == present)
            return next(users, self._after.about[named][0])
        quads = self._after.about[named]
        return next((quad for quad in quads if quad.predicate == _TYPE), quads[0])

    def _below(
        self, was: Mapping[str, list[Quad]], is_: Mapping[str, list[Quad]]
    ) -> Iterator[tuple[object, object]]:
        """Pair the shapes of properties without a name that are of one path and not the same."""
        before, after = was.get("property", []), is_.get("property", [])
        for key in sorted({_key(self._before, quad.object) for quad in before}):
            former = _blank(self._before, before, key)
            present = _blank(self._after, after, key)
            for text in former.keys() & present.keys():
                del former[text], present[text]
            yield from zip(former.values(), present.values(), strict=False)


@dataclass(frozen=True)
class _Values:
    """What a shape says by one predicate, before and after."""

    name: str
    was: list[Quad]
    now: list[Quad]
    before: _Graph
    after: _Graph

    def looser(self, *, negated: bool) -> Iterator[_Looser]:
        """Yield in words how less is asked for, and the triple that does so if it is there."""
        former = {self.before.text(quad.object): quad for quad in self.was}
        present = {self.after.text(quad.object): quad for quad in self.now}
        gone = [former[text] for text in sorted(former.keys() - present.keys())]
        fresh = [present[text] for text in sorted(present.keys() - former.keys())]
        if negated and (gone or fresh) and self.name not in _TARGETS | {"deactivated", "severity"}:
            what = f"sh:{self.name} is changed, and another shape forbids what this one allows"
            yield what, (fresh[0] if fresh else None)
        elif self.name in _COMPARED and (gone or fresh):
            yield from _COMPARED[self.name](self)
        elif gone or fresh:
            yield from self._others(gone, fresh)

    def _others(self, gone: list[Quad], fresh: list[Quad]) -> Iterator[_Looser]:
        """Compare values each of which asks for something: what is gone asks no more."""
        for quad in gone:
            old = f"sh:{self.name} {self.before.shown(quad.object)}"
            if self._is_gone(quad.object):
                continue
            if fresh and self.name not in _SEVERAL:
                new = self.after.shown(fresh[0].object)
                yield f"{old} is now {new}, which is not compared", fresh[0]
            else:
                yield f"{old} is gone", None
        if fresh and not gone and self.name in _TURNING:
            yield f"sh:{self.name} is new, which is not compared", fresh[0]

    def _is_gone(self, node: object) -> bool:
        """Tell whether a named shape is gone altogether, which is told of once."""
        named = isinstance(node, NamedNode) and bool(self.before.said(node))
        return named and node not in self.after.about

    def properties(self) -> Iterator[_Looser]:
        """Tell of shapes of properties that are gone; those without a name go by their path."""
        names = Counter(_key(self.after, quad.object) for quad in self.now)
        for quad in self.was:
            key = _key(self.before, quad.object)
            names[key] -= 1
            if names[key] < 0 and not self._is_gone(quad.object):
                yield f"sh:property {self.before.shown(quad.object)} is gone", None

    def bounds(self) -> Iterator[_Looser]:
        """Compare numbers below or above which nothing may be."""
        if not self.was:
            return
        old = self.before.shown(self.was[0].object)
        if not self.now:
            yield f"sh:{self.name} {old} is gone", None
            return
        new = self.after.shown(self.now[0].object)
        was, now = _number(old), _number(new)
        if was is None or now is None:
            yield f"sh:{self.name} was {old} and is {new}, which is not compared", self.now[0]
        elif (now < was) if self.name in _LOWER else (now > was):
            yield f"sh:{self.name} was {old} and is {new}", self.now[0]

    def lists(self) -> Iterator[_Looser]:
        """Compare lists of what is allowed, or of what is asked for."""
        first = self.now[0] if self.now else None
        if len(self.was) > 1 or len(self.now) > 1:
            yield f"sh:{self.name} is changed, which is not compared", first
        elif not first and self.name != "ignoredProperties":
            yield f"sh:{self.name} {self.before.shown(self.was[0].object)} is gone", None
        elif first and (self.was or self.name == "ignoredProperties"):
            former, present = _members(self.before, self.was), _members(self.after, self.now)
            allows = self.name != "and"
            for text in sorted(present.keys() - former.keys() if allows else ()):
                yield f"sh:{self.name} allows {self.after.shown(present[text])}, too", first
            for text in sorted(() if allows else former.keys() - present.keys()):
                yield f"sh:{self.name} {self.before.shown(former[text])} is gone", first

    def switches(self) -> Iterator[_Looser]:
        """Compare what is true or not: true asks for more, but for a shape that is deactivated."""
        was, now = _is_true(self.was), _is_true(self.now)
        if self.name == "deactivated":
            if now and not was:
                yield "it is deactivated", self.now[0]
        elif was and not now:
            yield f"sh:{self.name} was true", (self.now[0] if self.now else None)

    def severities(self) -> Iterator[_Looser]:
        """Compare how grave a result is; one that is not stated is a violation."""
        old, new = (_local(quads, "Violation") for quads in (self.was, self.now))
        known = old in _SEVERITIES and new in _SEVERITIES
        if not known or _SEVERITIES.index(new) < _SEVERITIES.index(old):
            what = f"sh:severity was {_shown(old)} and is {_shown(new)}"
            yield what, (self.now[0] if self.now else None)

    def kinds(self) -> Iterator[_Looser]:
        """Compare which kinds of nodes are allowed."""
        old, new = _local(self.was, ""), _local(self.now, "")
        if old and not new:
            yield f"sh:nodeKind {_shown(old)} is gone", None
        elif old and not _KINDS.get(new, {new}) <= _KINDS.get(old, {old}):
            yield f"sh:nodeKind was {_shown(old)} and is {_shown(new)}", self.now[0]


_COMPARED: dict[str, Callable[[_Values], Iterator[_Looser]]] = {
    "property": _Values.properties,
    "nodeKind": _Values.kinds,
    "severity": _Values.severities,
    **dict.fromkeys(_LOWER | _UPPER, _Values.bounds),
    **dict.fromkeys(("and", "ignoredProperties", "in", "languageIn", "or"), _Values.lists),
    **dict.fromkeys(
        ("closed", "deactivated", "qualifiedValueShapesDisjoint", "uniqueLang"), _Values.switches
    ),
}


def _admitted(
    was: Mapping[str, list[Quad]], now: Mapping[str, list[Quad]], before: _Graph, after: _Graph
) -> Iterator[tuple[str, Quad]]:
    """Tell of properties that a closed shape admits because a shape of them is new."""
    if _is_true(was.get("closed", [])) and _is_true(now.get("closed", [])):
        former = {_path(before, quad.object) for quad in was.get("property", [])}
        former |= _members(before, was.get("ignoredProperties", [])).keys()
        known = {quad.object for quad in was.get("property", [])}
        for quad in now.get("property", []):
            path = _path(after, quad.object)
            if path and path not in former and quad.object not in known:
                yield f"it is closed, and {after.name(path[1:-1])} is allowed now, too", quad


def _members(graph: _Graph, quads: list[Quad]) -> dict[str, object]:
    return {graph.text(node): node for quad in quads for node in graph.members(quad.object)}


def _told(quad: Quad, part: str, message: str, value: str = "") -> Fault:
    return fault(
        quad, part, RULE, message, layer="shapes", severity="warning", hint=_HINT, value=value
    )


def _negated(graph: _Graph) -> set[object]:
    """Return the shapes that others negate: where one of them asks for more, others forbid less."""
    starts = {
        member
        for quad in (quad for quads in graph.about.values() for quad in quads)
        if quad.predicate.value.removeprefix(_SH) in _NEGATING
        for member in graph.members(quad.object)
    }
    found, waiting = set[object](), list(starts)
    while waiting:
        node = waiting.pop()
        if node in found or isinstance(node, Literal | Triple):
            continue
        found.add(node)
        quads = (quad for quads in graph.said(node).values() for quad in quads)
        waiting += [m for q in quads for m in graph.members(q.object) if graph.said(m)]
    return found


def _blank(graph: _Graph, quads: list[Quad], key: str) -> dict[str, object]:
    found = {graph.text(q.object): q.object for q in quads if isinstance(q.object, BlankNode)}
    return {text: node for text, node in sorted(found.items()) if _key(graph, node) == key}


def _key(graph: _Graph, node: object) -> str:
    """Return what tells the shapes of properties of one shape apart: the name, or the path."""
    if isinstance(node, NamedNode):
        return str(node)
    return "".join(sorted(f"path {graph.text(q.object)}" for q in graph.said(node).get("path", [])))


def _path(graph: _Graph, node: object) -> str:
    """Return the property that a shape is of, if its path is one property."""
    paths = [quad.object for quad in graph.said(node).get("path", [])]
    return str(paths[0]) if len(paths) == 1 and isinstance(paths[0], NamedNode) else ""


def _is_true(quads: list[Quad]) -> bool:
    return any(isinstance(q.object, Literal) and q.object.value in {"true", "1"} for q in quads)


def _local(quads: list[Quad], default: str) -> str:
    term = quads[0].object if quads else None
    return term.value.removeprefix(_SH) if isinstance(term, NamedNode) else default


def _shown(local: str) -> str:
    return shrink(local) if ":" in local else f"sh:{local}"


def _number(text: str) -> float | None:
    try:
        return float(text[:100])
    except ValueError:
        return None
