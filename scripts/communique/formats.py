"""Answers as files: for people in labels, for programs in IRIs."""

import re
from pathlib import Path
from typing import NamedTuple

from pyoxigraph import (
    Literal,
    QueryBoolean,
    QueryResultsFormat,
    QueryTriples,
    RdfFormat,
    Store,
    serialize,
)

from communique.dataset import Answer, Term
from communique.errors import CommuniqueError
from communique.labels import Labels, plain
from communique.lines import count, visible
from communique.questions import Question, rows

Cells = tuple[str, ...]

FORMATS = ("table", "csv", "tsv", "json", "jsonl", "md", "xlsx", "ttl", "nt", "jsonld")
IN_LABELS = frozenset({"table", "md", "xlsx"})
"""Formats for people, which have labels unless IRIs are asked for."""

_OF_TRIPLES = frozenset({"ttl", "nt", "jsonld"})
_MARKDOWN = re.compile(r"[\\|<>*_\[\]`]")


class Table(NamedTuple):
    """An answer as a person reads it: column names, and rows of labels."""

    columns: Cells
    rows: tuple[Cells, ...]


class Found(NamedTuple):
    """An answer whole: column names, and rows of terms."""

    columns: Cells
    rows: tuple[tuple[Term | None, ...], ...]

    def table(self, names: Labels, *, labels: bool) -> Table:
        """Return it with labels or IRIs in its cells."""
        say = names.text if labels else plain
        return Table(self.columns, tuple(tuple(map(say, row)) for row in self.rows))


def whole(answer: Answer) -> Found:
    """Read an answer to its end."""
    if isinstance(answer, QueryBoolean):
        return Found(("answer",), ((Literal("yes" if answer else "no"),),))
    if isinstance(answer, QueryTriples):
        triples = ((t.subject, t.predicate, t.object) for t in sorted(answer, key=str))
        return Found(("subject", "predicate", "object"), tuple(triples))
    columns = tuple(variable.value for variable in answer.variables)
    return Found(columns, tuple(map(tuple, rows(answer))))


def by_suffix(output: Path | None) -> str | None:
    """Return the format that a file's name asks for."""
    suffix = output.suffix.removeprefix(".") if output else ""
    return suffix if suffix in FORMATS else None


def written(  # noqa: PLR0913  what is written, and how
    store: Store,
    question: Question,
    answer: Answer,
    *,
    form: str,
    labels: bool | None = None,
    raw: bool = False,
) -> str | bytes:
    """Write an answer in a format; the store knows what things are called.

    Cells of CSV and TSV that a spreadsheet would compute get an apostrophe, unless `raw`.
    """
    if form in _OF_TRIPLES:
        return _triples(answer, form, str(question.path))
    if form == "json":
        return _json(answer, str(question.path))
    found = whole(answer)
    if form == "xlsx":
        from communique.workbook import workbook

        return workbook(store, question, found, labels=labels)
    shown = form in IN_LABELS if labels is None else labels
    if form == "jsonl":
        from communique.natives import as_json_lines

        return as_json_lines(found, Labels(store) if shown else None)
    table = found.table(Labels(store), labels=shown)
    if form in {"csv", "tsv"}:
        from communique.separated import as_csv, guarded

        delimiter = "," if form == "csv" else "\t"
        return as_csv(table if raw else guarded(table), delimiter=delimiter)
    return as_markdown(table) if form == "md" else as_text(table)


def as_text(table: Table) -> str:
    """Lay a table out in columns, with the number of rows below."""
    lines = [table.columns, *(tuple(map(visible, row)) for row in table.rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    ruled = [lines[0], tuple("-" * width for width in widths), *lines[1:]]
    text = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in ruled]
    return "\n".join([*text, "", f"{count(len(table.rows), 'row')}", ""])


def as_markdown(table: Table) -> str:
    """Write a table in Markdown, with nothing in its cells that Markdown or HTML would obey."""
    lines = [
        table.columns,
        tuple("---" for _ in table.columns),
        *(tuple(map(_inert, row)) for row in table.rows),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _triples(answer: Answer, form: str, where: str) -> str:
    if not isinstance(answer, QueryTriples):
        raise CommuniqueError(f"{where}: answers with rows, not with triples. Use --format csv")
    triples = sorted(answer, key=str)
    if form == "jsonld":
        return (serialize(triples, format=RdfFormat.JSON_LD) or b"").decode() + "\n"
    lines = "".join(f"{triple} .\n" for triple in triples)
    return lines if form == "nt" else _turtle(lines)


def _turtle(lines: str) -> str:
    """Write Turtle in canonical form; where blank nodes have none, the triples one by one."""
    from communique.turtle import formatted

    try:
        return formatted(lines)
    except CommuniqueError:
        return lines


def _json(answer: Answer, where: str) -> str:
    if isinstance(answer, QueryTriples):
        raise CommuniqueError(f"{where}: answers with triples. Use --format jsonld")
    return (answer.serialize(format=QueryResultsFormat.JSON) or b"").decode() + "\n"


def _inert(cell: str) -> str:
    return _MARKDOWN.sub(r"\\\g<0>", visible(cell))
