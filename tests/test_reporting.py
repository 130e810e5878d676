"""The seven forms of a report: the same findings in each, whatever stands in the files."""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import groupby
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from communique import junit
from communique.display import NEAR, WIDTH, excerpt, nearby, shown
from communique.findings import LAYERS, Finding, Region, Report, Rule, fingerprints
from communique.reporting import FORMATS, report_as
from conftest import HERE

_VOICE = Finding(
    file="data/articles/halt.ttl",
    region=Region(19, 13, 19, 28),
    rule=Rule("statement-voice", "A statement names a known voice.", "shapes/statement.ttl", 7),
    message="statement s/0019 names an unknown voice",
    severity="error",
    layer="constraints",
    focus="s/0019",
    value="id:actor/peskof",
    hint="did you mean id:actor/peskov?",
    before="id:s/0019 a cmq:Statement ;",
    excerpt="  cmq:voice id:actor/peskof ;",
)
_LATE = replace(_VOICE, region=Region(3, 1, 5, 2), severity="warning", rule=Rule("late"), hint="")

_HOSTILE = (
    "::set-output name=a::b",
    "\n::error::c",
    "\r\n  ::add-mask::d",
    "%0A::warning::e",
    "##[add-path]f",
    "##vso[task.setvariable variable=g]h",
    "\x1b[2J",
    "\x9b31m",
    "]]>",
    "</failure><testcase name='i'/>",
    "&amp;",
    "\u202etfel",
    "\u2028",
    "\u200b",
    "\x00",
    "\ufffe",
    "\ud800",
    "](https://example.org/)",
    "{0}",
    "a,b:c=d%25",
    "e\u0301",
    "漢字",
    "🇺🇳",
    "\t",
    "long" * 60,
)

texts = st.lists(st.sampled_from(_HOSTILE) | st.text(st.characters(), max_size=10), max_size=4).map(
    "".join
)
names = texts.filter(bool)


@st.composite
def regions(draw: st.DrawFn) -> Region:
    line, column = draw(st.integers(1, 10**6)), draw(st.integers(1, 3000))
    lines, columns = draw(st.integers(0, 2)), draw(st.integers(0, 3000))
    return Region(line, column, line + lines, columns + (1 if lines else column))


findings = st.builds(
    Finding,
    file=names,
    region=regions(),
    rule=st.builds(Rule, id=names, text=texts, file=texts, line=st.integers(0, 99)),
    message=texts,
    severity=st.sampled_from(["error", "warning"]),
    layer=st.sampled_from(LAYERS),
    focus=texts,
    label=texts,
    value=texts,
    hint=texts,
    before=texts,
    excerpt=texts,
)
reports = st.builds(
    Report,
    files=st.integers(0, 9),
    triples=st.integers(0, 9999),
    statements=st.integers(0, 99),
    shapes=st.integers(0, 99),
    shapes_used=st.integers(0, 99),
    findings=st.lists(findings, max_size=4).map(tuple),
    unchecked=st.lists(st.sampled_from(LAYERS), max_size=3, unique=True).map(tuple),
    known=st.integers(0, 3),
)
of_any_report = given(report=reports)
hard = settings(deadline=None, max_examples=60)


def _report(*found: Finding, unchecked: tuple[str, ...] = ()) -> Report:
    return Report(3, 1412, 87, 41, 41, found, unchecked)


