"""Comparisons in the form that build servers read."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from communique.answers import Comparison
from communique.labels import visible


def as_junit(comparisons: Sequence[Comparison]) -> str:
    """Write a JUnit report: a test case for each question, a failure for each difference."""
    wrong = sum(not each.same for each in comparisons)
    suite = ET.Element(
        "testsuite",
        name="communique test",
        tests=str(len(comparisons)),
        failures=str(wrong),
        errors="0",
    )
    for each in comparisons:
        case = ET.SubElement(suite, "testcase", classname="queries", name=each.question)
        if not each.same:
            first, *rest = str(each).splitlines()
            failure = ET.SubElement(case, "failure", message=visible(first))
            failure.text = "\n".join(map(visible, rest))
    ET.indent(suite)
    text = ET.tostring(suite, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'
