"""The gate on a tiny project: what it finds, where, in which words, and what it leaves out."""

import shutil
from pathlib import Path

import pytest

from communique import validation
from communique.errors import CommuniqueError
from communique.findings import LAYERS, Finding, Report, fingerprints

_ARTICLE = "data/articles/1933-11-17-herring.ttl"
_SHAPES = "shapes/statement.ttl"
_RDFS_LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"


def _validate(project: Path) -> Report:
    return validation.validate(project)


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def _only(project: Path) -> Finding:
    (finding,) = _validate(project).findings
    return finding


def _rules(project: Path) -> list[str]:
    return [finding.rule.id for finding in _validate(project).findings]


def test_good_data_has_no_finding_and_is_counted(project: Path) -> None:
    assert str(_validate(project)) == (
        "Checked 9 files, 77 triples, 2 statements; 2 of 2 shapes had something to check. 0 errors."
    )


def test_what_is_missing_is_told_at_the_thing_that_lacks_it(project: Path) -> None:
    _edit(project / _ARTICLE, "    cmq:voice actor:sylvania ;\n", "")
    found = _only(project)

    assert str(found) == (
        f"{_ARTICLE}:8:1: error shape:Statement-voice: Statement a1:s001 has no voice."
    )
    assert (found.focus, found.hint) == ("a1:s001", "Add cmq:voice with a thing of the class actor")
    assert (found.rule.text, found.rule.file, found.rule.line) == (
        "A statement names a known voice.",
        _SHAPES,
        21,
    )


def test_a_value_is_told_where_it_stands_with_labels_for_names(project: Path) -> None:
    _edit(
        project / _ARTICLE,
        "cmq:voice actor:sylvania ;",
        f'cmq:voice a1:u01 ; {_RDFS_LABEL} "Sylvania: reply"@en ;',
    )
    found = _only(project)

    assert found.message == (
        'Statement "Sylvania: reply" has the voice undertaking "lifting of the herring tariff", '
        "which is not of the class actor."
    )
    assert (found.region.line, found.region.column, found.region.end_column) == (12, 15, 21)
    assert found.excerpt[found.region.column - 1 : found.region.end_column - 1] == "a1:u01"


def test_of_values_that_are_too_many_the_last_is_pointed_at(project: Path) -> None:
    _edit(project / _ARTICLE, "cmq:force cmqv:accept", "cmq:force cmqv:accept , cmqv:assert")
    found = _only(project)

    assert (found.severity, found.message) == (
        "warning",
        "Statement a1:s001a has more than one of: force.",
    )
    assert found.excerpt[found.region.column - 1 : found.region.end_column - 1] == "cmqv:assert"
    assert found.hint == "Keep one of cmqv:accept, cmqv:assert"


def test_a_warning_is_no_error(project: Path) -> None:
    _edit(project / _ARTICLE, "cmq:force cmqv:accept", "cmq:force cmqv:accept , cmqv:assert")
    report = _validate(project)

    assert (report.errors, report.warnings, report.unchecked) == (0, 1, ())


def test_a_dangling_name_is_told_with_the_closest_one_and_not_inferred_away(
    project: Path,
) -> None:
    _edit(project / _ARTICLE, "actor:sylvania", "actor:silvania")
    report = _validate(project)
    (found,) = report.findings

    assert (found.rule.id, found.value) == ("unknown-name", "actor:silvania")
    assert "actor:sylvania" in found.hint
    assert report.unchecked == ("constraints", "evidence", "policy")


def test_a_layer_that_is_left_out_is_named_in_the_last_line(project: Path) -> None:
    _edit(project / _ARTICLE, "actor:sylvania", "actor:silvania")

    assert str(_validate(project)).endswith(" Not checked: constraints, evidence, policy.")


def test_what_a_layer_builds_on_comes_before_it() -> None:
    before = {layer: set(LAYERS[:place]) for place, layer in enumerate(LAYERS)}
    late = {"prefixes": {"iris"}}

    for layer, needed in validation.NEEDS.items():
        assert set(needed) <= before[layer] | late.get(layer, set()), layer


def test_a_known_error_leaves_nothing_out(project: Path) -> None:
    _edit(project / _ARTICLE, "actor:sylvania", "actor:silvania")
    known = list(fingerprints(_validate(project).findings).values())
    report = validation.validate(project, known=known)

    assert "constraints" not in report.unchecked
    assert {finding.layer for finding in report.findings} == {"names", "constraints"}


