"""Text of anybody's files on a terminal or in a build's log: nothing in it steers, carets fit."""

import json
import re
import unicodedata
from dataclasses import dataclass

from communique.findings import Finding
from communique.lines import code_point, steers

WIDTH = 100
"""How many columns a line of an excerpt takes at most."""

NEAR = 1000
"""How far from a region a line is written out for programs."""

_TAB = 8
_FAR = 200
"""How many code points around a region are looked at; a line may be very long."""

_ODD = re.compile(r"[^ -~]|#(?=#\w*\[)")
_ODD_IN_JSON = re.compile(r"[^ -~\n]|#(?=#\w*\[)")
"""Build servers take `##[command]` for an order, wherever it stands in a line."""


def shown(text: str) -> str:
    r"""Return a text in one line: what is not printed, or a build server obeys, as `\u{7}`.

    The result can be written as UTF-8 and in XML, whatever the text is.
    """
    return _ODD.sub(lambda found: _symbol(found[0]), text)


def as_json(value: object, indent: int | None = None) -> str:
    """Write JSON in which letters stay letters, and what `shown` escapes is a JSON escape."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _ODD_IN_JSON.sub(lambda found: _in_json(found[0]), text)


def excerpt(finding: Finding) -> list[str]:
    """Return the line before a region, its first line and carets under it, each in 100 columns.

    Tabs stay tabs, also above the carets, and a region of several lines is marked to the end of
    its first. There is nothing to return where the finding holds no line.
    """
    if not (finding.before or finding.excerpt):
        return []
    region = finding.region
    gutter = max(5, len(str(region.line)))
    text = finding.excerpt.rstrip("\r\n")
    end = region.end_column - 1 if region.end_line <= region.line else len(text)
    line, carets = _marked(text, region.column - 1, end, gutter + 3)
    lines = [f"{region.line:>{gutter}} | {line}", f"{'':>{gutter}} | {carets}"]
    if region.line > 1:
        before = _marked(finding.before.rstrip("\r\n"), 0, 0, gutter + 3)[0]
        lines.insert(0, f"{region.line - 1:>{gutter}} | {before}")
    return [each.rstrip() for each in lines]


def nearby(finding: Finding) -> dict[str, str]:
    """Return the line before a region and its first line, cut with `…` where they are very long.

    Many findings on one long line would otherwise make a report of any size.
    """
    return {
        "before": _near(finding.before, 0),
        "excerpt": _near(finding.excerpt, finding.region.column - 1),
    }


def _near(text: str, place: int) -> str:
    start = max(0, min(place, len(text)) - NEAR)
    end = start + 2 * NEAR
    if len(text) <= end - start:
        return text
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


@dataclass(frozen=True)
class _Window:
    """The part of a line that is seen: places of code points, the end not in it."""

    begin: int
    end: int


def _marked(text: str, first: int, last: int, indent: int) -> tuple[str, str]:
    """Return what is seen of a line that begins in this column, and the carets under it."""
    first = max(0, min(first, len(text)))
    last = max(first, min(last, len(text)))
    start = max(0, first - _FAR)
    part = text[start : min(last, first + _FAR) + _FAR]
    symbols = _symbols(part)
    first, last = first - start, min(last - start, len(part))
    widths = [_columns(symbol) for symbol in symbols]
    seen = _window(widths, first, last, WIDTH - indent, whole=len(part) == len(text))
    left = "…" if start or seen.begin else ""
    right = "…" if start + seen.end < len(text) else ""
    line = left + "".join(symbols[seen.begin : seen.end]) + right
    margin = indent + len(left)
    blank = _beneath(symbols[seen.begin : first], margin, " ")
    carets = _beneath(symbols[first : min(last, seen.end)], _after(blank, margin), "^")
    return line, " " * len(left) + blank + (carets.rstrip() or "^")


def _window(widths: list[int], first: int, last: int, room: int, *, whole: bool) -> _Window:
    """Choose what is seen: the region before its surroundings, and these in equal parts."""
    if whole and sum(widths) <= room:
        return _Window(0, len(widths))
    begin = end = first
    room -= len("……")
    while True:
        after = end < len(widths) and widths[end] <= room
        before = begin > 0 and widths[begin - 1] <= room
        if after and (end < last or end - last <= first - begin or not before):
            room -= widths[end]
            end += 1
        elif before:
            begin -= 1
            room -= widths[begin]
        else:
            return _Window(begin, end)


def _beneath(symbols: list[str], column: int, mark: str) -> str:
    """Return what stands under some symbols, from this column on: marks, and tabs under tabs."""
    parts: list[str] = []
    for symbol in symbols:
        if symbol != "\t":
            parts.append(mark * _columns(symbol))
        elif mark == "^" and _after("".join(parts), column) % _TAB == _TAB - 1:
            parts.append(mark)
        else:
            parts.append(f"{mark.strip()}\t")
    return "".join(parts)


def _after(text: str, column: int) -> int:
    """Return the column in which a text ends that begins in this one."""
    for character in text:
        column += _TAB - column % _TAB if character == "\t" else _columns(character)
    return column


def _symbols(text: str) -> list[str]:
    """Return how each code point of a text is shown; tabs stay tabs."""
    symbols = list(text)
    for found in _ODD.finditer(text):
        if found[0] != "\t":
            symbols[found.start()] = _symbol(found[0])
    return symbols


def _symbol(character: str) -> str:
    return character if _plain(character) else code_point(character)


def _in_json(character: str) -> str:
    if _plain(character):
        return character
    return r"\u0023" if character == "#" else json.dumps(character)[1:-1]


def _plain(character: str) -> bool:
    return not steers(character) and character != "#"


def _columns(symbol: str) -> int:
    """Return the columns of a terminal that a symbol takes; for a tab, the most that it may."""
    return _TAB if symbol == "\t" else sum(map(_column, symbol))


def _column(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me") or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
