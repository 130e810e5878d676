from pathlib import Path

import pytest
from pyoxigraph import Store

import communique
from communique import dataset, questions, validation
from communique.errors import CommuniqueError
from communique.names import refuse_unknown
from conftest import Run

_ID = "https://w3id.org/communique/id"
_NS = "https://w3id.org/communique/ns#"


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


@pytest.fixture(name="union")
def _union(project: Path) -> Store:
    return dataset.union(dataset.load(project))


@pytest.fixture(name="graph", scope="module")
def _graph(checkout: Path) -> Store:
    return dataset.union(dataset.load(checkout))


def _refused(union: Store, sparql: str) -> str:
    with pytest.raises(CommuniqueError) as refusal:
        refuse_unknown(union, sparql, where="query")
    return str(refusal.value).removeprefix("query: ")


@pytest.mark.parametrize(
    ("prologue", "name"),
    [
        ("", "actor:silvania"),
        ("", f"<{_ID}/actor/silvania>"),
        (f"PREFIX who: <{_ID}/actor/>", "who:silvania"),
        (f"prefix : <{_ID}/actor/>", ":silvania"),
    ],
)
def test_a_misspelt_name_is_refused_however_it_is_written(
    union: Store, prologue: str, name: str
) -> None:
    assert _refused(union, f"{prologue} SELECT ?s {{ ?s cmq:voice {name} }}") == (
        "nothing describes actor:silvania. Did you mean actor:sylvania?"
    )


@pytest.mark.parametrize(
    "sparql",
    [
        f"PREFIX cmq: <{_NS}> PREFIX none: <{_ID}/nobody/> SELECT ?s {{ ?s cmq:voice ?o }}",
        f"BASE <{_ID}/nobody> SELECT ?s {{ ?s cmq:voice ?o }}",
        "PREFIX actor: <urn:x> SELECT ?s { ?s ?p actor:silvania }",
        f"SELECT ?s {{ ?s ?p '<{_ID}/actor/silvania>' }} # <{_ID}/actor/silvania>",
        "SELECT ?s FROM graph:actors FROM NAMED graph:vocab { GRAPH ?g { ?s ?p ?o } }",
        "SELECT ?s { GRAPH graph:actors { ?s ?p _:b } }",
    ],
)
def test_what_is_known_or_not_ours_is_not_refused(union: Store, sparql: str) -> None:
    refuse_unknown(union, sparql, where="query")


@pytest.mark.parametrize(
    ("pattern", "near"),
    [
        ("?s cmq:place ?o", "cmq:inPlace"),
        ("?s cmq:evidense ?o", "cmq:evidence"),
        ("?s a cmq:statement", "cmq:Statement"),
        ("?s a cmq:place", "cmq:Place"),
        ("?s cmq:Voice ?o", "cmq:voice"),
        (f"?s <{_NS}voyce> ?o", "cmq:voice"),
    ],
)
def test_a_property_is_offered_for_a_property_and_a_class_for_a_class(
    graph: Store, pattern: str, near: str
) -> None:
    assert _refused(graph, f"SELECT ?s {{ {pattern} }}").endswith(f". Did you mean {near}?")


@pytest.mark.parametrize(
    "sparql",
    [
        "SELECT ?s FROM graph:actor { ?s ?p ?o }",
        "SELECT ?s FROM graph:vocab FROM NAMED graph:actor { ?s ?p ?o }",
        "SELECT ?s { GRAPH graph:actor { ?s ?p ?o } }",
        "ask from <https://w3id.org/communique/graph/actor> { ?s ?p ?o }",
    ],
)
def test_a_graph_that_is_not_there_is_refused(union: Store, sparql: str) -> None:
    assert _refused(union, sparql) == "no graph is called graph:actor. Did you mean graph:actors?"


def test_a_graph_like_no_other_gets_the_list(union: Store) -> None:
    assert _refused(union, "SELECT ?s FROM actor:sylvania { ?s ?p ?o }").startswith(
        "no graph is called actor:sylvania. The graphs are <"
    )


def test_no_stored_question_names_what_is_not_there(graph: Store, checkout: Path) -> None:
    for question in questions.questions(checkout):
        refuse_unknown(graph, question.sparql, where=question.name)


def test_a_graph_that_is_not_there_is_one_line_of_the_command(run: Run, project: Path) -> None:
    sparql = "SELECT ?s FROM graph:actor { ?s ?p ?o }"
    result = run("query", "-", "--root", project, text=sparql)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: standard input: no graph is called graph:actor. Did you mean graph:actors?\n"
    )


def test_a_misspelt_iri_is_refused_in_python(project: Path) -> None:
    with pytest.raises(CommuniqueError, match="nothing describes actor:silvania"):
        communique.load(project).ask(f"ASK {{ ?s ?p <{_ID}/actor/silvania> }}")
