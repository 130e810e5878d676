"""Findings that are known already: a file that lists them, and how they are left out."""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from communique.display import as_json
from communique.errors import CommuniqueError
from communique.findings import Finding, Region, Rule, fingerprints

RULE = Rule("baseline", "A baseline lists findings that are still there, each once.")

_FINGERPRINT = re.compile("[0-9a-f]{64}")
_ANEW = "Write the baseline anew with --update"


@dataclass(frozen=True)
class Entry:
    """A finding that is known: a line of a baseline."""

    file: str
    rule: str
    message: str
    layer: str
    fingerprint: str


@dataclass(frozen=True)
class Baseline:
    """A file of known findings: its name, and each entry with its line, from 1."""

    file: str
    entries: tuple[tuple[int, Entry], ...]
    lines: tuple[str, ...]


_FIELDS = {field.name for field in fields(Entry)}


def read(path: Path, name: str = "") -> Baseline:
    """Read a baseline; `name` stands for its path in findings.

    Raises `CommuniqueError` where it cannot be read, and at the line that is no entry.
    """
    where = name or path.as_posix()
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise CommuniqueError(f"{where}: {error.strerror}. Check the path") from error
    except UnicodeDecodeError as error:
        raise CommuniqueError(f"{where}: not UTF-8. {_ANEW}") from error
    lines = tuple(line.removesuffix("\r") for line in text.split("\n"))
    entries = [
        (number, _entry(line, f"{where}:{number}:1"))
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
    return Baseline(where, tuple(entries), lines)


def written(findings: Iterable[Finding]) -> str:
    """Write a baseline of findings: a line of JSON for each, in an order that changes little."""
    names = fingerprints(each for each in findings if each.rule.id != RULE.id)
    entries = [
        Entry(each.file, each.rule.id, each.message, each.layer, name)
        for each, name in names.items()
    ]
    ordered = sorted(map(asdict, entries), key=lambda entry: list(entry.values()))
    return "".join(f"{as_json(entry)}\n" for entry in ordered)


def applied(
    findings: Iterable[Finding],
    baseline: Baseline,
    *,
    unchecked: Collection[str] = (),
) -> tuple[list[Finding], int, list[Finding]]:
    """Return the findings that are not known, how many are, and one for each entry that is stale.

    An entry of a layer that was not reached (`unchecked`) may still be true and is not stale.
    """
    given = list(findings)
    names = fingerprints(given)
    listed = {entry.fingerprint for _, entry in baseline.entries}
    left = [each for each in given if names[each] not in listed]
    found = set(names.values())
    stale, seen = [], set[str]()
    for number, entry in baseline.entries:
        if entry.fingerprint in seen:
            stale.append(_stale(baseline, number, "This is listed twice", entry))
        elif entry.layer not in unchecked and entry.fingerprint not in found:
            stale.append(_stale(baseline, number, "This is not found any more", entry))
        seen.add(entry.fingerprint)
    return left, len(given) - len(left), stale


def _entry(line: str, where: str) -> Entry:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CommuniqueError(f"{where}: not JSON. {_ANEW}") from error
    if not isinstance(given, dict) or set(given) != _FIELDS:
        raise CommuniqueError(f"{where}: not an entry: {', '.join(sorted(_FIELDS))}. {_ANEW}")
    if not all(isinstance(value, str) for value in given.values()):
        raise CommuniqueError(f"{where}: a value is not a text. {_ANEW}")
    if not _FINGERPRINT.fullmatch(given["fingerprint"]):
        raise CommuniqueError(f"{where}: the fingerprint is not a SHA-256 in hex. {_ANEW}")
    return Entry(**given)


def _stale(baseline: Baseline, number: int, why: str, entry: Entry) -> Finding:
    line = baseline.lines[number - 1]
    return Finding(
        file=baseline.file,
        region=Region(number, 1, number, len(line) + 1),
        rule=RULE,
        message=f"{why}: {entry.file}: {entry.rule}: {entry.message}",
        severity="error",
        layer="policy",
        value=entry.fingerprint,
        hint="remove the line, or write the baseline anew with --update",
        before=baseline.lines[number - 2] if number > 1 else "",
        excerpt=line,
    )
