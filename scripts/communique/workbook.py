"""An answer as a workbook: its rows, what its columns mean, and where all this is from."""

import io
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pyoxigraph import NamedNode, Store

from communique.codebook import Entry, codebook
from communique.dataset import select
from communique.description import LICENCE, TITLE
from communique.errors import CommuniqueError
from communique.formats import Found
from communique.labels import Labels, plain
from communique.natives import Native, native
from communique.questions import Question, with_prefixes

LONGEST_CELL = 32_767
MOST_ROWS = 1_048_575
_FIRST_DAY = date(1900, 3, 1)
"""Spreadsheets take 1900 for a leap year, so earlier days would be wrong."""

_IRI = " IRI"
_WIDEST = 60
_ABOUT = """
SELECT ?version ?citation WHERE {
  ?ontology a owl:Ontology ; owl:versionInfo ?version .
  OPTIONAL { ?ontology dcterms:bibliographicCitation ?citation }
} ORDER BY DESC(?citation) LIMIT 1
"""
_SOURCES = """
SELECT DISTINCT ?source ?note WHERE {
  ?source a cmq:SourceDocument .
  OPTIONAL { ?source skos:scopeNote ?note }
} ORDER BY ?source ?note
"""


def workbook(
    store: Store, question: Question, found: Found, *, labels: bool | None = None
) -> bytes:
    """Write a workbook; where `labels` is left open, labels have IRIs beside them."""
    try:
        import xlsxwriter
    except ImportError as error:
        raise CommuniqueError("xlsx: needs XlsxWriter. pip install 'communique[xlsx]'") from error

    _refuse_oversize(found, str(question.path))
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties({"title": question.summary, "created": datetime(2025, 1, 1, tzinfo=UTC)})
    columns, lines = _results(found, Labels(store), labels=labels)
    _sheet(book, "Results", columns, lines)
    entries = codebook(store, question, found.columns)
    explained = [line for entry in entries for line in _explained(columns, entry)]
    _sheet(book, "Codebook", ("column", "meaning here", "term", "definition"), explained)
    _sheet(book, "Source", ("what", "is"), list(_source(store, question, found)))
    book.close()
    return out.getvalue()


def _results(
    found: Found, names: Labels, *, labels: bool | None
) -> tuple[tuple[str, ...], list[tuple[Native, ...]]]:
    things = [
        any(isinstance(row[at], NamedNode) for row in found.rows)
        for at in range(len(found.columns))
    ]
    columns, lines = list(found.columns), []
    if labels is None:
        columns += [f"{c}{_IRI}" for c, thing in zip(found.columns, things, strict=True) if thing]
    for row in found.rows:
        line = [native(term, None if labels is False else names) for term in row]
        if labels is None:
            line += [native(term) for term, thing in zip(row, things, strict=True) if thing]
        lines.append(tuple(line))
    return tuple(columns), lines


def _explained(columns: Iterable[str], entry: Entry) -> list[tuple[Native, ...]]:
    lines: list[tuple[Native, ...]] = [(entry.column, entry.meaning, entry.term, entry.definition)]
    if f"{entry.column}{_IRI}" in columns:
        lines.append((f"{entry.column}{_IRI}", f"The IRI of {entry.column}.", "", ""))
    return lines


def _source(store: Store, question: Question, found: Found) -> Iterable[tuple[Native, ...]]:
    yield "question", question.summary
    yield "explanation", question.description
    yield "rows", len(found.rows)
    yield "empty cells", "What the text does not say. An empty cell is never a no."
    yield "dataset", TITLE
    for row in select(store, _ABOUT):
        yield "version", row["version"].value
        if "citation" in row:
            yield "cite as", row["citation"].value
    yield "licence", f"CC BY 4.0, {LICENCE}"
    names = Labels(store)
    for row in select(store, _SOURCES):
        note = f" {row['note'].value}" if "note" in row else ""
        yield "source", f"{names.text(row['source'])}, {row['source'].value}.{note}"
    yield "query", with_prefixes(question.sparql)


def _sheet(
    book: Any,  # noqa: ANN401  the library has no types
    name: str,
    columns: tuple[str, ...],
    lines: list[tuple[Native, ...]],
) -> None:
    sheet = book.add_worksheet(name)
    looks = {
        "head": book.add_format({"bold": True}),
        "cell": book.add_format({"text_wrap": True, "valign": "top"}),
        "day": book.add_format({"num_format": "yyyy-mm-dd", "align": "left", "valign": "top"}),
    }
    sheet.freeze_panes(1, 0)
    if lines:
        sheet.autofilter(0, 0, len(lines), len(columns) - 1)
    for at, column in enumerate(columns):
        cells = [line[at] for line in lines]
        longest = max(len(str(cell)) for cell in [column, *cells])
        sheet.set_column(at, at, min(_WIDEST, longest + 3))
        sheet.write_string(0, at, column, looks["head"])
        for row, cell in enumerate(cells, start=1):
            _write(sheet, (row, at), cell, looks)


def _write(
    sheet: Any,  # noqa: ANN401  as above
    place: tuple[int, int],
    value: Native,
    looks: dict[str, object],
) -> None:
    """Write a value as what it is; a text is never a formula, a link or a number."""
    if isinstance(value, bool):
        sheet.write_boolean(*place, value, looks["cell"])
    elif isinstance(value, int | float | Decimal):
        sheet.write_number(*place, value, looks["cell"])
    elif isinstance(value, date) and value >= _FIRST_DAY:
        sheet.write_datetime(*place, value, looks["day"])
    elif value is not None:
        sheet.write_string(*place, str(value), looks["cell"])


def _refuse_oversize(found: Found, where: str) -> None:
    if len(found.rows) > MOST_ROWS:
        raise CommuniqueError(f"{where}: more rows than a sheet holds. Use --format csv")
    if any(len(plain(term)) > LONGEST_CELL for row in found.rows for term in row):
        raise CommuniqueError(f"{where}: a text longer than a cell holds. Use --format csv")
