"""A shape that asks for less than before is told of; one that asks for more is not."""

from collections import Counter

import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, Store

from communique.loosening import loosened
from communique.namespaces import PREFIXES
from conftest import HERE

_HEAD = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
_SHAPE = """
shape:S a sh:NodeShape ; sh:targetClass cmq:Statement , cmq:Event ; sh:severity sh:Violation ;
  sh:closed true ; sh:ignoredProperties ( rdf:type ) ; sh:property shape:S-a ;
  sh:property [ sh:path cmq:b ; sh:minCount 2 ; sh:in ( 1 2 ) ] ;
  sh:property [ sh:path ( cmq:c cmq:d ) ; sh:pattern "^a" ] ;
  sh:or ( [ sh:minLength 1 ] [ sh:maxLength 3 ] ) ; sh:and ( shape:X shape:Y ) ;
  sh:sparql shape:S-q ; sh:not shape:N ; sh:message "Old." .
shape:S-a a sh:PropertyShape ; sh:path cmq:a ; sh:minCount 1 ; sh:maxCount 1 ; sh:class cmq:Actor ;
  sh:nodeKind sh:IRI ; sh:pattern "^x" ; sh:uniqueLang true ; sh:in ( cmqv:a cmqv:b ) ;
  sh:minInclusive 0.5 ; sh:hasValue 1 , 2 ; sh:languageIn ( "en" ) ; sh:datatype xsd:integer .
shape:S-q sh:select "SELECT $this { $this ?p ?o }" .
shape:N a sh:NodeShape ; sh:minCount 1 .
shape:X a sh:NodeShape ; sh:minCount 1 . shape:Y a sh:NodeShape ; sh:minCount 1 .
"""


def _store(text: str) -> Store:
    store = Store()
    store.load((_HEAD + text).encode(), format=RdfFormat.TURTLE)
    return store


def _looser(old: str, new: str, text: str = _SHAPE) -> list[str]:
    assert old in text
    faults = loosened(_store(text), _store(text.replace(old, new, 1)))
    return [each.value or each.message for each in faults]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("sh:minCount 1 ; sh:max", "sh:minCount 0 ; sh:max", "sh:minCount was 1 and is 0"),
        ("sh:minCount 1 ; sh:max", "sh:max", "sh:minCount 1 is gone"),
        ("sh:maxCount 1", "sh:maxCount 2", "sh:maxCount was 1 and is 2"),
        ("sh:maxCount 1 ;", "", "sh:maxCount 1 is gone"),
        ("sh:minInclusive 0.5", "sh:minInclusive 0.25", "sh:minInclusive was 0.5 and is 0.25"),
        ("sh:minInclusive 0.5", 'sh:minInclusive "x"', "was 0.5 and is x, which is not compared"),
        ("sh:severity sh:Violation", "sh:severity sh:Warning", "sh:Violation and is sh:Warning"),
        ("sh:severity sh:Violation", "sh:severity cmq:Nothing", "sh:Violation and is cmq:Nothing"),
        ("sh:Violation ;", "sh:Violation ; sh:deactivated true ;", "it is deactivated"),
        ("sh:targetClass cmq:Statement , cmq:Event", "sh:targetClass cmq:Event", "cmq:Statement"),
        ("( cmqv:a cmqv:b )", "( cmqv:c cmqv:a cmqv:b )", "sh:in allows cmqv:c, too"),
        ("sh:in ( cmqv:a cmqv:b ) ;", "", "sh:in (cmqv:a, cmqv:b) is gone"),
        ('( "en" )', '( "en" "ru" )', "sh:languageIn allows ru, too"),
        ("( rdf:type )", "( rdf:type cmq:z )", "sh:ignoredProperties allows cmq:z, too"),
        ("sh:closed true ;", "", "sh:closed was true"),
        ("sh:closed true ;", "sh:closed false ;", "sh:closed was true"),
        ("sh:uniqueLang true ;", "", "sh:uniqueLang was true"),
        ('sh:pattern "^x"', 'sh:pattern "^y"', "sh:pattern ^x is now ^y, which is not compared"),
        ('sh:pattern "^x"', 'sh:pattern "^x" ; sh:flags "i"', "sh:flags is new, which is not"),
        ("sh:class cmq:Actor ;", "", "sh:class cmq:Actor is gone"),
        ("sh:class cmq:Actor", "sh:class cmq:Thing", "sh:class cmq:Actor is gone"),
        ("sh:nodeKind sh:IRI", "sh:nodeKind sh:IRIOrLiteral", "was sh:IRI and is sh:IRIOrLiteral"),
        ("sh:nodeKind sh:IRI ;", "", "sh:nodeKind sh:IRI is gone"),
        ("sh:hasValue 1 , 2", "sh:hasValue 1", "sh:hasValue 2 is gone"),
        ("sh:datatype xsd:integer", "sh:datatype xsd:string", "xsd:integer is now xsd:string"),
        ("sh:path cmq:a", "sh:path cmq:z", "sh:path cmq:a is now cmq:z, which is not compared"),
        ("sh:property shape:S-a ;", "", "sh:property shape:S-a is gone"),
        ("( [ sh:minLength 1 ] [ sh:", "( [] [ sh:minLength 1 ] [ sh:", "sh:or allows"),
        ("( shape:X shape:Y )", "( shape:X )", "sh:and shape:Y is gone"),
        ("sh:sparql shape:S-q ;", "", "sh:sparql shape:S-q is gone"),
        ("$this { $this ?p ?o }", "$this { }", "which is not compared"),
        ("sh:not shape:N ;", "", "sh:not shape:N is gone"),
        ("shape:N a sh:NodeShape ; sh:minCount 1", "shape:N a sh:NodeShape ; sh:minCount 2", "for"),
        ("sh:minCount 2", "sh:minCount 1", "sh:minCount was 2 and is 1"),
        ("( 1 2 )", "( 1 2 3 )", "sh:in allows 3, too"),
        ('sh:pattern "^a"', 'sh:pattern "^"', "sh:pattern ^a is now ^, which is not compared"),
        ("sh:property [ sh:path cmq:b ; sh:minCount 2 ; sh:in ( 1 2 ) ] ;", "", "of cmq:b is gone"),
        ("sh:sparql", "sh:property [ sh:path cmq:new ] ; sh:sparql", "cmq:new is allowed now, too"),
        ("shape:Y a sh:NodeShape ; sh:minCount 1 .", "", "shape:Y is no longer a shape."),
    ],
)
def test_a_looser_shape_is_told_of(old: str, new: str, expected: str) -> None:
    found = _looser(old, new)

    assert len(found) == 1
    assert expected in found[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sh:minCount 1 ; sh:max", "sh:minCount 2 ; sh:max"),
        ("sh:maxCount 1", "sh:maxCount 0"),
        ("( cmqv:a cmqv:b )", "( cmqv:b )"),
        ("( cmqv:a cmqv:b )", "( cmqv:b cmqv:a )"),
        ("sh:closed true ; sh:ignoredProperties ( rdf:type )", "sh:closed true"),
        ("( shape:X shape:Y )", "( shape:X shape:Y shape:S-a )"),
        ("[ sh:minLength 1 ] [ sh:maxLength 3 ]", "[ sh:maxLength 3 ]"),
        ("cmq:Statement , cmq:Event", "cmq:Statement , cmq:Event , cmq:Account"),
        ("sh:class cmq:Actor", "sh:class cmq:Actor , cmq:State"),
        ('"Old."', '"New."@en'),
        ("sh:nodeKind sh:IRI", "sh:minLength 3 ; sh:nodeKind sh:IRI"),
        ("sh:minInclusive 0.5", "sh:minInclusive 0.50"),
        ("sh:path cmq:b", "sh:order 3 ; sh:maxCount 3 ; sh:path cmq:b"),
        ("shape:S a", "shape:New a sh:NodeShape ; sh:targetClass cmq:Time . shape:S a"),
    ],
)
def test_a_shape_that_asks_for_as_much_or_more_is_not(old: str, new: str) -> None:
    assert _looser(old, new) == []


