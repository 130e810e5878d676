from pathlib import Path

import pytest

from communique import validation
from conftest import Run


def _spoil(project: Path, old: str, new: str) -> None:
    path = project / "data" / "articles" / "1933-11-17-herring.ttl"
    path.write_text(path.read_text().replace(old, new))


def test_every_name_of_the_tiny_project_is_known(project: Path) -> None:
    found = validation.validate(project).findings

    assert [str(each) for each in found if each.rule.id.startswith("unknown")] == []


@pytest.mark.parametrize(
    ("old", "new", "message", "near"),
    [
        (
            "actor:sylvania",
            "actor:silvania",
            "Nothing describes actor:silvania.",
            "actor:sylvania",
        ),
        ("cmq:relays", "cmq:realys", "The ontology declares no cmq:realys.", "cmq:relays"),
        ("cmqv:accept", "cmqv:acept", "The ontology declares no cmqv:acept.", "cmqv:accept"),
        ("cmq:content a1:u01", "cmq:content a1:u02", "Nothing describes a1:u02.", "a1:u01"),
        ("actor:sylvania", "actor:ruritania", "Nothing describes actor:ruritania.", ""),
    ],
    ids=["actor", "property", "concept", "thing of the article", "like no other"],
)
def test_an_unknown_name_in_data_is_a_finding_with_the_closest_known(
    project: Path, old: str, new: str, message: str, near: str
) -> None:
    _spoil(project, old, new)
    report = validation.validate(project)
    found = {
        (each.message, each.hint if near else "")
        for each in report.findings
        if each.layer in {"names", "terms"} and each.rule.id.startswith("unknown")
    }

    assert found == {(message, f"Did you mean {near}?" if near else "")}


def test_a_finding_names_the_user_of_the_unknown_name(project: Path) -> None:
    _spoil(project, "actor:sylvania", "actor:silvania")
    found = validation.validate(project).findings

    assert [each.focus for each in found if each.rule.id == "unknown-name"] == ["a1:s001"]


@pytest.mark.parametrize(
    ("sparql", "line"),
    [
        (
            "SELECT ?s { ?s cmq:voice actor:silvania }",
            (
                "Error: standard input: nothing describes actor:silvania. "
                "Did you mean actor:sylvania?\n"
            ),
        ),
        (
            "SELECT ?s { ?s cmq:voyce ?o }",
            "Error: standard input: nothing describes cmq:voyce. Did you mean cmq:voice?\n",
        ),
        (
            "SELECT ?s { ?s ?p actor:ruritania-by-the-sea }",
            (
                "Error: standard input: nothing describes actor:ruritania-by-the-sea. "
                "Check its spelling\n"
            ),
        ),
    ],
    ids=["actor", "property", "like no other"],
)
def test_a_query_for_an_unknown_id_is_one_clear_line_and_exit_code_2(
    run: Run, project: Path, sparql: str, line: str
) -> None:
    result = run("query", "-", "--root", project, text=sparql)

    assert (result.exit_code, result.stdout, result.stderr) == (2, "", line)


@pytest.mark.parametrize(
    "sparql",
    [
        'SELECT ?s { ?s rdfs:label "actor:silvania" }',
        "SELECT ?s { ?s ?p ?o } # actor:silvania",
        "PREFIX x: <urn:x> SELECT ?s { ?s x:y ?o }",
    ],
    ids=["in a string", "in a comment", "in another namespace"],
)
def test_what_is_no_name_of_ours_is_not_looked_up(run: Run, project: Path, sparql: str) -> None:
    assert run("query", "-", "--root", project, text=sparql).exit_code == 0
