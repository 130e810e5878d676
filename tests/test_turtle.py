import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse, serialize

from communique import turtle
from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES

_HEAD = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
_MIXED = """
passage:ba01b1d8-1155-1200 cmq:start 1155 ; a cmq:Passage .
passage:ba01b1d8-581-818 a cmq:Passage ; cmq:start 581 .
cmq:voice a owl:ObjectProperty ; skos:definition "Who speaks."@en ; rdfs:label "voice"@en .
cmq:Statement a owl:Class ; rdfs:label "statement"@en .
<https://w3id.org/communique/ns> a owl:Ontology .
cmq:conveys owl:propertyChainAxiom ( cmq:relays cmq:content ) ; a owl:ObjectProperty .
shape:S sh:property shape:S-b , shape:S-a ; a sh:NodeShape .
shape:S-a a sh:PropertyShape ; sh:path ( [ sh:zeroOrMorePath cmq:relays ] cmq:evidence ) .
[] a owl:AllDisjointProperties ; owl:members ( cmq:fulfils cmq:breaches ) .
"""
_WRITTEN = """\
PREFIX cmq: <https://w3id.org/communique/ns#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX passage: <https://w3id.org/communique/id/passage/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX shape: <https://w3id.org/communique/shape/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

<https://w3id.org/communique/ns>
    a owl:Ontology ;
.

cmq:Statement
    a owl:Class ;
    rdfs:label "statement"@en ;
.

cmq:conveys
    a owl:ObjectProperty ;
    owl:propertyChainAxiom ( cmq:relays cmq:content ) ;
.

cmq:voice
    a owl:ObjectProperty ;
    rdfs:label "voice"@en ;
    skos:definition "Who speaks."@en ;
.

shape:S
    a sh:NodeShape ;
    sh:property
        shape:S-a ,
        shape:S-b ;
.

passage:ba01b1d8-581-818
    a cmq:Passage ;
    cmq:start 581 ;
.

passage:ba01b1d8-1155-1200
    a cmq:Passage ;
    cmq:start 1155 ;
.

shape:S-a
    a sh:PropertyShape ;
    sh:path ( [ sh:zeroOrMorePath cmq:relays ] cmq:evidence ) ;
.

[]
    a owl:AllDisjointProperties ;
    owl:members ( cmq:fulfils cmq:breaches ) ;
.
"""


def _formatted(body: str) -> str:
    return turtle.formatted(_HEAD + body)


def test_a_file_is_laid_out_by_the_house_rules() -> None:
    assert _formatted(_MIXED) == _WRITTEN


def test_what_is_formatted_stays_as_it_is() -> None:
    assert turtle.formatted(_WRITTEN) == _WRITTEN


def test_shuffled_input_gives_the_same_text() -> None:
    statements = [line for line in _MIXED.splitlines() if line]
    random.Random(7).shuffle(statements)

    assert _formatted("\n".join(statements)) == _WRITTEN


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_hash_seeds_do_not_change_the_text(seed: str) -> None:
    code = "import sys; from communique import turtle; print(turtle.formatted(sys.stdin.read()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=_HEAD + _MIXED,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )

    assert done.stdout == _WRITTEN + "\n"


@pytest.mark.parametrize(
    "literal",
    [
        "03",
        "-3",
        "3.50",
        "true",
        '"1"^^xsd:boolean',
        '"1.0e0"^^xsd:double',
        '"P30D"^^xsd:dayTimeDuration',
        '"2025-03-19"^^xsd:date',
        '"say \\"no\\""@en',
        '"back\\\\slash\\ttab"',
        '"\\u0001"',
    ],
)
def test_a_literal_keeps_its_form(literal: str) -> None:
    assert f"    cmq:value {literal} ;\n" in _formatted(f"cmq:a cmq:value {literal} .")


def test_a_text_of_several_lines_is_written_over_several_lines() -> None:
    assert 'cmq:value """SELECT "x"\nWHERE { }""" ;' in _formatted(
        'cmq:a cmq:value "SELECT \\"x\\"\\nWHERE { }" .'
    )


def test_a_long_list_has_one_member_a_line() -> None:
    members = [f"cmq:member{n:02}" for n in range(12)]
    text = _formatted(f"cmq:a cmq:list ( {' '.join(members)} ) .")

    assert "    cmq:list (\n        cmq:member00\n        cmq:member01\n" in text


def test_the_order_of_a_list_is_kept() -> None:
    assert "( cmq:z cmq:a )" in _formatted("cmq:s sh:path ( cmq:z cmq:a ) .")


