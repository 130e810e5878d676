"""How far a rule reaches is told from the sorts of things that predicates join."""

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from communique.engines import Shapes, sh
from communique.reaching import (
    FOREIGN,
    OWN,
    PLAIN,
    Profile,
    Reach,
    Rule,
    Sorts,
    constraints,
    reach,
    shared,
)

EX = "https://example.org/"
ACTOR, POST, FINDING = (shared(f"{EX}{name}") for name in ("Actor", "Post", "Finding"))
EDGES = [
    ("relays", OWN, OWN),
    ("voice", OWN, ACTOR),
    ("label", OWN, PLAIN),
    ("label", ACTOR, PLAIN),
    ("holds", ACTOR, POST),
    ("about", FINDING, FOREIGN),
]
PROFILE = Profile(
    [(EX + by, start, end) for by, start, end in EDGES],
    {f"{EX}anna": Sorts([ACTOR]), f"{EX}envoy": Sorts([POST])},
)
HEAD = f"PREFIX ex: <{EX}> PREFIX sh: <http://www.w3.org/ns/shacl#> "


def shapes(text: str) -> Shapes:
    return Shapes(parse(f"{HEAD}{text}", format=RdfFormat.TURTLE))


def path(text: str, start: str = OWN) -> Reach:
    """Return what a property shape with this path reaches, from things of a sort."""
    found = shapes(f"ex:shape sh:property ex:held . ex:held sh:path {text} ; sh:minCount 1 .")
    (rule,) = constraints(found, NamedNode(f"{EX}shape"))
    return reach(found, rule, PROFILE, Sorts([start]))


def query(text: str, start: str = OWN) -> Reach:
    """Return what a query of a shape reaches."""
    found = shapes(f"""
ex:shape sh:sparql [ sh:select '''{text}''' ;
  sh:prefixes [ sh:declare [ sh:prefix "ex" ; sh:namespace "{EX}" ] ] ] .""")
    (rule,) = constraints(found, NamedNode(f"{EX}shape"))
    return reach(found, rule, PROFILE, Sorts([start]))


@pytest.mark.parametrize(
    ("text", "start", "sorts"),
    [
        ("ex:relays", OWN, {OWN}),
        ("ex:voice", OWN, {ACTOR}),
        ("( ex:voice ex:holds )", OWN, {ACTOR, POST}),
        ("( ex:holds ex:voice )", OWN, set()),
        ("[ sh:zeroOrMorePath ex:relays ]", OWN, {OWN}),
        ("( [ sh:zeroOrOnePath ex:relays ] ex:voice )", OWN, {OWN, ACTOR}),
        ("[ sh:alternativePath ( ex:voice ex:label ) ]", OWN, {ACTOR, PLAIN}),
        ("[ sh:inversePath ex:relays ]", OWN, {OWN}),
        ("[ sh:inversePath ex:holds ]", POST, {ACTOR}),
        ("ex:unknown", OWN, set()),
        ("[ sh:inversePath ex:about ]", OWN, {FINDING}),
    ],
)
def test_a_path_leads_where_its_predicates_lead(text: str, start: str, sorts: set[str]) -> None:
    found = path(text, start)

    assert found.sorts == sorts
    assert not found.is_far


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("[ sh:inversePath ex:voice ]", ACTOR),
        ("( ex:voice [ sh:inversePath ex:voice ] )", OWN),
        ("( ex:voice ex:holds [ sh:inversePath ex:holds ] [ sh:inversePath ex:voice ] )", OWN),
        ("ex:about", FINDING),
        ("( [ sh:inversePath ex:about ] ex:about )", OWN),
        ("( [ sh:inversePath ex:about ] ex:about ex:relays )", OWN),
        (
            "[ sh:zeroOrMorePath [ sh:alternativePath ( ex:voice [ sh:inversePath ex:voice ] ) ] ]",
            OWN,
        ),
    ],
)
def test_what_leads_back_from_shared_things_is_far(text: str, start: str) -> None:
    found = path(text, start)

    assert found.is_far
    assert not found.everything


def test_a_path_is_followed_by_its_predicates_forwards_and_back() -> None:
    found = path("( ex:voice [ sh:inversePath ex:holds ] )")

    assert {f"{EX}voice", f"{EX}holds"} <= found.along
    assert found.back == {f"{EX}holds"}


@pytest.mark.parametrize("text", ["[ ex:otherPath ex:voice ]", "( [] )"])
def test_a_path_that_is_not_known_may_lead_anywhere(text: str) -> None:
    assert path(text).everything


def test_a_constraint_that_is_not_known_may_look_at_everything() -> None:
    rule = Rule(NamedNode(f"{EX}shape"), NamedNode(sh("js")), NamedNode(f"{EX}code"))

    assert reach(shapes(""), rule, PROFILE, Sorts([OWN])).everything


