"""What is refused before any engine reads a file: the rules, and findings at places of a text."""

import re
from bisect import bisect
from dataclasses import dataclass
from functools import cached_property

from communique.findings import Finding, Region, Rule
from communique.lines import visible

RULES: dict[str, tuple[str, str]] = {
    "not-accepted": ("encoding", "A project's folders hold Turtle, TriG, N-Triples and N-Quads."),
    "symlink": ("encoding", "A file is a file, not a link to one."),
    "not-a-file": ("encoding", "What is named like a file is a file."),
    "unreadable": ("encoding", "A file can be read."),
    "file-name": (
        "encoding",
        "A file's name can be read, and no other is like it.",
    ),
    "file-size": ("encoding", "A file has 20 MB at most."),
    "total-size": ("encoding", "The files of a project have 500 MB at most."),
    "utf-8": ("encoding", "A file is UTF-8."),
    "bom": ("encoding", "A file begins with its first character, not with a byte order mark."),
    "control-character": ("encoding", "A text has no control characters but tab and line end."),
    "bidi": ("encoding", "Nothing turns the order in which a text is read."),
    "merge-marker": ("syntax", "A merge is brought to its end before it is sent."),
    "unclosed": ("syntax", "A string and an IRI end where they can be seen to end."),
    "escape": ("syntax", "An escape names a character."),
    "nesting": ("syntax", "Brackets nest 64 deep at most."),
    "literal-size": ("syntax", "A literal has 1 MiB at most."),
    "number-size": ("syntax", "A number, a date and a duration have 100 characters at most."),
    "number-exponent": ("syntax", "Only a double or a float has an exponent."),
    "n3": ("syntax", "Turtle has no formulas and no rules."),
    "triple-term": ("syntax", "A statement has an IRI; nothing is said of a triple."),
    "rdf-1.1": ("syntax", "A file is written in RDF 1.1."),
    "imports": ("syntax", "A project is what its folders hold: nothing is imported."),
    "shape-script": ("syntax", "Shapes run no scripts."),
    "shape-rule": ("syntax", "Shapes judge data; they compute none."),
    "service": ("syntax", "A query asks these files alone."),
    "update": ("syntax", "A query asks; it changes nothing."),
    "query-size": ("syntax", "A query is small enough to be read: bytes, depth, operators."),
    "query-header": ("syntax", "A header has keys and values: no anchors, tags or deep nesting."),
    "shape-prefix": ("syntax", "A declared prefix is a name, and its namespace an IRI."),
    "pattern": ("syntax", "A pattern is matched in one pass."),
    "endless": ("syntax", "A list has an end, and a path is 64 deep at most."),
    "prefix-redefined": ("prefixes", "A prefix means one thing in a file."),
    "base": ("iris", "An IRI is written in full: a file has no base."),
    "relative-iri": ("iris", "An IRI is written in full."),
    "iri-scheme": ("iris", "An IRI begins with http, https, urn, mailto or tel."),
    "iri-character": ("iris", "An IRI has no spaces, quotation marks or brackets."),
    "iri-size": ("iris", "An IRI has 2 KiB at most."),
    "invisible": ("iris", "A name has no character that cannot be seen."),
    "mixed-script": ("iris", "A part of a name is written in one script."),
}
"""The layer of each rule, and its sentence."""

_LINE_END = re.compile(r"\r\n|\n|\r")
_WIDEST = 500
_LONGEST_MESSAGE = 300


@dataclass(frozen=True)
class Text:
    """The text of one file, and findings at its places."""

    file: str
    text: str

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in _LINE_END.finditer(self.text))]

    def region(self, start: int, end: int) -> Region:
        """Return the lines and columns of a stretch, given in code points from 0."""
        return Region(*self._place(start), *self._place(end))

    def _place(self, at: int) -> tuple[int, int]:
        line = bisect(self._starts, at)
        return line, at - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return a line, or nothing if there is no such line or it is too wide to be shown."""
        if not 1 <= number <= len(self._starts):
            return ""
        ends = [*self._starts[number : number + 1], len(self.text)]
        line = self.text[self._starts[number - 1] : ends[0]]
        return line.rstrip("\r\n") if len(line) <= _WIDEST else ""

    def refuse(self, rule: str, start: int, end: int, message: str, hint: str) -> Finding:
        """Return the finding that a stretch of the text is against a rule."""
        return refusal(rule, self, self.region(start, end), message, hint)


def refusal(  # noqa: PLR0913  a finding has many sides
    rule: str, text: Text, region: Region, message: str, hint: str, *, severity: str = "error"
) -> Finding:
    """Return a finding with the lines around it; its message is one visible line."""
    layer, sentence = RULES[rule]
    return Finding(
        file=text.file,
        region=region,
        rule=Rule(rule, sentence),
        message=visible(message)[:_LONGEST_MESSAGE],
        severity=severity,
        layer=layer,
        hint=hint[:1].upper() + hint[1:],
        before=text.line(region.line - 1),
        excerpt=text.line(region.line),
    )
