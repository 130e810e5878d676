import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import QuerySolutions, Store

from communique import bearers, dataset, questions
from communique.answers import answer
from communique.errors import CommuniqueError
from communique.labels import Labels
from communique.proof import prove
from conftest import Run

_ARTICLE = Path(__file__).parents[2] / "shared" / "article" / "article.txt"
_NO_COPY = "the article is kept outside the repository"
_SILENT = {
    "accounts",
    "ambiguous-references",
    "conflicts-and-coreferences",
    "consent-reported",
    "duration-of-measures",
    "identifiers",
    "mentions",
    "metonyms",
    "not-reported",
    "sources",
}
"""Questions whose rows bear no statement that could be told from others."""

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def store(checkout: Path) -> Store:
    return dataset.union(dataset.load(checkout))


@pytest.fixture(scope="module")
def proved(store: Store, checkout: Path) -> Callable[..., Rows]:
    def _proved(query: str, copy: Path | None = None) -> Rows:
        named = checkout / "queries" / f"{query}.rq"
        sparql = query if " " in query else named.read_text(encoding="utf-8")
        found = _prove(store, sparql, copy, own=" " in query)
        columns = [variable.value for variable in found.variables]
        say = Labels(store).text
        return [dict(zip(columns, map(say, row), strict=True)) for row in questions.rows(found)]

    return _proved


def _prove(
    store: Store, sparql: str, copy: Path | None = None, *, own: bool = False
) -> QuerySolutions:
    def asking(text: str) -> dataset.Answer:
        return questions.ask(store, text)

    return prove(store, sparql, asking, where="test", copy=copy, own=own)


def test_demands_say_through_whom_and_where_though_they_show_no_statement(
    proved: Callable[..., Rows],
) -> None:
    found = [(row["demand"], row["path"], row["position"]) for row in proved("demands")]

    assert found[0] == (
        "effective control on the front lines",
        "article ▸ Kremlin (reiterate) ▸ Vladimir Putin (possible reading)",
        "S8 1260-1320",
    )
    assert found[3] == (
        "end of Western military aid to Ukraine",
        "article ▸ Kremlin",
        "S9 1468-1530",
    )


def test_a_row_that_sums_up_several_acts_has_the_path_of_each(
    proved: Callable[..., Rows],
) -> None:
    (halt,) = [
        row
        for row in proved("promised-not-done")
        if row["item"] == "halt of strikes on energy infrastructure"
    ]

    assert halt["path"] == (
        "article ▸ Journalist ▸ Donald Trump and Vladimir Putin; article ▸ Kremlin ▸ Vladimir Putin"
    )
    assert halt["position"] == "S1 0-62, S4 345-422; S4 463-531, S4 536-579"


def test_who_gave_the_word_is_proved_by_the_words_given_and_nothing_else(
    proved: Callable[..., Rows],
) -> None:
    told = {
        row["item"]: (row["path"], row["position"]) for row in proved("given-and-carried-out-by")
    }

    assert told["handover of 23 seriously wounded soldiers"] == (
        "article ▸ Russia",
        "S19 2931-3008",
    )
    assert told["halt of strikes on energy infrastructure"] == (
        (
            "article ▸ Journalist ▸ Donald Trump and Vladimir Putin; "
            "article ▸ Kremlin ▸ Vladimir Putin"
        ),
        "S1 0-62, S4 345-422; S4 463-531",
    )


def test_silence_has_no_path(proved: Callable[..., Rows]) -> None:
    rows = proved("concordance-of-accounts")

    assert {bool(row["forces"]) == bool(row["path"]) for row in rows} == {True}


def test_no_voice_is_named_on_whose_word_the_row_does_not_stand(
    proved: Callable[..., Rows],
) -> None:
    for question in (
        "demands",
        "terms-of-agreements",
        "told-by-one-voice",
        "bound-without-agreeing",
    ):
        for row in proved(question):
            word = row.get("onWordOf") or row.get("termPer") or row["voice"]
            assert f"article ▸ {word}" in row["path"]
            assert row["path"].count("article") == 1


