"""Which questions stay within an article: what is true of each by itself is true of all together.

A query is taken apart into conjunctions of patterns. Two patterns hold within one article if they
share a variable that stands for an article's own thing; a conjunction does if all of its patterns
that need an article hang together so, and what is optional, denied or summed up in it as well. What
is an article's own is read off a profile of the data, and a job confirms the profile as it goes.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import count, product
from typing import Any

from communique.errors import CommuniqueError
from communique.namespaces import shrink
from communique.profile import LITERAL, OWN, SHARED, Profile, Registry, Use, uses
from communique.questions import with_prefixes
from communique.tokens import words

_MOST_CASES = 4_096
_FICKLE = frozenset({"BNODE", "NOW", "RAND", "STRUUID", "UUID"})
_SAME = frozenset(
    {Use(True, OWN, OWN), Use(False, SHARED, SHARED), Use(False, LITERAL, LITERAL)}  # noqa: FBT003
)
"""How a path of no step stands."""


class _AcrossError(Exception):
    """Why a question does not stay within an article."""


@dataclass(frozen=True)
class _Atom:
    """Something that holds of some things: a triple pattern, or what a group sums up to."""

    nodes: tuple[str, ...]
    rows: frozenset[tuple[bool, tuple[str, ...], bool]]
    """Whether an article is needed, of what kind the nodes are, whether it may be a bridge."""
    text: str


@dataclass(frozen=True)
class _Conjunction:
    """Atoms that hold together, and what is optional or denied beside them, in alternatives."""

    atoms: tuple[_Atom, ...] = ()
    beside: tuple["_Beside", ...] = ()


@dataclass(frozen=True)
class _Beside:
    """What is optional or denied, in alternatives, and the nodes that are bound where it stands."""

    bound: frozenset[str]
    alternatives: tuple[_Conjunction, ...]


@dataclass(frozen=True)
class _Case:
    """One way in which a conjunction can hold: who owns what, and what hangs together."""

    kinds: Mapping[str, str]
    main: frozenset[str] = frozenset()
    """The own things of the one article, or none if no article is needed."""


@dataclass(frozen=True)
class Verdict:
    """Whether a question stays within an article, and why not."""

    why_not: str = ""
    is_set: bool = False
    """Whether no row is there twice, so that one which several articles give counts once."""


def verdict(sparql: str, profile: Profile, registry: Registry) -> Verdict:
    """Judge one query by a profile of the data."""
    try:
        return _Reader(profile, registry).judged(sparql)
    except _AcrossError as why:
        return Verdict(str(why))


def crossing(chains: Iterable[Sequence[Collection[str]]], profile: Profile) -> str:
    """Say why what follows from statements in a row may need two articles.

    A chain gives the predicates of each of its links.
    """
    look = uses(profile)
    for chain in chains:
        atoms = []
        for at, predicates in enumerate(chain):
            rows = _rows(use for each in predicates for use in look(each, ""))
            atoms.append(_Atom((f"?{at}", f"?{at + 1}"), rows, shrink(min(predicates))))
        try:
            list(_cases(_Conjunction(tuple(atoms))))
        except _AcrossError as why:
            return f"what is inferred: {why}"
    return ""


def _rows(found: Iterable[Use]) -> frozenset[tuple[bool, tuple[str, ...], bool]]:
    return frozenset((use.article, (use.subject, use.object), use.bridge) for use in found)


class _Reader:
    """Takes queries apart."""

    def __init__(self, profile: Profile, registry: Registry) -> None:
        self._uses = uses(profile)
        self._registry = registry
        self._fresh = count()

    def judged(self, sparql: str) -> Verdict:
        """Judge one query."""
        from rdflib.plugins.sparql import prepareQuery

        fickle = _FICKLE & set(words(sparql).upper().replace("(", " ").split())
        if fickle:
            raise _AcrossError(f"{min(fickle)} is not the same twice")
        try:
            query = prepareQuery(with_prefixes(sparql)).algebra
        except Exception as error:  # the library raises what it likes
            raise CommuniqueError(f"query: cannot be taken apart: {error}. Simplify it") from error
        if query.name != "SelectQuery" or query.datasetClause:
            raise _AcrossError("only SELECT over all graphs is asked of articles")
        is_set = _is_set(query.p)
        cases = [case for each in self._of(query.p) for case in _cases(each)]
        if not is_set and not all(case.main for case in cases):
            raise _AcrossError("some of its rows need no article, and nothing makes rows distinct")
        return Verdict(is_set=is_set)

    def _of(self, node: Any) -> list[_Conjunction]:  # noqa: ANN401  a node of rdflib's algebra
        """Return the alternatives that a node of the algebra stands for."""
        name = f"_{node.name.lower()}"
        if not hasattr(self, name):
            raise _AcrossError(f"{node.name.upper()} is about more than an article")
        found: list[_Conjunction] = getattr(self, name)(node)
        if len(found) > _MOST_CASES:
            raise _AcrossError("it has too many alternatives")
        return found

    def _bgp(self, node: Any) -> list[_Conjunction]:  # noqa: ANN401
        atoms = [atom for triple in node.triples for atom in self._triple(*triple)]
        return [_Conjunction(tuple(atoms))]

    def _join(self, node: Any) -> list[_Conjunction]:  # noqa: ANN401
        both = product(self._of(node.p1), self._of(node.p2))
        return [_Conjunction(a.atoms + b.atoms, a.beside + b.beside) for a, b in both]

    def _union(self, node: Any) -> list[_Conjunction]:  # noqa: ANN401
        return [*self._of(node.p1), *self._of(node.p2)]

    def _leftjoin(self, node: Any) -> list[_Conjunction]:  # noqa: ANN401
        optional = _with(self._of(node.p2), self._existing(node.expr))
        return _with(self._of(node.p1), [optional])

    def _minus(self, node: Any) -> list[_Conjunction]:  # noqa: ANN401
        return _with(self._of(node.p1), [self._of(node.p2)])

    def _filter(self, node: Any) -> list[_Conjunction]:  # noqa: ANN401
        return _with(self._of(node.p), self._existing(node.expr))

    _extend = _filter

    def _orderby(self, node: Any) -> list[_Conjunction]:  # noqa: ANN401
        return self._of(node.p)

    _distinct = _reduced = _selectquery = _orderby

    def _project(self, node: Any) -> list[_Conjunction]:  # noqa: ANN401
        """Hide what is not shown: outside, the same name is another variable."""
        shown = {f"?{variable}" for variable in node.PV}
        mark = f"~{next(self._fresh)}"
        return [_renamed(each, shown, mark) for each in self._of(node.p)]

    def _tomultiset(self, node: Any) -> list[_Conjunction]:  # noqa: ANN401
        return [_Conjunction()] if node.p.name == "values" else self._of(node.p)

    def _values(self, _node: Any) -> list[_Conjunction]:  # noqa: ANN401
        return [_Conjunction()]

    def _aggregatejoin(self, node: Any) -> list[_Conjunction]:  # noqa: ANN401
        """Return a group as one atom: it is whole if one of its keys is an article's own."""
        group = node.p
        keys = {f"?{key}" for key in group.expr or () if _is_variable(key)}
        cases = [case for each in self._of(group.p) for case in _cases(each)]
        if not all(case.main & keys for case in cases if case.main):
            raise _AcrossError("it sums up over articles")
        bound = sorted(keys.intersection(*(case.kinds for case in cases)))
        rows = {(bool(case.main), tuple(case.kinds[key] for key in bound), False) for case in cases}
        return [_Conjunction((_Atom(tuple(bound), frozenset(rows), "a group"),))]

    def _existing(self, expression: Any) -> list[list[_Conjunction]]:  # noqa: ANN401
        """List what an expression asks to exist, or not to."""
        if not hasattr(expression, "name"):
            parts = expression if isinstance(expression, list) else []
            return [found for part in parts for found in self._existing(part)]
        if expression.name in {"Builtin_EXISTS", "Builtin_NOTEXISTS"}:
            return [self._of(expression.graph)]
        return [found for part in expression.values() for found in self._existing(part)]

    def _triple(self, subject: Any, path: Any, thing: Any) -> Iterator[_Atom]:  # noqa: ANN401
        """Return a pattern as atoms: a path of steps has a thing between each two."""
        from rdflib.paths import InvPath, SequencePath

        if isinstance(path, SequencePath):
            steps = [f"?~{next(self._fresh)}" for _ in path.args[1:]]
            ends = [subject, *steps, thing]
            for start, step, end in zip(ends, path.args, ends[1:], strict=False):
                yield from self._triple(start, step, end)
        elif isinstance(path, InvPath):
            yield from self._triple(thing, path.arg, subject)
        elif _is_variable(path):
            raise _AcrossError("it asks for any predicate")
        else:
            yield self._atom(subject, path, thing)

    def _atom(self, subject: Any, path: Any, thing: Any) -> _Atom:  # noqa: ANN401
        rows = _rows(self._path(path, self._constant(thing)))
        nodes = []
        for at, term in enumerate((subject, thing)):
            nodes.append(_node(term))
            kind = self._kind(term)
            if kind:
                rows = frozenset(row for row in rows if row[1][at] == kind)
        return _Atom(tuple(nodes), rows, " ".join(map(_shown, (subject, path, thing))))

    def _kind(self, term: Any) -> str:  # noqa: ANN401
        """Return whose a constant is, and nothing for a variable."""
        from pyoxigraph import NamedNode
        from rdflib.term import Literal, URIRef

        if isinstance(term, Literal):
            return LITERAL
        return self._registry.kind(NamedNode(str(term))) if isinstance(term, URIRef) else ""

    def _constant(self, term: Any) -> str:  # noqa: ANN401
        from pyoxigraph import NamedNode
        from rdflib.term import URIRef

        return self._registry.constant(NamedNode(str(term))) if isinstance(term, URIRef) else ""

    def _path(self, path: Any, constant: str = "") -> frozenset[Use]:  # noqa: ANN401
        """Return how the two ends of a path stand."""
        from rdflib.paths import AlternativePath, InvPath, MulPath, SequencePath
        from rdflib.term import URIRef

        if isinstance(path, URIRef):
            return self._uses(str(path), constant)
        if isinstance(path, InvPath):
            found = self._path(path.arg)
            return frozenset(replace(u, subject=u.object, object=u.subject) for u in found)
        if isinstance(path, AlternativePath):
            return frozenset().union(*(self._path(each, constant) for each in path.args))
        if isinstance(path, SequencePath):
            return reduce(_composed, (self._path(each) for each in path.args))
        if isinstance(path, MulPath):
            return _repeated(self._path(path.path), zero=path.zero, more=path.more)
        raise _AcrossError("it asks for any predicate but some")


