"""What validation finds: a place in a file, a sentence about it, and how to mend it."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from communique.lines import count, visible

_LINE_END = re.compile(r"\r\n|\r|\n")

LAYERS = (
    "encoding",
    "syntax",
    "prefixes",
    "iris",
    "terms",
    "names",
    "shapes",
    "constraints",
    "evidence",
    "queries",
    "policy",
)
"""What is checked, in this order; a layer with an error stops those that build on it."""


class Region(NamedTuple):
    """A stretch of a file: lines and columns from 1, in code points; the end is not in it."""

    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1


class Rule(NamedTuple):
    """What was not kept: its id, its sentence, and where it is written."""

    id: str
    text: str = ""
    file: str = ""
    line: int = 0
    revision: str = ""
    """The revision in which it is written there, if it is not so in the files that are checked."""

    @property
    def place(self) -> str:
        """Where it is written, or nothing."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place} at {self.revision}" if place and self.revision else place


@dataclass(frozen=True, order=True)
class Finding:
    """One place that is not as it should be."""

    file: str
    """From the project's folder, with `/`; a folder if it is about what is missing there."""
    region: Region
    rule: Rule
    message: str
    """One sentence in the words of the domain: labels, not IRIs."""
    severity: str
    """`error` or `warning`."""
    layer: str
    focus: str = ""
    """The prefixed name of the thing that it is about."""
    label: str = ""
    value: str = ""
    hint: str = ""
    """How to mend it, where that can be derived."""
    before: str = field(default="", compare=False)
    """The line before the place."""
    excerpt: str = field(default="", compare=False)
    """The line on which the place begins."""

    def __str__(self) -> str:
        """Say it in one line: where, how grave, by which rule, what."""
        place = f"{self.file}:{self.region.line}:{self.region.column}"
        return visible(f"{place}: {self.severity} {self.rule.id}: {self.message}")

    def plain(self) -> dict[str, object]:
        """Return it as JSON has it, all of it by its name."""
        return {**vars(self), "region": self.region._asdict(), "rule": self.rule._asdict()}


class Report(NamedTuple):
    """What was checked, and what was found."""

    files: int
    triples: int
    statements: int
    shapes: int
    shapes_used: int
    findings: tuple[Finding, ...]
    unchecked: tuple[str, ...] = ()
    """The layers that were not reached, because an earlier one found errors."""
    known: int = 0
    """How many findings a baseline holds, and so are not among these."""

    @property
    def errors(self) -> int:
        """How many findings are more than warnings."""
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings are warnings."""
        return len(self.findings) - self.errors

    def __str__(self) -> str:
        """Sum up in one line."""
        warned = f", {count(self.warnings, 'warning')}" if self.warnings else ""
        baseline = f", {self.known:,} more in the baseline" if self.known else ""
        rest = f" Not checked: {', '.join(self.unchecked)}." if self.unchecked else ""
        return (
            f"Checked {count(self.files, 'file')}, {count(self.triples, 'triple')}, "
            f"{count(self.statements, 'statement')}; "
            f"{self.shapes_used} of {count(self.shapes, 'shape')} had something to check. "
            f"{count(self.errors, 'error')}{warned}{baseline}.{rest}"
        )


class Scope(NamedTuple):
    """How a project is checked, and what of it is told; nothing given is everything."""

    paths: tuple[Path, ...] = ()
    """Files and folders."""
    changed: str | None = None
    """A revision: what came since it left this branch is told."""
    shapes_from: str | None = None
    """A revision whose shapes are the judge."""
    baseline: Path | None = None
    """A file of findings that are known."""
    engine: str = "fast"
    """What judges by the shapes (see `engines.engine`)."""
    copy: Path | None = None
    """The reader's copy of an article, in which the evidence is looked up."""
    cache: Path | None = None
    """A folder in which the outcome of each article is remembered."""
    seen: Mapping[str, str] | None = None
    """What the system says of the project's files, if they were looked at (see stamps)."""
    jobs: int = 1
    """How many articles are checked at a time."""
    seconds: float = 60
    """How long nothing may come of it; one article may take half of that."""


def around(text: str, region: Region) -> tuple[str, str]:
    """Return the line before a region, and the line on which it begins."""
    lines = ["", *_LINE_END.split(text.removeprefix("\ufeff"))]
    return "".join(lines[region.line - 1 : region.line]), "".join(lines[region.line :][:1])


def fingerprints(findings: Iterable[Finding]) -> dict[Finding, str]:
    """Name each finding so that the name stays when lines move: SHA-256, in hex.

    It is made of the rule, the file, the thing, the value and the message; where no thing has a
    lasting name, also of the words of the line. Equal ones are numbered in their order.
    """
    seen = Counter[str]()
    named = {}
    for finding in dict.fromkeys(sorted(findings)):
        key = json.dumps([finding.rule.id, finding.file, finding.message, *_what(finding)])
        seen[key] += 1
        named[finding] = hashlib.sha256(f"{key}{seen[key]}".encode()).hexdigest()
    return named


def _what(finding: Finding) -> list[str]:
    """Tell what a finding is about; a blank node has another name in every run."""
    names = (finding.focus, finding.value)
    focus, value = ("" if name.startswith("_:") else name for name in names)
    if focus:
        return [focus, value]
    return [value, " ".join(finding.excerpt.split()).rstrip(" ;,.")]
