"""Why an answer is empty: the patterns that no row survives, and the names nobody knows."""

import difflib
import re
import time
from collections.abc import Iterator
from itertools import combinations, islice
from types import TracebackType
from typing import Self

from pyoxigraph import DefaultGraph, Literal, NamedNode, Store

from communique.errors import CommuniqueError
from communique.labels import visible
from communique.names import closest, described
from communique.namespaces import PREFIXES, namespace, shrink
from communique.patterns import Pattern, Patterns, one_line, take_apart
from communique.questions import prefixes_of
from communique.tokens import Token
from communique.worker import Limits, Worker

_LONGEST_TRY = 2.0
_MOST_SHOWN = 5
_LONGEST_VALUE = 200
_DECLARED = re.compile(r"\bPREFIX\s+([\w.-]*):\s*<([^<>\s]*)>", re.IGNORECASE)


class _Spent(Exception):  # noqa: N818  it ends a search and is nobody's error
    """The time for the search is over."""


class _Prober:
    """Tries variants of a query, each in a process apart and for a short time."""

    def __init__(self, store: Store, sparql: str, limits: Limits, *, where: str) -> None:
        """Start nothing yet."""
        self._store, self._limits, self._where = store, limits, where
        self._prefixes = prefixes_of(sparql)
        self._until = time.monotonic() + limits.seconds
        self._worker: Worker | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        self._end()

    def has_rows(self, sparql: str) -> bool:
        """Tell whether a query has any row; one that takes too long is taken to have none."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise _Spent
        if self._worker is None:
            self._worker = Worker(self._store, self._limits, where=self._where).__enter__()
        try:
            return self._worker.has_rows(sparql, self._prefixes, seconds=min(left, _LONGEST_TRY))
        except SyntaxError:
            return False
        except CommuniqueError:
            self._end()
            return False

    def _end(self) -> None:
        if self._worker:
            self._worker.close()
        self._worker = None


def explain(store: Store, sparql: str, *, where: str, limits: Limits) -> list[str]:
    """Say in lines why a query has no row; nothing if it has one."""
    taken = take_apart(sparql, where=where)
    with _Prober(store, sparql, limits, where=where) as prober:
        try:
            if prober.has_rows(taken.without(())):
                return []
            culprits, whole = _smallest(prober, taken)
            alone = {each: _alone(prober, sparql, each) for group in culprits for each in group}
        except _Spent:
            culprits, whole, alone = [], False, {}
    return [
        f"{where}: no row.",
        *_unknown(store, sparql, (*taken.all, *taken.graphs)),
        *_told(culprits, alone, whole=whole, seconds=limits.seconds),
    ]


def _smallest(prober: _Prober, taken: Patterns) -> tuple[list[tuple[Pattern, ...]], bool]:
    """Return the smallest sets of patterns to leave out, and whether none smaller was left untried.

    First everything is left out and given back piece by piece: what cannot be given back is one
    set, though not always the smallest. Then all smaller ones are tried, by size.
    """
    gone = list(taken.all)
    if not prober.has_rows(taken.without(gone)):
        return [], True
    for each in taken.all:
        left = [other for other in gone if other != each]
        if prober.has_rows(taken.without(left)):
            gone = left
    try:
        for size in range(1, max(2, len(gone))):
            tried = combinations(taken.all, size)
            working = (few for few in tried if prober.has_rows(taken.without(few)))
            found = list(islice(working, _MOST_SHOWN))
            if found:
                return found, True
    except _Spent:
        return [tuple(gone)], False
    return [tuple(gone)], True


def _alone(prober: _Prober, sparql: str, pattern: Pattern) -> bool:
    """Tell whether a pattern matches anything by itself; of a filter that is not asked."""
    if pattern.kind != "triple":
        return True
    prologue = "".join(f"PREFIX {name}: <{iri}> " for name, iri in _DECLARED.findall(sparql))
    return prober.has_rows(f"{prologue} SELECT * {{ {pattern.text} }}")


def _told(
    culprits: list[tuple[Pattern, ...]],
    alone: dict[Pattern, bool],
    *,
    whole: bool,
    seconds: float,
) -> Iterator[str]:
    """Tell the outcome of the search in lines."""
    if culprits and len(culprits[0]) == 1:
        one = "this pattern" if len(culprits) == 1 else "any one of these patterns"
        yield f"  There are rows without {one}:"
        culprits = [tuple(each for group in culprits for each in group)]
    elif culprits:
        yield "  There are rows only without all of these patterns:"
        culprits = culprits[:1]
    elif whole:
        yield "  There would be none without any of its patterns, either."
    for each in (each for group in culprits for each in group):
        note = "" if alone.get(each, True) else "  (matches nothing by itself)"
        yield f"    line {each.line}: {visible(one_line(each))}{note}"
    if not whole:
        yield f"  The search ended after {seconds:g} s. Give it longer by --timeout"


def _unknown(store: Store, sparql: str, patterns: tuple[Pattern, ...]) -> Iterator[str]:
    """Name what the graph does not know, with what may have been meant."""
    spaces = dict(_DECLARED.findall(sparql))
    named = {iri for each in patterns for iri in _named(each, spaces)}
    for iri in sorted(iri for iri in named if not _knows(store, iri)):
        near = closest(iri, described(store)) or _near(iri, _iris(store))
        yield f"  Nothing in the graph is called {shrink(iri)}. {_hint(near)}"
    said = {value for each in patterns for value in _values(each)}
    for value in sorted(said, key=str):
        if next(store.quads_for_pattern(None, None, value, None), None) is None:
            near = _like(value, store)
            yield f"  No value in the graph is {visible(str(value))}. {_hint(near)}"


def _hint(near: str) -> str:
    return f"Did you mean {visible(near)}?" if near else "Check its spelling"


def _named(pattern: Pattern, spaces: dict[str, str]) -> Iterator[str]:
    """Yield the IRIs in a pattern, but for functions and datatypes."""
    texts = ["", "", *(token.text for token in pattern.tokens), ""]
    for at, token in enumerate(pattern.tokens, start=2):
        if texts[at - 2 : at] == ["^", "^"] or texts[at + 1] == "(" or token.text[:2] == "_:":
            continue
        if token.kind == "iri":
            yield token.text[1:-1]
        elif token.kind == "name":
            prefix, _, local = token.text.partition(":")
            space = spaces.get(prefix) or namespace(prefix)
            if space and space != PREFIXES["xsd"]:
                yield space + re.sub(r"\\(.)", r"\1", local)


def _values(pattern: Pattern) -> Iterator[Literal]:
    """Yield the plain and tagged strings that triples and lists of values name."""
    after = [*pattern.tokens[1:], Token("", 0, "")]
    for token, following in zip(pattern.tokens, after, strict=True):
        plain = token.kind == "short" and "\\" not in token.text
        if pattern.kind in {"triple", "VALUES"} and plain and following.text != "^":
            tag = following.text[1:] if following.kind == "language" else None
            yield Literal(token.text[1:-1], language=tag)


def _knows(store: Store, iri: str) -> bool:
    try:
        node = NamedNode(iri)
    except ValueError:
        return True
    found = (
        store.quads_for_pattern(node, None, None),
        store.quads_for_pattern(None, node, None),
        store.quads_for_pattern(None, None, node),
    )
    return any(next(each, None) for each in found) or store.contains_named_graph(node)


def _iris(store: Store) -> set[str]:
    quads = store.quads_for_pattern(None, None, None, DefaultGraph())
    terms = (term for quad in quads for term in quad.triple)
    return {term.value for term in terms if isinstance(term, NamedNode)}


def _near(iri: str, known: set[str]) -> str:
    """Return the closest IRI, as a prefixed name where there is one."""
    space = iri[: max(iri.rfind("/"), iri.rfind("#")) + 1]
    near = difflib.get_close_matches(iri, sorted(k for k in known if k.startswith(space)), n=1)
    return shrink(near[0]) if near else ""


def _like(value: Literal, store: Store) -> str:
    """Return the value with the same letters, in another language or case, or the closest."""
    quads = store.quads_for_pattern(None, None, None, DefaultGraph())
    known = {quad.object for quad in quads if isinstance(quad.object, Literal)}
    by_text = {str(each): each for each in known if len(each.value) <= _LONGEST_VALUE}
    for text, each in sorted(by_text.items()):
        if each.value.casefold() == value.value.casefold():
            return text
    values = {each.value: text for text, each in sorted(by_text.items())}
    near = difflib.get_close_matches(value.value, values, n=1)
    return values[near[0]] if near else ""