def test_every_saved_question_keeps_its_rows_and_most_are_proved(
    store: Store, checkout: Path
) -> None:
    silent = set()
    for question in questions.questions(checkout):
        try:
            found = _prove(store, question.sparql)
        except CommuniqueError:
            silent.add(question.name)
            continue
        table = answer(store, question)
        say = Labels(store).text
        rows = [tuple(map(say, row[: len(table.columns)])) for row in questions.rows(found)]
        assert rows == list(table.rows), question.name

    assert silent == _SILENT


def test_a_statement_in_a_cell_bears_its_row(proved: Callable[..., Rows]) -> None:
    (row,) = proved("SELECT ?said { ?said cmq:content a1:u035 }")

    assert (row["path"], row["position"]) == ("article ▸ Kremlin", "S9 1468-1530")


def test_all_columns_may_be_asked_for(proved: Callable[..., Rows]) -> None:
    (row,) = proved("SELECT * { ?statement cmq:content a1:u036 ; cmq:addressee ?to }")

    assert (row["to"], row["path"]) == ("the West", "article ▸ Kremlin")


def test_a_limit_cuts_the_rows_and_not_their_proof(proved: Callable[..., Rows]) -> None:
    rows = proved(
        "SELECT DISTINCT ?matter { ?statement cmq:content ?matter . ?matter cmq:issue ?issue } "
        "ORDER BY DESC(?matter) LIMIT 1"
    )

    assert [bool(row["path"]) for row in rows] == [True]


def test_what_must_not_exist_bears_no_row() -> None:
    assert bearers.telling("SELECT ?x { ?x ?p ?y MINUS { ?statement ?p ?x } }") is None
    assert bearers.telling("SELECT ?x { ?x ?p ?y FILTER NOT EXISTS { ?told ?p ?x } }") is None


def test_a_subquery_that_sums_up_hands_out_what_it_sums_up(
    proved: Callable[..., Rows],
) -> None:
    rows = proved("proposals-and-responses")

    assert [(row["proposedBy"], row["path"], row["position"]) for row in rows][:2] == [
        (
            "Donald Trump",
            (
                "article ▸ Kremlin (scope uncertain) ▸ Donald Trump; "
                "article ▸ Kremlin ▸ Vladimir Putin"
            ),
            "S4 424-456; S4 463-531",
        ),
        (
            "Ukraine; United States",
            "article ▸ Journalist ▸ Russia; article ▸ Journalist ▸ Ukraine and United States",
            "S7 1051-1108; S7 1109-1154",
        ),
    ]


def test_a_subquery_that_cuts_is_left_as_it_is() -> None:
    sparql = "SELECT ?x { { SELECT ?x { ?told ?p ?x } LIMIT 1 } }"

    assert bearers.telling(sparql) is None


def test_two_subqueries_that_sum_up_are_left_as_they_are() -> None:
    one = "{ SELECT ?x (COUNT(?told) AS ?n) { ?told ?p ?x } GROUP BY ?x }"
    other = "{ SELECT ?x (COUNT(?act) AS ?m) { ?act ?p ?x } GROUP BY ?x }"

    assert bearers.telling(f"SELECT ?x ?n ?m {{ {one} {other} }}") is None


def test_a_name_used_elsewhere_is_not_drawn_out_of_a_subquery() -> None:
    one, two = ("{ SELECT DISTINCT ?x { ?told ?p ?x } }", "{ SELECT DISTINCT ?x { ?told ?q ?x } }")
    sparql = f"SELECT ?x {{ {one} {two} }}"

    assert bearers.telling(sparql) is None


def test_strings_and_comments_are_not_taken_for_the_query() -> None:
    sparql = 'SELECT ?x { ?told ?p ?x . FILTER(?x != "SELECT { } LIMIT 3") } # LIMIT 1 }'
    telling = bearers.telling(sparql)

    assert telling is not None
    assert telling.sparql == sparql.replace("SELECT ?x {", "SELECT ?x  ?told {", 1)


