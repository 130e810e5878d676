from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, QueryBoolean, Store

from communique import guard, questions, tokens
from communique.errors import CommuniqueError
from conftest import Run

_NOWHERE = "<http://127.0.0.1:59999/>"
_STORE = Store()
_STORE.add(Quad(NamedNode("urn:s"), NamedNode("urn:p"), Literal("x")))

_DEEP = {
    "{": "ASK" + "{" * 5_000,
    "{ closed": "ASK" + "{" * 5_000 + "}" * 5_000,
    "(": "ASK { FILTER(" + "(" * 5_000,
    "[": "ASK { ?s ?p " + "[ ?p " * 5_000,
    "!": "ASK { FILTER(" + "!" * 5_000 + "1) }",
    "^": "ASK { ?s " + "^" * 5_000 + "<urn:p> ?o }",
    "+1": "ASK { FILTER(1" + "+1" * 5_000 + ") }",
    "&&1": "ASK { FILTER(1" + "&&1" * 5_000 + ") }",
    "<1": "ASK { FILTER(1" + "<1" * 5_000 + ") }",
    "/<p>": "ASK { ?s <p>" + "/<p>" * 5_000 + " ?o }",
    " UNION {}": "ASK { {}" + " UNION {}" * 5_000 + " }",
    " MINUS {}": "ASK {" + " MINUS {}" * 5_000 + " }",
    " OPTIONAL {}": "ASK {" + " OPTIONAL {}" * 5_000 + " }",
    "?s ?p ?o.": "ASK {" + "?s ?p ?o." * 5_000 + "}",
    "GRAPH ?g {}": "ASK {" + "GRAPH ?g {}" * 5_000 + "}",
    "EXISTS {": "ASK {" + "FILTER EXISTS {" * 4_000,
    "STR(": "ASK { FILTER(" + "STR(" * 5_000,
}


@pytest.mark.parametrize("case", _DEEP)
def test_five_thousand_of_anything_that_nests_are_refused_before_the_engine(case: str) -> None:
    with pytest.raises(CommuniqueError, match=r"nest deeper than 200|more than 1,000 operators"):
        guard.check(_DEEP[case], where="query")


@pytest.mark.parametrize("case", _DEEP)
def test_a_deep_query_is_one_clear_line_and_exit_code_2(run: Run, project: Path, case: str) -> None:
    result = run("query", "-", "--root", project, text=_DEEP[case])

    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith("Error: standard input:1:")


def test_the_place_of_what_is_too_deep_is_told() -> None:
    with pytest.raises(CommuniqueError, match=r"^x\.rq:2:200: brackets nest deeper than 200"):
        guard.check("ASK {\n" + "{" * 300, where="x.rq")


@pytest.mark.parametrize(
    ("sparql", "fits"),
    [
        ("ASK " + "{" * 200 + "}" * 200, True),
        ("ASK " + "{" * 201 + "}" * 201, False),
        ("ASK { FILTER(1" + "+1" * 999 + ") }", True),
        ("ASK { FILTER(1" + "+1" * 1_000 + ") }", False),
        ("ASK {} #" + "x" * (guard.MOST_BYTES - 8), True),
        ("ASK {} #" + "x" * (guard.MOST_BYTES - 7), False),
    ],
    ids=["200 deep", "201 deep", "1,000 operators", "1,001", "64 KiB", "a byte more"],
)
def test_the_limits_are_where_they_are_said_to_be(sparql: str, *, fits: bool) -> None:
    if fits:
        guard.check(sparql, where="query")
    else:
        with pytest.raises(CommuniqueError):
            guard.check(sparql, where="query")


def test_brackets_and_operators_in_strings_do_not_count() -> None:
    guard.check('ASK { ?s ?p "' + "{(!+" * 5_000 + '" }', where="query")


def test_a_long_list_of_values_is_no_chain_of_operators() -> None:
    guard.check("ASK { VALUES ?x {" + " a1:s001 1.5 -2 'x'" * 900 + " } }", where="query")


@pytest.mark.parametrize("text", ['"""\\' * 10_000, "'" * 60_000, "a-" * 30_000, "<a" * 30_000])
def test_what_is_hard_to_read_is_read_in_a_moment(text: str) -> None:
    with pytest.raises(CommuniqueError):
        guard.check(f"ASK {{ {text * 2}", where="query")


_CALLS = {
    "plain": f"SERVICE {_NOWHERE}",
    "silent": f"SERVICE SILENT {_NOWHERE}",
    "small letters": f"service{_NOWHERE}",
    "a variable": "SERVICE ?s",
    "escaped": f"SERVIC\\u0045 {_NOWHERE}",
    "escaped in full": "".join(f"\\U{ord(letter):08X}" for letter in "SERVICE") + _NOWHERE,
    "after a number": f"?s ?p 1SERVICE {_NOWHERE}",
    "after a truth value": f"?s ?p trueSERVICE {_NOWHERE}",
    "before a prefix": "SERVICEex:x",
    "as a prefix": "SERVICE:x",
    "after a comment that a carriage return ends": f"# \rSERVICE {_NOWHERE}",
    "after a comment in what looks like an IRI": f"FILTER(1<2)SERVICE#>\n{_NOWHERE}",
    "in what looks like a string": f"FILTER('a'<'x>') SERVICE {_NOWHERE} {{}} FILTER('b'='x')",
    "after what looks like a comment": f"?s ex:a\\#b ?o . SERVICE {_NOWHERE}",
    "after an escaped apostrophe": f"?s ex:a\\'b ?o . SERVICE {_NOWHERE} {{}} FILTER('x'='y')",
    "out of a string": f'FILTER("\\u0022="") SERVICE {_NOWHERE} {{}} FILTER(""="")',
    "nested": f"OPTIONAL {{ {{ SELECT * {{ SERVICE {_NOWHERE}",
}
_PROLOGUE = "PREFIX ex: <http://127.0.0.1:59999/> PREFIX : <http://127.0.0.1:59999/> "