def _same(text: str) -> str:
    """Join the halves of a character, as every reader of JSON does."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _read_back(written: dict[str, Any]) -> tuple[Finding, str]:
    """Make a finding of an object of JSON, and its fingerprint."""
    fingerprint = written.pop("fingerprint")
    parts = {"region": Region(**written["region"]), "rule": Rule(**written["rule"])}
    return Finding(**(written | parts)), fingerprint


def _expected(report: Report) -> list[tuple[dict[str, Any], str]]:
    """Return all that findings hold, also what does not count when they are compared."""
    names = fingerprints(report.findings)
    return [(_all(each), names[each]) for each in report.findings]


def _all(finding: Finding) -> dict[str, Any]:
    rule = {key: _same(v) if isinstance(v, str) else v for key, v in finding.rule._asdict().items()}
    given = {**vars(finding), **nearby(finding)}
    return {key: _same(v) if isinstance(v, str) else v for key, v in given.items()} | {"rule": rule}


def _concise(finding: Finding) -> str:
    name = shown(finding.file)
    name = f"./{name}" if name.lstrip().startswith("::") else name
    place = f"{name}:{finding.region.line}:{finding.region.column}"
    return f"{place}: {finding.severity} {shown(finding.rule.id)}: {shown(finding.message)}"


# Every form


@hard
@given(report=reports, form=st.sampled_from(FORMATS))
def test_no_form_steers_a_terminal_or_a_build_server(report: Report, form: str) -> None:
    text = report_as(form, report)
    odd = [c for c in text if not c.isprintable() and unicodedata.category(c) != "Zs"]
    orders = [line for line in text.splitlines() if line.lstrip().startswith("::")]

    assert text.encode("utf-8").decode("utf-8") == text
    assert set(odd) <= {"\n", "\t"}
    assert not re.search(r"##\w*\[", text)
    assert len(orders) == (len(report.findings) if form == "github" else 0)


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_is_the_same_each_time_it_is_written(form: str) -> None:
    assert report_as(form, _report(_VOICE, _LATE)) == report_as(form, _report(_VOICE, _LATE))


# full, for people


def test_a_finding_reads_as_promised() -> None:
    assert report_as("full", _report(_VOICE)).splitlines() == [
        _concise(_VOICE),
        "   18 | id:s/0019 a cmq:Statement ;",
        "   19 |   cmq:voice id:actor/peskof ;",
        "      |             ^^^^^^^^^^^^^^^",
        "   = rule  shapes/statement.ttl:7 A statement names a known voice.",
        "   = help  did you mean id:actor/peskov?",
        str(_report(_VOICE)),
    ]


def test_colours_change_nothing_but_the_colour() -> None:
    report = _report(_VOICE, _LATE)
    coloured = report_as("full", report, colour=True)

    assert coloured != report_as("full", report)
    assert click.unstyle(coloured) == report_as("full", report)


def test_a_clean_report_is_the_closing_line() -> None:
    assert report_as("full", _report()) == report_as("concise", _report()) == f"{_report()}\n"


def test_a_region_of_several_lines_is_marked_to_the_end_of_its_first() -> None:
    *_, line, carets = excerpt(replace(_VOICE, region=Region(19, 3, 21, 1)))

    assert (line, carets) == (
        "   19 |   cmq:voice id:actor/peskof ;",
        "      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^",
    )


def test_what_is_missing_at_the_end_of_a_line_is_marked_behind_it() -> None:
    *_, line, carets = excerpt(replace(_VOICE, region=Region(2, 4, 2, 4), excerpt="a b"))

    assert (line, carets) == ("    2 | a b", "      |    ^")


def test_a_finding_without_a_line_has_no_excerpt() -> None:
    assert excerpt(replace(_VOICE, before="", excerpt="")) == []


@pytest.mark.parametrize(
    ("text", "region", "line", "carets"),
    [
        ("\ta\tb", (2, 3), "\ta\tb", "\t^"),
        ("\ta\tb", (4, 5), "\ta\tb", "\t \t^"),
        ("a\tbc", (1, 4), "a\tbc", "^^\t^"),
        ("abcdefg\tx", (8, 10), "abcdefg\tx", "       ^^"),
        ("漢字 x", (1, 3), "漢字 x", "^^^^"),
        ("漢字 x", (4, 5), "漢字 x", "     ^"),
        ("e\u0301e\u0301x", (5, 6), "e\u0301e\u0301x", "  ^"),
        ("a\u202eb", (3, 4), r"a\u{202E}b", "         ^"),
        ("a\x1bb", (2, 3), r"a\u{1B}b", " ^^^^^^"),
    ],
)
def test_carets_stand_under_what_they_mark(
    text: str, region: tuple[int, int], line: str, carets: str
) -> None:
    begin, end = region
    found = excerpt(replace(_VOICE, region=Region(1, begin, 1, end), excerpt=text))

    assert found == [f"    1 | {line}", f"      | {carets}"]


def test_a_long_line_is_cut_around_its_region() -> None:
    text = "x" * 5000 + "here" + "y" * 5000
    line, carets = excerpt(replace(_VOICE, region=Region(1, 5001, 1, 5005), excerpt=text))

    assert re.fullmatch(r"    1 \| …x+herey+…", line)
    assert len(line) == WIDTH
    assert _above(line, carets) == "here"
    assert abs(line.index("here") - len("    1 | …") - (WIDTH - line.index("here") - 4)) < 10


@hard
@given(before=texts, text=texts, at=st.tuples(st.integers(0, 3000), st.integers(0, 3000)))
def test_no_line_of_an_excerpt_is_wide_and_carets_mark_the_region(
    before: str, text: str, at: tuple[int, int]
) -> None:
    text = re.sub("[#\r\n]", "_", text)
    begin, end = sorted(each % (len(text) + 1) for each in at)
    region = Region(2, begin + 1, 2, end + 1)
    found = excerpt(replace(_VOICE, region=region, before=before or "-", excerpt=text))
    marked = "".join("\t" if c == "\t" else shown(c) for c in text[begin:end])
    expected = _wide(marked).rstrip()
    above = _wide(_above(*found[-2:])).removesuffix("…").rstrip()

    assert [line for line in found if _columns(line.replace("\t", " " * 8)) > WIDTH] == []
    if not expected:
        assert "^" in found[-1]
    elif _columns(marked.replace("\t", " " * 8)) <= WIDTH - 10:
        assert above == expected
    else:
        assert above
        assert expected.startswith(above)


def _wide(text: str) -> str:
    """Leave out what takes no column of its own."""
    return "".join(character for character in text if _columns(character))


def _above(line: str, carets: str) -> str:
    """Return the characters that stand above carets on a terminal with tabs of eight columns."""
    marks = {start for start, character in _placed(carets) if character == "^"}
    found = [(start, c) for start, c in _placed(line) if start in marks or not _columns(c)]
    return "".join(c for start, c in found if start in marks)


def _placed(line: str) -> Iterator[tuple[int, str]]:
    """Yield each character with its column; what has no width shares that of its base."""
    column = last = 0
    for character in line:
        width = 8 - column % 8 if character == "\t" else _columns(character)
        last = column if width else last
        yield last, character
        column += width


def _columns(text: str) -> int:
    marks = sum(unicodedata.category(c) in ("Mn", "Me") or "\u1160" <= c <= "\u11ff" for c in text)
    return len(text) - marks + sum(unicodedata.east_asian_width(c) in "WF" for c in text)


# concise


def test_concise_says_where_how_grave_by_which_rule_and_what() -> None:
    assert report_as("concise", _report(_VOICE)).splitlines()[0] == (
        "data/articles/halt.ttl:19:13: error statement-voice: "
        "statement s/0019 names an unknown voice"
    )


@hard
@of_any_report
def test_concise_is_a_line_for_each_finding_and_the_totals(report: Report) -> None:
    lines = report_as("concise", report).splitlines()

    assert lines == [*map(_concise, report.findings), str(report)]


@hard
@of_any_report
def test_full_holds_the_lines_of_concise_in_their_order(report: Report) -> None:
    lines = iter(report_as("full", report).split("\n"))

    assert all(line in lines for line in report_as("concise", report).splitlines())


# json and jsonl


@hard
@of_any_report
def test_json_lines_hold_every_field_of_every_finding(report: Report) -> None:
    lines = report_as("jsonl", report).splitlines()
    found = [_read_back(json.loads(line)) for line in lines]

    assert [(_all(finding), name) for finding, name in found] == _expected(report)


@hard
@of_any_report
def test_json_holds_every_finding_and_the_totals(report: Report) -> None:
    document = json.loads(report_as("json", report))
    found = [_read_back(each) for each in document.pop("findings")]

    assert [(_all(finding), name) for finding, name in found] == _expected(report)
    assert document == {
        "files": report.files,
        "triples": report.triples,
        "statements": report.statements,
        "shapes": report.shapes,
        "shapes_used": report.shapes_used,
        "unchecked": list(report.unchecked),
        "known": report.known,
        "errors": report.errors,
        "warnings": report.warnings,
        "summary": str(report),
    }


def test_a_very_long_line_is_written_as_far_as_it_is_near() -> None:
    text = "x" * 5000 + "here" + "y" * 5000
    long = replace(_VOICE, region=Region(1, 5001, 1, 5005), before=text, excerpt=text)
    found = json.loads(report_as("jsonl", _report(long)))

    assert re.fullmatch(f"…x{{{NEAR}}}here+y+…", found["excerpt"])
    assert found["before"] == "x" * 2 * NEAR + "…"
    assert nearby(replace(long, excerpt=text[:2000]))["excerpt"] == text[:2000]


def test_a_clean_report_has_no_line_of_json() -> None:
    assert report_as("jsonl", _report()) == ""


# github


def _command(line: str) -> tuple[str, dict[str, str], str]:
    """Read a workflow command as GitHub's runner does."""
    info, data = line.removeprefix("::").split("::", 1)
    name, properties = info.split(" ", 1)
    pairs = [pair.split("=", 1) for pair in properties.strip().split(",") if pair]
    return name, {key: _unescaped(value, "\r\n:,%") for key, value in pairs}, _unescaped(data)