def _composed(first: frozenset[Use], second: frozenset[Use]) -> frozenset[Use]:
    """Return how the ends of two steps stand, one after the other."""
    return frozenset(
        Use(
            a.article or b.article,
            a.subject,
            b.object,
            a.bridge or b.bridge or (a.article and b.article and a.object != OWN),
        )
        for a in first
        for b in second
        if a.object == b.subject
    )


def _repeated(step: frozenset[Use], *, zero: bool, more: bool) -> frozenset[Use]:
    found = step
    while more and (grown := found | _composed(found, step)) != found:
        found = grown
    return found | _SAME if zero else found


def _with(found: list[_Conjunction], beside: Sequence[list[_Conjunction]]) -> list[_Conjunction]:
    """Put something beside conjunctions: what they bind so far is bound there, and no more."""
    return [
        replace(
            each, beside=(*each.beside, *(_Beside(_nodes(each), tuple(some)) for some in beside))
        )
        for each in found
    ]


def _nodes(found: _Conjunction) -> frozenset[str]:
    return frozenset(node for atom in found.atoms for node in atom.nodes)


def _renamed(found: _Conjunction, shown: set[str], mark: str) -> _Conjunction:
    def name(node: str) -> str:
        return node if node in shown or not node.startswith("?") else f"{node}{mark}"

    return _Conjunction(
        tuple(replace(atom, nodes=tuple(map(name, atom.nodes))) for atom in found.atoms),
        tuple(
            _Beside(
                frozenset(map(name, each.bound)),
                tuple(_renamed(one, shown, mark) for one in each.alternatives),
            )
            for each in found.beside
        ),
    )


