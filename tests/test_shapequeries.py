"""The queries of shapes are read before they are asked, and told of where they stand."""

from pathlib import Path

import pytest

from communique import validation
from communique.findings import Finding

_SHAPES = "shapes/statement.ttl"
_PREFIX = "sh:prefixes shape:own ; "
_RULE = """
shape:own sh:declare [ sh:prefix "cmq" ; sh:namespace "https://w3id.org/communique/ns#" ] .
shape:Relay a sh:NodeShape ; sh:targetClass cmq:Statement ; sh:severity sh:Violation ;
  sh:sparql [ %s sh:select %s ] .
"""


def _told(project: Path, query: str, prefix: str = _PREFIX) -> list[tuple[str, str]]:
    """Return each message about a query of a shape, and what it points at."""
    shapes = project / _SHAPES
    text = shapes.read_text() + _RULE % (prefix, query)
    shapes.write_text(text)
    found = validation.validate(project).findings
    assert {each.rule.id for each in found} <= {"idle-query", "shape-query"}
    return [(each.message, _pointed(text, each)) for each in found]


def _pointed(text: str, found: Finding) -> str:
    lines = text.splitlines(keepends=True)
    start, end = (
        sum(map(len, lines[: line - 1])) + column - 1
        for line, column in (
            (found.region.line, found.region.column),
            (found.region.end_line, found.region.end_column),
        )
    )
    return text[start:end]


def test_a_query_that_can_be_asked_is_no_finding(project: Path) -> None:
    assert _told(project, '"SELECT $this WHERE { $this cmq:relays $this }"') == []


def test_a_query_may_declare_prefixes_itself(project: Path) -> None:
    own = "PREFIX c: <https://w3id.org/communique/ns#>"

    assert _told(project, f'"{own} SELECT $this WHERE {{ $this c:relays $this }}"', "") == []


def test_a_query_may_name_the_path_of_its_shape(project: Path) -> None:
    shapes = project / _SHAPES
    query = 'sh:sparql [ sh:select "SELECT $this WHERE { $this $PATH $this }" ] ; '
    shapes.write_text(shapes.read_text().replace("sh:path cmq:voice", f"{query}sh:path cmq:voice"))

    assert validation.validate(project).findings == ()


def test_a_term_that_does_not_exist_is_told_where_it_stands(project: Path) -> None:
    query = '"""SELECT $this WHERE {\n  $this cmq:relay $this }"""'

    assert _told(project, query) == [("No vocabulary has cmq:relay.", "cmq:relay")]


def test_a_term_written_in_full_is_looked_up_too(project: Path) -> None:
    iri = "<https://w3id.org/communique/ns#relay>"
    query = f'"SELECT $this WHERE {{ $this {iri} $this }}"'

    assert _told(project, query) == [("No vocabulary has cmq:relay.", iri)]


def test_a_thing_that_nothing_describes_is_told(project: Path) -> None:
    thing = "<https://w3id.org/communique/id/actor/nobody>"
    query = f'"SELECT $this WHERE {{ $this cmq:voice {thing} }}"'

    assert _told(project, query) == [("Nothing describes actor:nobody.", thing)]


def test_a_prefix_that_is_not_declared_is_told_once(project: Path) -> None:
    query = '"SELECT $this WHERE { $this x:y $this ; x:z $this }"'

    assert _told(project, query) == [("The query does not declare the prefix x:.", "x:")]


@pytest.mark.parametrize(
    ("query", "message", "pointed"),
    [
        ("SELECT $this WHEN { $this ?p $this }", "at WHEN", "WHEN"),
        ("SELECT $this WHERE { $this ?p $this", "something is missing at its end", ""),
    ],
)
def test_what_is_not_sparql_is_told_where_it_stops_being_so(
    project: Path, query: str, message: str, pointed: str
) -> None:
    assert _told(project, f'"{query}"') == [(f"The query is not SPARQL: {message}.", pointed)]


def test_a_query_with_escapes_is_pointed_at_as_a_whole(project: Path) -> None:
    query = r'"SELECT $this WHERE {\n  $this cmq:relay $this }"'

    assert _told(project, query) == [("No vocabulary has cmq:relay.", query)]


def test_a_property_shape_without_a_path_is_told(project: Path) -> None:
    shapes = project / _SHAPES
    shapes.write_text(shapes.read_text().replace("    sh:path cmq:voice ;\n", ""))
    (found,) = validation.validate(project).findings

    assert (found.rule.id, found.focus) == ("pathless-shape", "shape:Statement-voice")


