import os
import pty
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from pyoxigraph import QuerySolutions, Store

from communique import dataset, diagnosis, patterns, questions, resources
from communique.worker import Limits
from conftest import Run

ROOT = resources.root()
QUESTIONS = {question.name: question for question in questions.questions(ROOT)}


@pytest.fixture(name="union")
def _union(project: Path) -> Store:
    return dataset.union(dataset.load(project))


@pytest.fixture(name="graph", scope="module")
def _graph() -> Store:
    return dataset.union(dataset.load(ROOT))


def _explained(union: Store, sparql: str) -> list[str]:
    return diagnosis.explain(union, sparql, where="query", limits=Limits())


def _count(union: Store, sparql: str) -> int:
    found = questions.ask(union, sparql)
    assert isinstance(found, QuerySolutions)
    return sum(1 for _ in found)


def _taken(sparql: str) -> list[str]:
    return [each.text for each in patterns.take_apart(sparql, where="query").all]


def test_a_query_with_rows_needs_no_explanation(union: Store) -> None:
    assert _explained(union, "SELECT ?s { ?s cmq:relays ?o }") == []


def test_the_one_pattern_that_no_row_survives_is_named_with_its_line(union: Store) -> None:
    sparql = "SELECT ?s {\n  ?s a cmq:Statement .\n  ?s cmq:relays actor:sylvania .\n}"

    assert _explained(union, sparql) == [
        "query: no row.",
        "  There are rows without this pattern:",
        "    line 3: ?s cmq:relays actor:sylvania .  (matches nothing by itself)",
    ]


def test_each_pattern_that_would_do_is_named_when_only_the_join_is_empty(union: Store) -> None:
    sparql = "SELECT ?s { ?s cmq:relays ?o ; cmq:voice actor:freedonia }"

    assert _explained(union, sparql) == [
        "query: no row.",
        "  There are rows without any one of these patterns:",
        "    line 1: ?s cmq:relays ?o .",
        "    line 1: ?s cmq:voice actor:freedonia .",
    ]


def test_two_patterns_are_named_together_when_neither_alone_would_do(union: Store) -> None:
    sparql = "SELECT ?s { ?s a cmq:Statement ; <urn:no> 1 FILTER(STR(?s) = 'x') }"

    assert _explained(union, sparql)[-3:] == [
        "  There are rows without these 2 patterns together:",
        "    line 1: ?s <urn:no> 1 .  (matches nothing by itself)",
        "    line 1: FILTER(STR(?s) = 'x')",
    ]


def _different(many: int) -> str:
    return " ".join(f"VALUES ?x {{ {n} }}" for n in range(many))


def test_every_smallest_set_is_named_when_several_would_do(union: Store) -> None:
    zero, one, two = (f"    line 1: VALUES ?x {{ {n} }}" for n in range(3))

    assert _explained(union, f"SELECT * {{ {_different(3)} }}")[1:] == [
        *("  There are rows without these 2 patterns together:", zero, one),
        *("  or without these together:", zero, two),
        *("  or without these together:", one, two),
    ]


def test_of_many_smallest_sets_some_are_named_and_the_others_told(union: Store) -> None:
    told = _explained(union, f"SELECT * {{ {_different(6)} }}")

    assert told.count("  or without these together:") == 4
    assert told[-1] == "  Others may do, too."


def test_none_of_the_sets_is_called_the_only_one(graph: Store) -> None:
    sparql = """SELECT ?x ?f { ?x cmq:voice actor:kremlin ; cmq:force cmqv:demand ;
      cmq:addressee actor:donald-trump ; cmq:attribution cmqv:presupposed }"""
    told = _explained(graph, sparql)
    sets = [told[at + 1 : at + 3] for at, line in enumerate(told) if line.endswith("together:")]

    assert len(sets) > 1
    for one in sets:
        gone = [line.partition(": ")[2].partition("  (")[0] for line in one]
        left = [text for text in _taken(sparql) if text not in gone]
        assert _count(graph, f"SELECT * {{ {' '.join(left)} }}") > 0


