"""Results in the form that build servers read: JUnit's XML, as Jenkins and GitLab take it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from communique.answers import Comparison
from communique.lines import visible

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ORDER = re.compile(r"##(?=\w*\[)")


@dataclass(frozen=True)
class Case:
    """One thing that was tested: it passed, unless it failed or was skipped."""

    group: str
    name: str
    failure: str = ""
    """What is wrong, in a line."""
    kind: str = ""
    details: str = ""
    skipped: str = ""
    """Why it was not tested."""


def as_junit(comparisons: Sequence[Comparison]) -> str:
    """Write a JUnit report: a test case for each question, a failure for each difference."""
    return written("communique test", [_case(each) for each in comparisons])


def written(suite: str, cases: Sequence[Case], said: str = "") -> str:
    """Write a JUnit report of one suite, with what it says at its end.

    A case has one failure at most, for readers of such reports look at the first alone.
    """
    root = ET.Element(
        "testsuite",
        name=_legal(suite),
        tests=str(len(cases)),
        failures=str(sum(bool(case.failure) for case in cases)),
        errors="0",
        skipped=str(sum(bool(case.skipped) for case in cases)),
    )
    for case in cases:
        _add(root, case)
    if said:
        ET.SubElement(root, "system-out").text = _legal(said)
    ET.indent(root)
    text = _ORDER.sub("#&#35;", ET.tostring(root, encoding="unicode"))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _case(comparison: Comparison) -> Case:
    if comparison.same:
        return Case("queries", comparison.question)
    first, *rest = str(comparison).splitlines()
    details = "\n".join(map(visible, rest))
    return Case("queries", comparison.question, failure=visible(first), details=details)


def _add(root: ET.Element, case: Case) -> None:
    element = ET.SubElement(root, "testcase", classname=_legal(case.group), name=_legal(case.name))
    if case.failure:
        failure = ET.SubElement(element, "failure", message=_legal(case.failure))
        failure.text = _legal(case.details)
        if case.kind:
            failure.set("type", _legal(case.kind))
    if case.skipped:
        ET.SubElement(element, "skipped", message=_legal(case.skipped))


def _legal(text: str) -> str:
    """Return a text with what XML cannot hold shown."""
    return _ILLEGAL.sub(lambda found: f"\\u{{{ord(found[0]):X}}}", text)
