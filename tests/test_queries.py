"""The stored questions, asked of the real dataset on two engines."""

import re
from collections import Counter
from itertools import compress

import pytest
import rdflib
from pyoxigraph import (
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QuerySolutions,
    RdfFormat,
    Store,
    serialize,
)
from rdflib import Graph
from rdflib.term import Identifier

from communique import answers, dataset, inference, questions, resources
from communique.dataset import Term
from communique.labels import Labels, plain
from communique.namespaces import BASE, PREFIXES
from communique.questions import Question

ROOT = resources.root()
QUESTIONS = {question.name: question for question in questions.questions(ROOT)}
COLUMNS = {
    name: set(answers.read(resources.answers(ROOT) / f"{name}.csv").columns) for name in QUESTIONS
}
ANALYSTS = {f"D{number:02}" for number in range(1, 61, 2)}
OPTIONAL = re.compile(r"^#\+   (\w+): \{.*\brequired: false\b", re.MULTILINE)

AGAIN = {
    f"{BASE}id/a1/": f"{BASE}id/a99/",
    f"{BASE}id/actor/narrator-1": f"{BASE}id/actor/narrator-99",
    f"{BASE}id/curated/": f"{BASE}id/curated/again-",
    f"{BASE}id/passage/ba01b1d8-": f"{BASE}id/passage/ca01b1d8-",
    f"{BASE}id/span/ba01b1d8-": f"{BASE}id/span/ca01b1d8-",
}
"""What the first article's things are called when it comes a second time, in another copy."""
FIRST = NamedNode(f"{BASE}id/a1/source")
TEXTS = {"searchedIn", "source"}
"""Columns that say which text a row is from."""
PARTLY = {"chain-of-sources", "findings", "sources"}
"""Questions whose column `source` is a step on the way, what the row is about, or may be empty."""
SHARED = {"identifiers", "persons-named"}
"""Questions about what belongs to no article."""

Rows = list[tuple[str, ...]]


@pytest.fixture(name="store", scope="session")
def _store() -> Store:
    return dataset.union(dataset.load(ROOT))


@pytest.fixture(name="graph", scope="session")
def _graph(store: Store) -> Graph:
    triples = (q.triple for q in store.quads_for_pattern(None, None, None, DefaultGraph()))
    data = serialize(triples, format=RdfFormat.N_TRIPLES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rdflib, "NORMALIZE_LITERALS", False)  # it would write PT0S as P0D
        return Graph().parse(data=data, format="nt")


def _again(term: Term) -> Term:
    iri = term.value if isinstance(term, NamedNode) else ""
    renamed = (new + iri.removeprefix(old) for old, new in AGAIN.items() if iri.startswith(old))
    return next(map(NamedNode, renamed), term)


@pytest.fixture(name="twice", scope="session")
def _twice() -> Store:
    """Add the first article a second time: other names, narrator, copy and labels."""
    store = dataset.load(ROOT, infer=False)
    for quad in list(store):
        subject, value = _again(quad.subject), _again(quad.object)
        renamed = (subject, value) != (quad.subject, quad.object)
        if isinstance(value, Literal) and quad.predicate.value == PREFIXES["rdfs"] + "label":
            value = Literal(f"{value.value}, again", language=value.language)
        if renamed and not isinstance(subject, Literal):
            store.add(Quad(subject, quad.predicate, value, quad.graph_name))
    inference.add_inferred(store)
    return dataset.union(store)


def _from_first(store: Store, question: Question) -> Rows:
    """Keep the rows that say that they are from the first article."""
    answer, first = answers.answer(store, question), Labels(store).text(FIRST)
    at = [column in TEXTS for column in answer.columns]
    return [row for row in answer.rows if first in compress(row, at)]


def _pyoxigraph(store: Store, sparql: str) -> Rows:
    answer = questions.ask(store, sparql)
    assert isinstance(answer, QuerySolutions)
    return [tuple(map(plain, row)) for row in questions.rows(answer)]


def _rdflib(graph: Graph, sparql: str) -> Rows:
    found = [row for row in graph.query(sparql) if isinstance(row, tuple)]
    return [tuple(str(v) if isinstance(v, Identifier) else "" for v in row) for row in found]


def _widened(question: Question) -> Question:
    """Leave every optional parameter open."""
    sparql = question.sparql
    for name in OPTIONAL.findall(sparql):
        sparql = re.sub(rf"(VALUES \${name} \{{)[^}}]*\}}", r"\1 UNDEF }", sparql)
    return question._replace(sparql=sparql)


@pytest.mark.parametrize("name", QUESTIONS)
def test_two_engines_give_the_same_rows(name: str, store: Store, graph: Graph) -> None:
    sparql = QUESTIONS[name].sparql

    assert Counter(_rdflib(graph, sparql)) == Counter(_pyoxigraph(store, sparql))


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_answer_is_the_stored_one(name: str, store: Store) -> None:
    comparison = answers.compare(ROOT, store, QUESTIONS[name])

    assert comparison.same, str(comparison)


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_row_of_an_answer_comes_twice(name: str, store: Store) -> None:
    found = answers.answer(store, QUESTIONS[name], labels=False).rows

    assert len(set(found)) == len(found)