@pytest.mark.parametrize(
    ("culprit", "line"),
    [
        ("FILTER(?o = 3)", "FILTER(?o = 3)"),
        ("FILTER NOT EXISTS { ?s ?p ?o }", "FILTER NOT EXISTS { ?s ?p ?o }"),
        ("MINUS { ?s cmq:relays ?o }", "MINUS { ?s cmq:relays ?o }"),
        ("VALUES ?s { a1:s001a }", "VALUES ?s { a1:s001a }"),
        ("{ ?s <urn:no> ?x }", "?s <urn:no> ?x .  (matches nothing by itself)"),
        ("{ SELECT ?s { ?s <urn:no> 1 } }", "?s <urn:no> 1 .  (matches nothing by itself)"),
        (
            "?s <urn:no>/cmq:relays* [ a ?k ] .",
            "?s <urn:no>/cmq:relays* [ a ?k ] .  (matches nothing by itself)",
        ),
    ],
)
def test_every_kind_of_pattern_can_be_named(union: Store, culprit: str, line: str) -> None:
    told = _explained(union, f"SELECT ?s {{ ?s cmq:relays ?o . {culprit} }}")

    assert told[0] == "query: no row."
    assert any(text.startswith("  There are rows without ") for text in told)
    assert told[-1] == f"    line 1: {line}"


def test_a_graph_that_is_not_there_is_named(union: Store) -> None:
    assert _explained(union, "SELECT ?s { GRAPH graph:no { ?s ?p ?o } }") == [
        "query: no row.",
        (
            "  No graph is called graph:no. The graphs are "
            "<https://w3id.org/communique/graph/source/1933-11-17-herring>, "
            "graph:actors, graph:inferred, graph:ontology, graph:vocab"
        ),
        "  There are rows without this pattern:",
        "    line 1: GRAPH graph:no",
    ]


@pytest.mark.parametrize("clause", ["FROM graph:actor", "FROM <urn:no>", "FROM NAMED graph:actor"])
@pytest.mark.parametrize("form", ["SELECT ?s", "ASK", "SELECT (COUNT(*) AS ?n)"])
def test_a_graph_to_ask_that_is_not_there_is_named(union: Store, clause: str, form: str) -> None:
    pattern = "GRAPH ?g { ?s cmq:relays ?o }" if "NAMED" in clause else "?s cmq:relays ?o"
    told = _explained(union, f"{form} {clause} {{ {pattern} }}")

    assert told[1].startswith(f"  No graph is called {clause.rsplit(maxsplit=1)[-1]}. ")
    assert told[2:] == ["  There are rows without this pattern:", f"    line 1: {clause}"]


def test_a_graph_that_does_not_hold_what_others_do_is_named(union: Store) -> None:
    told = _explained(union, "SELECT ?s { GRAPH graph:actors { ?s cmq:relays ?o } }")

    assert "    line 1: GRAPH graph:actors" in told


def test_what_sums_up_nothing_is_explained_by_what_it_sums_up(union: Store) -> None:
    sparql = "SELECT (COUNT(?s) AS ?n) { ?s a cmq:Statement ; cmq:relays actor:sylvania }"

    assert _explained(union, sparql) == [
        "query: nothing to sum up, for its patterns have no row.",
        "  There are rows without this pattern:",
        "    line 1: ?s cmq:relays actor:sylvania .  (matches nothing by itself)",
    ]
    assert _explained(union, "SELECT (COUNT(?s) AS ?n) { ?s a cmq:Statement }") == []


@pytest.mark.parametrize(
    "test", ["?l = 'Sylvania'", "'Sylvania' = ?l", "?l IN ('x', 'Sylvania')", "?l != 'Sylvania'"]
)
def test_a_text_that_has_a_language_in_the_graph_is_told(union: Store, test: str) -> None:
    told = _explained(union, f"SELECT ?s {{ ?s rdfs:label ?l , 1 FILTER({test}) }}")

    assert (
        '  In the graph "Sylvania"@en has a language, which makes it another value than the text '
        "alone. Write it so, or compare STR(...)"
    ) in told


