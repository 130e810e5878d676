"""Reads a query without evaluating it, in a time that its length does not decide.

The engine has no call that only parses. Asked to replace a variable that a query does not have,
it parses, orders the joins, and stops. To order joins takes the fourth power of their number, so a
query that may have many is left to a process that can be stopped.
"""

from collections.abc import Mapping

from pyoxigraph import NamedNode, Store, Variable

from communique.dataset import Answer
from communique.tokens import Token, signs

MOST_JOINS = 110
"""Joins at most that are put in order in this process, in some seconds at worst."""
SECONDS = 5.0
"""Seconds at most for a query with more."""

_TERMS = frozenset({"iri", "long", "name", "number", "short", "variable"})
_SEPARATORS = frozenset("./;,{[")
_BEFORE_COLLECTION = frozenset(".;,{[")


def parse(sparql: str, prefixes: Mapping[str, str]) -> Answer:
    """Return an empty answer to what is SPARQL; what is not is a SyntaxError.

    A query that takes too long to read is a CommuniqueError.
    """
    nothing = Store()
    if joins(sparql) > MOST_JOINS:
        from communique.worker import Limits, Worker

        with Worker(nothing, Limits(seconds=SECONDS)) as worker:
            worker.ask(sparql, prefixes)
        return nothing.query("ASK { }")
    absent = Variable(f"absent_{len(sparql)}")
    try:
        return nothing.query(
            sparql, prefixes=dict(prefixes), substitutions={absent: NamedNode("urn:x")}
        )
    except RuntimeError:
        return nothing.query("ASK { }")


def joins(sparql: str) -> int:
    """Count what may become a join: at least as many as there are, and more in an odd query."""
    found, opened, before = 0, ["{"], Token("other", 0, "{")
    for token in signs(sparql):
        within = opened[-1]
        if token.text == "(":
            opened.append("list" if _opens_list(before, within) else "expression")
            found += 2 * (opened[-1] == "list")
        elif token.text in {"{", "["}:
            opened.append(token.text)
        elif token.text in {")", "}", "]"} and len(opened) > 1:
            opened.pop()
        if token.text == "{" or (within != "expression" and token.text in _SEPARATORS):
            found += 1
        elif within == "list" and token.kind in _TERMS:
            found += 2 * (before.kind in _TERMS or before.text in {"(", ")"})
        before = token
    return found


def _opens_list(before: Token, within: str) -> bool:
    """Tell whether a bracket may open a list of terms, and not an expression."""
    if within == "expression":
        return False
    after_term = before.kind in _TERMS or before.text in _BEFORE_COLLECTION | {"a", "("}
    return after_term or within == "list"
