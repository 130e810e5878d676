"""Why an answer is empty: the patterns that no row survives, and the names nobody knows."""

import difflib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Self

from pyoxigraph import DefaultGraph, Literal, NamedNode, Store

from communique.errors import CommuniqueError
from communique.lines import visible
from communique.names import (
    described,
    graphs,
    hint,
    is_graph,
    likely,
    meant,
    no_graph,
    spaces,
)
from communique.namespaces import PREFIXES, shrink, split
from communique.patterns import Pattern, Patterns, one_line, take_apart
from communique.questions import prefixes_of
from communique.tokens import Token
from communique.worker import Limits, Worker

_LONGEST_TRY = 2.0
_MOST_SHOWN = 5
_OF_GRAPHS = {"FROM", "GRAPH"}
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

    def __exit__(self, *_: object) -> None:
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
    """Say in lines why a query has no row, or sums up none; nothing if it has one."""
    taken = take_apart(sparql, where=where)
    strays = _strays(store, sparql, taken)
    found = _Found([], whole=True)
    alone: dict[Pattern, bool] = {}
    with _Prober(store, sparql, limits, where=where) as prober:
        try:
            if prober.has_rows(taken.without(())):
                return []
            found = _smallest(prober, taken, strays)
            for each in (each for few in found.sets for each in few):
                alone[each] = _alone(prober, sparql, each)
        except _Spent:
            found = replace(found, whole=bool(found.sets))
    what = "nothing to sum up, for its patterns have no row" if taken.sums else "no row"
    return [
        f"{where}: {what}.",
        *_unknown(store, sparql, taken.all),
        *_other_texts(store, taken.all),
        *_told(found, alone, seconds=limits.seconds),
    ]


@dataclass(frozen=True)
class _Found:
    """The sets of patterns without which there are rows, all of one size."""

    sets: list[tuple[Pattern, ...]]
    whole: bool
    """Whether none smaller was left untried."""
    more: bool = False
    """Whether there are others of that size."""


def _smallest(prober: _Prober, taken: Patterns, strays: tuple[Pattern, ...]) -> _Found:
    """Return the smallest sets of patterns to leave out.

    What names a graph that is not there is one, if it is enough. Else everything is left out and
    given back piece by piece: what cannot be given back is one set, though not always the
    smallest. Then all smaller ones are tried, by size.
    """
    if strays and prober.has_rows(taken.without(strays)):
        return _Found([strays], whole=True)
    gone = _enough(prober, taken)
    found: list[tuple[Pattern, ...]] = []
    try:
        for size in range(1, len(gone) + 1):
            for few in combinations(taken.all, size):
                if prober.has_rows(taken.without(few)):
                    found.append(few)
                if len(found) > _MOST_SHOWN:
                    return _Found(found[:_MOST_SHOWN], whole=True, more=True)
            if found:
                break
    except _Spent:
        return _Found(found or [gone], whole=bool(found), more=bool(found))
    return _Found(found, whole=True)


def _enough(prober: _Prober, taken: Patterns) -> tuple[Pattern, ...]:
    """Return patterns without which there are rows, none of which can be given back; or none."""
    gone = taken.all
    if not prober.has_rows(taken.without(gone)):
        return ()
    for each in taken.all:
        left = tuple(other for other in gone if other != each)
        if prober.has_rows(taken.without(left)):
            gone = left
    return gone


def _strays(store: Store, sparql: str, taken: Patterns) -> tuple[Pattern, ...]:
    """Return what names graphs that are not there."""
    declared = spaces(sparql)
    return tuple(
        each
        for each in taken.all
        if each.kind in _OF_GRAPHS
        and any(not is_graph(store, meant(token, declared)) for token in graphs(each.tokens))
    )


def _alone(prober: _Prober, sparql: str, pattern: Pattern) -> bool:
    """Tell whether a pattern matches anything by itself; of a filter that is not asked."""
    if pattern.kind != "triple":
        return True
    prologue = "".join(f"PREFIX {name}: <{iri}> " for name, iri in _DECLARED.findall(sparql))
    return prober.has_rows(f"{prologue} SELECT * {{ {pattern.text} }}")


