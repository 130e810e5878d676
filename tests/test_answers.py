import csv
import io
import json
from pathlib import Path

import pytest

from communique import answering, answers, dataset, questions, resources
from communique.answers import Comparison


def _answer(project: Path, sparql: str, *, form: str = "csv", labels: bool = True) -> str:
    path = project / "ad-hoc.rq"
    path.write_text(sparql)
    return str(answering.answered(project, str(path), form=form, labels=labels))


def _stored(project: Path, name: str = "chain") -> Path:
    return project / "tests" / "answers" / f"{name}.csv"


def test_answers_as_stored_are_the_same(project: Path) -> None:
    assert [each.same for each in answers.test_all(project)] == [True, True]


def test_another_voice_is_noticed_and_shown_in_rows(project: Path) -> None:
    path = project / "data" / "articles" / "1933-11-17-herring.ttl"
    path.write_text(
        path.read_text().replace("cmq:voice actor:sylvania", "cmq:voice actor:freedonia")
    )
    [chain, _] = answers.test_all(project)

    assert str(chain) == (
        "chain: the answer differs\n  - Sylvania | Freedonia\n  + Freedonia | Freedonia"
    )


def test_rows_are_compared_as_a_multiset(project: Path) -> None:
    _stored(project).write_text("voice,relayed\nSylvania,Freedonia\nSylvania,Freedonia\n")
    [chain, _] = answers.test_all(project)

    assert (chain.missing, chain.unexpected) == ((("Sylvania", "Freedonia"),), ())


def test_other_columns_are_noticed(project: Path) -> None:
    _stored(project).write_text("voice,other\nSylvania,Freedonia\n")
    [chain, _] = answers.test_all(project)

    assert chain.problem == "columns were voice, other and are voice, relayed"


def test_a_question_without_a_stored_answer_is_a_finding(project: Path) -> None:
    _stored(project).unlink()
    [chain, _] = answers.test_all(project)

    assert chain.problem.startswith("no stored answer")


def test_an_empty_folder_of_answers_is_a_finding_for_each_question(project: Path) -> None:
    for path in _stored(project).parent.iterdir():
        path.unlink()

    assert [each.same for each in answers.test_all(project)] == [False, False]


def test_an_answer_without_rows_is_never_as_expected(project: Path) -> None:
    (project / "queries" / "chain.rq").write_text("SELECT ?a { ?a cmq:nothing ?b } ORDER BY ?a")
    _stored(project).write_text("a\n")
    [chain, _] = answers.test_all(project)

    assert chain.problem == "no row"


def test_a_stored_answer_that_nobody_asks_for_is_a_finding(project: Path) -> None:
    _stored(project, "forgotten").write_text("a\n1\n")
    found = {each.question: each.problem for each in answers.test_all(project)}

    assert found["forgotten"] == "no question asks for it. Delete the file"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "chain.csv: empty. Run communique test --update"),
        (b"\xff", "chain.csv: cannot be read: "),
    ],
)
def test_an_answer_that_cannot_be_used_is_the_fault_of_one_question(
    project: Path, content: bytes, problem: str
) -> None:
    _stored(project).write_bytes(content)
    chain, other = answers.test_all(project)

    assert problem in chain.problem
    assert other.same


def test_a_question_that_cannot_be_answered_is_the_fault_of_one_question(project: Path) -> None:
    (project / "queries" / "chain.rq").write_text("SELECT ?a {")
    chain, other = answers.test_all(project)

    assert "not SPARQL" in chain.problem
    assert other.same


def _ordered(project: Path, order: str, stored: str) -> Comparison:
    rows = '(1 "one") (2 "two") (2.0 "zwei") (3 "three")'
    sparql = f"SELECT ?n ?word {{ VALUES (?n ?word) {{ {rows} }} }} {order}"
    (project / "queries" / "chain.rq").write_text(sparql)
    _stored(project).write_text("n,word\n" + stored.replace(" ", "\n") + "\n")
    return answers.test_all(project)[0]