@pytest.mark.parametrize("test", ["REGEX(?l, 'Sylvania')", "?l = 'Sylvania'@en", "?l = 'Other'"])
def test_a_text_that_would_do_is_not_told(union: Store, test: str) -> None:
    told = _explained(union, f"SELECT ?s {{ ?s rdfs:label ?l , 1 FILTER({test}) }}")

    assert not [line for line in told if "has a language" in line]


@pytest.mark.parametrize("modifier", ["HAVING(COUNT(?s) > 9)", "LIMIT 0", "OFFSET 9"])
def test_a_modifier_can_be_named(union: Store, modifier: str) -> None:
    sparql = f"SELECT (COUNT(?s) AS ?n) {{ ?s cmq:relays ?o }} GROUP BY ?o {modifier}"

    assert _explained(union, sparql)[-1] == f"    line 1: {modifier}"


@pytest.mark.parametrize(
    ("form", "end"),
    [("ASK", ""), ("CONSTRUCT { ?s a ?o } WHERE", ""), ("DESCRIBE ?s", " ORDER BY ?s")],
)
def test_other_forms_of_questions_are_explained_as_well(union: Store, form: str, end: str) -> None:
    told = _explained(union, f"{form} {{ ?s cmq:relays ?o . ?o cmq:relays ?s }}{end}")

    assert told[1] == "  There are rows without any one of these patterns:"
    assert len(told) == 4


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (
            "?s cmq:voyce ?o",
            "  Nothing in the graph is called cmq:voyce. Did you mean cmq:voice?",
        ),
        (
            "?s rdfs:labell ?o",
            "  Nothing in the graph is called rdfs:labell. Did you mean rdfs:label?",
        ),
        (
            "?s cmq:voice <https://w3id.org/communique/id/actor/silvania>",
            "  Nothing in the graph is called actor:silvania. Did you mean actor:sylvania?",
        ),
        (
            "?s <urn:like-no-other> ?o",
            "  Nothing in the graph is called <urn:like-no-other>. Check its spelling",
        ),
        (
            '?s rdfs:label "Sylvania"',
            '  No value in the graph is "Sylvania". Did you mean "Sylvania"@en?',
        ),
        (
            'VALUES ?l { "sylvannia"@en } ?s rdfs:label ?l',
            '  No value in the graph is "sylvannia"@en. Did you mean "Sylvania"@en?',
        ),
    ],
)
def test_what_the_graph_does_not_know_is_named_with_the_closest(
    union: Store, pattern: str, line: str
) -> None:
    assert line in _explained(union, f"SELECT ?s {{ {pattern} }}")


@pytest.mark.parametrize(
    "pattern",
    [
        "?s ?p ?o FILTER(xsd:integer(?o) = <urn:f>(?o))",
        '?s ?p "1"^^<urn:datatype> , _:blank',
        "?s cmq:relays ?o FILTER(?o = 'a value to compare with')",
    ],
)
def test_functions_datatypes_and_blank_nodes_are_no_unknown_names(
    union: Store, pattern: str
) -> None:
    told = _explained(union, f"SELECT ?s {{ {pattern} }}")
    unknown = [line for line in told if "urn:datatype" in line or "blank." in line or "xsd" in line]

    assert [line for line in unknown if line.startswith(("  Nothing", "  No value"))] == []


def test_a_query_that_takes_too_long_is_given_up_in_time(graph: Store) -> None:
    crossed = " . ".join(f"?a{n} ?b{n} ?c{n}" for n in range(6))
    sparql = f"SELECT (COUNT(*) AS ?n) {{ {crossed} }} GROUP BY ?b0 HAVING(COUNT(*) < 0)"
    start = time.monotonic()
    told = diagnosis.explain(graph, sparql, where="query", limits=Limits(seconds=1))

    assert time.monotonic() - start < 5
    assert told[-1] == "  The search ended after 1 s. Give it longer by --timeout"


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_taken_apart_and_put_together_has_as_many_rows(name: str, graph: Store) -> None:
    sparql = QUESTIONS[name].sparql
    taken = patterns.take_apart(sparql, where=name)

    assert _count(graph, taken.without(())) == _count(graph, sparql) > 0


