"""A fault in a graph: which triple, which part of it, and what is wrong; not yet where it stands.

Positions are of files, and faults of graphs: what places a fault turns it into a finding.
"""

from typing import NamedTuple

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from communique.findings import Rule

Node = NamedNode | BlankNode | Literal | Triple

PARTS = ("subject", "predicate", "object")


class Fault(NamedTuple):
    """One part of one triple that is not as it should be."""

    graph: str | None
    """The IRI of the named graph that holds the triple; None in the default graph."""
    subject: NamedNode | BlankNode | Triple
    predicate: NamedNode
    object: Node
    part: str
    """One of `PARTS`: what of the triple is to be pointed at."""
    rule: Rule
    message: str
    """One sentence in the words of the domain."""
    severity: str
    """`error` or `warning`."""
    layer: str
    """One of `findings.LAYERS`."""
    hint: str = ""
    value: str = ""
    """What was found, as a person reads it."""
    within: tuple[int, int] | None = None
    """Which stretch of the literal it is about, in code points from 0; None is all of it."""


def fault(  # noqa: PLR0913  a fault has that many sides
    quad: Quad,
    part: str,
    rule: Rule,
    message: str,
    *,
    layer: str,
    severity: str = "error",
    hint: str = "",
    value: str = "",
    within: tuple[int, int] | None = None,
) -> Fault:
    """Return the fault of one part of a quad."""
    graph = quad.graph_name.value if isinstance(quad.graph_name, NamedNode) else None
    return Fault(
        graph=graph,
        subject=quad.subject,
        predicate=quad.predicate,
        object=quad.object,
        part=part,
        rule=rule,
        message=message,
        severity=severity,
        layer=layer,
        hint=hint,
        value=value,
        within=within,
    )
