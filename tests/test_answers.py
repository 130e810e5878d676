import csv
import io
import json
from pathlib import Path

import pytest

from communique import answers
from communique.answers import Comparison
from communique.errors import CommuniqueError


def _answer(project: Path, sparql: str, *, form: str = "csv", labels: bool = True) -> str:
    path = project / "ad-hoc.rq"
    path.write_text(sparql)
    return str(answers.answered(project, str(path), form=form, labels=labels))


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


def test_an_empty_file_of_rows_is_an_error(project: Path) -> None:
    _stored(project).write_text("")

    with pytest.raises(CommuniqueError, match=r"chain\.csv: empty"):
        answers.test_all(project)


def test_update_stores_what_is_answered_now(project: Path) -> None:
    _stored(project).write_text("voice,relayed\nNobody,Nobody\n")
    answers.update_all(project)

    assert _stored(project).read_bytes() == b"voice,relayed\nSylvania,Freedonia\n"


def test_a_table_has_its_columns_in_line(project: Path) -> None:
    text = answers.answered(project, "chain", form="table", labels=True)

    assert text == "voice     relayed\n--------  ---------\nSylvania  Freedonia\n\n1 row\n"


def test_csv_can_have_iris(project: Path) -> None:
    text = answers.answered(project, "chain", form="csv", labels=False)

    assert list(csv.DictReader(io.StringIO(str(text)))) == [
        {
            "voice": "https://w3id.org/communique/id/actor/sylvania",
            "relayed": "https://w3id.org/communique/id/actor/freedonia",
        }
    ]


def test_json_is_that_of_the_sparql_results_format(project: Path) -> None:
    found = json.loads(answers.answered(project, "chain", form="json", labels=False))

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