_SHAPES = [
    "SELECT?m{?statement cmq:content?m}",
    "select distinct ?m where { ?told cmq:content $m } order by ?m limit 5 offset 1",
    "SELECT REDUCED ?m WHERE { { ?told cmq:content ?m } UNION { ?act cmq:content ?m } }",
    "SELECT (STR(?m) AS ?name) ?m { ?statement cmq:content ?m OPTIONAL { ?m cmq:issue ?i } }",
    "SELECT (COUNT(*)AS ?n)?v{ ?statement cmq:voice ?v } GROUP BY ?v HAVING(COUNT(*) > 3)",
    "SELECT ?v (SAMPLE(?told) AS ?one) { ?told cmq:voice ?v } GROUP BY ?v ORDER BY MIN(?told)",
    "SELECT ?m { { SELECT ?m ?v { ?told cmq:content ?m ; cmq:voice ?v } } ?m cmq:issue ?i }",
    "SELECT ?m { { SELECT * { ?told cmq:content ?m } } FILTER EXISTS { ?act cmq:content ?m } }",
    "SELECT ?m { GRAPH ?g { ?told cmq:content ?m } } VALUES ?g { UNDEF }",
    "SELECT ?told ?m { ?told cmq:relays*/cmq:content ?m MINUS { ?told cmq:force cmqv:demand } }",
    "SELECT ?m # SELECT {\n{ ?told cmq:content ?m ; rdfs:label ?l FILTER(STR(?l) != '} LIMIT 1') }",
    "SELECT ?m { { SELECT ?m (COUNT(?act) AS ?n) { ?act cmq:content ?m } GROUP BY ?m } }",
]


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("sparql", _SHAPES)
def test_whatever_its_shape_a_query_keeps_its_rows_and_gets_their_proof(
    store: Store, sparql: str, *, own: bool
) -> None:
    plain = questions.ask(store, sparql)
    assert isinstance(plain, QuerySolutions)
    rows = [list(map(str, row)) for row in questions.rows(plain)]
    proved = [list(map(str, row)) for row in questions.rows(_prove(store, sparql, own=own))]

    assert rows
    assert sorted(row[:-2] for row in proved) == sorted(rows)
    assert all(row[-2].startswith('"article') for row in proved)


def test_a_query_without_rows_to_prove_is_refused(store: Store) -> None:
    with pytest.raises(CommuniqueError, match="has no rows to prove"):
        _prove(store, "ASK { ?s ?p ?o }")
    with pytest.raises(CommuniqueError, match="rests on no single statement"):
        _prove(store, "SELECT ?place { ?place a cmq:Place }")


def test_a_query_of_ones_own_finds_its_statements_by_what_they_are(
    proved: Callable[..., Rows], checkout: Path
) -> None:
    [sparql] = re.findall(r"```sparql\n(.*?)```", (checkout / "README.md").read_text(), re.DOTALL)
    rows = proved(sparql)

    assert all(row["path"].startswith(f"article ▸ {row['source']}") for row in rows)
    assert all("Vladimir Putin" in row["path"] for row in rows)
    assert ("order", "S4 536-579") in {(row["force"], row["position"]) for row in rows}


@pytest.mark.parametrize(
    "sparql",
    [
        "SELECT ?m ?n { ?s cmq:content ?m ; cmq:evidence/cmq:within/dcterms:identifier ?n }",
        "SELECT ?m ?source { ?s cmq:content ?m ; cmq:evidence/cmq:within/oa:hasSource ?source }",
        "SELECT ?v ?words { ?s cmq:voice ?v . ?span cmq:wordsOf ?s ; cmq:quote ?words }",
        "SELECT ?v ?name { ?s cmq:voice ?v . ?v rdfs:label ?l BIND(UCASE(STR(?l)) AS ?name) }",
        "SELECT (CONCAT(?l, '!') AS ?loud) ?v { ?s cmq:voice ?v . ?v rdfs:label ?l }",
    ],
)
def test_where_and_how_a_statement_is_made_belongs_to_it(store: Store, sparql: str) -> None:
    rows = [list(map(str, row)) for row in questions.rows(_prove(store, sparql, own=True))]

    assert rows
    assert all(row[2].startswith('"article') for row in rows)


