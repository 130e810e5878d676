"""The fast engine: the library shacl for the core of SHACL, Oxigraph for rules in SPARQL.

It judges only by the forms of shapes on which it has been shown to be right (see verified); all
others go to the reference.
"""

from collections.abc import Iterable
from functools import cached_property

import shacl
from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    NamedNode,
    Quad,
    RdfFormat,
    Store,
    Triple,
    parse,
    serialize,
)

from communique import sparqlrules
from communique.chains import STEPS
from communique.dataset import Term
from communique.engines import Result, quads_of, sh
from communique.verified import LISTED, Rules

_BLANK = "urn:communique:blank:"
_INNER = STEPS | {LISTED}


class Fast:
    """Judges by Rust, and asks the reference where Rust has not been shown to be right."""

    name = "fast"

    def __init__(self) -> None:
        """Know no shapes yet."""
        self._known: tuple[Iterable[Quad], _Compiled] | None = None

    def results(
        self, data: Iterable[Quad], shapes: Iterable[Quad], store: Store | None = None
    ) -> frozenset[Result]:
        """Return what does not keep the rules (see engines.Engine)."""
        compiled = self._compiled(shapes)
        store = _store(data) if store is None else store
        if not compiled.rules.declined(store):
            core = _core(data, compiled)
            if core is not None:
                return core | frozenset(sparqlrules.results(store, compiled.rules))
        from communique.reference import Reference

        return Reference().results(data, shapes)

    def _compiled(self, shapes: Iterable[Quad]) -> "_Compiled":
        """Compile shapes, or return what was made of the same list the last time."""
        if self._known is None or self._known[0] is not shapes:
            self._known = shapes, _Compiled(Rules(quads_of(shapes)))
        return self._known[1]

    def declined(self, data: Iterable[Quad], shapes: Iterable[Quad]) -> str:
        """Say why these shapes go to the reference; say nothing if they need not."""
        return Rules(quads_of(shapes)).declined(_store(data))


def _store(data: Iterable[Quad]) -> Store:
    if isinstance(data, Store):
        return data
    store = Store()
    store.extend(Quad(quad.subject, quad.predicate, quad.object) for quad in data)
    return store


class _Compiled:
    """Shapes, and what the library makes of them."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    @cached_property
    def core(self) -> shacl.Shapes:
        """The rules of the core; shapes that the library refuses raise ValueError."""
        return shacl.Shapes.from_text(_ntriples(_named(self.rules.quads)), format="ntriples")


def _core(data: Iterable[Quad], compiled: _Compiled) -> frozenset[Result] | None:
    """Judge by the core of SHACL, or give up: on blank nodes, as the library renames them."""
    try:
        report = compiled.core.validate_text(_ntriples(data), format="ntriples")
    except ValueError:
        return None
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            return None
        raise
    found = list(report.results)
    if any(term.startswith("_:") for one in found for term in (one.focus_node, one.value or "")):
        return None
    return frozenset(_result(one, compiled.rules) for one in found)


def _named(quads: Iterable[Quad]) -> list[Quad]:
    """Name the blank shapes, leave blank what is a path or a list, and leave SPARQL out."""
    core = [quad for quad in quads if quad.predicate.value != sh("sparql")]
    inner = {quad.subject for quad in core if quad.predicate.value in _INNER}

    def named(node: object) -> NamedNode | None:
        blank = isinstance(node, BlankNode) and node not in inner
        return NamedNode(_BLANK + node.value) if blank and isinstance(node, BlankNode) else None

    return [
        Quad(named(quad.subject) or quad.subject, quad.predicate, named(quad.object) or quad.object)
        if isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode)
        else quad
        for quad in core
    ]


def _ntriples(graph: Iterable[Quad]) -> str:
    if isinstance(graph, Store):
        text = graph.dump(format=RdfFormat.N_TRIPLES, from_graph=DefaultGraph())
    else:
        text = serialize((quad.triple for quad in graph), format=RdfFormat.N_TRIPLES)
    return (text or b"").decode()


def _result(found: shacl.Result, rules: Rules) -> Result:
    shape = _shape(found.source_shape or "")
    closed = found.component_iri == sh("ClosedConstraintComponent")
    return Result(
        focus=_term(found.focus_node),
        path=_term(found.path) if closed and found.path else rules.one(shape, "path"),
        value=_term(found.value) if found.value else None,
        shape=shape,
        component=found.component_iri,
        severity=found.severity_iri,
        message=rules.message(shape),
    )


def _term(text: str) -> Term:
    """Read a term as N-Triples writes it."""
    quad = next(iter(parse(f"<urn:s> <urn:p> {text} .", format=RdfFormat.N_TRIPLES)))
    if not isinstance(quad, Quad) or isinstance(quad.object, Triple):
        raise TypeError(text)
    return quad.object


def _shape(text: str) -> Term:
    """Read the name of a shape, and give a blank one its label back."""
    term = _term(text)
    if isinstance(term, NamedNode) and term.value.startswith(_BLANK):
        return BlankNode(term.value.removeprefix(_BLANK))
    return term
