"""Sheets about one thing: headed tables, for a terminal, in Markdown, or as JSON."""

import json
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import zip_longest

from pyoxigraph import NamedNode

from communique.dataset import Term
from communique.labels import Labels
from communique.lines import visible
from communique.namespaces import shrink

WIDEST = 46
"""Characters of a column on a terminal; longer cells go on in the next line."""

Value = Term | str | None
Row = tuple[Value, ...]


@dataclass(frozen=True)
class Section:
    """One table of a sheet, under its heading."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    widest: int = WIDEST


@dataclass(frozen=True)
class Sheet:
    """What is told of one thing."""

    thing: NamedNode
    kind: str
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = field(default=())


def render(sheet: Sheet, labels: Labels, *, form: str) -> str:
    """Write a sheet as a table, as md, or as json."""
    forms: dict[str, Callable[[Sheet, Labels], str]] = {"json": as_json, "md": as_markdown}
    return forms.get(form, as_text)(sheet, labels)


def as_text(sheet: Sheet, labels: Labels) -> str:
    """Lay a sheet out for a terminal."""
    name = visible(labels.of(sheet.thing.value))
    lines = [f"{name}  ({shrink(sheet.thing.value)}, {sheet.kind})"]
    for section in sheet.sections:
        lines += ["", section.title.upper(), *_laid_out(section, labels)]
    lines += [line for note in sheet.notes for line in ["", *textwrap.wrap(note, 100)]]
    return "\n".join([*lines, ""])


def as_markdown(sheet: Sheet, labels: Labels) -> str:
    """Write a sheet in Markdown."""
    name = _escaped(labels.of(sheet.thing.value))
    lines = [f"# {name}", "", f"`{shrink(sheet.thing.value)}`, {sheet.kind}"]
    for section in sheet.sections:
        rows = [[_escaped(labels_of(value, labels)) for value in row] for row in section.rows]
        head = [list(section.columns), ["---"] * len(section.columns)]
        lines += ["", f"## {section.title}", ""]
        lines += [f"| {' | '.join(row)} |" for row in [*head, *rows]]
    lines += [line for note in sheet.notes for line in ["", _escaped(note)]]
    return "\n".join([*lines, ""])


def as_json(sheet: Sheet, labels: Labels) -> str:
    """Write a sheet as JSON: things with IRI and label, everything else as text."""
    tables = {
        section.title: [
            {
                column: _jsonable(value, labels)
                for column, value in zip(section.columns, row, strict=True)
                if value is not None
            }
            for row in section.rows
        ]
        for section in sheet.sections
    }
    whole = {
        **_named(sheet.thing, labels),
        "kind": sheet.kind,
        "sections": tables,
        "notes": list(sheet.notes),
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def labels_of(value: Value, labels: Labels) -> str:
    """Return a value as a person reads it."""
    return value if isinstance(value, str) else labels.text(value)


def _laid_out(section: Section, labels: Labels) -> list[str]:
    rows = [
        [_wrapped(labels_of(value, labels), section.widest) for value in row]
        for row in section.rows
    ]
    head = [[column] for column in section.columns]
    widths = [
        max(len(line) for row in [head, *rows] for line in row[at])
        for at in range(len(section.columns))
    ]
    ruled = [head, [["-" * width] for width in widths], *rows]
    return [
        "  ".join(map(str.ljust, line, widths)).rstrip()
        for row in ruled
        for line in zip_longest(*row, fillvalue="")
    ]


def _wrapped(text: str, widest: int) -> list[str]:
    return textwrap.wrap(visible(text), widest, break_on_hyphens=False) or [""]


def _escaped(text: str) -> str:
    """Keep a text from being read as Markdown or as HTML."""
    return re.sub(r"([\\`*_\[\]|#])", r"\\\1", visible(text)).replace("<", "&lt;")


def _jsonable(value: Value, labels: Labels) -> object:
    return _named(value, labels) if isinstance(value, NamedNode) else labels_of(value, labels)


def _named(thing: NamedNode, labels: Labels) -> dict[str, str]:
    return {"id": thing.value, "label": labels.of(thing.value)}