_UNBORNE = [
    "SELECT ?place { ?place a cmq:Place . ?told a cmq:Statement }",
    "SELECT * { ?place a cmq:Place . ?told cmq:force cmqv:demand }",
    "SELECT ?actor { ?actor a cmq:Actor . ?statement cmq:voice actor:kremlin }",
    "SELECT ?actor { ?actor a cmq:Actor FILTER EXISTS { ?told cmq:voice ?actor } }",
    "SELECT ?actor { ?actor a cmq:Actor MINUS { ?told cmq:voice ?actor } }",
    "SELECT ?f { ?f a cmq:Finding ; cmq:about ?m . ?told cmq:content ?m }",
    "SELECT ?actor ?m { ?told cmq:content ?m . ?actor a cmq:Actor }",
    "SELECT ?m { ?told cmq:content ?x . { SELECT ?m { ?m a cmq:Place } } }",
    "SELECT ?m ?length { ?told cmq:content ?m . ?m cmq:duration ?length }",
    "SELECT ?m ?number { ?m a cmq:Matter ; cmq:quantity/cmq:value ?number }",
    "SELECT ?m ?day { ?told cmq:content ?m . ?m cmq:time/cmq:resolvesTo ?day }",
    "SELECT ?x { ?told cmq:voice ?v . ?f a cmq:Finding ; cmq:about ?told BIND(?f AS ?x) }",
    "SELECT (STR(?l) AS ?x) { ?f a cmq:Finding ; rdfs:label ?l ; cmq:about ?told }",
    "SELECT (COUNT(?f) AS ?n) { ?f a cmq:Finding ; cmq:about ?told }",
    "SELECT ?v (COUNT(?f) AS ?n) { ?f a cmq:Finding ; cmq:about ?t . ?t cmq:voice ?v } GROUP BY ?v",
    "SELECT ?m ?f { ?told cmq:content ?m . ?f a cmq:Finding ; cmq:about ?told }",
    "SELECT ?g { GRAPH ?g { ?told cmq:content ?m } }",
]


@pytest.mark.parametrize("sparql", _UNBORNE)
def test_no_row_is_given_a_proof_that_does_not_bear_it(store: Store, sparql: str) -> None:
    with pytest.raises(CommuniqueError, match="no statement says what these rows hold"):
        _prove(store, sparql, own=True)


def test_a_statement_bears_only_the_rows_that_it_says(store: Store) -> None:
    union = (
        "SELECT ?m { { ?told cmq:content ?m . ?m cmq:obligor actor:ukraine } "
        "UNION { ?m a cmq:Place . ?told cmq:content a1:u009 } }"
    )
    rows = [list(map(str, row)) for row in questions.rows(_prove(store, union, own=True))]

    assert {"/id/place/" in row[0] for row in rows if row[1] != "None"} == {False}
    assert [row for row in rows if row[1] != "None"]
    assert [row for row in rows if row[1] == "None"]


def test_a_matter_is_borne_by_those_who_tell_of_it(proved: Callable[..., Rows]) -> None:
    rows = proved("SELECT ?m { ?m a cmq:Undertaking ; cmq:obligor actor:ukraine }")

    assert {row["m"]: row["path"] for row in rows}[
        "halt of what is called forced mobilisation"
    ] == ("article ▸ Kremlin (reiterate) ▸ Vladimir Putin (possible reading)")


