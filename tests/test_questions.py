from pathlib import Path

import pytest
from pyoxigraph import Store

from communique import dataset, questions
from communique.errors import CommuniqueError


@pytest.fixture(name="union")
def _union(project: Path) -> Store:
    return dataset.union(dataset.load(project))


def test_the_header_says_what_is_asked(project: Path) -> None:
    question = questions.find(project, "chain")

    assert (question.summary, question.description, question.tags) == (
        "Who relays whom?",
        "One row per relayed statement.",
        ("attribution", "chain"),
    )


def test_the_first_tag_is_the_topic(project: Path) -> None:
    assert questions.find(project, "chain").topic == "attribution"


def test_the_listing_groups_questions_by_topic(project: Path) -> None:
    assert questions.listing(questions.questions(project)) == (
        "actors\n"
        "  speaks-for  Who speaks for whom?\n"
        "\n"
        "attribution\n"
        "  chain       Who relays whom?\n"
    )


def test_a_question_without_a_header_is_still_a_question(project: Path) -> None:
    path = project / "queries" / "bare.rq"
    path.write_text("ASK { }")

    assert questions.question(path).topic == "other"


@pytest.mark.parametrize("header", ["#+ summary: [", "#+ just words", "#+ tags: a: b"])
def test_a_header_that_does_not_parse_is_an_error(project: Path, header: str) -> None:
    path = project / "queries" / "broken.rq"
    path.write_text(f"{header}\nASK {{ }}")

    with pytest.raises(CommuniqueError, match=r"broken\.rq: header"):
        questions.question(path)


@pytest.mark.parametrize(
    ("given", "near"), [("chian", "chain"), ("speaksfor", "speaks-for"), ("speak", "speaks-for")]
)
def test_an_unknown_question_gets_the_closest_names(project: Path, given: str, near: str) -> None:
    with pytest.raises(CommuniqueError, match=rf"{given}: no such question\. .*{near}"):
        questions.find(project, given)


def test_a_name_like_no_other_gets_the_way_to_the_list(project: Path) -> None:
    with pytest.raises(CommuniqueError, match="Run communique query to list them"):
        questions.find(project, "zzz")


def test_a_missing_query_file_is_an_error(project: Path) -> None:
    with pytest.raises(CommuniqueError, match=r"no\.rq: No such file or directory"):
        questions.find(project, "no.rq")


def test_a_query_file_that_is_not_utf_8_is_an_error(project: Path) -> None:
    path = project / "queries" / "latin.rq"
    path.write_bytes(b"# caf\xe9\nASK { }")

    with pytest.raises(CommuniqueError, match="not UTF-8"):
        questions.question(path)


def test_a_folder_without_questions_is_an_error(project: Path) -> None:
    for path in (project / "queries").iterdir():
        path.unlink()

    with pytest.raises(CommuniqueError, match=r"queries: no \.rq file in it"):
        questions.questions(project)


def test_the_project_prefixes_need_no_declaration(union: Store) -> None:
    assert questions.ask(union, "ASK { a1:s001 cmq:relays a1:s001a }")


def test_a_query_that_is_not_sparql_is_reported_with_its_place(union: Store) -> None:
    with pytest.raises(CommuniqueError, match=r"^x\.rq:2:12: not SPARQL: did not expect '\}'"):
        questions.ask(union, "SELECT ?s {\n  ?s cmq:x }", where="x.rq")


def test_a_query_that_stops_short_is_reported_with_its_end(union: Store) -> None:
    with pytest.raises(CommuniqueError, match=r"^query:1:12: not SPARQL: something is missing"):
        questions.ask(union, "SELECT ?s {")


def test_an_unknown_prefix_is_named(union: Store) -> None:
    with pytest.raises(CommuniqueError, match="prefix foo: is not known"):
        questions.ask(union, "ASK { ?s foo:bar ?o }")


@pytest.mark.parametrize(
    ("sparql", "asks"),
    [
        ("ASK { GRAPH ?g { ?s ?p ?o } }", True),
        ("ASK {graph<urn:g>{ }}", True),
        ("SELECT * FROM graph:vocab { }", True),
        ("ASK { FILTER(1<2)GRAPH ?g { ?x ?y 1.GRAPH ?h{ } } }", True),
        ("# asks where GRAPH may be from\n\n #\nASK { ?s ?p 1 }", False),
        ("  # from\rASK { }", False),
        ("# all\rASK { GRAPH ?g { } }", True),
        ("ASK { } # from", True),
        ("ASK { ?s ?p 1 }# one\nGRAPH", True),
        ('ASK { BIND("""a\n# b""" AS ?x) GRAPH ?g { ?s ?p ?o } }', True),
        ("ASK { ?z cmq:codePoints 4544GRAPH ?g { ?s ?p ?o } }", True),
        ("SELECT ?from { ?graph cmq:p $from }", False),
        ("ASK { GRAPHgraph:vocab { ?s ?p ?o } }", True),
        ("DESCRIBE cmqv:body FROMgraph:vocab", True),
    ],
)
def test_a_query_that_may_ask_of_graphs_is_known(sparql: str, asks: bool) -> None:  # noqa: FBT001
    assert questions.asks_of_graphs(sparql) is asks


@pytest.mark.parametrize("word", ["SERVICE", "service silent", "\nService"])
def test_a_query_that_calls_another_server_is_refused(union: Store, word: str) -> None:
    with pytest.raises(CommuniqueError, match="calls another server"):
        questions.ask(union, f"ASK {{ {word} <http://127.0.0.1:9/> {{ ?s ?p ?o }} }}")


@pytest.mark.parametrize(
    "harmless",
    [
        'ASK { ?s ?p "SERVICE" }',
        "ASK { ?s ?p '''it''s SERVICE''' }",
        'ASK { ?s ?p """a "SERVICE" b""" }',
        "ASK { ?s ?p <http://example.org/SERVICE> } # SERVICE",
        "ASK { ?service ?p $service }",
    ],
)
def test_the_word_service_in_quiet_places_is_no_call(union: Store, harmless: str) -> None:
    assert questions.ask(union, harmless) is not None


def test_an_update_is_refused(union: Store) -> None:
    with pytest.raises(CommuniqueError, match="INSERT changes data"):
        questions.ask(union, "INSERT DATA { <urn:a> <urn:b> <urn:c> }")


@pytest.mark.parametrize(
    ("sparql", "place"),
    [
        ("SELECT ?s { ?s ?p ?o } }", "1:24: not SPARQL: } closes nothing"),
        ("SELECT ?s {\n ?s ?p ?o }\n}\nORDER BY ?s", "3:1: not SPARQL: } closes nothing"),
        ("SELECT ?s { ?s ?p '}' ) }", "1:23: not SPARQL: ) closes nothing"),
        ("ASK { ?s ?p ?o FILTER(?o = 1 }", "1:30: not SPARQL: } closes nothing"),
        ("ASK { ?s ?p '}' ", "1:17: not SPARQL: something is missing here"),
    ],
)
def test_a_bracket_too_many_is_named_at_its_place(union: Store, sparql: str, place: str) -> None:
    with pytest.raises(CommuniqueError) as error:
        questions.ask(union, sparql)

    assert str(error.value).startswith(f"query:{place}")
