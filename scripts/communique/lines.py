"""What stands in a line for a reader: text that steers nothing, numbers with their nouns."""

import re

_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """Return a text in one line, with what would steer a terminal or turn its order shown."""
    return _STEERING.sub(lambda found: f"\\u{{{ord(found[0]):X}}}", text)


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it belongs."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
