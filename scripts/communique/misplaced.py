"""What stands in the wrong folder: shapes among the data, and data among the shapes.

Engines look for no shape among the data, and judge nothing that stands among the shapes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from pyoxigraph import BlankNode, NamedNode, Quad

from communique.faults import Fault, Node, fault
from communique.findings import Rule
from communique.namespaces import PREFIXES, shrink
from communique.vocabularies import Vocabulary, split

_SH, _RDF = PREFIXES["sh"], PREFIXES["rdf"]
_TYPE = NamedNode(f"{_RDF}type")
_ONTOLOGY = NamedNode(PREFIXES["owl"] + "Ontology")
_DECLARING = frozenset(
    _SH + name for name in ("PrefixDeclaration", "declare", "namespace", "prefix")
)
"""What an ontology says in SHACL's words: by which prefixes its namespaces are known."""
_OF_KINDS = frozenset(PREFIXES[prefix] for prefix in ("owl", "rdf", "rdfs", "sh"))
"""Vocabularies whose classes a shape may be of."""

_MISPLACED = Rule("misplaced", "Shapes stand in shapes/, and what they judge does not.")


def shapes_among(data: Iterable[Quad]) -> Iterator[Fault]:
    """Find things in ontology and data of which something is said as of shapes, each once."""
    found = dict[Node, Quad]()
    within = set[Node]()
    for quad in data:
        word = quad.object if quad.predicate == _TYPE else quad.predicate
        iri = word.value if isinstance(word, NamedNode) else ""
        if iri.startswith(_SH) and iri not in _DECLARING:
            found.setdefault(quad.subject, quad)
            if isinstance(quad.object, BlankNode):
                within.add(quad.object)
    for thing, quad in found.items():
        if thing not in within:
            is_type = quad.predicate == _TYPE
            word = quad.object if is_type else quad.predicate
            message = f"{_name(word)} is said here, where no shape is looked for."
            part = "object" if is_type else "predicate"
            yield _fault(quad, part, message, "move it to shapes/, or remove it")


def data_among(shapes: Iterable[Quad], vocabulary: Vocabulary) -> Iterator[Fault]:
    """Find things among the shapes that are none, or are something else, too."""
    about = defaultdict[Node, list[Quad]](list)
    for quad in shapes:
        about[quad.subject].append(quad)
    for thing, quads in about.items():
        types = [quad for quad in quads if quad.predicate == _TYPE]
        if any(quad.object == _ONTOLOGY for quad in types):
            continue
        others = [quad for quad in types if _is_of_data(quad.object, vocabulary)]
        if others:
            message = f"A thing of the class {_name(others[0].object)} stands among the shapes."
            yield _fault(others[0], "object", message, _TO_DATA)
        elif isinstance(thing, NamedNode) and not any(map(_is_of_shapes, quads)):
            message = f"{vocabulary.shrink(thing.value)} stands among the shapes, and is none."
            yield _fault(quads[0], "subject", message, _TO_DATA)


_TO_DATA = "move it to data/ or ontology/"


def _is_of_data(kind: Node, vocabulary: Vocabulary) -> bool:
    if not isinstance(kind, NamedNode) or split(kind.value)[0] in _OF_KINDS:
        return False
    return vocabulary.known(kind.value) is not None


def _is_of_shapes(quad: Quad) -> bool:
    """Tell whether a triple is of a shape, a path or a list."""
    iri = quad.predicate.value
    kind = quad.object.value if isinstance(quad.object, NamedNode) else ""
    of_list = iri in {f"{_RDF}first", f"{_RDF}rest"}
    return of_list or iri.startswith(_SH) or (quad.predicate == _TYPE and kind.startswith(_SH))


def _name(term: Node) -> str:
    return shrink(term.value) if isinstance(term, NamedNode) else str(term)


def _fault(quad: Quad, part: str, message: str, hint: str) -> Fault:
    return fault(quad, part, _MISPLACED, message, layer="shapes", hint=hint)