@pytest.mark.parametrize(
    ("query", "message", "pointed"),
    [
        ("SELECT $this WHERE { $this ?p ?o } LIMIT 0", "The query takes no row.", "LIMIT 0"),
        (
            "SELECT $this WHERE { $this ?p ?o } OFFSET 1",
            "The query leaves out what it finds first.",
            "OFFSET",
        ),
        (
            "SELECT $this WHERE { $this ?p ?o MINUS { $this a ?o } }",
            "MINUS does not see $this: SHACL has no place for it.",
            "MINUS",
        ),
        (
            "SELECT $this WHERE { VALUES ?p { } $this ?p ?o }",
            "VALUES gives other values than SHACL does: it has no place here.",
            "VALUES",
        ),
        (
            "SELECT $this WHERE { ?s ?p ?o BIND(?s AS $this) }",
            "The query gives $this a new value.",
            "$this",
        ),
        ("ASK { $this ?p ?o }", "The query of a shape begins with SELECT here.", "ASK"),
        ("DESCRIBE $this", "The query of a shape begins with SELECT here.", "DESCRIBE"),
        (
            "SELECT $this WHERE { GRAPH ?g { $this ?p ?o } }",
            "What is judged is in no named graph.",
            "GRAPH",
        ),
        (
            "SELECT $this WHERE { $this ?p ?o FILTER(?p = $shapesGraph || ?o = $shapesGraph) }",
            "Nothing gives $shapesGraph a value.",
            "$shapesGraph",
        ),
        (
            "SELECT $this WHERE { $this ?p ?o FILTER REGEX(STR(?o), '(') }",
            "This is no regular expression.",
            "'('",
        ),
        (
            "SELECT $this WHERE { $this ?p ?o FILTER(!REGEX(STR(?o), '.*', 'i')) }",
            "This pattern matches every text.",
            "'.*'",
        ),
        ("SELECT ?o WHERE { $this ?p ?o }", "This query does not select $this.", "SELECT"),
        (
            "SELECT $this WHERE { $this ?p ?o { SELECT ?o { $this ?q ?o } } }",
            "This query does not select $this.",
            "SELECT",
        ),
        ("SELECT $this WHERE { $ths ?p ?o }", "Nothing gives $ths a value.", "$ths"),
        (
            "SELECT $this WHERE { ?s ?p ?o }",
            "The query asks nothing about $this.",
            "SELECT $this WHERE { ?s ?p ?o }",
        ),
        ("SELECT $this WHERE { $this $PATH ?o }", "Nothing gives $PATH a value.", "$PATH"),
        (
            "SELECT $this WHERE { $this ?p ?value FILTER(?vlaue != $this) }",
            "Nothing gives ?vlaue a value here.",
            "?vlaue",
        ),
        (
            "SELECT $this WHERE { $this ?p ?o FILTER EXISTS { $this ?q ?x } FILTER(?x > 1) }",
            "Nothing gives ?x a value here.",
            "?x",
        ),
    ],
)
def test_a_query_that_cannot_find_what_it_is_asked_for_is_told(
    project: Path, query: str, message: str, pointed: str
) -> None:
    assert _told(project, f'"{query}"') == [(message, pointed)]


@pytest.mark.parametrize(
    ("condition", "pointed"),
    [
        ("FILTER(false)", "false"),
        ("FILTER(1 = 2)", "1 = 2"),
        ("FILTER(?o != $this && (NOW() < 1 || ?o = 2))", "NOW() < 1"),
        ("FILTER(!(false))", "false"),
        ("FILTER isIRI(1)", "isIRI(1)"),
        ("FILTER(STR(?o) != STR($o))", "STR(?o) != STR($o)"),
        ("FILTER(?o IN ())", "?o IN ()"),
        ("FILTER NOT EXISTS { }", "EXISTS { }"),
        ("FILTER(EXISTS {} || ?o = 1)", "EXISTS {}"),
        ("BIND(false AS ?never) FILTER(?never)", "?never"),
        ("FILTER NOT EXISTS { ?o ?q ?r FILTER(true) }", "true"),
    ],
)
def test_a_condition_that_no_data_decides_is_told(
    project: Path, condition: str, pointed: str
) -> None:
    found = _told(project, f'"SELECT $this WHERE {{ $this ?p ?o {condition} }}"')

    assert found == [("This condition is the same whatever the data is.", pointed)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT $this ?value WHERE { $this ?p ?value FILTER(?value = $this) } LIMIT 1",
        "SELECT $this WHERE { $this ?p ?o } GROUP BY $this HAVING (COUNT(*) > 9)",
        "SELECT $this WHERE { $this ?p ?o FILTER NOT EXISTS { ?o ?q ?r FILTER(?r != ?p) } }",
        "SELECT * {{ SELECT $this (COUNT(?x) AS ?n) { $this ?p ?x } GROUP BY $this } FILTER(?n<0)}",
        "SELECT $this WHERE { $this ?p ?o BIND(1 AS ?one) FILTER(STRLEN(STR(?o)) < ?one) }",
        "SELECT $this WHERE { $this ?p ?o FILTER(REPLACE(STR(?o), '.*x', '') = '(') }",
        "SELECT $this WHERE { $this (<urn:a>|<urn:b>)+ [ <urn:c> ?d ] FILTER(?d = ($this)) }",
    ],
)
def test_a_query_that_may_find_something_is_no_finding(project: Path, query: str) -> None:
    assert _told(project, f'"{query}"') == []


def test_a_constraint_of_a_components_own_query_is_given_its_parameters(project: Path) -> None:
    shapes = project / _SHAPES
    shapes.write_text(
        shapes.read_text()
        + """
shape:Longest a sh:ConstraintComponent ; sh:parameter [ sh:path shape:longest ] ;
  sh:validator [ a sh:SPARQLAskValidator ; sh:ask "ASK { FILTER(STRLEN($value) <= $longest) }" ] .
"""
    )
    found = validation.validate(project).findings

    assert [each for each in found if each.rule.id == "idle-query"] == []


@pytest.mark.parametrize(
    "rule",
    [
        '"x"',
        '[ sh:message "x" ]',
        '[ sh:ask "ASK { }" ]',
        '[ sh:select "SELECT $this { $this ?p $this }", "x" ]',
    ],
)
def test_a_rule_in_sparql_without_its_one_query_is_told(project: Path, rule: str) -> None:
    shapes = project / _SHAPES
    shape = "shape:X a sh:NodeShape ; sh:targetClass cmq:Statement ; sh:severity sh:Violation ;"
    text = f"{shapes.read_text()}\n{shape}\n  sh:sparql {rule} .\n"
    shapes.write_text(text)
    found = [each for each in validation.validate(project).findings if "sh:select" in each.message]

    assert [_pointed(text, each) for each in found] == [rule]
