"""A chart of seconds, as SVG: bars side by side on a scale of powers of ten."""

import math
from collections.abc import Sequence
from itertools import groupby
from xml.sax.saxutils import escape

_COLOURS = ("#1b6ca8", "#d1495b", "#6a994e", "#8d6a9f")
_LEFT, _WIDTH, _BAR, _GAP, _TOP = 290, 480, 14, 10, 44


def chart(rows: Sequence[tuple[str, str, float | None]]) -> str:
    """Draw what was measured, seconds by name, side by side where titles are the same."""
    rows = sorted(rows, key=lambda row: _numbers(row[0]))
    figures = [seconds for _, _, seconds in rows if seconds]
    low = math.floor(math.log10(min(figures, default=0.1)))
    high = max(low + 1, math.ceil(math.log10(max(figures, default=1.0))))
    names = list(dict.fromkeys(name for _, name, _ in rows))
    drawn, y = list[str](), _TOP
    for title, group in groupby(rows, key=lambda row: row[0]):
        drawn.append(_text(_LEFT - 8, y + _BAR - 3, title, anchor="end"))
        for _, name, seconds in group:
            drawn += _bar(y, seconds, low, high, _COLOURS[names.index(name) % len(_COLOURS)])
            y += _BAR
        y += _GAP
    size = f'width="{_LEFT + _WIDTH + 90}" height="{y + 8}"'
    space = 'xmlns="http://www.w3.org/2000/svg"'
    return "\n".join(
        [
            f'<svg {space} {size} font-family="sans-serif" font-size="12">',
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            *_legend(names),
            *_scale(low, high, y),
            *drawn,
            "</svg>\n",
        ]
    )


def _numbers(title: str) -> int:
    return int(title.partition(":")[0].replace(",", ""))


def _x(seconds: float, low: int, high: int) -> float:
    return _LEFT + _WIDTH * max(0.0, math.log10(seconds) - low) / (high - low)


def _bar(y: int, seconds: float | None, low: int, high: int, colour: str) -> list[str]:
    if not seconds:
        return [_text(_LEFT + 4, y + _BAR - 3, "no figure", fill=colour)]
    end = _x(seconds, low, high)
    size = f'width="{max(1.0, end - _LEFT):.1f}" height="{_BAR - 2}"'
    return [
        f'<rect x="{_LEFT}" y="{y}" {size} fill="{colour}"/>',
        _text(end + 4, y + _BAR - 3, f"{seconds:.3g} s"),
    ]


def _scale(low: int, high: int, bottom: int) -> list[str]:
    lines = []
    for power in range(low, high + 1):
        x = _x(10.0**power, low, high)
        lines.append(f'<path d="M{x:.1f} {_TOP - 6}V{bottom}" stroke="#dddddd"/>')
        lines.append(_text(x, _TOP - 10, f"{10.0**power:g} s", anchor="middle", fill="#666666"))
    return lines


def _legend(names: Sequence[str]) -> list[str]:
    drawn, x = list[str](), _LEFT
    for name, colour in zip(names, _COLOURS, strict=False):
        drawn.append(f'<rect x="{x}" y="6" width="12" height="12" fill="{colour}"/>')
        drawn.append(_text(x + 18, 16, name))
        x += 30 + 8 * len(name)
    return drawn


def _text(x: float, y: float, text: str, *, anchor: str = "start", fill: str = "#222222") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}"'
    return f"<text {place}>{escape(text)}</text>"
