"""Queries are laid out in one way, and stay the same queries."""

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from pyparsing import ParseResults
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Variable

from communique import sparql
from communique.errors import CommuniqueError
from communique.sparql import tidied
from communique.tokens import tokens
from conftest import HERE

_QUERIES = sorted((HERE.parent / "queries").glob("*.rq"))
_UNTIDY = """\
#+ summary: Who   speaks?
#+ tags: [voices]
PREFIX  rdfs: <http://www.w3.org/2000/01/rdf-schema#>
prefix owl: <http://www.w3.org/2002/07/owl#>
PREFIX cmq:<https://w3id.org/communique/ns#>


select distinct ?who
( group_concat( distinct ?name ;separator="; ") as ?names )
where{
  # whoever has a voice
      ?who  rdfs:label
 ?name.   # a trailing remark
values ?kind {
cmq:Statement
cmq:Account }
  ?said cmq:voice ?who;
     a ?kind.
    filter (?a<?b
      || regex( ?name , "  x  (" ,"i"))
  optional{?said cmq:relays*/cmq:content ?what}
   {?x a cmq:Event}union{?x a cmq:Agreement}

}
group by ?who
order by desc (?who)
?name
"""
_TIDY = """\
#+ summary: Who   speaks?
#+ tags: [voices]

PREFIX cmq: <https://w3id.org/communique/ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>

SELECT DISTINCT ?who
  (GROUP_CONCAT(DISTINCT ?name; SEPARATOR="; ") AS ?names)
WHERE {
  # whoever has a voice
  ?who rdfs:label
    ?name . # a trailing remark
  VALUES ?kind {
    cmq:Statement
    cmq:Account }
  ?said cmq:voice ?who ;
    a ?kind .
  FILTER(?a<?b
    || REGEX(?name, "  x  (", "i"))
  OPTIONAL { ?said cmq:relays*/cmq:content ?what }
  { ?x a cmq:Event } UNION { ?x a cmq:Agreement }
}
GROUP BY ?who
ORDER BY DESC(?who)
  ?name
"""
each_query = pytest.mark.parametrize("path", _QUERIES, ids=lambda path: path.stem)


def test_a_query_is_laid_out_by_the_house_rules() -> None:
    assert tidied(_UNTIDY) == _TIDY


def test_what_is_tidy_stays_as_it_is() -> None:
    assert tidied(_TIDY) == _TIDY


@each_query
def test_every_query_of_ours_is_tidy(path: Path) -> None:
    text = path.read_text("utf-8")

    assert tidied(text, where=path.name) == text


def _spoilt(text: str, chance: random.Random) -> str:
    """Change everything of a query that is not the author's choice."""
    head, body = re.fullmatch(r"((?:#\+.*\n)*)((?s:.*))", text).groups()  # type: ignore[union-attr]
    prefixes = re.findall(r"^PREFIX .*\n", body, flags=re.MULTILINE)
    chance.shuffle(prefixes)
    prefixes.insert(0, "PREFIX unused: <urn:unused#>\n")
    rest = re.sub(r"^PREFIX .*\n", "", body, flags=re.MULTILINE)
    return head + "".join(prefixes) + "".join(_changed(rest, chance))


def _changed(body: str, chance: random.Random) -> Iterator[str]:
    before = ""
    for token in tokens(body):
        if token.kind == "space":
            yield token.text.count("\n") * "\n" + chance.choice([" ", "  ", "\t"])
        elif token.kind == "word" and token.text.isupper() and before not in {"?", "$"}:
            yield chance.choice([token.text.lower(), token.text.title(), token.text])
        else:
            yield token.text
        before = token.text


@each_query
def test_a_spoilt_query_becomes_the_same_again(path: Path) -> None:
    text = path.read_text("utf-8")
    chance = random.Random(path.stem)

    assert all(tidied(_spoilt(text, chance)) == text for _ in range(3))


def _algebra(text: str) -> object:
    """Return what another engine makes of a query: an oracle for its meaning."""
    return _plain(translateQuery(parseQuery(text)).algebra, {})


def _plain(node: object, names: dict[object, int]) -> object:
    """Return a tree without what differs from run to run: the names the oracle invents."""
    if isinstance(node, CompValue):
        return (node.name, [(key, _plain(node[key], names)) for key in sorted(node)])
    if isinstance(node, list | tuple | ParseResults):
        return [_plain(each, names) for each in node]
    if isinstance(node, set | frozenset | dict):
        return sorted(str(each) for each in node)
    if isinstance(node, Variable) and str(node).startswith("__"):
        return names.setdefault(node, len(names))
    return repr(node)


@each_query
def test_a_tidied_query_means_the_same_to_another_engine(path: Path) -> None:
    spoilt = _spoilt(path.read_text("utf-8"), random.Random(1))

    assert _algebra(tidied(spoilt)) == _algebra(spoilt)


_NAMES = st.sampled_from(["?a", "?b", "?filter", "$optional", "ex:select", "ex:a.b", "<urn:x>"])
_VALUES = st.one_of(
    _NAMES, st.sampled_from(['"where {"', "'# no'@en", "1.5", '"""a\n  b"""', "true", "[]", "1"])
)
_PATHS = st.sampled_from(["a", "ex:p", "ex:p/ex:q", "ex:p*", "^ex:p|ex:q", "!(ex:p|^ex:q)", "?p"])
_TERMS = st.sampled_from(["?a", "1", "STR(?b)", '"x"', "-1", "xsd:integer(?a)", "COALESCE(?a,?b)"])
_SIGNS = st.sampled_from(["=", "!=", "<", ">=", "&&", "||", "+", "*", "/"])
_GAPS = st.sampled_from([" ", "  ", "\n", "\n\n\n", "\t", " # remark\n"])


