"""Names in a query that nothing has: a slip of a letter is what empties most answers."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from pyoxigraph import DefaultGraph, NamedNode, Store

from communique.errors import CommuniqueError
from communique.namespaces import BASE, PREFIXES, namespace, shrink, split
from communique.tokens import Token, signs

TERMS = (PREFIXES["cmq"], PREFIXES["cmqv"])
_OURS = (f"{BASE}id/", *TERMS)
_MOST_SHOWN = 8


def described(union: Store) -> set[str]:
    """Return the IRIs of the things and terms of ours that some file describes."""
    quads = union.quads_for_pattern(None, None, None, DefaultGraph())
    subjects = {q.subject.value for q in quads if isinstance(q.subject, NamedNode)}
    return {iri for iri in subjects if iri.startswith(_OURS)}


def is_described(union: Store, iri: str) -> bool:
    """Tell whether some file describes the thing with this IRI."""
    try:
        found = union.quads_for_pattern(NamedNode(iri), None, None, DefaultGraph())
    except ValueError:
        return False
    return next(found, None) is not None


def refuse_unknown(union: Store, sparql: str, *, where: str) -> None:
    """Refuse a query that names a thing, a term or a graph of which the files have nothing."""
    for iri, before in unknown(union, sparql):
        near = likely(iri, described(union), is_class=before == "a")
        raise CommuniqueError(f"{where}: nothing describes {shrink(iri)}. {hint(near)}")
    declared = spaces(sparql)
    for token in graphs(signs(sparql)):
        iri = meant(token, declared)
        if iri and not is_graph(union, iri):
            raise CommuniqueError(f"{where}: {no_graph(union, iri)}")


def unknown(union: Store, sparql: str) -> Iterator[tuple[str, str]]:
    """Yield the IRIs of ours in a query that nothing describes, each with the text before it."""
    declared = spaces(sparql)
    for token, before in _named(signs(sparql)):
        iri = meant(token, declared)
        if iri.startswith(_OURS) and not is_described(union, iri):
            yield iri, before


def spaces(sparql: str) -> dict[str, str]:
    """Return the prefixes that a query declares."""
    return dict(declarations(sparql))


def declarations(sparql: str) -> Iterator[tuple[str, str]]:
    """Yield each prefix that a query declares, with its namespace."""
    seen = signs(sparql)
    for word, name, iri in zip(seen, seen[1:], seen[2:], strict=False):
        if (word.text.upper(), name.kind, iri.kind) == ("PREFIX", "name", "iri"):
            yield name.text[:-1], iri.text[1:-1]


def meant(token: Token, declared: dict[str, str]) -> str:
    """Return the IRI that a token stands for, or nothing."""
    if token.kind == "iri":
        return token.text[1:-1]
    prefix, _, local = token.text.partition(":")
    space = declared.get(prefix) or namespace(prefix)
    return space + re.sub(r"\\(.)", r"\1", local) if space else ""


def graphs(seen: Sequence[Token]) -> Iterator[Token]:
    """Yield what names a graph, in the tokens of a query or of a pattern."""
    for before, token in pairwise(seen):
        if token.kind in {"iri", "name"} and _names_graph(before):
            yield token


def is_graph(union: Store, iri: str) -> bool:
    """Tell whether a store has a graph of this name."""
    try:
        return union.contains_named_graph(NamedNode(iri))
    except ValueError:
        return False


def no_graph(union: Store, iri: str) -> str:
    """Say that there is no graph of this name, and which there may be."""
    known = sorted(
        shrink(each.value) for each in union.named_graphs() if isinstance(each, NamedNode)
    )
    near = _close(shrink(iri), known, cutoff=0.8)
    more = " and others" if len(known) > _MOST_SHOWN else ""
    help_ = hint(near[0]) if near else f"The graphs are {', '.join(known[:_MOST_SHOWN])}{more}"
    return f"no graph is called {shrink(iri)}. {help_}"


def likely(iri: str, known: Iterable[str], *, is_class: bool = False) -> str:
    """Return the closest known name of the same namespace and kind, or nothing.

    A class is named with a capital, a property without: neither stands for the other.
    """
    space, local = split(iri)
    locals_ = {name for within, name in map(split, known) if within == space}
    if space == TERMS[0] and (is_class or local[:1].islower()):
        locals_ = {each for each in locals_ if each[:1].isupper() == is_class}
    near = _close(local, sorted(locals_))
    return shrink(space + near[0]) if near else ""


def _close(word: str, known: list[str], *, cutoff: float = 0.6) -> list[str]:
    import difflib

    return difflib.get_close_matches(word, known, n=1, cutoff=cutoff)


def hint(near: str) -> str:
    """Say what may have been meant."""
    return f"Did you mean {near}?" if near else "Check its spelling"


def _named(seen: Sequence[Token]) -> Iterator[tuple[Token, str]]:
    """Yield what names a thing or a term, each with the text before it."""
    blank = Token("", 0, "")
    for first, before, token in zip([blank, blank, *seen], [blank, *seen], seen, strict=False):
        declares = before.text.upper() == "BASE" or (
            first.text.upper() == "PREFIX" and before.kind == "name"
        )
        if token.kind in {"iri", "name"} and before.text.upper() != "PREFIX" and not declares:
            yield token, before.text


def _names_graph(before: Token) -> bool:
    return before.kind == "word" and before.text.upper() in {"FROM", "NAMED", "GRAPH"}