@pytest.mark.parametrize("case", _CALLS)
def test_a_call_of_another_server_is_refused_however_it_is_hidden(case: str) -> None:
    with pytest.raises(CommuniqueError, match=r"calls another server|an escape"):
        guard.check(f"{_PROLOGUE} SELECT * {{ {_CALLS[case]} {{ ?a ?b ?c }} }}", where="query")


def test_a_call_is_allowed_when_the_reader_says_so() -> None:
    guard.check(f"ASK {{ SERVICE {_NOWHERE} {{ ?s ?p ?o }} }}", where="query", services=True)


@pytest.mark.parametrize(
    "harmless",
    [
        "ASK { ?s ex:service ?service }",
        "ASK { ?s ex:web-service $service . ?s ex:services/ex:service ?o }",
        "PREFIX service: <urn:x> ASK { ?s service:of ?o }",
        "PREFIX webservice: <urn:x> ASK { GRAPH webservice:x { ?s ?p ?o } }",
        "ASK { ?s ?p <http://example.org/service/a_(b)> , <http://example.org/#service> }",
        'ASK { ?s ?p "caf\\u00E9", "\\U0001F600", "\\u0007" }',
        "ASK { ?s ?p '''it's \" SERVICE''' }",
    ],
)
def test_what_only_looks_like_a_call_is_let_through(harmless: str) -> None:
    guard.check(harmless, where="query")


_PIECES = [
    *(
        "SERVICE",
        "service",
        "SILENT",
        _NOWHERE,
        " ",
        "\n",
        "\r",
        "#",
        "<",
        ">",
        "<1",
        "?a<",
        "(1<2)",
    ),
    *("(", ")", "{", "}", "'", '"', '"""', "'''", "\\", "\\#", "\\'", "\\u0022", "\\u000A", "."),
    *("ex:a", "ex:", ":x", "true", "1", "1.", "1e5", '"x"', '"x"@en', "_:b", "[]", ";", ",", "?s"),
    *("?s ?p ?o", "FILTER", "FILTER(", "{ ?a ?b ?c }", "OPTIONAL", "VALUES ?v {", "&&", "/", "^"),
]
_GLUE = st.lists(st.sampled_from(_PIECES), max_size=4).map("".join)


@settings(max_examples=1_000, deadline=None)
@example("", " ", "")
@example("FILTER(1<2)", "#>\n", "")
@given(_GLUE, _GLUE, _GLUE)
def test_no_text_that_makes_the_engine_call_passes_the_guard(a: str, b: str, c: str) -> None:
    sparql = f"{_PROLOGUE} SELECT * {{ {a}SERVICE{b}{_NOWHERE}{{ ?x ?y ?z }}{c} }}"
    if _calls(sparql):
        with pytest.raises(CommuniqueError):
            guard.check(sparql, where="query")


def _calls(sparql: str) -> bool:
    """Tell whether the engine tries to reach the port on which nobody listens."""
    try:
        found = _STORE.query(sparql)
        if not isinstance(found, QueryBoolean):
            next(found, None)
    except SyntaxError:
        return False
    except OSError as error:
        return "refused" in str(error)
    return False


def test_the_engine_does_call_when_nothing_stops_it() -> None:
    assert _calls(f"SELECT * {{ SERVICE {_NOWHERE} {{ ?s ?p ?o }} }}")


@pytest.mark.parametrize("word", ["insert data", "DELETE", "LOAD", "CLEAR", "DROP", "WITH"])
def test_a_change_of_data_is_refused_by_its_name(word: str) -> None:
    with pytest.raises(CommuniqueError, match=rf"{word.split(maxsplit=1)[0].upper()} changes data"):
        guard.check(f"# a\nPREFIX insert: <urn:clear> BASE <urn:x> {word} {{ }}", where="query")


def test_a_variable_may_be_called_as_an_update_is() -> None:
    guard.check("SELECT ?insert { ?insert ?delete ?load }", where="query")


def test_every_stored_question_passes(checkout: Path) -> None:
    for question in questions.questions(checkout):
        guard.check(question.sparql, where=question.name)


@pytest.mark.parametrize(
    ("sparql", "heard"),
    [
        ("a # b\rc", ["a", "c"]),
        ("ex:a\\#b c", ["ex:a\\#b", "c"]),
        ("ex:a\\'b c ex:d\\'e", ["ex:a\\'b", "c", "ex:d\\'e"]),
        ("'a' b \"c\" d '''e 'f' ''' g <h>", ["b", "d", "g"]),
    ],
)
def test_words_are_those_outside_strings_iris_and_comments(sparql: str, heard: list[str]) -> None:
    assert tokens.words(sparql).split() == heard
    assert len(tokens.blanked(sparql)) == len(sparql)


_SIGNS = st.sampled_from(("<", ">", "<urn:a>", '"', "'", "#", "\n", "{", "(", "SERVICE", "\\u0053"))


@settings(max_examples=500, deadline=None)
@given(st.lists(_SIGNS | st.text(max_size=3), max_size=40).map("".join))
def test_what_is_harmless_at_a_glance_is_so_in_every_reading(text: str) -> None:
    steps = guard._readings(text) if guard._is_harmless(text, services=False) else ()  # noqa: SLF001  what is under test

    assert [found for s in steps if (found := guard._problem(text, s, services=False))] == []  # noqa: SLF001  as above