def _unescaped(text: str, escaped: str = "\r\n%") -> str:
    for character in escaped:
        text = text.replace(f"%{ord(character):02X}", character)
    return text


@hard
@of_any_report
def test_github_gets_a_command_for_each_finding_and_no_other(report: Report) -> None:
    *lines, last = report_as("github", report).splitlines()

    assert last == str(report)
    for line, finding in zip(lines, report.findings, strict=True):
        name, properties, message = _command(line)
        region = finding.region
        places = {"line": region.line, "endLine": region.end_line}
        if region.line == region.end_line:
            places |= {"col": region.column, "endColumn": region.end_column}
        assert name == finding.severity
        assert properties == {
            "file": shown(finding.file),
            "title": shown(finding.rule.id),
            **{key: str(value) for key, value in places.items()},
        }
        assert message.split("\n")[0] == shown(finding.message)


def test_an_annotation_tells_the_rule_and_how_to_mend_it() -> None:
    line = report_as("github", _report(_VOICE)).splitlines()[0]

    assert _command(line)[2].splitlines() == [
        "statement s/0019 names an unknown voice",
        "rule: shapes/statement.ttl:7 A statement names a known voice.",
        "help: did you mean id:actor/peskov?",
    ]


@pytest.mark.parametrize("form", ["full", "concise", "junit"])
@pytest.mark.parametrize("file", ["::add-mask::a.ttl", "\u2003 ::add-mask::a.ttl"])
def test_the_name_of_a_file_is_no_order(form: str, file: str) -> None:
    lines = report_as(form, _report(replace(_VOICE, file=file))).splitlines()

    assert any("::add-mask::a.ttl:19:13: error" in line for line in lines)
    assert not any(line.lstrip().startswith("::") for line in lines)


