import json
from pathlib import Path

import pytest

from communique import dataset, validation
from communique.errors import CommuniqueError

_ARTICLE = "data/articles/1933-11-17-herring.ttl"


def _validate(project: Path) -> validation.Report:
    return validation.validate(project, dataset.load(project, infer=False))


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def _lines(project: Path) -> list[str]:
    return [str(finding) for finding in _validate(project).findings]


def test_good_data_has_no_finding_and_is_counted(project: Path) -> None:
    assert str(_validate(project)) == (
        "Checked 5 files, 77 triples, 2 statements; 1 of 1 shape had something to check. 0 errors."
    )


def test_a_finding_names_file_thing_rule_and_shape(project: Path) -> None:
    _edit(project / _ARTICLE, "    cmq:voice actor:sylvania ;\n", "")

    assert _lines(project) == [
        f"{_ARTICLE}: error: a1:s001: A statement names a known voice. [shape:Statement-voice]"
    ]


def test_a_finding_shows_the_value_and_the_label(project: Path) -> None:
    _edit(
        project / _ARTICLE,
        "    cmq:voice actor:sylvania ;",
        '    cmq:voice actor:silvania ; <http://www.w3.org/2000/01/rdf-schema#label> "Reply"@en ;',
    )

    assert _lines(project) == [
        (
            f'{_ARTICLE}: error: a1:s001 "Reply": A statement names a known voice.'
            " Found: actor:silvania [shape:Statement-voice]"
        ),
        (
            f'{_ARTICLE}: error: a1:s001 "Reply": Nothing describes actor:silvania;'
            " is it actor:sylvania? [known-names]"
        ),
    ]


def test_a_state_is_an_actor_without_inference(project: Path) -> None:
    assert _validate(project).errors == 0


def test_a_dangling_voice_is_not_inferred_into_existence(project: Path) -> None:
    (project / "data" / "actors.ttl").write_text("<urn:a> <urn:b> <urn:c> .")

    found = {finding.shape for finding in _validate(project).findings}

    assert found == {"known-names", "shape:Statement-voice"}


@pytest.mark.parametrize("verdict", ["breaches", "counterpartOf", "fulfils"])
def test_a_verdict_in_the_file_of_an_article_is_a_finding(project: Path, verdict: str) -> None:
    _edit(project / _ARTICLE, "cmq:content a1:u01", f"cmq:{verdict} a1:u01 ; cmq:content a1:u01")
    lines = [line for line in _lines(project) if "[curated-verdicts]" in line]

    assert lines == [
        (
            f"{_ARTICLE}: error: a1:s001a: Only data/curated.ttl says what breaches, fulfils or is"
            f" the counterpart of what. Found: cmq:{verdict} a1:u01 [curated-verdicts]"
        )
    ]


@pytest.mark.parametrize("verdict", ["breaches", "counterpartOf", "fulfils"])
def test_a_verdict_in_the_curated_file_is_no_such_finding(project: Path, verdict: str) -> None:
    prefixes = (project / _ARTICLE).read_text().split("\n\n")[0]
    curated = f"{prefixes}\na1:u01 cmq:{verdict} a1:u01 .\n"
    (project / "data" / "curated.ttl").write_text(curated)

    assert "curated-verdicts" not in {finding.shape for finding in _validate(project).findings}


def test_a_warning_is_reported_and_is_no_error(project: Path) -> None:
    _edit(project / _ARTICLE, "cmq:force cmqv:accept", "cmq:force cmqv:accept , cmqv:assert")
    report = _validate(project)

    assert (report.errors, report.warnings, str(report).split("check. ")[1]) == (
        0,
        1,
        "0 errors, 1 warning.",
    )