@pytest.mark.parametrize(
    "question",
    [
        "contents-of-undertakings",
        "events",
        "reported-by-one-only",
        "scope-of-a-ceasefire",
        "states-of-affairs",
    ],
)
def test_questions_on_matters_are_proved_row_by_row(
    proved: Callable[..., Rows], question: str
) -> None:
    rows = proved(question)

    assert rows
    assert all(row["path"] and row["position"] for row in rows)


def test_an_empty_answer_needs_no_proof(store: Store) -> None:
    found = _prove(store, "SELECT ?x { ?x cmq:voice actor:kremlin ; cmq:voice actor:russia }")

    assert [variable.value for variable in found.variables] == ["x", "path", "position"]
    assert list(found) == []


def test_columns_of_the_same_name_stay(proved: Callable[..., Rows]) -> None:
    row = proved("quotations")[0]

    assert (row["position"], row["evidencePosition"]) == ("134", "S2 63-147")


@pytest.mark.skipif(not _ARTICLE.is_file(), reason=_NO_COPY)
def test_the_words_stand_beside_the_row_as_the_readers_copy_has_them(
    proved: Callable[..., Rows],
) -> None:
    text = _ARTICLE.read_text(encoding="utf-8")
    rows = proved("demands", _ARTICLE)

    assert [row["words"] for row in rows] == [_words(text, row["position"]) for row in rows]


@pytest.mark.skipif(not _ARTICLE.is_file(), reason=_NO_COPY)
def test_the_words_are_found_again_in_a_copy_with_other_line_breaks(
    proved: Callable[..., Rows], tmp_path: Path
) -> None:
    text = _ARTICLE.read_text(encoding="utf-8")
    moved = tmp_path / "moved.txt"
    moved.write_text("Page 1\n\n" + text.replace(", ", ",\n"), encoding="utf-8")

    assert [row["words"] for row in proved("demands", moved)] == [
        row["words"] for row in proved("demands", _ARTICLE)
    ]


@pytest.mark.skipif(not _ARTICLE.is_file(), reason=_NO_COPY)
def test_altered_words_are_not_shown_as_evidence(
    proved: Callable[..., Rows], tmp_path: Path
) -> None:
    text = _ARTICLE.read_text(encoding="utf-8")
    row = proved("demands")[3]
    words = _words(text, row["position"])
    altered = tmp_path / "altered.txt"
    altered.write_text(text.replace(words, "it " + words.split(" ", 1)[1].upper() + " now"))

    assert proved("demands", altered)[3]["words"] == "[altered]"


def test_the_command_tells_path_and_position(run: Run, checkout: Path) -> None:
    how = ["--evidence", "--format", "csv", "--labels"]
    result = run("query", "demands", *how, "--root", checkout)

    assert result.exit_code == 0
    assert result.stdout.splitlines()[4] == (
        "end of Western military aid to Ukraine,the West,military aid,Kremlin,Kremlin,"
        "article ▸ Kremlin,S9 1468-1530"
    )


def test_the_command_says_in_one_line_that_nothing_can_be_proved(run: Run, checkout: Path) -> None:
    result = run("query", "mentions", "--evidence", "--root", checkout)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: mentions: rests on no single statement: what its rows hold is in the dataset "
        "itself, such as words, sources and curators' findings. Leave out --evidence\n"
    )


def test_a_file_that_is_no_copy_is_a_finding(run: Run, checkout: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("Another text.\n" * 200)
    result = run("query", "demands", "--evidence", "--copy", other, "--root", checkout)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: 0 of 30 passages found in {other}: is it a copy of the article?\n"
    )


def test_the_command_needs_a_copy_that_is_there(run: Run, checkout: Path, tmp_path: Path) -> None:
    copy = tmp_path / "none.txt"
    result = run("query", "demands", "--evidence", "--copy", copy, "--root", checkout)

    assert (result.exit_code, result.stderr.startswith(f"Error: {copy}: ")) == (2, True)


def _words(text: str, position: str) -> str:
    start, end = position.split()[1].split("-")
    return " ".join(text[int(start) : int(end)].split())
