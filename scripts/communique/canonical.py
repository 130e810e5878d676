"""The canonical form canon-1: what is left of a text when its typography is taken away.

It is NFKC, with curly quotes and dashes folded to ASCII, whitespace dropped, case folded.
"""

import unicodedata
from array import array
from collections.abc import Iterator

_APOSTROPHES = "\u2018\u2019\u201a\u201b\u02bc\u2032"
_QUOTES = "\u201c\u201d\u201e\u201f"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_FOLDS = str.maketrans(
    dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys(_QUOTES, '"') | dict.fromkeys(_DASHES, "-")
)
_FIRST_MARK = "\u0300"


def plain(text: str) -> str:
    """Return the canonical form by its definition."""
    return "".join(_fold(text).split()).casefold()


def folded(text: str) -> tuple[str, "array[int]"]:
    """Return the text in NFKC with ASCII quotes and dashes, and where each code point is from."""
    parts: list[str] = []
    origins = array("I")
    for start, end in _chunks(text):
        part = _fold(text[start:end])
        parts.append(part)
        origins.extend([start] * len(part))
    return "".join(parts), origins


def canonical(text: str) -> tuple[str, "array[int]"]:
    """Return the canonical form and, for each of its code points, its place in the text."""
    parts: list[str] = []
    origins = array("I")
    for character, origin in zip(*folded(text), strict=True):
        if not character.isspace():
            part = character.casefold()
            parts.append(part)
            origins.extend([origin] * len(part))
    return "".join(parts), origins


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_FOLDS)


def _chunks(text: str) -> Iterator[tuple[int, int]]:
    """Cut the text into the shortest pieces that may be normalised one by one."""
    start = 0
    for index in range(1, len(text)):
        if _may_cut(text, start, index):
            yield start, index
            start = index
    if text:
        yield start, len(text)


def _may_cut(text: str, start: int, index: int) -> bool:
    """Tell whether nothing before `index` joins or changes places with what follows."""
    character = text[index]
    if character < _FIRST_MARK:
        return True
    if unicodedata.combining(unicodedata.normalize("NFKD", character)[0]):
        return False
    before = text[start:index]
    apart = unicodedata.normalize("NFKC", before) + unicodedata.normalize("NFKC", character)
    return unicodedata.normalize("NFKC", before + character) == apart
