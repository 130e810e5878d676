"""Lists without an end and paths without a bottom, which nodes can make that are named.

In brackets neither can be written; with `_:a` or an IRI both can, and who follows them is lost.
"""

from collections.abc import Iterable, Iterator

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from communique.namespaces import PREFIXES

DEEPEST = 64
Node = NamedNode | BlankNode

_REST = PREFIXES["rdf"] + "rest"
_NIL = PREFIXES["rdf"] + "nil"
STEPS = frozenset(
    PREFIXES["sh"] + name
    for name in (
        "alternativePath",
        "inversePath",
        "oneOrMorePath",
        "zeroOrMorePath",
        "zeroOrOnePath",
    )
)
"""What the steps of a path are written with that are more than a predicate."""
FOLLOWED = frozenset({_REST, PREFIXES["rdf"] + "first", *STEPS})
"""What leads from one part of a list or a path to the next."""


class Chains:
    """Collects what leads to what in one file."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._next: dict[Node, list[tuple[Node, int]]] = {}

    def take(self, quad: Quad) -> None:
        """Note a triple whose predicate is followed."""
        predicate, end = quad.predicate.value, quad.object
        if isinstance(end, Literal | Triple) or end.value == _NIL:
            return
        if isinstance(quad.subject, Triple) or (isinstance(end, NamedNode) and predicate != _REST):
            return
        step = (end, int(predicate != _REST))
        self._next.setdefault(quad.subject, []).append(step)

    def faults(self) -> Iterator[tuple[Node, str]]:
        """Yield the first node that leads back to itself, or from which it goes too deep."""
        depths: dict[Node, int] = {}
        for start in self._next:
            for node, known in self._upwards(start, depths):
                if known:
                    yield node, "leads back to itself"
                    return
                below = [depths.get(to, 0) + step for to, step in self._next.get(node, ())]
                depths[node] = max(below, default=0)
                if depths[node] > DEEPEST:
                    yield node, f"is nested deeper than {DEEPEST}"
                    return

    def _upwards(self, start: Node, done: dict[Node, int]) -> Iterable[tuple[Node, bool]]:
        """Walk from the far ends to the start; tell of each node whether it is met again."""
        open_, ahead = set[Node](), [(start, False)]
        while ahead:
            node, left = ahead.pop()
            if left:
                open_.discard(node)
                yield node, False
            elif node in open_:
                yield node, True
            elif node not in done:
                open_.add(node)
                ahead.append((node, True))
                ahead += [(to, False) for to, _ in self._next.get(node, ())]
