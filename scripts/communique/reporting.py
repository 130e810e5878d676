"""What validation found, for readers: people, scripts, build servers, code scanning."""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import TYPE_CHECKING

import click

from communique.display import as_json, excerpt, nearby, shown
from communique.findings import LAYERS, Finding, Report, fingerprints
from communique.lines import count

if TYPE_CHECKING:
    from communique import junit

FORMATS = ("full", "concise", "json", "jsonl", "github", "junit", "sarif")

_COLOURS = {"error": "red", "warning": "yellow"}


def report_as(form: str, report: Report, *, colour: bool = False) -> str:
    """Write a report in one of `FORMATS`; each holds the same findings, in the same order.

    Only `full` and `concise` have colours. All can be written as UTF-8, whatever the files hold.
    """
    if form in ("full", "concise"):
        say = _full if form == "full" else _line
        said = [say(each, _painter(colour=colour)) for each in report.findings]
        found = ("\n\n" if form == "full" else "\n").join(said)
        return "".join(f"{part}\n" for part in (found, shown(str(report))) if part)
    return _FORMS[form](report)


def _plain(text: str, fg: str | None = None, *, bold: bool = False) -> str:  # noqa: ARG001
    return text


def _coloured(text: str, fg: str | None = None, *, bold: bool = False) -> str:
    return click.style(text, fg=fg, bold=bold or None)


_Painter = Callable[..., str]


def _painter(*, colour: bool) -> _Painter:
    return _coloured if colour else _plain


def _line(finding: Finding, paint: _Painter = _plain) -> str:
    """Say a finding in a line."""
    region = finding.region
    place = paint(f"{_file(finding)}:{region.line}:{region.column}", bold=True)
    severity = paint(shown(finding.severity), _COLOURS.get(finding.severity), bold=True)
    return f"{place}: {severity} {shown(finding.rule.id)}: {shown(finding.message)}"


def _file(finding: Finding) -> str:
    """Name a file; a build server takes a line that begins with `::` for an order."""
    name = shown(finding.file)
    return f"./{name}" if name.lstrip().startswith("::") else name


def _full(finding: Finding, paint: _Painter = _plain) -> str:
    """Say a finding with the lines around it, its rule and how to mend it."""
    *lines, carets = excerpt(finding) or [""]
    marked = [paint(carets, _COLOURS.get(finding.severity), bold=True)] if carets else []
    notes = [f"   {paint(f'= {name}', 'cyan')}  {text}" for name, text in _notes(finding)]
    return "\n".join([_line(finding, paint), *lines, *marked, *notes])


def _notes(finding: Finding) -> Iterable[tuple[str, str]]:
    """Yield the rule of a finding and the help for it, as far as there are any."""
    rule = finding.rule
    if rule.text or rule.file:
        yield "rule", " ".join(filter(None, [shown(rule.place), shown(rule.text)]))
    if finding.hint:
        yield "help", shown(finding.hint)


def _objects(report: Report) -> Iterable[dict[str, object]]:
    """Yield each finding with its fingerprint; names are those of `Finding`, `Region`, `Rule`."""
    names = fingerprints(report.findings)
    for each in report.findings:
        yield {"fingerprint": names[each], **each.plain(), **nearby(each)}


def _as_json(report: Report) -> str:
    """Write one object: the findings, and what the closing line says."""
    totals = {key: value for key, value in report._asdict().items() if key != "findings"}
    counted = {"errors": report.errors, "warnings": report.warnings, "summary": str(report)}
    return as_json({"findings": list(_objects(report)), **totals, **counted}, indent=2) + "\n"


def _as_json_lines(report: Report) -> str:
    """Write one object for each finding, and nothing else."""
    return "".join(f"{as_json(each)}\n" for each in _objects(report))


def _as_github(report: Report) -> str:
    """Write workflow commands, which GitHub shows as annotations of the lines."""
    return "".join(f"{line}\n" for line in [*map(_annotation, report.findings), shown(str(report))])


def _annotation(finding: Finding) -> str:
    region = finding.region
    names = {"file": shown(finding.file), "title": shown(finding.rule.id)}
    places = {"line": region.line, "endLine": region.end_line}
    if region.line == region.end_line:
        places |= {"col": region.column, "endColumn": region.end_column}
    given = {**names, **places}
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in given.items())
    notes = [f"{name}: {text}" for name, text in _notes(finding)]
    kind = "error" if finding.severity == "error" else "warning"
    return f"::{kind} {properties}::{_data(chr(10).join([shown(finding.message), *notes]))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _as_junit(report: Report) -> str:
    """Write a test case for each rule that was not kept, and for each layer that was clean."""
    from communique import junit

    found = {
        layer: [each for each in report.findings if each.layer == layer]
        for layer in dict.fromkeys(chain(LAYERS, (each.layer for each in report.findings)))
    }
    cases = chain.from_iterable(
        _cases(layer, findings, skipped=layer in report.unchecked)
        for layer, findings in found.items()
    )
    return junit.written("communique validate", list(cases), shown(str(report)))


def _cases(layer: str, findings: list[Finding], *, skipped: bool) -> Iterable["junit.Case"]:
    from communique import junit

    group = shown(f"communique.{layer}")
    if not findings:
        why = "not checked, because an earlier layer has errors" if skipped else ""
        yield junit.Case(group, shown(layer), skipped=why)
    for rule in dict.fromkeys(each.rule.id for each in findings):
        broken = [each for each in findings if each.rule.id == rule]
        grave = any(each.severity == "error" for each in broken)
        yield junit.Case(
            group,
            shown(rule),
            failure=_line(broken[0]) if len(broken) == 1 else count(len(broken), "finding"),
            kind="error" if grave else "warning",
            details="\n" + "\n\n".join(map(_full, broken)) + "\n",
        )


def _as_sarif(report: Report) -> str:
    from communique.sarif import as_sarif

    return as_sarif(report)


_FORMS: dict[str, Callable[[Report], str]] = {
    "json": _as_json,
    "jsonl": _as_json_lines,
    "github": _as_github,
    "junit": _as_junit,
    "sarif": _as_sarif,
}
