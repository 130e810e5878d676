"""The reference engine, kept at arm's length: triples go in, rows come out."""

import logging
from functools import cache
from typing import Any

import pyshacl
from pyoxigraph import RdfFormat, Store, Triple, serialize
from rdflib import Graph
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query
from rdflib.query import Result

from communique.dataset import Term, select

logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)  # findings tell of bad literals

_RESULTS = """
SELECT ?focus ?value ?shape ?severity ?message WHERE {
  ?report sh:result ?result .
  ?result sh:focusNode ?focus ;
    sh:sourceShape ?shape ;
    sh:resultSeverity ?severity .
  OPTIONAL { ?result sh:value ?value }
  OPTIONAL { ?result sh:resultMessage ?message }
}
"""


class ParsingOnce(Graph):
    """Parses the text of a query once: the engine asks it again for every focus node."""

    def query(
        self,
        query_object: str | Query,
        *args: Any,  # noqa: ANN401  as above
        **kwargs: Any,  # noqa: ANN401  as above
    ) -> Result:
        """Ask a query, parsed once and kept."""
        if isinstance(query_object, str):
            query_object = _prepared(query_object, tuple(self.namespaces()))
        return super().query(query_object, *args, **kwargs)


@cache
def _prepared(sparql: str, namespaces: tuple[tuple[str, str], ...]) -> Query:
    return prepareQuery(sparql, initNs=dict(namespaces))


def results(data: Store, shapes: Store) -> list[dict[str, Term]]:
    """Validate, and return one row for each result."""
    _, report, text = pyshacl.validate(
        ParsingOnce().parse(data=_ntriples(data), format="nt"),
        shacl_graph=Graph().parse(data=_ntriples(shapes), format="nt"),
        advanced=False,
        js=False,
        inference="none",
        inplace=True,
        allow_warnings=True,
    )
    if not isinstance(report, Graph):
        raise TypeError(text)
    found = Store()
    found.load(report.serialize(format="nt", encoding="utf-8"), format=RdfFormat.N_TRIPLES)
    return select(found, _RESULTS)


def _ntriples(store: Store) -> bytes:
    triples = {Triple(q.subject, q.predicate, q.object) for q in store}
    return serialize(triples, format=RdfFormat.N_TRIPLES) or b""