@pytest.mark.parametrize("name", [n for n, q in QUESTIONS.items() if _widened(q) != q])
def test_a_question_left_open_is_answered_for_all(name: str, store: Store, graph: Graph) -> None:
    question = QUESTIONS[name]
    wide = _pyoxigraph(store, _widened(question).sparql)

    assert set(_pyoxigraph(store, question.sparql)) <= set(wide)
    assert Counter(_rdflib(graph, _widened(question).sparql)) == Counter(wide)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_second_article_takes_no_row_from_the_first(name: str, twice: Store) -> None:
    stored = answers.read(resources.answers(ROOT) / f"{name}.csv")

    assert not Counter(stored.rows) - Counter(answers.answer(twice, QUESTIONS[name]).rows)


@pytest.mark.parametrize("name", [n for n in QUESTIONS if COLUMNS[n] & TEXTS and n not in PARTLY])
def test_the_rows_of_one_source_are_those_before_another_came(name: str, twice: Store) -> None:
    stored = answers.read(resources.answers(ROOT) / f"{name}.csv")

    assert Counter(_from_first(twice, QUESTIONS[name])) == Counter(stored.rows)


@pytest.mark.parametrize("name", [n for n, q in QUESTIONS.items() if "VALUES $" not in q.sparql])
def test_a_second_article_like_the_first_has_as_many_rows(name: str, twice: Store) -> None:
    stored = answers.read(resources.answers(ROOT) / f"{name}.csv")
    found = answers.answer(twice, QUESTIONS[name])

    assert len(found.rows) == len(stored.rows) * (1 if name in SHARED else 2)


@pytest.mark.parametrize("name", ["chain-of-sources", "who-says-so"])
def test_of_one_matter_a_second_article_on_others_says_nothing(name: str, twice: Store) -> None:
    stored = answers.read(resources.answers(ROOT) / f"{name}.csv")

    assert Counter(answers.answer(twice, QUESTIONS[name]).rows) == Counter(stored.rows)


@pytest.mark.parametrize("name", [n for n in QUESTIONS if COLUMNS[n] & {"sentence", "position"}])
def test_a_place_in_a_text_stands_beside_the_text(name: str) -> None:
    assert COLUMNS[name] & TEXTS


def test_each_question_of_the_analysts_has_exactly_one_query() -> None:
    tags = Counter(tag for question in QUESTIONS.values() for tag in question.tags)

    assert {tag: n for tag, n in tags.items() if re.fullmatch(r"D\d+", tag)} == dict.fromkeys(
        ANALYSTS, 1
    )


def test_there_are_forty_questions_and_more() -> None:
    assert len(QUESTIONS) >= 40


def test_the_timeline_is_in_the_stored_order(store: Store) -> None:
    stored = answers.read(resources.answers(ROOT) / "timeline.csv")

    assert answers.answer(store, QUESTIONS["timeline"]).rows == stored.rows


def test_the_timeline_is_in_one_order_on_two_engines(store: Store, graph: Graph) -> None:
    sparql = QUESTIONS["timeline"].sparql

    assert _rdflib(graph, sparql) == _pyoxigraph(store, sparql)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_header_asks_and_explains(name: str) -> None:
    question = QUESTIONS[name]

    assert question.summary.endswith("?")
    assert question.description.endswith(".")
    assert question.tags


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_declared_parameter_is_a_block_and_the_reverse(name: str) -> None:
    text = QUESTIONS[name].sparql
    header = "\n".join(line for line in text.splitlines() if line.startswith("#+   "))

    blocks = dict.fromkeys(re.findall(r"VALUES \$(\w+) (\{[^}]*\})", text))

    assert re.findall(r"^#\+   (\w+):", header, re.MULTILINE) == [name for name, _ in blocks]


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_query_is_ordered_and_names_its_columns(name: str) -> None:
    text = QUESTIONS[name].sparql

    assert re.search(r"^ORDER BY ", text, re.MULTILINE)
    assert not re.search(r"SELECT (DISTINCT )?\*", text)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_query_names_nothing_of_one_article(name: str) -> None:
    """Actors may be a parameter's default; statements, matters and literals may not occur."""
    body = re.sub(r"VALUES \$\w+ \{[^}]*\}", "", QUESTIONS[name].sparql)

    assert not re.search(r"\b(?:a\d+|actor|place|post|passage|span):[\w-]", body)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_query_declares_the_prefixes_that_it_uses_in_order(name: str) -> None:
    text = QUESTIONS[name].sparql
    declared = re.findall(r"^PREFIX (\w+):", text, re.MULTILINE)
    body = re.sub(r"^(?:PREFIX|#).*$|<[^>]*>|\"[^\"]*\"", "", text, flags=re.MULTILINE)

    assert declared == sorted(set(re.findall(r"(\w+):[\w-]", body)))


def test_every_stored_answer_belongs_to_a_question() -> None:
    stored = {path.stem for path in resources.answers(ROOT).glob("*.csv")}

    assert stored == set(QUESTIONS)