def test_no_message_ends_its_command() -> None:
    hostile = replace(_VOICE, file="a,line=9::b.ttl", message="50 %\r\n::set-output name=a::b")
    line = report_as("github", _report(hostile)).splitlines()[0]

    assert line.startswith("::error file=a%2Cline=9%3A%3Ab.ttl,title=statement-voice,line=19,")
    assert r"::50 %25\u{D}\u{A}::set-output name=a::b%0Arule: " in line


# junit

_ATTRIBUTES = {
    "testsuite": {"name", "tests", "failures", "errors", "skipped"},
    "testcase": {"classname", "name"},
    "failure": {"message", "type"},
    "skipped": {"message"},
    "system-out": set[str](),
}
"""Those that Jenkins' schema has for the elements in use; all of them are asked for here."""
_PARENTS = {
    "testcase": "testsuite",
    "system-out": "testsuite",
    "failure": "testcase",
    "skipped": "testcase",
}


@hard
@of_any_report
def test_junit_keeps_to_its_schema_and_holds_every_finding(report: Report) -> None:
    suite = ET.fromstring(report_as("junit", report))  # noqa: S314  our own
    children = [(child.tag, parent.tag) for parent in suite.iter() for child in parent]
    cases = suite.findall("testcase")
    failures = [failure for case in cases for failure in case.findall("failure")]
    lines = [line for failure in failures for line in (failure.text or "").split("\n")]
    written = sorted(_concise(each) for each in report.findings)

    assert suite.tag == "testsuite"
    assert {each.tag: set(each.keys()) for each in suite.iter()}.items() <= _ATTRIBUTES.items()
    assert all(_PARENTS[child] == parent for child, parent in children)
    assert suite.get("tests") == str(len(cases))
    assert suite.get("failures") == str(len(failures))
    assert suite.get("skipped") == str(len(suite.findall("testcase/skipped")))
    assert max(len(case) for case in cases) <= 1
    assert sorted(line for line in lines if line in set(written)) == written
    assert suite.findtext("system-out") == str(report)