def test_triples_are_told_apart_in_every_notation() -> None:
    sparql = """
    PREFIX ex: <urn:x> SELECT * WHERE {
      ?s a ex:A , ex:B ; ex:p/ex:q* -1 , "x"@en, 'y'^^ex:t ;; !(^ex:p|a) true .
      [] ex:p ( 1 2 ) ; ex:q [ ex:r ?v ] . ( ?x ) ex:p ?y
    }"""

    assert _taken(sparql) == [
        "?s a ex:A .",
        "?s a ex:B .",
        "?s ex:p/ex:q* -1 .",
        '?s ex:p/ex:q* "x"@en .',
        "?s ex:p/ex:q* 'y'^^ex:t .",
        "?s !(^ex:p|a) true .",
        "[] ex:p ( 1 2 ) ; ex:q [ ex:r ?v ] .",
        "( ?x ) ex:p ?y .",
    ]


@pytest.mark.parametrize("name", ["demands", "statements", "timeline", "not-reported"])
def test_an_impossible_pattern_in_a_real_question_is_the_one_that_is_named(
    name: str, graph: Store
) -> None:
    head, _, tail = QUESTIONS[name].sparql.rpartition("}")
    sparql = f"{head}  ?no <urn:no> ?no .\n}}{tail}"
    before, added = Counter(_taken(QUESTIONS[name].sparql)), Counter(_taken(sparql))

    assert set(added - before) == {"?no <urn:no> ?no ."}
    told = _explained(graph, sparql)
    assert "  Nothing in the graph is called <urn:no>. Check its spelling" in told
    assert "?no <urn:no> ?no .  (matches nothing by itself)" in told[-1]


def test_a_saved_question_is_explained_on_the_command_line(run: Run) -> None:
    result = run("query", "demands", "--side", "Ukraine", "--why-empty")

    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "0 rows")
    assert "There are rows without any one of these patterns:\n    line " in result.stderr
    assert "VALUES $side { <https://w3id.org/communique/id/actor/ukraine> }" in result.stderr


def test_a_misspelt_name_is_explained_instead_of_refused(run: Run, project: Path) -> None:
    sparql = "SELECT ?s { ?s cmq:voyce ?o }"
    result = run("query", "-", "--why-empty", "--root", project, text=sparql)

    assert result.exit_code == 0
    assert "Nothing in the graph is called cmq:voyce. Did you mean cmq:voice?\n" in result.stderr


def test_an_answer_with_rows_is_said_to_need_no_explanation(run: Run, project: Path) -> None:
    result = run("query", "chain", "--why-empty", "--format", "csv", "--root", project)

    assert result.exit_code == 0
    assert result.stderr.endswith("chain.rq: has rows, so there is nothing to explain.\n")


def test_another_server_cannot_be_looked_into(run: Run, project: Path) -> None:
    result = run("query", "chain", "--why-empty", "--endpoint", "http://x/", "--root", project)

    assert (result.exit_code, result.stderr) == (
        2,
        "Error: --why-empty: looks into the files only. Leave out --endpoint\n",
    )


def test_a_terminal_is_told_how_to_find_out_why_there_is_no_row(checkout: Path) -> None:
    command = [sys.executable, "-m", "communique", "query", "demands", "--side", "Ukraine"]
    ours, theirs = pty.openpty()
    with os.fdopen(ours), os.fdopen(theirs, "w") as terminal:
        done = subprocess.run(
            command, cwd=checkout, stdout=terminal, stderr=subprocess.PIPE, text=True, check=True
        )

    assert done.stderr == "No row: --why-empty tells what leaves the answer without rows.\n"


def test_a_file_is_told_nothing_but_its_rows(run: Run) -> None:
    assert run("query", "demands", "--side", "Ukraine").stderr == ""
