"""What is SPARQL is told without an evaluation, and without waiting for it."""

import time
from pathlib import Path

import pytest

from communique import parsing, resources
from communique.errors import CommuniqueError
from communique.parsing import joins, parse

ROOT = resources.root()
MANY = 60
START = "PREFIX : <urn:> SELECT ?s {"
FAMILIES = {
    "patterns": " . ".join(f"?s :p{n} ?o" for n in range(MANY)),
    "predicates": "?s " + " ; ".join([":p ?o"] * MANY),
    "objects": "?s :p " + " , ".join(["?o"] * MANY),
    "path": "?s " + "/".join([":p"] * MANY) + " ?o",
    "path in brackets": "?s (" + "/".join([":p"] * MANY) + ") ?o",
    "list": "?s :p (" + "?o " * (MANY // 2) + ")",
    "lists in a list": "?s :p " + "(" * (MANY // 2) + "1" + ")" * (MANY // 2),
    "blank nodes": "?s :p " + "[ :p " * MANY + "1" + "]" * MANY,
    "groups": "{ ?s :p ?o }" * MANY,
    "values": "VALUES ?s { 1 }" * MANY,
    "in a condition": f"FILTER EXISTS {{ {' . '.join(['?s :p ?o'] * MANY)} }}",
}


@pytest.mark.parametrize("path", sorted((ROOT / "queries").glob("*.rq")), ids=lambda p: p.stem)
def test_a_stored_question_is_read_in_this_process(path: Path) -> None:
    assert joins(path.read_text(encoding="utf-8")) <= parsing.MOST_JOINS


@pytest.mark.parametrize("name", FAMILIES)
def test_joins_are_never_counted_too_low(name: str) -> None:
    assert joins(f"{START} {FAMILIES[name]} }}") >= MANY


@pytest.mark.parametrize(
    "expression",
    [
        "FILTER (1 + (2 * (3 / 4)) > 0)",
        'BIND (CONCAT("a", "b", "c") AS ?x)',
        "FILTER (?s IN (1, 2))",
    ],
)
def test_expressions_are_no_joins(expression: str) -> None:
    assert joins(f"{START} ?s :p ?o . {expression} }}") == 2


def test_what_is_no_sparql_is_told_with_its_place() -> None:
    with pytest.raises(SyntaxError, match="1:"):
        parse("SELECT ?s WERE { ?s ?p ?o }", {})


def test_a_query_with_many_joins_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "SECONDS", 1.0)
    many = " . ".join(f"?s :p{n} ?o" for n in range(400))
    begun = time.monotonic()
    with pytest.raises(CommuniqueError, match="no answer within 1 s"):
        parse(f"{START} {many} }}", {})

    assert time.monotonic() - begun < 30


def test_a_long_query_without_many_joins_is_read() -> None:
    many = " UNION ".join(["{ ?s :p ?o . ?o :p ?s }"] * 100)
    text = f"{START} {many} }}"

    assert joins(text) > parsing.MOST_JOINS
    assert parse(text, {}) is not None


def test_a_fault_in_a_long_query_is_a_syntax_error_too() -> None:
    many = " UNION ".join(["{ ?s :p ?o . ?o :p ?s }"] * 100)
    with pytest.raises(SyntaxError):
        parse(f"{START} {many} }} ORDER", {})