def _is_variable(term: object) -> bool:
    from rdflib.term import BNode, Variable

    return isinstance(term, (BNode, Variable))


def _node(term: object) -> str:
    from rdflib.term import BNode, Variable

    if isinstance(term, str) and term.startswith("?~"):
        return term
    if isinstance(term, Variable):
        return f"?{term}"
    return f"?_:{term}" if isinstance(term, BNode) else f"<{term}>"


def _shown(term: Any) -> str:  # noqa: ANN401  a term or a path of rdflib
    """Return a part of a pattern as one would write it."""
    text = term if isinstance(term, str) and term.startswith("?") else term.n3()
    return re.sub(r"<([^<>]*)>", lambda found: shrink(found[1]), text)


def _is_set(node: Any) -> bool:  # noqa: ANN401  a node of rdflib's algebra
    """Tell whether no row of an answer is there twice: it is distinct, or has a row per group."""
    while node.name in {"Project", "OrderBy", "Extend", "Filter"}:
        node = node.p
    return node.name in {"Distinct", "AggregateJoin"}


def _cases(found: _Conjunction, outer: _Case | None = None) -> Iterator[_Case]:
    """Yield the ways in which a conjunction can hold; raise _AcrossError if one needs two articles.

    What it stands beside is given as `outer`: it has to stay within the article of that.
    """
    for kinds, atoms in _split(found.atoms, dict(outer.kinds) if outer else {}):
        main = _main(atoms, kinds, outer)
        for each in found.beside:
            bound = {node: kind for node, kind in kinds.items() if node in each.bound}
            within = {**(outer.kinds if outer else {}), **bound}
            for one in each.alternatives:
                list(_cases(one, _Case(within, main & within.keys())))
        yield _Case(kinds, main)


