"""The rules that an edit touches find what all rules find, where nothing was found before."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, parse

from communique.engines import Result, engine
from communique.graphs import Graphs, graphs
from communique.intake import documents
from communique.touched import Marks, readings, together

ROOT = Path(__file__).parents[1]
EX = "https://example.org/"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
HEAD = (
    f"PREFIX ex: <{EX}> PREFIX sh: <http://www.w3.org/ns/shacl#> "
    "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
)
SAID = "ex:s1 a ex:Said ; ex:voice ex:anna ; ex:text 'one' . ex:s2 ex:voice ex:bert ."


def _quads(text: str) -> list[Quad]:
    return [
        each
        for each in parse((HEAD + text).encode(), format=RdfFormat.TURTLE)
        if isinstance(each, Quad)
    ]


def _changed(former: str, now: str) -> set[str] | None:
    found = Marks(_quads(now)).changed(Marks(_quads(former)).kept)
    return None if found is None else {iri.removeprefix(EX) for iri in found}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("'one'", "'one'", set()),
        ("'one'", "'two'", {"text"}),
        ("'one'", "'one'@en", {"text"}),
        ("'one'", "'one' , 'two'", {"text"}),
        ("ex:bert", "ex:anna , ex:bert", {"voice"}),
        ("ex:bert", "ex:anna", None),
        ("ex:bert", "ex:carla", None),
        ("ex:bert", "'bert'", None),
        ("ex:s2 ex:voice", "ex:s3 ex:voice", None),
        ("ex:text 'one'", "ex:title 'one'", None),
        (" ; ex:text 'one'", "", None),
        ("a ex:Said", "a ex:Said , ex:anna", None),
        ("a ex:Said ;", "", None),
        ("'one'", "[ ex:text 'one' ]", None),
        ("'one'", "<<( ex:s1 ex:voice ex:anna )>>", None),
    ],
)
def test_what_is_said_otherwise_is_known_as_long_as_the_same_is_joined(
    old: str, new: str, changed: set[str] | None
) -> None:
    assert old in SAID
    assert _changed(SAID, SAID.replace(old, new)) == changed


def test_names_that_change_places_are_a_change() -> None:
    turned = "ex:s1 a ex:Said ; ex:voice ex:bert ; ex:text 'one' . ex:s2 ex:voice ex:anna ."

    assert _changed(SAID, turned) == {"voice"}


def test_beside_blank_nodes_nothing_can_be_told() -> None:
    blank = f"{SAID} ex:s1 ex:note [ ex:text 'two' ] ."

    assert Marks(_quads(blank)).kept == b""
    assert _changed(blank, blank) is None


def test_an_article_that_was_never_marked_has_changed_in_all() -> None:
    assert Marks(_quads(SAID)).changed(b"") is None


RULES = """
ex:S a sh:NodeShape ; sh:targetClass ex:Said ; sh:closed true ; sh:nodeKind sh:IRI ;
  sh:property ex:S-text , ex:S-voice .
