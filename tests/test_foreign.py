"""A project of somebody else: a trade agreement and two statements, in a namespace of its own."""

import shutil
from pathlib import Path

import pytest

from communique import validation
from conftest import HERE, Run


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """Return a copy of the foreign project, free to be spoilt."""
    return Path(shutil.copytree(HERE / "foreign", tmp_path / "foreign"))


def test_another_project_is_validated_by_its_own_shapes(run: Run, foreign: Path) -> None:
    result = run("validate", "--root", foreign, "--fail-on", "warning")

    assert (result.exit_code, result.stdout) == (
        0,
        (
            "Checked 5 files, 38 triples, 2 statements; 3 of 3 shapes had something to check. "
            "0 errors.\n"
        ),
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "rule", "message"),
    [
        (
            "data/statements.ttl",
            "tr:speaker trade:sylvania",
            "tr:speaker ⟦trade:silvania⟧",
            "unknown-name",
            "Nothing describes trade:silvania.",
        ),
        (
            "data/statements.ttl",
            "tr:speaker trade:sylvania",
            "⟦tr:speeker⟧ trade:sylvania",
            "unknown-term",
            "The ontology declares no tr:speeker.",
        ),
        (
            "data/statements.ttl",
            "tr:speaker trade:sylvania",
            "tr:speaker ⟦trade:agreement⟧",
            "trade:StatementShape-speaker",
            (
                'Statement trade:s2 has the speaker trade agreement "herring agreement", '
                "which is not of the class party."
            ),
        ),
        (
            "data/statements.ttl",
            "trade:s2\n    a tr:Statement ;\n    tr:about trade:agreement ;\n",
            "⟦trade:s2⟧\n    a tr:Statement ;\n",
            "trade:StatementShape-about",
            "Statement trade:s2 has no subject.",
        ),
        (
            "data/agreement.ttl",
            (
                'trade:agreement\n    a tr:Agreement ;\n    rdfs:label "herring agreement"@en ;\n'
                "    tr:party\n        trade:freedonia ,\n        trade:sylvania ;\n"
            ),
            (
                '⟦trade:agreement⟧\n    a tr:Agreement ;\n    rdfs:label "herring agreement"@en ;\n'
                "    tr:party trade:sylvania ;\n"
            ),
            "trade:AgreementShape tr:party",
            'Trade agreement "herring agreement" has fewer than 2 of: party.',
        ),
        (
            "data/agreement.ttl",
            '"1933-11-17"^^xsd:date',
            '⟦"1933-11-31"^^xsd:date⟧',
            "literal-form",
            '"1933-11-31" does not have the form of xsd:date.',
        ),
        (
            "data/agreement.ttl",
            "PREFIX tr: <https://example.org/trade/ns#>",
            "⟦PREFIX tr: <https://example.org/trade/ns/>⟧",
            "prefix-otherwise",
            "tr: stands for <https://example.org/trade/ns#> elsewhere.",
        ),
        (
            "shapes/trade.ttl",
            "sh:targetClass tr:Agreement",
            "sh:targetClass ⟦tr:Treaty⟧",
            "unknown-term",
            "The ontology declares no tr:Treaty.",
        ),
        (
            "queries/who-spoke.rq",
            "tr:about ?agreement",
            "⟦tr:abuot⟧ ?agreement",
            "query-term",
            "The ontology declares no tr:abuot.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_a_fault_in_another_project_is_found_at_its_place(  # noqa: PLR0913, PLR0917  a row
    foreign: Path, file: str, old: str, new: str, rule: str, message: str
) -> None:
    path = foreign / file
    text = path.read_text()
    assert old in text
    marked = text.replace(old, new, 1)
    path.write_text(marked.replace("⟦", "").replace("⟧", ""))
    (found,) = validation.validate(foreign).findings
    line, column = _place(marked, "⟦")
    end_line, end_column = _place(marked, "⟧")

    assert (found.file, found.rule.id, found.message) == (file, rule, message)
    region = found.region
    assert (region.line, region.column) == (line, column)
    assert (region.end_line, region.end_column) == (end_line, end_column - 1)


def test_the_questions_and_the_form_of_another_project_are_checked(run: Run, foreign: Path) -> None:
    assert run("test", "--root", foreign).stdout == "1 question, all answered as stored.\n"
    assert run("fmt", "--check", "--root", foreign).exit_code == 0


def _place(text: str, mark: str) -> tuple[int, int]:
    before = text[: text.index(mark)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