def test_findings_are_sorted_by_file_and_thing(project: Path) -> None:
    _edit(project / _ARTICLE, "cmq:voice", "cmq:voyce")
    found = _validate(project).findings

    assert [finding.focus for finding in found] == ["a1:s001", "a1:s001", "a1:s001a", "a1:s001a"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("cmq:Statement", "cmq:Statment", "A shape finds something to check."),
        ("sh:minCount", "sh:minCuont", "SHACL has no sh:minCuont; did you mean sh:minCount?"),
        ("sh:minCount", "sh:mincount", "SHACL has no sh:mincount; did you mean sh:minCount?"),
        ("sh:Warning", "sh:Warnung", "SHACL has no sh:Warnung; did you mean sh:Warning?"),
        (
            "    sh:targetClass cmq:Statement ;\n",
            "",
            "A shape has a target, or another shape that uses it.",
        ),
    ],
    ids=["target that nothing has", "misspelt", "wrong case", "misspelt value", "no target"],
)
def test_a_shape_that_would_pass_in_silence_is_a_finding(
    project: Path, old: str, new: str, message: str
) -> None:
    _edit(project / "shapes" / "statement.ttl", old, new)
    found = _validate(project).findings

    assert message in {finding.message for finding in found}
    assert {finding.file for finding in found} == {"shapes/statement.ttl"}


def test_an_empty_set_of_shapes_is_an_error(project: Path) -> None:
    (project / "shapes" / "statement.ttl").unlink()

    with pytest.raises(CommuniqueError, match=r"shapes: no \.ttl file in it"):
        _validate(project)


def test_shapes_without_a_target_never_pass(project: Path) -> None:
    (project / "shapes" / "statement.ttl").write_text("<urn:a> <urn:b> <urn:c> .")
    report = _validate(project)

    assert (report.shapes, report.errors) == (0, 1)


def test_unreadable_shapes_are_reported_with_file_and_line(project: Path) -> None:
    (project / "shapes" / "statement.ttl").write_text("<urn:a> <urn:b>\n")

    with pytest.raises(CommuniqueError, match=r"^shapes/statement\.ttl:2:1: not Turtle"):
        _validate(project)


def test_alignments_are_not_validated_as_data(project: Path) -> None:
    _edit(project / "shapes" / "statement.ttl", "cmq:Statement ;", "cmq:Foreign ;")
    (project / "ontology" / "alignments.ttl").write_text(
        "<urn:x> a <https://w3id.org/communique/ns#Foreign> ."
    )

    assert [finding.message for finding in _validate(project).findings] == [
        "A shape finds something to check.",
        "Nothing describes cmq:Foreign.",
    ]


def test_a_shape_that_is_switched_off_is_a_finding(project: Path) -> None:
    _edit(
        project / "shapes" / "statement.ttl",
        "a sh:NodeShape",
        "sh:deactivated true ; a sh:NodeShape",
    )

    assert "A shape is not deactivated. [shape:Statement]" in _lines(project)[0]


def test_a_rule_about_an_unknown_property_is_a_finding(project: Path) -> None:
    _edit(project / "shapes" / "statement.ttl", "sh:path cmq:voice", "sh:path cmq:voise")

    assert any("Nothing describes cmq:voise; is it cmq:voice?" in line for line in _lines(project))


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

    assert any(
        f"cmq:force has no value of the form xsd:{kind}. Found: {value} [literals]" in line
        for line in _lines(project)
    )


def test_a_report_in_json_holds_every_finding(project: Path) -> None:
    _edit(project / _ARTICLE, "cmq:voice", "cmq:voyce")
    report = json.loads(validation.as_json(_validate(project)))

    assert {finding["focus"] for finding in report["findings"]} == {"a1:s001", "a1:s001a"}


def test_a_rule_in_sparql_is_asked_of_every_thing(project: Path) -> None:
    rule = """
shape:Relay a sh:NodeShape ; sh:targetClass cmq:Statement ; sh:severity sh:Violation ;
  sh:sparql [ sh:message "A statement does not relay itself."@en ; sh:select
    "SELECT $this WHERE { $this <https://w3id.org/communique/ns#relays> $this }" ] .
"""
    shapes = project / "shapes" / "statement.ttl"
    shapes.write_text(shapes.read_text() + rule)
    _edit(project / _ARTICLE, "cmq:relays a1:s001a ;", "cmq:relays a1:s001 ;")

    assert [(found.focus, found.message) for found in _validate(project).findings] == [
        ("a1:s001", "A statement does not relay itself.")
    ]
