"""Where a query's words are: IRIs, strings and comments hold none."""

import re

_QUIET = re.compile(
    r'''<[^<>"{}|^`\\\s]*>|"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"'''
    r"""|'''(?:[^'\\]|\\.|'(?!''))*'''|'(?:[^'\\\n]|\\.)*'|\#[^\n]*""",
    re.DOTALL,
)


def words(sparql: str) -> str:
    """Blank out IRIs, strings and comments."""
    return _QUIET.sub(" ", sparql)


def blanked(sparql: str) -> str:
    """Blank them out so that everything else stays at its place."""
    return _QUIET.sub(lambda found: " " * len(found[0]), sparql)
