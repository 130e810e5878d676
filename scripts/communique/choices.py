"""The things of a graph that a parameter can be, by whatever name they are called."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

from communique.dataset import load
from communique.errors import CommuniqueError
from communique.namespaces import BASE, PREFIXES, shrink
from communique.parameters import OPEN, Parameter, Value, filled, iri, literal, suggestion, wrong
from communique.questions import Question

Given = Mapping[str, Sequence[str] | None]
"""Texts for each parameter; None leaves it open."""

_NAMES = """
SELECT DISTINCT ?thing ?naming ?name WHERE {
  %s
  OPTIONAL {
    VALUES ?naming { skos:prefLabel rdfs:label skos:altLabel }
    ?thing ?naming ?name
  }
}
"""
_OTHER = PREFIXES["skos"] + "altLabel"


@dataclass(frozen=True, order=True)
class Choice:
    """One thing with its names: its labels, and other labels."""

    label: str
    iri: str
    labels: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """Whatever it is called."""
        return self.labels | self.others | {self.local}

    @property
    def local(self) -> str:
        """The last part of its IRI, which has no spaces."""
        return _local(self.iri)


def choices(store: Store, parameter: Parameter) -> list[Choice]:
    """List the things that a parameter can be, by label."""
    answer = store.query(
        _NAMES % _pattern(parameter), prefixes=PREFIXES, use_default_graph_as_union=True
    )
    if not isinstance(answer, QuerySolutions):
        raise TypeError(answer)
    labels: dict[str, set[str]] = {}
    others: dict[str, set[str]] = {}
    for thing, naming, name in answer:
        if isinstance(thing, NamedNode) and thing.value.startswith(BASE):
            labels.setdefault(thing.value, set())
            if isinstance(name, Literal) and isinstance(naming, NamedNode):
                kept = others if naming.value == _OTHER else labels
                kept.setdefault(thing.value, set()).add(name.value)
    return sorted(
        Choice(
            min(names, default=shrink(found)),
            found,
            frozenset(names),
            frozenset(others.get(found, ())),
        )
        for found, names in labels.items()
    )


def narrowed(store: Store, question: Question, given: Given, *, known: bool = True) -> Question:
    """Return a question about the things that are given, read by what this store knows.

    Where not all is `known`, an IRI may also name what the store does not know.
    """
    declared = {parameter.name: parameter for parameter in question.parameters}
    values: dict[str, list[Value] | None] = {}
    for name, texts in given.items():
        if name not in declared:
            hint = suggestion(name, declared) or _parameters(question.name, declared)
            raise CommuniqueError(f"{name}: no such parameter of {question.name}. {hint}")
        values[name] = _values(store, declared[name], texts, known=known)
    return replace(question, sparql=filled(question.sparql, values))


def chosen(parameter: Parameter, text: str, among: Sequence[Choice]) -> Choice:
    """Return the one thing that a text names: by IRI, prefixed name, local name or label."""
    by_iri = {choice.iri: choice for choice in among}
    named = iri(parameter, text)
    if named is not None and named.value in by_iri:
        return by_iri[named.value]
    wanted = " ".join(text.split()).casefold()
    for names in ("labels", "local", "others"):
        found = [choice for choice in among if wanted in _folded(getattr(choice, names))]
        if len(found) > 1:
            which = " or ".join(f"{shrink(choice.iri)} ({choice.label})" for choice in found)
            raise wrong(parameter, text, "more than one thing", f"Say which: {which}")
        if found:
            return found[0]
    hint = suggestion(text if named is None else _local(named.value), _all_names(among))
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
        for choice in choices(load(root, infer=False), parameter)
        if any(name.startswith(start) for name in _folded(choice.names))
    ]


def _values(
    store: Store, parameter: Parameter, texts: Sequence[str] | None, *, known: bool
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
    among = choices(store, parameter)
    return [_named(parameter, text, among, known=known) for text in texts]


def _named(parameter: Parameter, text: str, among: Sequence[Choice], *, known: bool) -> NamedNode:
    named = iri(parameter, text)
    if named is not None and not known:
        return named
    return NamedNode(chosen(parameter, text, among).iri)


def _pattern(parameter: Parameter) -> str:
    """Say in SPARQL what can be given, by scheme, by list, by class, or by having a name."""
    if parameter.values:
        named = (iri(parameter, value) for value in parameter.values)
        return f"VALUES ?thing {{ {' '.join(str(each) for each in named if each)} }}"
    if parameter.scheme:
        return f"?thing skos:inScheme <{parameter.scheme}> ."
    if parameter.of_class:
        return f"?thing a/rdfs:subClassOf* <{parameter.of_class}> ."
    return "?thing a ?kind ."


def _folded(names: str | Iterable[str]) -> set[str]:
    return {name.casefold() for name in ([names] if isinstance(names, str) else names)}


def _all_names(among: Iterable[Choice]) -> list[str]:
    return sorted({name for choice in among for name in choice.labels | choice.others})


def _unknown(parameter: Parameter) -> str:
    narrower = parameter.scheme or parameter.of_class
    return f"nothing of that name among {shrink(narrower)}" if narrower else "nothing of that name"


def _local(iri_: str) -> str:
    return iri_[max(iri_.rfind("/"), iri_.rfind("#")) + 1 :]


def _parameters(name: str, declared: Iterable[str]) -> str:
    names = ", ".join(f"--{each}" for each in declared)
    return f"It takes {names}" if names else f"{name} takes none"