def test_a_misspelt_property_is_one_finding_for_each_place(project: Path) -> None:
    text = (project / _ARTICLE).read_text()
    (project / _ARTICLE).write_text(text.replace("cmq:voice", "cmq:voyce"))
    found = _validate(project).findings

    assert [(each.rule.id, each.region.line, each.region.column) for each in found] == [
        ("unknown-term", 12, 5),
        ("unknown-term", 20, 5),
    ]
    assert {each.hint for each in found} == {"Did you mean cmq:voice?"}


def test_a_syntax_error_has_its_place_and_stops_what_needs_the_graph(project: Path) -> None:
    _edit(
        project / _ARTICLE, "    cmq:voice actor:sylvania ;\n.", "    cmq:voice actor:sylvania ;\n"
    )
    report = _validate(project)
    (found,) = report.findings

    assert (found.rule.id, found.region.line, found.region.column) == ("syntax", 16, 5)
    assert set(report.unchecked) == set(LAYERS) - {"encoding", "syntax", "iris"}


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("sh:targetClass cmq:Statement", "sh:targetClass cmq:Undertaken", "unknown-term"),
        ("sh:targetClass cmq:Statement", "sh:targetClass cmq:Gesture", "idle-target"),
        ("sh:minCount", "sh:minCuont", "unknown-reused-term"),
        ("sh:minCount", "sh:mincount", "unknown-reused-term"),
        ("sh:Warning", "sh:Warnung", "unknown-reused-term"),
        ("    sh:targetClass cmq:Statement ;\n", "", "unreached-shape"),
        ("a sh:NodeShape", "sh:deactivated true ; a sh:NodeShape", "deactivated-shape"),
        ("sh:minCount 1", "sh:minCount 0", "idle-constraint"),
        ("sh:minCount 1", 'sh:minCount 1 ; sh:flags "i"', "idle-constraint"),
        ("a sh:NodeShape", "sh:maxCount 1 ; a sh:NodeShape", "idle-constraint"),
        ("sh:path cmq:voice", "sh:path cmq:voise", "unknown-term"),
        ("sh:maxCount 1", 'sh:maxCount 1 ; sh:pattern "[a"', "idle-constraint"),
    ],
)
def test_a_shape_that_would_pass_in_silence_is_a_finding(
    project: Path, old: str, new: str, rule: str
) -> None:
    _declare(project, "Gesture", "Class")
    _edit(project / _SHAPES, old, new)
    found = _only(project)

    assert (found.file, found.rule.id, found.severity) == (_SHAPES, rule, "error")


def test_a_second_target_that_finds_nothing_is_a_finding(project: Path) -> None:
    _declare(project, "Gesture", "Class")
    _edit(
        project / _SHAPES,
        "sh:targetClass cmq:Statement",
        "sh:targetClass cmq:Gesture , cmq:Statement",
    )
    found = _only(project)

    assert found.rule.id == "idle-target"
    assert found.excerpt[found.region.column - 1 : found.region.end_column - 1] == "cmq:Gesture"


def test_an_empty_folder_of_shapes_never_passes(project: Path) -> None:
    for path in (project / "shapes").iterdir():
        path.unlink()

    assert _rules(project) == ["no-target"]


def test_a_missing_folder_of_shapes_cannot_be_validated(project: Path) -> None:
    shutil.rmtree(project / "shapes")

    with pytest.raises(CommuniqueError, match="shapes: no such folder"):
        _validate(project)


def test_alignments_are_not_validated_as_data(project: Path) -> None:
    _declare(project, "Gesture", "Class")
    _edit(project / _SHAPES, "cmq:Statement ;", "cmq:Gesture ;")
    (project / "ontology" / "alignments.ttl").write_text(
        "<urn:x> a <https://w3id.org/communique/ns#Gesture> ."
    )

    assert _rules(project) == ["idle-target"]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("2025-13-18", "date"),
        ("2025-03-19x", "date"),
        ("30D", "dayTimeDuration"),
        ("P", "dayTimeDuration"),
        ("2025-3", "gYearMonth"),
        ("abc", "integer"),
        ("xyz", "hexBinary"),
    ],
)
def test_a_literal_without_the_form_of_its_datatype_is_a_finding(
    project: Path, value: str, kind: str
) -> None:
    datatype = f"<http://www.w3.org/2001/XMLSchema#{kind}>"
    _edit(project / _ARTICLE, "cmq:voice", f'cmq:force "{value}"^^{datatype} ; cmq:voice')
    found = _only(project)

    assert (found.rule.id, found.region.column) == ("literal-form", 15)
    assert found.message == f'"{value}" does not have the form of xsd:{kind}.'


