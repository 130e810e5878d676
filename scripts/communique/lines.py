"""What stands in a line for a reader: text that steers nothing, numbers with their nouns."""

import re
import unicodedata

_ODD = re.compile("[^ -~]")


def visible(text: str) -> str:
    """Return a text in one line, with what would steer a terminal or turn its order shown."""
    return _ODD.sub(lambda found: code_point(found[0]) if steers(found[0]) else found[0], text)


def steers(character: str) -> bool:
    """Tell whether a character is not printed but does something, or nothing at all."""
    return not (character.isprintable() or unicodedata.category(character) == "Zs")


def code_point(character: str) -> str:
    r"""Return what is shown in the place of a character: `\u{7}`."""
    return f"\\u{{{ord(character):X}}}"


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it belongs."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
