"""The things of a graph that a parameter can be, by whatever name they are called."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from pyoxigraph import NamedNode, Store

from communique.errors import CommuniqueError
from communique.namespaces import BASE, shrink
from communique.naming import Names, Thing, folded, local, meant, names_in, names_in_files, names_of
from communique.parameters import OPEN, Parameter, suggestion
from communique.questions import Question
from communique.values import Value, filled, iri, literal, wrong

Given = Mapping[str, Sequence[str] | None]
"""Texts for each parameter; None leaves it open."""


def choices(names: Names, parameter: Parameter) -> list[Thing]:
    """List the things that a parameter can be, by label."""
    return names.things(found for found in _iris(names, parameter) if found.startswith(BASE))


def narrowed(store: Store, question: Question, given: Given, *, known: bool = True) -> Question:
    """Return a question about the things that are given, read by what this store knows.

    Where not all is `known`, an IRI may also name what the store does not know.
    """
    declared = {parameter.name: parameter for parameter in question.parameters}
    whole = cache(lambda: names_in(store))
    values: dict[str, list[Value] | None] = {}
    for name, texts in given.items():
        if name not in declared:
            hint = suggestion(name, declared) or _parameters(question.name, declared)
            raise CommuniqueError(f"{name}: no such parameter of {question.name}. {hint}")
        names = _names(store, declared[name]) or whole
        values[name] = _values(names, declared[name], texts, known=known)
    return question._replace(sparql=filled(question.sparql, values))


def _names(store: Store, parameter: Parameter) -> Callable[[], Names] | None:
    """Return what reads the names of the things that a parameter can be, if these are not all."""
    scheme, of_class = parameter.scheme or "", parameter.of_class or ""
    if parameter.values or not (scheme or of_class):
        return None
    return lambda: names_of(store, scheme=scheme, of_class="" if scheme else of_class)


def chosen(parameter: Parameter, text: str, among: Sequence[Thing]) -> Thing:
    """Return the one thing that a text names: by IRI, prefixed name, local name or label."""
    by_iri = {choice.iri: choice for choice in among}
    named = iri(parameter, text)
    if named is not None and named.value in by_iri:
        return by_iri[named.value]
    found = meant(text, among)
    if len(found) > 1:
        which = " or ".join(f"{shrink(each.iri)} ({each.label})" for each in found)
        raise wrong(parameter, text, "more than one thing", f"Say which: {which}")
    if found:
        return found[0]
    hint = suggestion(text if named is None else local(named.value), _all_names(among))
    raise wrong(parameter, text, _unknown(parameter), hint or "Press Tab, or see --help")


def offered(root: Path, parameter: Parameter, incomplete: str) -> list[tuple[str, str]]:
    """List what completes a value, without spaces where a shell would split it, and its label."""
    if parameter.values or parameter.kind == "boolean":
        listed = parameter.values or ("false", "true")
        return [(text, "") for text in listed if text.startswith(incomplete)]
    if parameter.kind != "iri":
        return []
    start = incomplete.casefold()
    return [
        (choice.local, choice.label)
        for choice in choices(names_in_files(root), parameter)
        if any(name.startswith(start) for name in folded(choice.names))
    ]


def _values(
    names: Callable[[], Names],
    parameter: Parameter,
    texts: Sequence[str] | None,
    *,
    known: bool,
) -> list[Value] | None:
    if texts is None:
        if parameter.required:
            raise wrong(parameter, OPEN, "cannot be left open", "Give a value")
        return None
    if len(texts) != 1 and not parameter.many:
        raise wrong(parameter, ", ".join(texts), "takes one value", "Give one")
    if not texts:
        raise wrong(parameter, "", "has no value", "Give one")
    if parameter.kind != "iri":
        return [literal(parameter, text) for text in texts]
    among = choices(names(), parameter)
    return [_named(parameter, text, among, known=known) for text in texts]


def _named(parameter: Parameter, text: str, among: Sequence[Thing], *, known: bool) -> NamedNode:
    named = iri(parameter, text)
    if named is not None and not known:
        return named
    return NamedNode(chosen(parameter, text, among).iri)


def _iris(names: Names, parameter: Parameter) -> set[str]:
    """Return what can be given: of a list, of a scheme, of a class, or whatever has a class."""
    if parameter.values:
        return {named.value for each in parameter.values if (named := iri(parameter, each))}
    if parameter.scheme:
        return names.in_scheme(parameter.scheme)
    return names.of_class(parameter.of_class) if parameter.of_class else names.typed()


def _all_names(among: Iterable[Thing]) -> list[str]:
    return sorted({name for choice in among for name in choice.labels | choice.others})


def _unknown(parameter: Parameter) -> str:
    narrower = parameter.scheme or parameter.of_class
    return f"nothing of that name among {shrink(narrower)}" if narrower else "nothing of that name"


def _parameters(name: str, declared: Iterable[str]) -> str:
    names = ", ".join(f"--{each}" for each in declared)
    return f"It takes {names}" if names else f"{name} takes none"
