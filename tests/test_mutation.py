"""Stored answers are sharp: a query with one thing changed gets another answer."""

import csv
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from communique import mutation, questions
from communique.answers import Comparison
from communique.errors import CommuniqueError
from communique.junit import as_junit
from communique.mutation import Mutant, Score
from conftest import HERE, Run

_QUERY = """\
#+ summary: What?
#+ params:
#+   voice: {type: iri}
SELECT ?a (GROUP_CONCAT(?n; SEPARATOR=" . ") AS ?ns) WHERE {
  VALUES $voice { actor:sylvania }
  {
    SELECT ?a ?b ?n WHERE {
      ?a cmq:relays*/cmq:voice ?b .
      { ?a cmq:force cmqv:assert } UNION { ?a cmq:force cmqv:accept }
      OPTIONAL { ?b rdfs:label ?n }
      FILTER(?a != <urn:x> && ?n != "} . {")
    }
  }
  FILTER NOT EXISTS { ?c cmq:x|^cmq:y ?a . }
  VALUES ?k { 1 2 }
}
GROUP BY ?a
"""
_OTHERS = {"cmqv:assert": "cmqv:accept", "cmqv:accept": "cmqv:assert"}


def _mutants() -> dict[str, Mutant]:
    asked = questions.parse(Path("x.rq"), _QUERY)
    return {mutant.name: mutant for mutant in mutation.mutants(asked, _OTHERS)}


def test_every_pattern_filter_path_and_concept_is_dropped_or_changed() -> None:
    assert sorted(_mutants()) == sorted(
        [
            "drop: ?a cmq:relays*/cmq:voice ?b .",
            "turn round: ?a cmq:relays*/cmq:voice ?b .",
            "once for * at 13: ?a cmq:relays*/cmq:voice ?b .",
            "drop branch: { ?a cmq:force cmqv:assert } UNION",
            "drop branch: UNION { ?a cmq:force cmqv:accept }",
            "drop: ?a cmq:force cmqv:assert",
            "drop: ?a cmq:force cmqv:accept",
            "cmqv:accept for: cmqv:assert",
            "cmqv:assert for: cmqv:accept",
            "drop: OPTIONAL { ?b rdfs:label ?n }",
            "require: OPTIONAL { ?b rdfs:label ?n }",
            "turn round: ?b rdfs:label ?n",
            'drop: FILTER(?a != <urn:x> && ?n != "} . {")',
            "= for: !=",
            "= for: != (2)",
            "|| for: &&",
            "turn round: FILTER NOT EXISTS",
            "drop: FILTER NOT EXISTS { ?c cmq:x|^cmq:y ?a . }",
            "drop: ?c cmq:x|^cmq:y ?a .",
            "turn round: ?c cmq:x|^cmq:y ?a .",
            "forth for back at 9: ?c cmq:x|^cmq:y ?a .",
            "without cmq:x: cmq:x|^cmq:y",
            "without ^cmq:y: cmq:x|^cmq:y",
            "drop: VALUES ?k { 1 2 }",
            "drop value: 1",
            "drop value: 2",
        ]
    )


def test_a_mutant_differs_from_its_query_in_that_one_thing() -> None:
    found = _mutants()

    assert found["turn round: ?b rdfs:label ?n"].sparql == _QUERY.replace(
        "?b rdfs:label ?n", "?n rdfs:label ?b"
    )
    assert found["without cmq:x: cmq:x|^cmq:y"].sparql == _QUERY.replace("cmq:x|^cmq:y", "^cmq:y")
    assert found["drop branch: { ?a cmq:force cmqv:assert } UNION"].sparql == _QUERY.replace(
        "{ ?a cmq:force cmqv:assert } UNION ", ""
    )


def test_what_is_asked_about_is_not_changed() -> None:
    assert all("VALUES $voice { actor:sylvania }" in each.sparql for each in _mutants().values())


def test_a_sharp_question_has_no_survivor(project: Path) -> None:
    score = mutation.measure(project, only=["chain"])

    assert (score.percent, score.survivors) == (100.0, ())


