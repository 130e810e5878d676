"""The rules that shapes state in SPARQL, asked by Oxigraph."""

from collections.abc import Iterable, Iterator

from pyoxigraph import Literal, NamedNode, QuerySolutions, Store, Variable

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
_THIS = Variable("this")


def results(data: Store, rules: Rules) -> Iterator[Result]:
    """Ask the queries of the shapes about each thing at which these, or their holders, aim."""
    for shape in rules.querying:
        if rules.deactivated(shape):
            continue
        around = [holder for holder in rules.holders[shape] if not rules.deactivated(holder)]
        focus = {thing for aiming in (shape, *around) for thing in _aimed(data, aiming, rules)}
        for constraint in rules.of(shape, "sparql"):
            if focus and not rules.deactivated(constraint):
                yield from _asked(data, focus, shape, constraint, rules)


def _aimed(data: Store, shape: Term, rules: Rules) -> Iterator[Term]:
    """Find the things at which a shape aims; one that is a class aims at its own."""
    yield from rules.of(shape, "targetNode")
    own = [shape] if _CLASSES.intersection(rules.objects(shape, RDF + "type")) else []
    for name, pattern in _TARGETS.items():
        for target in rules.of(shape, name) + (own if name == "targetClass" else []):
            query = f"SELECT DISTINCT ?focus WHERE {{ {pattern.format(target=target)} }}"
            for row in select(data, query):
                yield row["focus"]


def _asked(
    data: Store, focus: Iterable[Term], shape: Term, constraint: Term, rules: Rules
) -> Iterator[Result]:
    """Ask one query about each thing; each row is a result."""
    query = _query(shape, constraint, rules)
    path, severity = rules.one(shape, "path"), rules.one(shape, "severity")
    template = rules.message(constraint, shape)
    for thing in focus:
        for row in _rows(data, query, thing):
            bound = {"this": thing, **row}
            value = bound.get("value", None if path else bound["this"])
            yield Result(
                focus=bound["this"],
                path=bound.get("path", path),
                value=value,
                shape=shape,
                component=sh("SPARQLConstraintComponent"),
                severity=severity.value if severity else sh("Violation"),
                message=filled(template, bound),
            )


def _rows(data: Store, query: str, thing: Term) -> Iterator[dict[str, Term]]:
    try:
        answer = data.query(query, substitutions={_THIS: thing})
    except (SyntaxError, ValueError) as error:
        what = str(error).rstrip(".")
        raise CommuniqueError(f"shapes: {what}, in a query. Mend sh:select:\n{query}") from error
    if not isinstance(answer, QuerySolutions):
        raise CommuniqueError(f"shapes: no SELECT. Begin sh:select with it:\n{query}")
    names = [variable.value for variable in answer.variables]
    for row in answer:
        yield {name: row[name] for name in names if row[name] is not None}


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
