"""Two engines for the rules of SHACL, a reference and a fast one, behind one small interface."""

import importlib.util
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol

from pyoxigraph import DefaultGraph, Literal, Quad, Store, Triple

from communique import guard
from communique.dataset import Term
from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES

sh = partial(str.__add__, PREFIXES["sh"])
PLACEHOLDER = re.compile(r"\{[?$](\w+)\}")


class Result(NamedTuple):
    """One value, or one thing, that does not keep a rule."""

    focus: Term
    path: Term | None
    """The predicate; of a longer path its node among the shapes; of a node shape nothing."""
    value: Term | None
    shape: Term
    component: str
    """The IRI of the constraint component, such as `sh:MinCountConstraintComponent`."""
    severity: str
    """The IRI of the severity."""
    message: str
    """What the shape says, in English where it does; empty where it says nothing."""


class Engine(Protocol):
    """Judges data by shapes."""

    @property
    def name(self) -> str:
        """What the engine is called: `fast` or `reference`."""

    def results(
        self, data: Iterable[Quad], shapes: Iterable[Quad], store: Store | None = None
    ) -> frozenset[Result]:
        """Return what does not keep the rules; equal results are one.

        Both are stores, of which the default graph is judged, or quads, whose graphs are merged.
        The ontology is part of the data. A store keeps the value of a number and not how it is
        written (`01` is 1, and a `xsd:byte` an `xsd:integer`): to judge that, give quads. The data
        hold no malformed literal (see literals.malformed): on these, engines differ. Shapes that
        no engine can follow raise CommuniqueError. A `store` holds the data, if there is one.
        """


class Shapes:
    """What a reader of results needs to know of the shapes: their paths and their messages."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        """Take the shapes as quads."""
        self._objects = defaultdict[Term, dict[str, list[Term]]](dict)
        for quad in quads:
            if isinstance(quad.object, Triple) or isinstance(quad.subject, Triple):
                raise CommuniqueError("shapes: a triple about a triple. Take it out")
            said = self._objects[quad.subject]
            said.setdefault(quad.predicate.value, []).append(quad.object)

    def objects(self, subject: Term, predicate: str) -> list[Term]:
        """List what a predicate says of a thing."""
        return self._objects.get(subject, {}).get(predicate, [])

    def about(self, subject: Term) -> Mapping[str, list[Term]]:
        """Return all that the shapes say of a thing, by predicate."""
        return self._objects.get(subject, {})

    def subjects(self) -> list[Term]:
        """List what the shapes say something of."""
        return list(self._objects)

    def of(self, subject: Term, name: str) -> list[Term]:
        """List what SHACL's property of this name says of a thing."""
        return self.objects(subject, sh(name))

    def one(self, subject: Term, name: str) -> Term | None:
        """Return the first of them, if any."""
        return next(iter(self.of(subject, name)), None)

    def message(self, *saying: Term | None) -> str:
        """Return the message of the first that has one: in English, else without a language."""
        for subject in (each for each in saying if each is not None):
            texts = [text for text in self.of(subject, "message") if isinstance(text, Literal)]
            if texts:
                return min(texts, key=_preference).value
        return ""

    def deactivated(self, subject: Term) -> bool:
        """Tell whether a shape or a constraint is switched off."""
        return any(how.value in {"true", "1"} for how in self.of(subject, "deactivated"))


def _preference(text: Literal) -> tuple[int, str, str]:
    language = text.language or ""
    english = language.split("-")[0].lower() == "en"
    return (0 if english else 1 if not language else 2, language, text.value)


def filled(template: str, bindings: Mapping[str, Term]) -> str:
    """Fill the placeholders of a message, such as `{?value}`, with what a query bound."""
    return PLACEHOLDER.sub(
        lambda found: bindings[found[1]].value if found[1] in bindings else found[0], template
    )


def quads_of(graph: Iterable[Quad]) -> list[Quad]:
    """Return each triple once, in the default graph: of a store, those of its default graph."""
    if isinstance(graph, Store):
        return list(graph.quads_for_pattern(None, None, None, DefaultGraph()))
    return list({Quad(quad.subject, quad.predicate, quad.object) for quad in graph})


def check_queries(shapes: Iterable[Quad]) -> None:
    """Refuse a query in the shapes that calls another server or is too large (see guard)."""
    for quad in shapes:
        if quad.predicate.value in _QUERIES and isinstance(quad.object, Literal):
            guard.check(quad.object.value, where=f"shapes: {quad.subject}")


_QUERIES = frozenset(sh(name) for name in ("ask", "construct", "select", "update"))


def engine(name: str) -> Engine:
    """Return the engine of this name: `fast`, `reference`, or `both`, which compares the two.

    Where the library of the fast engine is not installed, `fast` is the reference; `both` raises.
    """
    if name not in ENGINES:
        raise CommuniqueError(f"--engine {name}: no such engine. Choose from {', '.join(ENGINES)}")
    if name == "both" and not is_fast_installed():
        raise CommuniqueError("--engine both: the fast engine is missing. pip install shacl")
    if name == "fast" and is_fast_installed():
        from communique.fast import Fast

        return Fast()
    from communique.reference import Reference

    return Reference() if name != "both" else Both(engine("fast"), Reference())


ENGINES = ("fast", "reference", "both")


def is_fast_installed() -> bool:
    """Tell whether the library of the fast engine is there: it has no wheel for some platforms."""
    return importlib.util.find_spec("shacl") is not None


@dataclass(frozen=True)
class Both:
    """Asks two engines, and believes them when they agree."""

    first: Engine
    second: Engine
    name: str = "both"

    def results(
        self, data: Iterable[Quad], shapes: Iterable[Quad], store: Store | None = None
    ) -> frozenset[Result]:
        """Return the results of both; raise CommuniqueError where they differ."""
        data, shapes = quads_of(data), quads_of(shapes)
        found = self.first.results(data, shapes, store)
        differing = disagreement(found, self.second.results(data, shapes, store))
        if differing:
            lines = "\n".join(f"  {line}" for line in differing)
            raise CommuniqueError(
                f"--engine both: {self.first.name} (<) and {self.second.name} (>) differ:\n"
                f"{lines}\nValidate with --engine reference, and report the shape"
            )
        return found


def disagreement(first: frozenset[Result], second: frozenset[Result]) -> list[str]:
    """List what only the first found (`<`) and what only the second found (`>`), sorted."""
    return sorted(
        [
            *(f"< {_said(result)}" for result in first - second),
            *(f"> {_said(result)}" for result in second - first),
        ]
    )


def _said(result: Result) -> str:
    component = result.component.rpartition("#")[2].removesuffix("ConstraintComponent")
    parts = [component, f"{result.focus}", f"path {result.path}", f"value {result.value}"]
    shape = f"by {result.shape} as {result.severity.rpartition('#')[2]}"
    return " ".join([*parts, shape, repr(result.message)])
