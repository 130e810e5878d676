"""The rules that shapes state in SPARQL, asked by Oxigraph."""

import re
from collections.abc import Collection, Iterator
from functools import cache

from pyoxigraph import Literal, NamedNode, QuerySolutions, Store, Triple, Variable

from communique.dataset import Term, select
from communique.engines import Result, filled, sh
from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES
from communique.verified import RDF, Rules

_TARGETS = {
    "targetClass": "?focus rdf:type/rdfs:subClassOf* {target}",
    "targetSubjectsOf": "?focus {target} ?object",
    "targetObjectsOf": "?subject {target} ?focus",
}
_CLASSES = frozenset({NamedNode(PREFIXES["rdfs"] + "Class"), NamedNode(PREFIXES["owl"] + "Class")})
_PLAIN = re.compile(
    r"\bSELECT\s+(?:DISTINCT\s+)?[$?]this\b[^{}()]*(?P<opened>\{)\s*[$?]this\s", re.IGNORECASE
)
"""A query that first binds `$this` by a pattern: what it is asked of may then be given as a set."""
_MOST = 1_000
"""Things at most of which one query is asked: with more, Oxigraph begins it with other patterns."""
_WITHIN = re.compile(r"\bEXISTS\s*\{", re.IGNORECASE)
_OTHERWISE = re.compile(
    r"\b(?:SELECT|GROUP|HAVING|LIMIT|OFFSET|UNION|OPTIONAL|MINUS|VALUES|GRAPH|COUNT|SUM|MIN|MAX|AVG"
    r"|SAMPLE|GROUP_CONCAT)\b",
    re.IGNORECASE,
)


def results(data: Store, rules: Rules) -> Iterator[Result]:
    """Ask the queries of the shapes about each thing at which these, or their holders, aim."""
    things = _Things(data)
    for shape in rules.querying:
        if rules.deactivated(shape):
            continue
        around = [holder for holder in rules.holders[shape] if not rules.deactivated(holder)]
        aims = {target for aiming in (shape, *around) for target in targets(aiming, rules)}
        focus = set[Term]().union(*(things.of(*target) for target in aims))
        for constraint in rules.of(shape, "sparql"):
            if focus and not rules.deactivated(constraint):
                yield from _asked(things, focus, shape, constraint, rules)


def targets(shape: Term, rules: Rules) -> Iterator[tuple[str, Term]]:
    """Yield the targets of a shape, each with its kind; one that is a class aims at its own."""
    for kind in ("targetNode", *_TARGETS):
        for target in rules.of(shape, kind):
            yield kind, target
    if _CLASSES.intersection(rules.objects(shape, RDF + "type")):
        yield "targetClass", shape


class _Things:
    """What targets find in the data, each looked for once."""

    def __init__(self, data: Store) -> None:
        self.data = data
        self.of = cache(self._of)
        """Return the things that a target of some kind finds."""
        self.is_named = cache(self._is_named)
        """Tell whether a thing is an IRI of which the data say something."""

    def _of(self, kind: str, target: Term) -> frozenset[Term]:
        if kind == "targetNode":
            return frozenset([target])
        pattern = _TARGETS[kind].format(target=target)
        found = select(self.data, f"SELECT DISTINCT ?focus WHERE {{ {pattern} }}")
        return frozenset(row["focus"] for row in found)

    def _is_named(self, thing: Term) -> bool:
        said = isinstance(thing, NamedNode) and self.data.quads_for_pattern(thing, None, None)
        return any(said or ())


def _asked(
    things: _Things, focus: Collection[Term], shape: Term, constraint: Term, rules: Rules
) -> Iterator[Result]:
    """Ask one query of its things; each row is a result."""
    query = _query(shape, constraint, rules)
    path, severity = rules.one(shape, "path"), rules.one(shape, "severity")
    template = rules.message(constraint, shape)
    for row in _answers(things, query, focus):
        value = row.get("value", None if path else row["this"])
        yield Result(
            focus=row["this"],
            path=row.get("path", path),
            value=value,
            shape=shape,
            component=sh("SPARQLConstraintComponent"),
            severity=severity.value if severity else sh("Violation"),
            message=filled(template, row),
        )


def _answers(things: _Things, query: str, focus: Collection[Term]) -> Iterator[dict[str, Term]]:
    """Ask about many things at once where that is the same, else about each."""
    opening = _PLAIN.search(query)
    one_group = query.count("{") == 1 + len(_WITHIN.findall(query))
    if (
        opening
        and one_group
        and all(map(things.is_named, focus))
        and not _OTHERWISE.search(query, opening.end())
    ):
        place = opening.end("opened")
        for some in _batches(sorted(map(str, focus))):
            values = f"VALUES $this {{ {' '.join(some)} }}"
            yield from _rows(things.data, f"{query[:place]} {values} {query[place:]}", {})
    else:
        for thing in focus:
            yield from _rows(things.data, query, {"this": thing})


def _batches(names: list[str]) -> Iterator[list[str]]:
    return (names[start : start + _MOST] for start in range(0, len(names), _MOST))


def _rows(data: Store, query: str, given: dict[str, Term]) -> Iterator[dict[str, Term]]:
    bound: dict[Variable, Term | Triple] = {Variable(name): term for name, term in given.items()}
    try:
        answer = data.query(query, substitutions=bound)
    except (SyntaxError, ValueError) as error:
        what = str(error).rstrip(".")
        raise CommuniqueError(f"shapes: {what}, in a query. Mend sh:select:\n{query}") from error
    if not isinstance(answer, QuerySolutions):
        raise CommuniqueError(f"shapes: no SELECT. Begin sh:select with it:\n{query}")
    names = [variable.value for variable in answer.variables]
    for row in answer:
        yield given | {name: row[name] for name in names if row[name] is not None}


def _query(shape: Term, constraint: Term, rules: Rules) -> str:
    """Write a query with the prefixes that it uses and the path of its shape."""
    prefixes = {
        f"PREFIX {prefix.value}: <{namespace.value}>\n"
        for source in rules.of(constraint, "prefixes")
        for declared in rules.of(source, "declare")
        for prefix in rules.of(declared, "prefix")
        for namespace in rules.of(declared, "namespace")
        if isinstance(prefix, Literal)
    }
    text = next(text.value for text in rules.of(constraint, "select"))
    return "".join(sorted(prefixes)) + text.replace("$PATH", str(rules.one(shape, "path")))
