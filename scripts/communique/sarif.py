"""Findings as SARIF 2.1.0, the form in which code scanning takes them."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from communique.display import as_json, nearby, shown
from communique.findings import Finding, Region, Report, Rule, fingerprints
from communique.namespaces import BASE

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"

_ROOT = "%SRCROOT%"
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def as_sarif(report: Report) -> str:
    """Write a log of one run: every rule that was not kept, and a result for each finding.

    Columns count code points. `primaryLocationLineHash` is left to code scanning, which computes
    it from the files.
    """
    rules = _rules(report.findings)
    places = {rule: place for place, rule in enumerate(rules)}
    names = fingerprints(report.findings)
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(rules.values())},
                "originalUriBaseIds": {_ROOT: {"description": _text("the project's folder")}},
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(each, places[each.rule], names[each]) for each in report.findings
                ],
                "properties": {"summary": str(report)},
            }
        ],
    }
    return as_json(log, indent=2) + "\n"


def _driver(rules: Iterable[dict[str, Any]]) -> dict[str, Any]:
    from importlib import metadata

    driver = {"name": "communique", "informationUri": BASE, "rules": list(rules)}
    try:
        return driver | {"version": metadata.version("communique")}
    except metadata.PackageNotFoundError:
        return driver


def _rules(findings: Iterable[Finding]) -> dict[Rule, dict[str, Any]]:
    """Describe each rule; it is as grave as the gravest finding that it made."""
    rules: dict[Rule, dict[str, Any]] = {}
    for finding in findings:
        known = rules.setdefault(finding.rule, _rule(finding))
        if finding.severity == "error":
            known["defaultConfiguration"]["level"] = "error"
            known["properties"]["problem.severity"] = "error"
    return rules


def _rule(finding: Finding) -> dict[str, Any]:
    rule = finding.rule
    text = shown(rule.text) or shown(rule.id) or "rule"
    place = f"Written in {shown(rule.place)}." if rule.file else "A check of communique."
    return {
        "id": shown(rule.id),
        "shortDescription": _text(text),
        "fullDescription": _text(text),
        "help": {
            "text": f"{text}\n{place}",
            "markdown": f"**{_markdown(text)}**\n\n{_markdown(place)}",
        },
        "defaultConfiguration": {"level": "warning"},
        "properties": {
            "precision": "very-high",
            "problem.severity": "warning",
            "tags": [shown(finding.layer)],
        },
    }


def _result(finding: Finding, rule: int, fingerprint: str) -> dict[str, Any]:
    return {
        "ruleId": shown(finding.rule.id),
        "ruleIndex": rule,
        "level": "error" if finding.severity == "error" else "warning",
        "message": _text(_message(finding)),
        "locations": [_location(finding.file, _region(finding.region))],
        "partialFingerprints": {"communiqueFingerprint/v1": fingerprint},
        "properties": {
            "layer": finding.layer,
            "focus": finding.focus,
            "label": finding.label,
            "value": finding.value,
            "hint": finding.hint,
            **nearby(finding),
        },
    } | _related(finding.rule)


def _message(finding: Finding) -> str:
    help_ = f"\nHelp: {shown(finding.hint)}" if finding.hint else ""
    return shown(finding.message or "not as it should be") + help_


def _related(rule: Rule) -> dict[str, Any]:
    """Name the place where a rule is written, unless the file is another one now."""
    if rule.revision or not (rule.file and rule.line):
        return {}
    location = _location(rule.file, {"startLine": rule.line})
    return {"relatedLocations": [location | {"id": 1, "message": _text("the rule")}]}


def _location(file: str, region: dict[str, int]) -> dict[str, Any]:
    uri = quote(file, safe="/", errors="surrogatepass")
    artifact = {"uri": uri, "uriBaseId": _ROOT}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _region(region: Region) -> dict[str, int]:
    return {
        "startLine": region.line,
        "startColumn": region.column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    }


def _text(text: str) -> dict[str, str]:
    """Return a message; what looks like a link in it is no link."""
    return {"text": text.replace("](", r"]\u{28}")}


def _markdown(text: str) -> str:
    """Return a text in Markdown that means just itself."""
    return _PUNCTUATION.sub(r"\\\1", text)
