from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Store

from communique import dataset, ordering, questions
from communique.formats import whole


def test_every_question_orders_its_rows_so_that_no_two_are_alike(checkout: Path) -> None:
    store = dataset.union(dataset.load(checkout))
    for question in questions.questions(checkout):
        keyed = ordering.keyed(question.sparql)
        assert keyed is not None, question.name
        found, plain = (whole(questions.ask(store, each)) for each in (keyed[0], question.sparql))
        at = [found.columns.index(name) for name in keyed[1]]
        keys = [[row[each] for each in at] for row in found.rows]

        assert [row[: len(plain.columns)] for row in found.rows] == list(plain.rows), question.name
        assert len(list(ordering.groups(keys))) == len(plain.rows), question.name


@pytest.mark.parametrize(
    ("sparql", "names"),
    [
        ("SELECT ?a { ?a ?b ?c } ORDER BY ?a", ("a",)),
        ("SELECT ?a { ?a ?b ?c } ORDER BY DESC(?a) ?b", ("a", "orderedBy2")),
        ("SELECT DISTINCT ?a { ?a ?b ?c } ORDER BY ?a ?b", ("a",)),
        ("SELECT DISTINCT ?a { ?a ?b ?c } ORDER BY ?b ?a", ()),
        ("SELECT * { ?a ?b ?c } ORDER BY ?a", ()),
        ("SELECT (SUM(?c) AS ?n) { ?a ?b ?c } GROUP BY ?a ORDER BY ?n ?a", ("n", "orderedBy2")),
        ("SELECT ?a { ?a ?b ?c } ORDER BY IF(?a = 1, ?b, ?c)DESC(?c)LIMIT 3", None),
        ("SELECT ?where { ?where ?b 'ORDER BY ?x' } ORDER BY ?where # ORDER BY ?b", ("where",)),
    ],
)
def test_keys_are_shown_beside_the_rows(sparql: str, names: tuple[str, ...] | None) -> None:
    keyed = ordering.keyed(sparql)

    assert keyed is not None
    assert keyed[1] == (names if names is not None else ("orderedBy1", "orderedBy2"))
    questions.ask(Store(), keyed[0])


@pytest.mark.parametrize(
    "sparql",
    ["SELECT ?a { ?a ?b ?c }", "SELECT ?a { { SELECT ?a { ?a ?b ?c } ORDER BY ?a } }", "ASK {}"],
)
def test_without_an_order_there_are_no_keys(sparql: str) -> None:
    assert ordering.keyed(sparql) is None


def test_numbers_of_one_value_are_one_key() -> None:
    integer = NamedNode("http://www.w3.org/2001/XMLSchema#integer")
    one, also, two = Literal("1", datatype=integer), Literal("1.0"), Literal("2")

    assert list(ordering.groups([[one], [also], [two], [None]])) == [(0, 2), (2, 3), (3, 4)]