def test_a_shape_that_was_a_class_had_its_members_as_target() -> None:
    text = "cmq:A a rdfs:Class , sh:NodeShape ; sh:nodeKind sh:IRI ."

    assert _looser("rdfs:Class ,", "", text) == [
        "it is no longer a class whose members are checked"
    ]


def test_a_loosened_shape_is_a_warning_at_what_is_there_now() -> None:
    after = _store(_SHAPE.replace("sh:minCount 1 ; sh:max", "sh:minCount 0 ; sh:max"))
    (found,) = loosened(_store(_SHAPE), after)

    assert (found.severity, found.layer, found.part) == ("warning", "shapes", "object")
    assert str(found.object).startswith('"0"')
    assert list(after.quads_for_pattern(found.subject, found.predicate, found.object))


def test_what_is_gone_from_a_shape_is_told_at_the_shape() -> None:
    after = _store(_SHAPE.replace("sh:class cmq:Actor ;", ""))
    (found,) = loosened(_store(_SHAPE), after)

    assert found.part == "subject"
    assert str(found.object) == f"<{PREFIXES['sh']}PropertyShape>"
    assert list(after.quads_for_pattern(found.subject, found.predicate, found.object))


def test_the_same_shapes_under_other_labels_are_the_same() -> None:
    assert loosened(_store(_SHAPE), _store(_SHAPE)) == []


def _ours() -> Store:
    store = Store()
    for path in sorted((HERE.parent / "shapes").glob("*.ttl")):
        store.load(path.read_bytes(), format=RdfFormat.TURTLE)
    return store


def test_each_constraint_of_ours_that_is_dropped_is_told_of() -> None:
    """A shape of ours cannot lose anything that it asks for without a word."""
    before = _ours()
    silent = {"deactivated", "description", "ignoredProperties", "message", "order", "severity"}
    asked = [
        quad
        for quad in before
        if (name := quad.predicate.value.removeprefix(PREFIXES["sh"])) not in silent
        if name != quad.predicate.value
    ]
    unnoticed = [str(quad) for batch in _apart(asked) for quad in _unnoticed(before, batch)]

    assert len(asked) > 500
    assert unnoticed == []


def _apart(quads: list[Quad]) -> list[list[Quad]]:
    """Share quads out so that no two of one batch are of one shape; paths go one by one."""
    seen = Counter[object]()
    batches: dict[object, list[Quad]] = {}
    for quad in sorted(quads, key=str):
        seen[quad.subject] += 1
        named = isinstance(quad.subject, NamedNode)
        batches.setdefault(seen[quad.subject] if named else quad, []).append(quad)
    return list(batches.values())


def _unnoticed(before: Store, dropped: list[Quad]) -> list[Quad]:
    after = Store()
    after.extend(quad for quad in before if quad not in dropped)
    told = {fault.subject for fault in loosened(before, after)}
    return [q for q in dropped if isinstance(q.subject, NamedNode) and q.subject not in told] + (
        [] if told else dropped
    )


def test_names_are_those_of_the_project() -> None:
    before = _store("<urn:x:S> sh:class <urn:x:A> ; sh:nodeKind sh:IRI .")
    after = _store("<urn:x:S> sh:nodeKind sh:IRI .")
    (found,) = loosened(before, after, name=lambda iri: iri.replace("urn:x:", "mine:"))

    assert found.message == "mine:S asks for less: sh:class mine:A is gone."