def _told(found: _Found, alone: dict[Pattern, bool], *, seconds: float) -> Iterator[str]:
    """Tell the outcome of the search in lines."""
    sets = found.sets
    if sets and len(sets[0]) == 1:
        one = "this pattern" if len(sets) == 1 else "any one of these patterns"
        yield f"  There are rows without {one}:"
        sets = [tuple(each for few in sets for each in few)]
    for at, few in enumerate(sets):
        if len(few) > 1 and sets == found.sets:
            size = f"these {len(few)} patterns" if at == 0 else "these"
            yield f"  {'There are rows' if at == 0 else 'or'} without {size} together:"
        for each in few:
            note = "" if alone.get(each, True) else "  (matches nothing by itself)"
            yield f"    line {each.line}: {visible(one_line(each))}{note}"
    if found.more:
        yield "  Others may do, too."
    if found.whole and not sets:
        yield "  There would be none without any of its patterns, either."
    if not found.whole:
        fewer = " Fewer may do." if sets and len(sets[0]) > 1 else ""
        yield f"  The search ended after {seconds:g} s.{fewer} Give it longer by --timeout"


def _unknown(store: Store, sparql: str, patterns: tuple[Pattern, ...]) -> Iterator[str]:
    """Name what the graph does not know, with what may have been meant."""
    declared = spaces(sparql)
    of_graphs = {
        meant(token, declared)
        for each in patterns
        if each.kind in _OF_GRAPHS
        for token in graphs(each.tokens)
    }
    for iri in sorted(iri for iri in of_graphs if not is_graph(store, iri)):
        text = no_graph(store, iri)
        yield f"  {text[:1].upper()}{text[1:]}"
    named = {
        pair for each in patterns if each.kind not in _OF_GRAPHS for pair in _named(each, declared)
    }
    for iri, is_class in sorted(pair for pair in named if not _knows(store, pair[0])):
        near = likely(iri, described(store), is_class=is_class) or _near(iri, _iris(store))
        yield f"  Nothing in the graph is called {shrink(iri)}. {hint(visible(near))}"
    said = {value for each in patterns for value in _values(each)}
    for value in sorted(said, key=str):
        if next(store.quads_for_pattern(None, None, value, None), None) is None:
            near = _like(value, store)
            yield f"  No value in the graph is {visible(str(value))}. {hint(visible(near))}"


def _other_texts(store: Store, patterns: tuple[Pattern, ...]) -> Iterator[str]:
    """Name texts that a filter compares with, and that have a language in the graph."""
    compared = {text for each in patterns if each.kind == "FILTER" for text in _compared(each)}
    tagged = {
        (quad.object.value, quad.object.language or "")
        for quad in store.quads_for_pattern(None, None, None, DefaultGraph())
        if isinstance(quad.object, Literal) and quad.object.value in compared
    }
    for text in sorted(text for text in compared if (text, "") not in tagged):
        languages = sorted(language for value, language in tagged if value == text)
        if languages:
            as_it_is = str(Literal(text, language=languages[0]))
            yield (
                f"  In the graph {visible(as_it_is)} has a language, which makes it another value "
                "than the text alone. Write it so, or compare STR(...)"
            )


def _compared(pattern: Pattern) -> Iterator[str]:
    """Yield the texts without language that a filter holds against something by = or IN."""
    texts = ["", *(token.text for token in pattern.tokens), ""]
    opened: list[bool] = []
    for at, token in enumerate(pattern.tokens, start=1):
        if token.text == "(":
            opened.append(texts[at - 1].upper() == "IN")
        elif token.text == ")" and opened:
            opened.pop()
        beside = "=" in {texts[at - 1], texts[at + 1]} or (bool(opened) and opened[-1])
        plain = token.kind == "short" and "\\" not in token.text
        if plain and beside and texts[at + 1][:1] not in {"@", "^"}:
            yield token.text[1:-1]


def _named(pattern: Pattern, declared: dict[str, str]) -> Iterator[tuple[str, bool]]:
    """Yield the IRIs in a pattern, but for functions and datatypes, and which name a class."""
    texts = ["", "", *(token.text for token in pattern.tokens), ""]
    for at, token in enumerate(pattern.tokens, start=2):
        aside = texts[at - 2 : at] == ["^", "^"] or texts[at + 1] == "("
        iri = meant(token, declared) if token.kind in {"iri", "name"} else ""
        if iri and not aside and not iri.startswith(PREFIXES["xsd"]):
            yield iri, texts[at - 1] == "a"


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
    space, _ = split(iri)
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