def test_a_pattern_that_changes_nothing_survives(project: Path) -> None:
    path = project / "queries" / "chain.rq"
    path.write_text(path.read_text().replace("WHERE {", "WHERE {\n  ?s a cmq:Statement ."))
    score = mutation.measure(project, only=["chain"])

    assert [mutant.name for mutant in score.survivors] == ["drop: ?s a cmq:Statement ."]


def test_survivors_without_a_reason_and_reasons_without_a_survivor_are_findings(
    run: Run, project: Path
) -> None:
    path = project / "queries" / "chain.rq"
    path.write_text(path.read_text().replace("WHERE {", "WHERE {\n  ?s a cmq:Statement ."))
    mutation.listed(project).write_text("question,mutant,reason\nchain,drop: x,why\n")
    result = run("test", "--mutate", "--root", project)

    assert result.exit_code == 1
    assert result.stdout.splitlines()[:2] == [
        "chain: drop: ?s a cmq:Statement .: changes no answer. Sharpen the query or list it",
        f"{mutation.listed(project)}: chain: drop: x: changes an answer now. Delete the line",
    ]


def test_update_lists_the_survivors_and_keeps_their_reasons(run: Run, project: Path) -> None:
    path = project / "queries" / "chain.rq"
    path.write_text(path.read_text().replace("WHERE {", "WHERE {\n  ?s a cmq:Statement ."))
    key = "chain,drop: ?s a cmq:Statement ."
    mutation.listed(project).write_text(f"question,mutant,reason\n{key},so it is\n")
    result = run("test", "--mutate", "--update", "--root", project)

    assert result.exit_code == 0, result.output
    assert mutation.listed(project).read_text() == f"question,mutant,reason\n{key},so it is\n"


def test_too_low_a_score_is_a_finding(project: Path) -> None:
    survivors = (Mutant("chain", "drop: x", "drop", ""),)

    assert "below 85 %" in mutation.findings(project, Score(2, survivors))


def test_a_mutant_that_does_not_end_is_noticed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mutation, "SECONDS", 0.3)
    bomb = " ".join(f"?a{n} ?b{n} ?c{n} ." for n in range(8))
    (project / "queries" / "bomb.rq").write_text(
        f"SELECT (COUNT(*) AS ?n) WHERE {{ ?s cmq:nothing ?o . {bomb} }}"
    )
    score = mutation.measure(project, only=["bomb"])

    assert "drop: ?s cmq:nothing ?o ." not in {each.name for each in score.survivors}


def test_a_question_that_does_not_end_itself_cannot_be_measured(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mutation, "SECONDS", 0.3)
    bomb = " ".join(f"?a{n} ?b{n} ?c{n} ." for n in range(8))
    (project / "queries" / "bomb.rq").write_text(f"SELECT (COUNT(*) AS ?n) WHERE {{ {bomb} }}")

    with pytest.raises(CommuniqueError, match="bomb: no answer"):
        mutation.measure(project, only=["bomb"])


def test_every_listed_survivor_is_a_mutant_of_its_question_and_has_a_reason() -> None:
    root = HERE.parent
    with mutation.listed(root).open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))

    assert lines
    assert [line for line in lines if not line["reason"]] == []


def test_a_junit_report_has_a_case_for_each_question(
    run: Run, project: Path, tmp_path: Path
) -> None:
    (project / "tests" / "answers" / "chain.csv").write_text("voice,relayed\n\x1b[1m,Nobody\n")
    report = tmp_path / "report.xml"
    result = run("test", "--junit", report, "--root", project)
    suite = ET.parse(report).getroot()  # noqa: S314  our own

    assert result.exit_code == 1
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [case.get("name") for case in suite] == ["chain", "speaks-for"]
    assert suite[0][0].get("message") == "chain: the answer differs"
    assert suite[0][0].text == "  - \\u{1B}[1m | Nobody\n  + Sylvania | Freedonia"


def test_a_junit_report_of_success_has_no_failure() -> None:
    assert "<failure" not in as_junit([Comparison("a")])
