from pathlib import Path

import pytest
from pyoxigraph import Store

import communique
from communique import dataset, questions
from communique.errors import CommuniqueError
from communique.misnamed import refuse_unknown
from conftest import Run

_ID = "https://w3id.org/communique/id"
_NS = "https://w3id.org/communique/ns#"


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