@pytest.mark.parametrize("verdict", ["breaches", "counterpartOf", "fulfils"])
def test_a_verdict_in_the_file_of_an_article_is_a_finding(project: Path, verdict: str) -> None:
    _declare(project, verdict)
    _edit(project / _ARTICLE, "cmq:content a1:u01", f"cmq:{verdict} a1:u01 ; cmq:content a1:u01")
    found = _only(project)

    assert (found.file, found.rule.id, found.layer) == (_ARTICLE, "curated-verdict", "policy")


@pytest.mark.parametrize("verdict", ["breaches", "counterpartOf", "fulfils"])
def test_a_verdict_in_the_curated_file_is_no_such_finding(project: Path, verdict: str) -> None:
    _declare(project, verdict)
    cmq = "https://w3id.org/communique/ns#"
    thing = "https://w3id.org/communique/id/a1/u01"
    (project / "data" / "curated.ttl").write_text(f"<{thing}> <{cmq}{verdict}> <{thing}> .\n")

    assert _rules(project) == []


def test_a_rule_in_sparql_is_asked_of_every_thing(project: Path) -> None:
    rule = """
shape:Relay a sh:NodeShape ; sh:targetClass cmq:Statement ; sh:severity sh:Violation ;
  sh:sparql [ sh:message "A statement does not relay itself."@en ; sh:select
    "SELECT $this WHERE { $this <https://w3id.org/communique/ns#relays> $this }" ] .
"""
    shapes = project / _SHAPES
    line = len(shapes.read_text().splitlines()) + 2
    shapes.write_text(shapes.read_text() + rule)
    _edit(project / _ARTICLE, "cmq:relays a1:s001a ;", "cmq:relays a1:s001 ;")
    found = _only(project)

    assert (found.focus, found.rule.id, found.rule.line) == ("a1:s001", "shape:Relay", line)


def test_the_same_file_twice_is_a_finding(project: Path) -> None:
    shutil.copy(project / _ARTICLE, project / "data" / "articles" / "again.ttl")
    found = _only(project)

    assert (found.file, found.rule.id) == (
        "data/articles/again.ttl",
        "duplicate-file",
    )


def test_two_files_that_would_be_one_graph_are_a_finding(project: Path) -> None:
    (project / "data" / "more").mkdir()
    (project / "data" / "more" / "actors.ttl").write_text("<urn:a:b> a <urn:a:c> .")

    assert "one-graph" in _rules(project)


def test_a_file_that_says_nothing_is_a_finding(project: Path) -> None:
    (project / "data" / "empty.ttl").write_text("PREFIX cmq: <https://w3id.org/communique/ns#>\n")

    assert (_only(project).file, _only(project).rule.id) == ("data/empty.ttl", "empty-file")


def test_data_may_be_n_triples(project: Path) -> None:
    cmq = "https://w3id.org/communique/ns#"
    (project / "data" / "more.nt").write_text(
        f"<https://w3id.org/communique/id/a1/s009> "
        f"<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{cmq}Statement> .\n"
    )
    found = _only(project)

    assert (found.file, found.region.line, found.rule.id) == (
        "data/more.nt",
        1,
        "shape:Statement-voice",
    )


def test_a_file_that_names_graphs_is_a_finding(project: Path) -> None:
    (project / "data" / "more.nq").write_text("<urn:x:a> <urn:x:b> <urn:x:c> <urn:x:g> .\n")

    assert "one-graph" in _rules(project)


def test_a_thing_that_no_shape_is_for_never_passes(project: Path) -> None:
    _declare(project, "Rumour", "Class")
    article = project / _ARTICLE
    article.write_text(article.read_text() + "\na1:x01\n    a cmq:Rumour ;\n.\n")
    found = _only(project)

    assert (found.file, found.rule.id) == (_ARTICLE, "unjudged-thing")
    assert found.excerpt[found.region.column - 1 : found.region.end_column - 1] == "cmq:Rumour"


def test_a_blank_node_that_breaks_a_rule_is_a_finding_and_no_crash(project: Path) -> None:
    more = project / "data" / "more.ttl"
    more.write_text("PREFIX cmq: <https://w3id.org/communique/ns#>\n\n[] a cmq:Statement .\n")
    found = _only(project)

    assert (found.file, found.region.line, found.region.column) == ("data/more.ttl", 3, 1)
    assert found.message == "Statement without a name has no voice."