ex:S-text sh:path ex:text ; sh:maxCount 1 .
ex:S-voice sh:path ( ex:voice ex:name ) ; sh:node ex:Named .
ex:Named sh:property [ sh:path ex:label ; sh:minLength 2 ] .
ex:T a sh:NodeShape ; sh:targetObjectsOf ex:about ; sh:class ex:Matter .
"""


def test_each_rule_is_known_by_the_predicates_that_it_reads() -> None:
    found = readings(_quads(RULES)) or {}
    paths = {
        predicate.removeprefix(EX): {
            quad.object.value.removeprefix(EX)
            for quad in reading.shapes
            if quad.predicate.value.endswith("#path") and isinstance(quad.object, NamedNode)
        }
        for predicate, reading in found.items()
        if predicate.startswith(EX)
    }

    assert paths == {
        "text": {"text"},
        "voice": {"label"},
        "name": {"label"},
        "label": {"label"},
        "about": set(),
    }
    assert found[f"{EX}name"].predicates >= {f"{EX}voice", f"{EX}name", f"{EX}label", TYPE}
    assert TYPE not in found


QUERY = "ex:S a sh:NodeShape ; sh:targetClass ex:Said ; sh:sparql [ sh:select '{}' ] ."


@pytest.mark.parametrize(
    "rule",
    [
        "ex:S a sh:NodeShape ; sh:targetClass ex:Said ; sh:node [ sh:closed true ] .",
        QUERY.format("SELECT $this { $this ?any 1 }"),
        QUERY.format("SELECT $this { { $this <u:x> 1 } UNION { $this <u:y> 1 } }"),
        "ex:S a sh:NodeShape ; sh:targetClass ex:Said ; sh:js ex:f .",
        """ex:S a sh:NodeShape ; sh:targetClass ex:Said ; sh:property [ sh:path ex:one ;
        sh:qualifiedValueShape [ sh:class ex:One ] ; sh:qualifiedValueShapesDisjoint true ] .""",
    ],
    ids=["closed", "any predicate", "union", "not known", "disjoint counts"],
)
def test_where_a_rule_may_read_anything_all_rules_are_asked(rule: str) -> None:
    assert readings(_quads(RULES + rule)) is None


NAMING = (
    "ex:S a sh:NodeShape ; sh:targetClass ex:Said ; sh:sparql [ sh:prefixes ex: ; "
    "sh:select 'SELECT $this {{ $this {} ?x }}' ] . ex: sh:declare {} ."
)
EX_IS = f"[ sh:prefix 'ex' ; sh:namespace '{EX}' ]"


@pytest.mark.parametrize(
    ("name", "declared"),
    [(r"ex:te\\-xt", EX_IS), ("ex:text", f"{EX_IS} , [ sh:prefix 'ex' ; sh:namespace '{EX}a/' ]")],
    ids=["escaped name", "prefix of two namespaces"],
)
def test_a_query_may_read_anything_where_a_name_of_it_is_not_read_as_it_is_written(
    name: str, declared: str
) -> None:
    assert f"{EX}text" in (readings(_quads(NAMING.format("ex:text", EX_IS))) or {})
    assert readings(_quads(NAMING.format(name, declared))) is None


PATHS = [
    "( ex:voice ex:name )",
    "[ sh:alternativePath ( ex:name ex:text ) ]",
    "[ sh:zeroOrMorePath [ sh:inversePath ex:text ] ]",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("rule", ["sh:maxLength 3", "sh:node [ sh:maxLength 3 ]"])
def test_a_shape_of_a_longer_path_that_has_a_target_finds_what_it_finds(
    path: str, rule: str
) -> None:
    shapes = _quads(f"ex:S a sh:PropertyShape ; sh:targetClass ex:Said ; sh:path {path} ; {rule} .")
    data = _quads(f"{SAID} ex:s1 ex:name 'long' ; ex:text 'long' . ex:anna ex:name 'long' .")
    touched = together((readings(shapes) or {}).values())
    read = [each for each in data if each.predicate.value in touched.predicates]
    found = engine("fast").results(data, shapes)

    assert found
    assert _told(engine("fast").results(read, touched.shapes)) == _told(found)


@cache
def _ours() -> Graphs:
    return graphs(documents(ROOT)[0], placed=False)


def _rotated(said: Iterable[Quad]) -> Iterator[Quad]:
    """Give each thing what the next one has by the same predicate: the same is joined."""
    quads = sorted(said, key=str)
    for quad, other in zip(quads, [*quads[1:], *quads[:1]], strict=True):
        yield Quad(quad.subject, quad.predicate, other.object, quad.graph_name)


def _told(results: Iterable[Result]) -> set[tuple[object, ...]]:
    return {
        (each.focus, each.value, each.component, each.severity, each.message) for each in results
    }


def test_by_our_own_shapes_what_is_touched_finds_all_that_is_found() -> None:
    asked, shapes = _ours().asked, _ours().shapes
    found = readings(shapes)
    assert found
    by = defaultdict[str, list[Quad]](list)
    for quad in asked:
        if not isinstance(quad.object, BlankNode) and "/source/" in str(quad.graph_name):
            by[quad.predicate.value].append(quad)
    said = [quad for quads in by.values() for quad in quads]
    former, broken = Marks(said).kept, 0
    for predicate, quads in sorted(by.items())[::2]:
        turned = list(_rotated(quads))
        now = [each for each in said if each.predicate.value != predicate] + turned
        changed = Marks(now).changed(former)
        if predicate == TYPE or not changed:
            continue
        assert changed == {predicate}
        data = [*({*asked} - {*quads}), *turned]
        touched = together(found[each] for each in changed if each in found)
        read = [each for each in data if each.predicate.value in touched.predicates]
        results = _told(engine("fast").results(read, touched.shapes)) if touched.shapes else set()
        assert results == _told(engine("fast").results(data, shapes)), predicate
        broken += bool(results)
    assert broken > 10


def test_literals_are_told_from_names_of_the_same_text() -> None:
    name, text = NamedNode(EX), Literal(f"<{EX}>")
    subject, predicate = NamedNode(f"{EX}s"), NamedNode(f"{EX}p")
    former = Marks([Quad(subject, predicate, name)])

    assert Marks([Quad(subject, predicate, text)]).changed(former.kept) is None