def _split(
    atoms: Sequence[_Atom], given: dict[str, str], tried: int = 1
) -> Iterator[tuple[dict[str, str], tuple[_Atom, ...]]]:
    """Yield every way to say of each node whose it is, with the rows that are left of the atoms."""
    left = _consistent(atoms, given)
    if left is None:
        return
    open_ = next(
        (
            n
            for a in left
            for at, n in enumerate(a.nodes)
            if len({row[1][at] for row in a.rows}) > 1
        ),
        None,
    )
    mixed = next((a for a in left if len({row[2] for row in a.rows}) > 1), None)
    if tried > _MOST_CASES:
        raise _AcrossError("it has too many alternatives")
    if open_ is not None:
        for kind in (OWN, SHARED, LITERAL):
            yield from _split(left, given | {open_: kind}, tried * 2)
    elif mixed is not None:
        for bridge in (False, True):
            rows = frozenset(row for row in mixed.rows if row[2] == bridge)
            chosen = tuple(replace(a, rows=rows) if a is mixed else a for a in left)
            yield from _split(chosen, given, tried * 2)
    else:
        kinds = {n: k for a in left for row in a.rows for n, k in zip(a.nodes, row[1], strict=True)}
        yield given | kinds, left


def _consistent(atoms: Sequence[_Atom], given: Mapping[str, str]) -> tuple[_Atom, ...] | None:
    """Leave out the rows that do not fit together, or return nothing if none is left of an atom."""
    while True:
        allowed: dict[str, set[str]] = {node: {kind} for node, kind in given.items()}
        for atom in atoms:
            for at, node in enumerate(atom.nodes):
                kinds = {row[1][at] for row in atom.rows}
                allowed[node] = allowed.get(node, kinds) & kinds
        fresh = tuple(
            replace(
                atom,
                rows=frozenset(
                    row
                    for row in atom.rows
                    if all(k in allowed[n] for n, k in zip(atom.nodes, row[1], strict=True))
                ),
            )
            for atom in atoms
        )
        if not all(atom.rows for atom in fresh):
            return None
        if fresh == tuple(atoms):
            return fresh
        atoms = fresh


def _main(atoms: Sequence[_Atom], kinds: Mapping[str, str], outer: _Case | None) -> frozenset[str]:
    """Return the own things of the one article that is needed; raise _AcrossError if two may be."""
    given = outer.main if outer else frozenset[str]()
    groups = [set(given)] if given else []
    needing = [atom for atom in atoms if any(row[0] for row in atom.rows)]
    for atom in atoms:
        own = {node for node in atom.nodes if kinds[node] == OWN}
        if own and not any(row[2] for row in atom.rows):
            joined = [group for group in groups if group & own]
            groups = [group for group in groups if not group & own]
            groups.append(own.union(*joined))
    if not needing:
        return given
    if outer and not given:
        raise _AcrossError(f"`{needing[0].text}` may hold of any article")
    own = {node for node in needing[0].nodes if kinds[node] == OWN}
    main = given or frozenset().union(*(group for group in groups if group & own))
    main = frozenset().union(*(group for group in groups if group & main))
    for atom in needing:
        if not main & set(atom.nodes) or any(row[0] and row[2] for row in atom.rows):
            raise _AcrossError(f"nothing holds `{atom.text}` within one article")
    return main