def test_a_file_that_adds_to_what_another_describes_is_a_finding(project: Path) -> None:
    ids, cmq = "https://w3id.org/communique/id/", "https://w3id.org/communique/ns#"
    (project / "data" / "more.ttl").write_text(
        f"<{ids}a1/s001> <{cmq}voice> <{ids}actor/freedonia> .\n"
    )
    found = _only(project)

    assert (found.file, found.region.line, found.rule.id) == ("data/more.ttl", 1, "added-elsewhere")


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ("sh:minCount 1", 'sh:minCount "1"', '"1"'),
        ("sh:minCount 1", "sh:minCount 1 , 2", "2"),
        ("sh:maxCount 1", "sh:maxCount 1 ; sh:or cmq:Actor", "cmq:Actor"),
        ("sh:class cmq:Actor", 'sh:class "cmq:Actor"', '"cmq:Actor"'),
    ],
)
def test_a_shape_that_is_not_as_shacl_asks_is_told_at_the_shape(
    project: Path, old: str, new: str, at: str
) -> None:
    _edit(project / _SHAPES, old, new)
    found = _only(project)

    assert (found.file, found.rule.id) == (_SHAPES, "shacl-shape")
    assert found.excerpt[found.region.column - 1 : found.region.end_column - 1] == at


def _declare(project: Path, name: str, kind: str = "ObjectProperty") -> None:
    ontology = project / "ontology" / "communique.ttl"
    ontology.write_text(ontology.read_text() + f"\ncmq:{name}\n    a owl:{kind} ;\n.\n")


def test_a_value_that_a_thing_is_not_is_told_and_not_how_to_give_it(project: Path) -> None:
    _add_shape(
        project, "sh:targetNode <https://w3id.org/communique/id/a1/s001> ; sh:hasValue cmq:Actor"
    )
    found = _only(project)

    assert (found.rule.id, found.hint) == ("shape:X", "")


@pytest.mark.parametrize(
    ("constraint", "rule"),
    [
        ("sh:not shape:X", "circular-shape"),
        ("sh:node [ sh:or ( [ sh:nodeKind sh:IRI ] shape:X ) ]", "circular-shape"),
        ('sh:pattern "[a-z]" ; sh:flags "z"', "idle-constraint"),
        ("sh:property [ sh:path ( cmq:voice ) ; sh:minCount 1 ]", "shacl-shape"),
        ("sh:property [ sh:path cmq:voice , cmq:force ; sh:minCount 1 ]", "shacl-shape"),
        ("sh:property [ sh:path [] ; sh:minCount 1 ]", "shacl-shape"),
        ("sh:node shape:Nowhere", "unknown-name"),
    ],
)
def test_a_shape_that_is_none_is_one_finding(project: Path, constraint: str, rule: str) -> None:
    _add_shape(project, f"sh:targetClass cmq:Statement ; {constraint}")

    assert _only(project).rule.id == rule


def test_a_shape_may_ask_itself_about_the_values_of_a_path(project: Path) -> None:
    _add_shape(
        project,
        "sh:targetClass cmq:Statement ; sh:property [ sh:path cmq:relays ; sh:node shape:X ]",
    )

    assert _validate(project).findings == ()


def test_what_no_engine_can_follow_has_a_place(project: Path) -> None:
    _add_shape(project, "sh:targetClass cmq:Statement ; sh:nodeKind sh:IRI")
    shapes = project / "shapes" / "statement.ttl"
    text = shapes.read_text() + (
        'shape:C a sh:ConstraintComponent ; sh:parameter [ sh:path "x" ] ;\n'
        '  sh:validator [ a sh:SPARQLAskValidator ; sh:ask "ASK { FILTER isIRI($value) }" ] .\n'
    )
    shapes.write_text(text)
    found = _only(project)

    assert (found.rule.id, found.focus, found.layer) == ("unfollowed-shape", "shape:C", "shapes")
    assert text.splitlines()[found.region.line - 1].startswith("shape:C ")


def _add_shape(project: Path, said: str) -> None:
    shapes = project / "shapes" / "statement.ttl"
    shapes.write_text(
        f"{shapes.read_text()}\nshape:X a sh:NodeShape ; sh:severity sh:Violation ; {said} .\n"
    )