@pytest.mark.parametrize(
    "text",
    [
        "sh:node ex:inner",
        "sh:not ex:inner",
        "sh:or ( ex:other ex:inner )",
        "sh:qualifiedValueShape ex:inner",
    ],
)
def test_a_shape_reaches_as_far_as_those_that_it_asks(text: str) -> None:
    found = shapes(
        f"ex:shape {text} . ex:other sh:nodeKind sh:IRI . ex:inner sh:property ex:held . "
        "ex:held sh:path ( ex:voice [ sh:inversePath ex:voice ] ) ; sh:maxCount 3 ."
    )
    (rule,) = constraints(found, NamedNode(f"{EX}shape"))

    assert reach(found, rule, PROFILE, Sorts([OWN])).is_far


def test_a_ring_of_shapes_may_look_at_everything() -> None:
    found = shapes("ex:shape sh:node ex:shape .")
    (rule,) = constraints(found, NamedNode(f"{EX}shape"))

    assert reach(found, rule, PROFILE, Sorts([OWN])).everything


def test_what_is_asked_of_values_leads_nowhere() -> None:
    rule = Rule(NamedNode(f"{EX}shape"), NamedNode(sh("minLength")), Literal(1))
    found = reach(shapes(""), rule, PROFILE, Sorts([OWN]))

    assert not found.is_far
    assert not found.sorts


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("SELECT $this WHERE { $this ex:voice/ex:holds ?post }", OWN),
        ("SELECT $this WHERE { $this ex:relays+ ?other . ?other ex:voice ?voice }", OWN),
        ("SELECT $this WHERE { $this ex:voice ?v . FILTER NOT EXISTS { ?v ex:holds ?post } }", OWN),
        ("SELECT $this WHERE { ?post ^ex:holds $this }", ACTOR),
        ("SELECT $this WHERE { $this ex:label ?a OPTIONAL { $this ex:voice ?b } }", OWN),
        ("SELECT $this WHERE { BIND(1 AS ?one) $this ex:voice ex:anna ; ex:label ?label . }", OWN),
        ("SELECT $this WHERE { ?f ex:about $this }", OWN),
    ],
)
def test_a_query_that_follows_an_article_stays_in_it(text: str, start: str) -> None:
    assert not query(text, start).is_far


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("SELECT $this WHERE { $this ex:voice ?v . ?other ex:voice ?v }", OWN),
        ("SELECT $this WHERE { $this ex:voice ?v . FILTER EXISTS { ?other ex:voice ?v } }", OWN),
        ("SELECT $this WHERE { $this ex:label ?a . ?b ex:label ?c }", OWN),
        ("SELECT $this WHERE { $this ex:label ?a . ?b ex:label ?a }", OWN),
        ("SELECT $this WHERE { $this ex:label ?a . ?b ex:voice ex:anna }", OWN),
        ("SELECT $this WHERE { ?other ex:voice $this }", ACTOR),
        ("SELECT $this WHERE { ?f ex:about $this , ?other }", OWN),
        ("SELECT $this WHERE { $this ex:voice/^ex:voice ?other }", OWN),
    ],
)
def test_a_query_that_may_come_to_others_is_far(text: str, start: str) -> None:
    found = query(text, start)

    assert found.is_far
    assert not found.everything


@pytest.mark.parametrize(
    "text",
    [
        "SELECT $this WHERE { { $this ex:voice ?v } UNION { $this ex:label ?v } }",
        "SELECT $this WHERE { $this ?any ?thing }",
        "SELECT $this WHERE { $this ex:voice ?v MINUS { $this ex:label ?v } }",
        "SELECT $this WHERE { $this other:voice ?v }",
        "SELECT $this (COUNT(?v) AS ?n) WHERE { $this ex:voice ?v } GROUP BY $this",
        "SELECT $this WHERE { $this ex:voice ?v } LIMIT 1",
        "SELECT $this WHERE { { SELECT $this WHERE { $this ex:voice ?v } } }",
        "SELECT $this WHERE { VALUES ?v { ex:anna } $this ex:voice ?v }",
        "SELECT $this WHERE { GRAPH ?g { $this ex:voice ?v } }",
        "SELECT $this WHERE { $this !ex:voice ?v }",
        "SELECT $this WHERE { $this ex:voice [ ex:holds ?post ] }",
        "ASK { $this ex:voice ?v }",
        "SELECT",
        "",
    ],
)
def test_a_query_that_is_not_read_may_look_at_everything(text: str) -> None:
    assert query(text).everything


def test_a_name_may_be_of_another_article_unless_it_is_shared() -> None:
    assert PROFILE.sorts(f"{EX}anna") == {ACTOR}
    assert FOREIGN in PROFILE.sorts(f"{EX}somebody")
    assert query("SELECT $this WHERE { $this ex:label ?a . ex:somebody ex:label ?b }").is_far