def test_junit_has_a_case_for_each_broken_rule_and_for_each_clean_layer() -> None:
    again = replace(_VOICE, focus="s/0020")
    report = _report(_VOICE, _LATE, again, unchecked=("evidence",))
    suite = ET.fromstring(report_as("junit", report))  # noqa: S314  our own
    failed = {case.get("name"): case.find("failure") for case in suite if len(case)}
    verdicts = {
        name: (failure.get("type"), failure.get("message"))
        for name, failure in failed.items()
        if failure is not None
    }

    assert verdicts == {
        "statement-voice": ("error", "2 findings"),
        "late": ("warning", _concise(_LATE)),
    }
    assert suite.findall("testcase/skipped/..")[0].get("name") == "evidence"


def test_a_clean_run_passes_a_case_for_each_layer() -> None:
    suite = ET.fromstring(report_as("junit", _report()))  # noqa: S314  our own
    cases = suite.findall("testcase")

    assert [case.get("name") for case in cases] == list(LAYERS)
    assert all(len(case) == 0 for case in cases)


def test_junit_holds_no_order_and_nothing_that_xml_cannot_hold() -> None:
    odd = "##[add-mask]\x00\ud800\ufffe]]><b>"
    text = junit.written(odd, [junit.Case(odd, odd, failure=odd, kind=odd, details=odd)], odd)
    suite = ET.fromstring(text)  # noqa: S314  our own

    assert "##[" not in text
    assert suite.get("name") == suite.findtext("system-out") == suite.findtext("testcase/failure")
    assert suite.get("name") == r"##[add-mask]\u{0}\u{D800}\u{FFFE}]]><b>"


# sarif


@cache
def _schema() -> Draft7Validator:
    return Draft7Validator(json.loads((HERE / "sarif-2.1.0.schema.json").read_text("utf-8")))