@pytest.mark.parametrize(
    ("order", "stored", "same"),
    [
        ("ORDER BY ?n", "1,one 2,two 2,zwei 3,three", True),
        ("ORDER BY ?n", "1,one 2,zwei 2,two 3,three", True),
        ("ORDER BY ?n", "2,two 1,one 2,zwei 3,three", False),
        ("ORDER BY ?n ?word", "1,one 2,zwei 2,two 3,three", False),
        ("ORDER BY DESC(?n)", "3,three 2,zwei 2,two 1,one", True),
        ("ORDER BY DESC(?n)", "1,one 2,zwei 2,two 3,three", False),
        ("ORDER BY (-?n) ?word", "3,three 2,zwei 2,two 1,one", False),
        ("ORDER BY STRLEN(?word) LIMIT 9", "2,two 1,one 2,zwei 3,three", True),
        ("ORDER BY STRLEN(?word) LIMIT 9", "2,zwei 2,two 1,one 3,three", False),
        ("", "3,three 2,two 2,zwei 1,one", True),
    ],
)
def test_rows_stand_as_their_question_orders_them_and_ties_as_they_like(
    project: Path, order: str, stored: str, *, same: bool
) -> None:
    found = _ordered(project, order, stored)

    assert found.same is same, found
    assert same or found.problem.startswith("the order differs, first in row ")


def test_every_stored_answer_is_as_an_update_would_write_it(checkout: Path) -> None:
    store = dataset.union(dataset.load(checkout))
    changed = [
        question.name
        for question in questions.questions(checkout)
        if answers.read(resources.answers(checkout) / f"{question.name}.csv")
        != answers.answer(store, question)
    ]

    assert changed == []


def test_update_stores_what_is_answered_now(project: Path) -> None:
    _stored(project).write_text("voice,relayed\nNobody,Nobody\n")
    answers.update_all(project)

    assert _stored(project).read_bytes() == b"voice,relayed\nSylvania,Freedonia\n"


def test_a_table_has_its_columns_in_line(project: Path) -> None:
    text = answering.answered(project, "chain", form="table", labels=True)

    assert text == "voice     relayed\n--------  ---------\nSylvania  Freedonia\n\n1 row\n"


def test_csv_can_have_iris(project: Path) -> None:
    text = answering.answered(project, "chain", form="csv", labels=False)

    assert list(csv.DictReader(io.StringIO(str(text)))) == [
        {
            "voice": "https://w3id.org/communique/id/actor/sylvania",
            "relayed": "https://w3id.org/communique/id/actor/freedonia",
        }
    ]


def test_json_is_that_of_the_sparql_results_format(project: Path) -> None:
    found = json.loads(answering.answered(project, "chain", form="json", labels=False))

    assert found["results"]["bindings"][0]["voice"] == {
        "type": "uri",
        "value": "https://w3id.org/communique/id/actor/sylvania",
    }


def test_an_unbound_value_is_an_empty_cell(project: Path) -> None:
    assert _answer(project, "SELECT ?a ?b { BIND(1 AS ?a) }") == "a,b\n1,\n"


def test_a_thing_without_a_label_goes_by_its_prefixed_name(project: Path) -> None:
    assert _answer(project, "SELECT ?s { ?s cmq:relays ?o }") == "s\na1:s001\n"


@pytest.mark.parametrize(("sparql", "word"), [("ASK { }", "yes"), ("ASK { ?s <urn:no> 1 }", "no")])
def test_ask_is_answered_with_a_word(project: Path, sparql: str, word: str) -> None:
    assert _answer(project, sparql) == f"answer\n{word}\n"


def test_the_summary_counts_what_differs() -> None:
    found = [Comparison("a"), Comparison("b", problem="no row")]

    assert answers.summary(found) == "2 questions, 1 not answered as stored."
