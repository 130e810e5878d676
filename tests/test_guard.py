"""Nothing said of the first paragraph can be lost, or given to another voice, without notice.

The paragraph has a dateline, which says things of the source and of its copy; so have the accounts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from communique.answers import compare
from communique.dataset import load, select, union
from communique.engines import engine
from communique.namespaces import PREFIXES
from communique.questions import Question, questions
from communique.shapes import load_shapes

_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_PARAGRAPH = """
SELECT DISTINCT ?thing WHERE {
  VALUES ?sentence { "DL" "S3" "S4" "S5" "S6" }
  ?passage dcterms:identifier ?sentence .
  { ?span cmq:within ?passage . ?span cmq:within? ?thing }
  UNION { ?thing cmq:evidence/cmq:within ?passage }
  UNION {
    ?statement cmq:evidence/cmq:within ?passage .
    ?statement (cmq:relays|cmq:content|cmq:object|cmq:time|cmq:quantity)+ ?thing .
    FILTER EXISTS { ?thing cmq:voice|cmq:action|cmq:about|cmq:anchor ?anything }
  }
  UNION { ?passage oa:hasSource|oa:hasState ?thing }
  UNION { ?thing cmq:knownThrough/^oa:hasSource ?passage }
}
"""


@pytest.fixture(scope="module", name="asserted")
def _asserted(checkout: Path) -> Store:
    return union(load(checkout, infer=False))


@pytest.fixture(scope="module", name="graph")
def _graph(checkout: Path) -> Store:
    return union(load(checkout))


@pytest.fixture(scope="module", name="asked")
def _asked(checkout: Path) -> list[Question]:
    return questions(checkout)


@contextmanager
def without(store: Store, triples: list[Quad]) -> Iterator[Store]:
    """Take triples away for a while, whatever graphs hold them."""
    quads = [
        quad
        for triple in triples
        for quad in store.quads_for_pattern(triple.subject, triple.predicate, triple.object)
    ]
    for quad in quads:
        store.remove(quad)
    try:
        yield store
    finally:
        store.extend(quads)


def answered_otherwise(store: Store, checkout: Path, asked: list[Question]) -> bool:
    """Tell whether any question has another answer than the stored one.

    The question that tells moves to the front: it is likely to tell the next time, too.
    """
    for question in asked:
        if not compare(checkout, store, question).same:
            asked.remove(question)
            asked.insert(0, question)
            return True
    return False


def broken(store: Store, checkout: Path) -> set[str]:
    """Return the things that break a rule, as its focus or as the value found."""
    results = engine("fast").results(store, load_shapes(checkout, store).store)
    return {str(end) for result in results for end in (result.focus, result.value) if end}


def noticed_by_shapes(triples: list[Quad], store: Store, checkout: Path) -> set[Quad]:
    """Take all away at once; a triple is missed where its own subject breaks a rule on its own.

    Types go in a run of their own, since a thing without a type escapes the rules of its class.
    """
    noticed = set()
    for kind in ([t for t in triples if t.predicate == _TYPE], *_singly(triples)):
        with without(store, kind):
            named = broken(store, checkout)
        noticed |= {triple for triple in kind if str(triple.subject) in named}
    return noticed


def _singly(triples: list[Quad]) -> Iterator[list[Quad]]:
    """Deal the triples out so that no thing loses two at a time."""
    left = [triple for triple in triples if triple.predicate != _TYPE]
    while left:
        first = {triple.subject: triple for triple in reversed(left)}
        yield list(first.values())
        left = [triple for triple in left if first[triple.subject] != triple]


def test_no_triple_of_the_first_paragraph_can_go_unnoticed(
    checkout: Path, asserted: Store, graph: Store, asked: list[Question]
) -> None:
    """Without any one of them, a question is answered otherwise or a rule is broken."""
    things = {str(row["thing"]) for row in select(asserted, _PARAGRAPH)}
    everything = asserted.quads_for_pattern(None, None, None, DefaultGraph())
    triples = [quad for quad in everything if str(quad.subject) in things]
    unanswered = []
    for triple in triples:
        with without(graph, [triple]):
            if not answered_otherwise(graph, checkout, asked):
                unanswered.append(triple)
    unnoticed = set(unanswered) - noticed_by_shapes(unanswered, asserted, checkout)

    assert len(triples) > 400
    assert "\n".join(sorted(map(str, unnoticed))) == ""


def test_no_statement_can_be_given_to_another_voice(
    checkout: Path, graph: Store, asked: list[Question]
) -> None:
    """Whoever else is put in the place of a voice, some answer changes: in the whole article."""
    voice = NamedNode(PREFIXES["cmq"] + "voice")
    other = NamedNode(PREFIXES["actor"] + "elon-musk")
    unnoticed = []
    for said in list(graph.quads_for_pattern(None, voice, None, DefaultGraph())):
        graph.add(Quad(said.subject, voice, other))
        with without(graph, [said]):
            if not answered_otherwise(graph, checkout, asked):
                unnoticed.append(str(said.subject))
        graph.remove(Quad(said.subject, voice, other))

    assert unnoticed == []