@hard
@of_any_report
def test_sarif_keeps_to_its_schema_and_holds_every_finding(report: Report) -> None:
    log = json.loads(report_as("sarif", report))
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    names = fingerprints(report.findings)

    assert [error.message for error in _schema().iter_errors(log)] == []
    assert run["columnKind"] == "unicodeCodePoints"
    for result, finding in zip(run["results"], report.findings, strict=True):
        assert _located(result) == (finding.file.encode("utf-8", "surrogatepass"), finding.region)
        assert result["level"] == finding.severity
        assert result["ruleId"] == rules[result["ruleIndex"]]["id"] == shown(finding.rule.id)
        assert result["partialFingerprints"] == {"communiqueFingerprint/v1": names[finding]}
        assert _unlinked(result["message"]["text"]) == (
            shown(finding.message) or "not as it should be"
        )
        assert result["properties"] == {
            key: value
            for key, value in _all(finding).items()
            if key in ("layer", "focus", "label", "value", "hint", "before", "excerpt")
        }


def _located(result: dict[str, Any]) -> tuple[bytes, Region]:
    (location,) = result["locations"]
    place = location["physicalLocation"]
    uri = place["artifactLocation"]["uri"]
    region = place["region"]
    read = Region(
        region["startLine"], region["startColumn"], region["endLine"], region["endColumn"]
    )
    assert uri.isascii()
    assert urlsplit(uri).scheme == ""
    return unquote(uri, "utf-8", "surrogatepass").encode("utf-8", "surrogatepass"), read


def _unlinked(text: str) -> str:
    assert "](" not in text
    return text.split("\n", 1)[0].replace(r"]\u{28}", "](")


def test_a_rule_in_sarif_says_what_it_asks_and_where_it_is_written() -> None:
    (run,) = json.loads(report_as("sarif", _report(_VOICE, _LATE)))["runs"]
    voice, late = run["tool"]["driver"]["rules"]

    assert voice["shortDescription"]["text"] == "A statement names a known voice."
    assert voice["help"]["text"].endswith("Written in shapes/statement.ttl:7.")
    assert r"shapes\/statement\.ttl\:7" in voice["help"]["markdown"]
    assert voice["defaultConfiguration"] == {"level": "error"}
    assert late["defaultConfiguration"] == {"level": "warning"}
    assert late["fullDescription"]["text"] == "late"


def test_sarif_points_to_the_rule_and_tells_how_to_mend() -> None:
    (run,) = json.loads(report_as("sarif", _report(_VOICE)))["runs"]
    (result,) = run["results"]
    place = result["relatedLocations"][0]["physicalLocation"]

    assert place["artifactLocation"]["uri"] == "shapes/statement.ttl"
    assert place["region"] == {"startLine": 7}
    assert result["message"]["text"].endswith("\nHelp: did you mean id:actor/peskov?")


def test_nothing_in_a_message_is_a_link_and_no_byte_of_a_name_is_lost() -> None:
    odd = replace(_VOICE, file="a b/\ud800:%.ttl", message="[x](https://example.org/)", hint="")
    (run,) = json.loads(report_as("sarif", _report(odd)))["runs"]
    (result,) = run["results"]

    assert result["message"]["text"] == r"[x]\u{28}https://example.org/)"
    assert _located(result) == (odd.file.encode("utf-8", "surrogatepass"), odd.region)


def test_a_rule_has_one_entry_however_often_it_is_broken() -> None:
    found = [replace(_VOICE, focus=str(number)) for number in range(5)]
    (run,) = json.loads(report_as("sarif", _report(*found)))["runs"]

    assert len(run["tool"]["driver"]["rules"]) == 1
    assert [key for key, _ in groupby(result["ruleIndex"] for result in run["results"])] == [0]


def test_markdown_of_a_rule_is_just_text() -> None:
    rule = Rule("r", "[x](https://example.org) <b>*&amp;", "shapes/a.ttl", 1)
    (run,) = json.loads(report_as("sarif", _report(replace(_VOICE, rule=rule))))["runs"]
    (described,) = run["tool"]["driver"]["rules"]

    assert described["help"]["markdown"].startswith(
        r"**\[x\]\(https\:\/\/example\.org\) \<b\>\*\&amp\;**"
    )