def test_an_empty_list_is_an_empty_list() -> None:
    assert "cmq:list () ;" in _formatted("cmq:a cmq:list () .")


def test_comments_are_lost() -> None:
    assert "#" not in _formatted("cmq:a cmq:b cmq:c . # a remark").replace("ns#", "")


def test_an_iri_without_a_prefix_is_written_whole() -> None:
    assert "<https://example.org/x.>" in _formatted("cmq:a cmq:b <https://example.org/x.> .")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PREFIX cmq: <urn:x>", r"prefix cmq: is <urn:x>\. Make it <https://w3id\.org"),
        ("PREFIX dct: <http://purl.org/dc/terms/>", r"prefix dct: .* Write dcterms:"),
        ("PREFIX foo: <urn:foo>", r"prefix foo: .* Add it to namespaces\.py"),
        ("PREFIX a0: <https://w3id.org/communique/id/a0/>", "prefix a0: is not"),
        ("_:a <urn:p> _:b , 1 . _:c <urn:p> _:b .", "a blank node is used twice"),
        ("_:a <urn:p> _:b . _:b <urn:p> _:a .", "a blank node is used twice"),
        ("<urn:s> <urn:p> <<( <urn:a> <urn:b> <urn:c> )>> .", "holds a triple term"),
        ("<urn:a>\n <urn:b> .", r"input:2:10: not Turtle"),
    ],
)
def test_what_cannot_be_written_is_an_error(text: str, message: str) -> None:
    with pytest.raises(CommuniqueError, match=message):
        turtle.formatted(text)


def test_an_article_file_names_things_of_one_article_only(tmp_path: Path) -> None:
    path = tmp_path / "articles" / "x.ttl"
    path.parent.mkdir()
    prefixes = "".join(f"PREFIX a{n}: <https://w3id.org/communique/id/a{n}/>\n" for n in (1, 2))
    path.write_text(f"{prefixes}a1:x a2:y a1:z .\n")

    with pytest.raises(CommuniqueError, match="uses a1: and a2:"):
        turtle.format_file(path)


_IRIS = st.sampled_from(
    [NamedNode(PREFIXES["cmq"] + name) for name in ("a", "b10", "b9", "end.", "space%20")]
)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_LITERALS = st.one_of(
    st.builds(Literal, _TEXTS),
    st.builds(lambda text: Literal(text, language="en"), _TEXTS),
    st.builds(lambda text: Literal(text, datatype=NamedNode(PREFIXES["xsd"] + "integer")), _TEXTS),
)
_TRIPLES = st.lists(st.builds(Triple, _IRIS, _IRIS, st.one_of(_IRIS, _LITERALS)), min_size=1)


@given(_TRIPLES)
def test_any_graph_is_written_without_loss_and_once_for_all(triples: list[Triple]) -> None:
    text = (serialize(triples, format=RdfFormat.TURTLE) or b"").decode()
    once = turtle.formatted(text)
    read = {quad.triple for quad in parse(once, format=RdfFormat.TURTLE)}

    assert read == set(triples)
    assert turtle.formatted(once) == once


@given(st.recursive(_IRIS, lambda inner: st.lists(inner, max_size=4), max_leaves=12))
def test_any_nesting_of_lists_settles_at_once(nested: object) -> None:
    once = _formatted(f"cmq:a cmq:list ( {_as_turtle(nested)} ) .")

    assert turtle.formatted(once) == once


def _as_turtle(nested: object) -> str:
    if isinstance(nested, list):
        return f"( {' '.join(_as_turtle(each) for each in nested)} )"
    return str(nested)


def test_a_formatter_that_changed_the_meaning_would_be_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turtle, "_quoted", lambda _value: '"other"')

    with pytest.raises(AssertionError, match="would mean something else"):
        _formatted('cmq:a cmq:b "this" .')


def test_ten_blank_siblings_settle_at_once() -> None:
    siblings = " , ".join(f"[ cmq:value {n} ]" for n in range(12))
    once = _formatted(f"cmq:a cmq:b {siblings} .")

    assert turtle.formatted(once) == once


def test_blank_node_labels_do_not_matter() -> None:
    one = f"cmq:a cmq:b {BlankNode('x')} . {BlankNode('x')} cmq:value 1 ."
    two = f"{BlankNode('b0')} cmq:value 1 . cmq:a cmq:b {BlankNode('b0')} ."

    assert _formatted(one) == _formatted(two)
