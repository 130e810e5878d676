"""The reference engine, pySHACL: slow, old and read by many."""

import logging
import re
import warnings
from collections.abc import Iterable
from functools import cache
from typing import Any

import pyshacl
import rdflib
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Store, Triple
from pyshacl.errors import ReportableRuntimeError
from rdflib import SH
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query

from communique.dataset import Term
from communique.engines import PLACEHOLDER, Result, Shapes, check_queries, quads_of, sh
from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES

DEEPEST = 50
_FAILURES = (
    AssertionError,
    NotImplementedError,
    RecursionError,
    ReportableRuntimeError,
    ValueError,
    re.error,
)
"""What the library raises for shapes that it cannot follow."""
_XSD_STRING = PREFIXES["xsd"] + "string"


class ParsingOnce(rdflib.Graph):
    """Parses the text of a query once: the engine asks it again for every focus node."""

    def query(
        self,
        query_object: str | Query,
        *args: Any,  # noqa: ANN401  as rdflib has it
        **kwargs: Any,  # noqa: ANN401  as above
    ) -> rdflib.query.Result:
        """Ask a query, parsed once and kept."""
        if isinstance(query_object, str):
            query_object = _prepared(query_object, tuple(self.namespaces()))
        return super().query(query_object, *args, **kwargs)


@cache
def _prepared(sparql: str, namespaces: tuple[tuple[str, str], ...]) -> Query:
    return prepareQuery(sparql, initNs=dict(namespaces))


class Reference:
    """Judges by pySHACL, without rules, scripts, imports and inference."""

    name = "reference"

    def results(
        self, data: Iterable[Quad], shapes: Iterable[Quad], _store: Store | None = None
    ) -> frozenset[Result]:
        """Return what does not keep the rules (see engines.Engine)."""
        rules = quads_of(shapes)
        check_queries(rules)
        report = _report(
            _graph(quads_of(data), _empty(ParsingOnce)), _graph(rules, _empty(rdflib.Graph))
        )
        known = Shapes(rules)
        return frozenset(_result(report, node, known) for node in report.objects(None, SH.result))


def _report(data: rdflib.Graph, shapes: rdflib.Graph) -> rdflib.Graph:
    logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)  # findings tell of bad literals
    try:
        with warnings.catch_warnings(action="ignore"):
            _, report, text = pyshacl.validate(
                data,
                shacl_graph=shapes,
                advanced=False,
                js=False,
                inference="none",
                inplace=True,
                allow_warnings=True,
                max_validation_depth=DEEPEST,
            )
    except _FAILURES as error:
        raise _unfollowed(error) from error
    if not isinstance(report, rdflib.Graph):
        raise _unfollowed(text)
    return report


def _unfollowed(why: object) -> CommuniqueError:
    first = str(why).partition("\n")[0].rstrip(".") or "it is not as SHACL has it"
    return CommuniqueError(f"shapes: cannot be followed: {first}. Mend the shapes")


def _result(report: rdflib.Graph, node: rdflib.Node, shapes: Shapes) -> Result:
    def told(predicate: rdflib.URIRef) -> Term | None:
        return _term(report.value(node, predicate))

    focus, shape = told(SH.focusNode), told(SH.sourceShape)
    component, severity = told(SH.sourceConstraintComponent), told(SH.resultSeverity)
    if focus is None or shape is None or component is None or severity is None:
        raise TypeError(node)
    template = shapes.message(told(SH.sourceConstraint), shape)
    said = sorted(str(text) for text in report.objects(node, SH.resultMessage))
    return Result(
        focus=focus,
        path=told(SH.resultPath),
        value=told(SH.value),
        shape=shape,
        component=component.value,
        severity=severity.value,
        message=_message(template, said, by_query=component.value == _BY_QUERY),
    )


_BY_QUERY = sh("SPARQLConstraintComponent")


def _message(template: str, said: list[str], *, by_query: bool) -> str:
    """Return what the engine made of a template; only a query fills placeholders."""
    if not by_query or not PLACEHOLDER.search(template):
        return template
    parts = PLACEHOLDER.split(template)[::2]
    pattern = re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
    return next((text for text in said if pattern.fullmatch(text)), template)


def _empty(kind: type[rdflib.Graph]) -> rdflib.Graph:
    return kind(bind_namespaces="none")


def _graph(quads: Iterable[Quad], graph: rdflib.Graph) -> rdflib.Graph:
    """Fill a graph of rdflib; blank nodes keep their labels, and literals how they are written."""
    for quad in quads:
        graph.add((_node(quad.subject), _node(quad.predicate), _node(quad.object)))
    return graph


def _node(term: Term | Triple) -> rdflib.URIRef | rdflib.BNode | rdflib.Literal:
    match term:
        case NamedNode():
            return rdflib.URIRef(term.value)
        case BlankNode():
            return rdflib.BNode(term.value)
        case Literal():
            if term.language:
                return rdflib.Literal(term.value, lang=term.language)
            kind = term.datatype.value
            datatype = None if kind == _XSD_STRING else rdflib.URIRef(kind)
            return rdflib.Literal(term.value, datatype=datatype, normalize=False)
    raise CommuniqueError(f"{term}: a triple about a triple. Take it out")


def _term(node: rdflib.Node | None) -> Term | None:
    match node:
        case None:
            return None
        case rdflib.URIRef():
            return NamedNode(str(node))
        case rdflib.BNode():
            return BlankNode(str(node))
        case rdflib.Literal():
            if node.language:
                return Literal(str(node), language=node.language)
            return Literal(str(node), datatype=NamedNode(str(node.datatype or _XSD_STRING)))
    raise TypeError(node)