@st.composite
def _spacing(draw: st.DrawFn, parts: list[str]) -> str:
    return "".join(part + draw(_GAPS) for part in parts)


@st.composite
def _filters(draw: st.DrawFn) -> list[str]:
    terms = [draw(_TERMS), draw(_SIGNS), draw(_TERMS)]
    word = draw(st.sampled_from(["filter", "FILTER", "Filter"]))
    return [word, draw(st.sampled_from(["(", "( "])), *terms, ")"]


@st.composite
def _triples(draw: st.DrawFn) -> list[str]:
    more = draw(st.lists(st.tuples(_PATHS, _VALUES), max_size=2))
    tail = [part for path, value in more for part in (";", path, value)]
    return [draw(_NAMES), draw(_PATHS), draw(_VALUES), *tail, "."]


def _groups(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    return st.one_of(
        inner.map(lambda body: ["optional", "{", *body, "}"]),
        st.tuples(inner, inner).map(lambda two: ["{", *two[0], "}", "union", "{", *two[1], "}"]),
        inner.map(lambda body: ["filter", "not", "exists", "{", *body, "}"]),
        inner.map(lambda body: ["{", "select", "*", "where", "{", *body, "}", "}"]),
        st.tuples(inner, inner).map(lambda two: [*two[0], *two[1]]),
    )


_BODIES = st.recursive(
    st.one_of(
        _triples(),
        _filters(),
        st.just(["values", "?v", "{", "ex:a", "undef", "}"]),
        st.just(["bind", "(", "if(bound(?a)", ",", "1", ",", "2)", "as", "?fresh", ")"]),
    ),
    _groups,
    max_leaves=6,
)


@settings(deadline=None)
@given(st.data(), _BODIES)
def test_any_query_keeps_its_tokens_and_settles_at_once(
    data: st.DataObject, body: list[str]
) -> None:
    prologue = ["prefix", "xsd:", "<http://www.w3.org/2001/XMLSchema#>", "prefix", "ex:", "<urn:>"]
    text = data.draw(_spacing([*prologue, "select", "?a", "where", "{", *body, "}"]))
    try:
        once = tidied(text)
    except CommuniqueError:
        reject()  # not every sequence of patterns is SPARQL: a variable may be bound twice

    assert tidied(once) == once
    assert _seen(once) == _seen(text)
    assert once.count("# remark") == text.count("# remark")


def _seen(text: str) -> list[str]:
    """Return what is left of a query without blanks, remarks, prefixes and the case of letters."""
    left = [token.text for token in tokens(text) if token.kind not in {"space", "comment"}]
    words = [text.upper() for text in left]
    while words[0] == "PREFIX":
        del words[:3]
    return words


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?where { ?where ?select ?filter }",
        "PREFIX select: <urn:>\n\nSELECT * {\n  ?s select:where ?o\n}",
        'SELECT ?x {\n  BIND("select { ?x }" AS ?x)\n}',
        'SELECT ?x {\n  BIND("""\n   #+ no header\n where""" AS ?x)\n}',
        "PREFIX str.b: <urn:>\n\nSELECT * {\n  ?s str.b:c ?o\n}",
        "SELECT ?a {\n  FILTER(?a<?b&&?c>?d)\n}",
        "SELECT ?a {\n  ?a <urn:select> 1.5, 2 .\n}",
        "BASE <urn:a:>\nPREFIX z: <z>\nPREFIX a: <a>\n\nSELECT * {\n  ?s z:a a:z\n}",
    ],
)
def test_what_only_looks_like_a_keyword_or_a_sign_is_left(text: str) -> None:
    assert _letters(tidied(text)) == _letters(text)


def _letters(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_hash_seeds_do_not_change_the_text(seed: str) -> None:
    code = "import sys; from communique import sparql; print(sparql.tidied(sys.stdin.read()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=_UNTIDY,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )

    assert done.stdout == _TIDY + "\n"


def test_a_remark_stays_with_what_it_is_about() -> None:
    text = "# of the file\nPREFIX ex: <urn:>\n# of the query\nselect * { ?s ex:p ?o } # the end"

    assert tidied(text) == (
        "# of the file\nPREFIX ex: <urn:>\n\n# of the query\nSELECT * { ?s ex:p ?o } # the end\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT ?x { ?x }", r"q\.rq:1:17: not SPARQL"),
        ("SELECT * { ?s ?p ?o }\n#+ summary: Late?", r"a #\+ line is not at the top"),
        ("SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }", "calls another server"),
        ("SELECT * { ?s foo:bar ?o }", "prefix foo: is not known"),
    ],
)
def test_what_cannot_be_tidied_is_an_error(text: str, message: str) -> None:
    with pytest.raises(CommuniqueError, match=message):
        tidied(text, where="q.rq")


def test_a_formatter_that_lost_a_token_would_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparql, "_gap", lambda *_, **__: "")

    with pytest.raises(AssertionError, match="would be another one"):
        tidied(_UNTIDY)


@pytest.mark.parametrize(
    ("sparql", "names"),
    [
        ("?s a.b:c d.:e ?o . a..b: f", ["a.b:c", ":e", "a..b:"]),
        ("?s e:f.a.b:c ?o", ["e:f.a.b:c"]),
    ],
)
def test_a_prefix_may_have_dots_within(sparql: str, names: list[str]) -> None:
    assert [each.text for each in tokens(sparql) if each.kind == "name"] == names


def test_a_remark_among_prefixes_that_nothing_uses_is_kept() -> None:
    text = "PREFIX one: <urn:1> # remark\nPREFIX two: <urn:2>\nASK { ?a ?b ?c }"

    assert tidied(text) == "# remark\nASK { ?a ?b ?c }\n"
    assert tidied(tidied(text)) == tidied(text)
