"""What a query sees with the little that it needs is what it sees with all that follows."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, Store

from communique import dataset, inference, mutation, questions
from communique.namespaces import PREFIXES
from communique.predicates import seen_by
from conftest import HERE, Run

_CMQ = PREFIXES["cmq"]
_HEADS = "".join(f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("cmq", "owl", "rdf", "rdfs"))
_EX = "PREFIX ex: <https://example.org/>\n"
_TOLD = """
cmq:p rdfs:domain cmq:C ; rdfs:subPropertyOf ex:q . ex:q rdfs:subPropertyOf cmq:q .
cmq:q rdfs:range cmq:D ; a owl:SymmetricProperty . cmq:D rdfs:subClassOf cmq:E .
cmq:r owl:propertyChainAxiom ( cmq:p cmq:q ) . cmq:t a owl:TransitiveProperty .
cmq:r rdfs:subPropertyOf cmq:t . cmq:C a rdfs:Class . cmq:E a rdfs:Class .
ex:a cmq:p ex:b , "text"@en . ex:b cmq:p ex:c . ex:c cmq:t ex:a ; a cmq:C .
ex:l rdf:first ex:a ; rdf:rest rdf:nil . ex:l cmq:q [ cmq:p ex:b ] .
"""


_BARE = Store()
_BARE.load(_HEADS + _EX + _TOLD, format=RdfFormat.TURTLE)


def _entailed(bare: Store, words: frozenset[str] | None) -> Store:
    """Return a store with what follows of some words, or of any."""
    store = Store()
    store.extend(bare)
    inference.entail(store, graphs=False, words=words)
    return store


_FULL = _entailed(_BARE, None)


def _words(body: str) -> set[str] | None:
    """Return the local names of our words that a query is known to see, or None for any."""
    found = seen_by(_HEADS + _EX + body, _BARE)
    return None if found is None else {i.removeprefix(_CMQ) for i in found if i[:-1] == _CMQ}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("ASK { ?x cmq:p ?y }", "p"),
        ("SELECT ?x { ?x cmq:p ?y ; cmq:q 1 , -2.5 , 'x'@en , 'x'^^ex:y , true . }", "pq"),
        ("SELECT * { ?x cmq:p/^cmq:q*|(cmq:r|^cmq:t)+ ?y }", "pqrt"),
        ("SELECT * { ?x ^(cmq:p/cmq:q)? ?y . ?x a cmq:C , cmq:D }", "pqCD"),
        ("SELECT * { ?x cmq:p/a cmq:C }", "pC"),
        ("SELECT * { ?x rdf:type cmq:C }", "C"),
        ("SELECT * { [ cmq:p [] ; cmq:q ( ?x [ cmq:r 1 ] () 'x'@en ) ] . [] cmq:t ex:a }", "pqrt"),
        ("SELECT * { ( ?x 1 ) cmq:p _:b . _:b cmq:q ?y }", "pq"),
        ("SELECT ?x { ?x cmq:p ?y ; . { ?x cmq:q ?z } UNION { ?z cmq:r ?x } }", "pqr"),
        ("SELECT ?x { ?x cmq:p ?y ; FILTER(?x = ?y) OPTIONAL { ?x cmq:q ?z } ?z cmq:r 1 }", "pqr"),
        ("SELECT ?x { ?x cmq:p ?y FILTER NOT EXISTS { ?x cmq:q ?z } }", "pq"),
        ("SELECT ?x { ?x cmq:p ?y FILTER(?x != ?y && EXISTS { ?x cmq:q ?z }) }", "pq"),
        ("ASK { BIND(EXISTS { ?x cmq:q 1 } AS ?y) ?x cmq:p ?y MINUS { ?x cmq:r 1 } }", "pqr"),
        ("SELECT (COUNT(*) AS ?n) { { SELECT ?x { ?x cmq:p ?y } LIMIT 1 } ?x cmq:q 1 }", "pq"),
        ("SELECT ?x { { SELECT ?x { ?x cmq:p ?y } VALUES ?x { ex:a } } ?x cmq:q 1 }", "pq"),
        ("SELECT ?x { VALUES (?x ?y) { (ex:a UNDEF) } ?x cmq:p ?y } VALUES ?x { cmq:C }", "pC"),
        ("SELECT ?x { ?x cmq:p ?y } GROUP BY ?x HAVING(EXISTS { ?x cmq:q 1 }) ORDER BY ?x", "pq"),
        ("CONSTRUCT { ?x cmq:q ?y } WHERE { ?x cmq:p ?y }", "pq"),
        ("SELECT ?x { ?x <https://w3id.org/communique/ns#p> ?y # ?x ?p ?o\n }", "p"),
        ("SELECT ?x { ?x cmq:p '?x ?p ?o . }' , '''} ?x ?p ?o''' }", "p"),
        ("PREFIX n: <https://w3id.org/communique/ns#> SELECT ?x { ?x n:p ?y }", "p"),
        ("PREFIX cmq: <https://example.org/> SELECT ?x { ?x cmq:p ?y }", ""),
        ("SELECT ?x { ?x cmq:p ?y FILTER(?x < ?y || ?y > ?x) }", "p"),
    ],
)
def test_a_query_sees_the_words_that_it_names(body: str, words: str) -> None:
    assert _words(body) == set(words)


@pytest.mark.parametrize(
    "body",
    [
        "SELECT * { ?x ?p ?y }",
        "SELECT * { ?x cmq:p 1 ; $p ?y }",
        "SELECT * { [ ?p ?y ] cmq:p 1 }",
        "SELECT * { ?x cmq:p [ cmq:q 1 ; ?p ?y ] }",
        "SELECT * { ?x cmq:p ( 1 [ ?p ?y ] ) }",
        "SELECT * { ?x cmq:p 1 FILTER EXISTS { ?x ?p ?y } }",
        "SELECT * { ?x cmq:p 1 FILTER(1 < 2 && NOT EXISTS { ?x ?p ?y }) }",
        "SELECT * { ?x cmq:p 1 { SELECT ?x { ?x ?p ?y } } }",
        "SELECT * { VALUES ?p { cmq:p } ?x ?p ?y }",
        "SELECT * { ?x cmq:p 1 . cmq:C ?p ?y }",
        "SELECT * { ?x a ?y }",
        "SELECT * { ?x a cmq:C , ?y }",
        "SELECT * { ?x a [] }",
        "SELECT * { ?x rdf:type ?y }",
        "SELECT * { ?x cmq:p/a ?y }",
        "SELECT * { ?x a/cmq:p ?y }",
        "SELECT * { ?x ^a cmq:C }",
        "SELECT * { ?x (cmq:p|a) cmq:C }",
        "SELECT * { ?x ^(rdf:type) cmq:C }",
        "SELECT * { ?x !cmq:p ?y }",
        "SELECT * { ?x !(cmq:p|^cmq:q) ?y }",
        "SELECT * { ?x cmq:p/(!cmq:q) ?y }",
        "SELECT * { GRAPH ?g { ?x cmq:p ?y } }",
        "SELECT * FROM ex:g { ?x cmq:p ?y }",
        "DESCRIBE ?x { ?x cmq:p ?y }",
        "BASE <https://w3id.org/communique/> SELECT * { ?x <ns#p> ?y }",
        r"SELECT * { ?x cmq:\u0070 ?y }",
        "SELECT * { FILTER(5<6).[]!ex:no[].FILTER(7>6) }",
        "SELECT * { ?x cmq:p ?y FILTER(?x<?y&&?y>?x) }",
        "SELECT * { ?x cmq:p cmq:described-by-none }",
        "SELECT * { << ?x cmq:p ?y >> cmq:q ?z }",
        "SELECT * { ?x cmq:p ?y {| ?p ?z |} }",
        "SELECT * { ?x cmq:p ?y ~ ?z }",
        "SELECT * { ?x cmq:p ?y ] }",
    ],
)
def test_a_query_may_see_anything_where_that_is_not_certain(body: str) -> None:
    assert _words(body) is None


_NAMES = ("cmq:p", "cmq:q", "cmq:r", "cmq:t", "ex:q", f"<{_CMQ}q>")
_CLASSES = ("cmq:C", "cmq:D", "cmq:E")
_THINGS = ("ex:a", "ex:b", "ex:c", "ex:l", *_CLASSES)
_VARIABLES = ("?x", "$x", "?y", "?z")
_PATHS = st.recursive(
    st.sampled_from([*_NAMES, "a", "rdf:type", "!cmq:p", "!(cmq:p|^cmq:q)"]),
    lambda inner: st.one_of(
        st.builds("({})".format, inner),
        st.builds("^({})".format, inner),
        st.builds("({}){}".format, inner, st.sampled_from("*+?")),
        st.builds("{}{}{}".format, inner, st.sampled_from("/|"), inner),
    ),
    max_leaves=3,
)
_VERBS = st.one_of(st.sampled_from(_NAMES), _PATHS, st.sampled_from(("?p", "?x", "a", "^cmq:q")))
_TERMS = st.sampled_from([*_VARIABLES, *_VARIABLES, *_THINGS, "[]", "'text'@en", "1"])
_SAID = st.one_of(st.builds("{} {}".format, _VERBS, _TERMS), st.just("a cmq:C , cmq:D"))
_BLANKS = st.one_of(st.builds("[ {} ]".format, _SAID), st.builds("( {} )".format, _TERMS))
_NODES = st.one_of(_TERMS, _BLANKS)
_TRIPLES = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from(_VARIABLES + _THINGS[:4]), _VERBS, _NODES),
    st.builds("{} {} ; {}".format, st.sampled_from(_VARIABLES), _SAID, _SAID),
    st.builds("[ {} ; {} ; ]".format, _SAID, _SAID),
    st.builds("( {} ) {}".format, _TERMS, _SAID),
)
_GROUPS = st.recursive(
    _TRIPLES.map(lambda triples: f"{{ {triples} }}"),
    lambda inner: st.builds(
        "{{ {}{} {} }}".format,
        _TRIPLES,
        st.sampled_from((" .", " . ", "", " # ?x ?p ?y\n")),
        st.one_of(
            st.builds("OPTIONAL {}".format, inner),
            st.builds("FILTER EXISTS {}".format, inner),
            st.builds("FILTER(?x = ex:a || NOT EXISTS {} )".format, inner),
            st.builds("MINUS {}".format, inner),
            st.builds("{} UNION {}".format, inner, inner),
            st.builds("{{ SELECT DISTINCT ?x {} }}".format, inner),
            st.builds("VALUES (?x ?y) {{ (ex:a UNDEF) (cmq:C 1) }} {}".format, inner),
        ),
    ),
    max_leaves=3,
)


@settings(max_examples=300, deadline=None)
@given(group=_GROUPS)
@example(group="{ ?x cmq:r ?y FILTER NOT EXISTS { [ cmq:t ?x ] a cmq:E } }")
@example(group="{ ?x cmq:t* ?y . ?z a cmq:E }")
def test_any_query_sees_the_same_with_what_it_needs(group: str) -> None:
    head = "SELECT ?x ?y ?z (COUNT(*) AS ?rows)"
    sparql = f"{_HEADS}{_EX}{head} {group} GROUP BY ?x ?y ?z"
    try:
        full = questions.rows(_FULL.query(sparql))  # type: ignore[arg-type]  # it selects
    except SyntaxError:
        reject()
    little = _entailed(_BARE, seen_by(sparql, _BARE))

    assert _rows(little, sparql) == Counter(map(_legible, full))


def _rows(store: Store, sparql: str) -> Counter[tuple[str, ...]]:
    found = store.query(sparql, prefixes=questions.prefixes_of(sparql))
    return Counter(map(_legible, questions.rows(found)))  # type: ignore[arg-type]  # it selects


def _legible(row: list[dataset.Term | None]) -> tuple[str, ...]:
    return tuple(str(term) for term in row)


@pytest.mark.parametrize("folder", ["..", "project", "foreign"])
def test_every_stored_question_is_answered_the_same(folder: str) -> None:
    root = HERE / folder
    full = dataset.asked(root)
    some = 0
    for question in questions.questions(root):
        little = dataset.asked(root, sparql=question.sparql)
        some += len(little) < len(full)

        assert _rows(little, question.sparql) == _rows(full, question.sparql), question.name
    assert some


@pytest.mark.parametrize(
    "name", ["demands", "allegations", "who-says-so", "undertakings-by-obligor"]
)
def test_a_question_changed_in_one_place_is_answered_the_same(checkout: Path, name: str) -> None:
    bare = dataset.asked(checkout, sparql="ASK {}")
    full = dataset.asked(checkout)
    mutants = mutation.mutants(questions.find(checkout, name), mutation.siblings(full))
    by_words = {mutant.sparql: seen_by(mutant.sparql, bare) for mutant in mutants}
    stores = {words: _entailed(bare, words) for words in {*by_words.values()}}

    assert len(stores) > 1
    for sparql, words in by_words.items():
        little = _rows(stores[words], sparql)

        assert little == _rows(full, sparql), sparql


def test_what_only_follows_describes_a_thing_still(project: Path, run: Run) -> None:
    with (project / "data" / "curated.ttl").open("a") as file:
        file.write(f"<{_CMQ}said> <{_CMQ}counterpartOf> <{PREFIXES['actor']}nobody> .\n")
    result = run("query", "-", "--root", project, text="ASK { ?x cmq:voice actor:nobody }")

    assert (result.exit_code, result.stdout) == (0, "answer\n------\nno\n\n1 row\n"), result.stderr
