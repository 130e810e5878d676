"""Where in the files a fault stands, and the lines around it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Store

from communique.dataset import Term
from communique.engines import Result
from communique.faults import Fault, Node
from communique.findings import Finding, Region, Rule, around
from communique.graphs import File
from communique.labels import Labels
from communique.namespaces import PREFIXES
from communique.positions import At, Located, Reading
from communique.vocabularies import Vocabulary

_SH = PREFIXES["sh"]
_PATH = NamedNode(f"{_SH}path")
_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_CLOSED = f"{_SH}ClosedConstraintComponent"
_TOO_MANY = {f"{_SH}MaxCountConstraintComponent", f"{_SH}UniqueLangConstraintComponent"}


class Index:
    """What stands where in one file."""

    def __init__(self, reading: Reading) -> None:
        """Note the first place of each triple, subject and object."""
        self.region = reading.region
        self._triples: dict[tuple[Node, NamedNode, Node], Located] = {}
        self._subjects: dict[Node, At] = {}
        self._objects: dict[Node, At] = {}
        for each in reading.triples:
            self._triples.setdefault((each.subject, each.predicate, each.object), each)
            self._subjects.setdefault(each.subject, each.subject_at)
            self._objects.setdefault(each.object, each.object_at)

    def triple(self, of: Fault | Quad) -> Located | None:
        """Return a triple with the places of its parts."""
        return self._triples.get((of.subject, of.predicate, of.object))

    def thing(self, term: Node) -> At:
        """Return where a thing is described, else where it is named first."""
        return self._subjects.get(term) or self._objects.get(term) or (0, 0)


class Triples:
    """Quads by what they begin and end with."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        """Sort the quads by subject, and by object."""
        self._by_subject = defaultdict[Node, list[Quad]](list)
        self._by_object = defaultdict[Node, list[Quad]](list)
        for quad in quads:
            self._by_subject[quad.subject].append(quad)
            self._by_object[quad.object].append(quad)

    def of(self, subject: Node, path: NamedNode | None = None) -> list[Quad]:
        """Return what is said of a thing: all, or by one predicate."""
        found = self._by_subject.get(subject, [])
        return [quad for quad in found if path in (None, quad.predicate)]

    def naming(self, term: Node) -> list[Quad]:
        """Return the quads that have a term as their object."""
        return self._by_object.get(term, [])


class Places:
    """Turns faults of graphs into findings in files."""

    def __init__(
        self, quads: list[Quad], files: Mapping[NamedNode, File], vocabulary: Vocabulary
    ) -> None:
        """Take what is said, the file that each graph is, and the table of prefixes."""
        self._triples = Triples(quads)
        self._files = files
        self._labels = Labels(_labelled(quads))
        self._shrink = vocabulary.shrink
        self._index = cache(self._read)

    def finding(self, fault: Fault) -> Finding:
        """Return a fault as a finding at the place where it stands."""
        file = self._file(fault)
        region = self._region(file, fault) if file else Region()
        before, excerpt = around(file.document.text, region) if file else ("", "")
        return Finding(
            file=file.path if file else "shapes" if fault.layer == "shapes" else "data",
            region=region,
            rule=fault.rule,
            message=fault.message,
            severity=fault.severity,
            layer=fault.layer,
            focus=self.name(fault.subject),
            label=self._label(fault.subject),
            value=fault.value,
            hint=fault.hint,
            before=before,
            excerpt=excerpt,
        )

    def rule(self, shape: Term, text: str) -> Rule:
        """Return the rule that a shape is, with the line on which it begins."""
        file = self._first(self._triples.of(shape))
        if file is None:
            return Rule(self.name(shape), text)
        index = self._index(file)
        return Rule(self._owned(shape), text, file.path, index.region(index.thing(shape)).line)

    def borne(self, result: Result) -> tuple[Quad, str]:
        """Return the triple that a result is about, and which part of it to point at.

        What is missing has no triple: the thing that lacks it is pointed at. Of values that are
        too many, the last in the file is pointed at.
        """
        focus, value = _node(result.focus), result.value
        path = result.path if isinstance(result.path, NamedNode) else None
        if result.component == _CLOSED and path and value is not None:
            return Quad(focus, path, value), "predicate"
        if value is not None and value != focus:
            return self._with_value(focus, path, value)
        if path and result.component in _TOO_MANY:
            several = self._triples.of(focus, path)
            return max(several, key=self._offset), "object"
        return Quad(focus, _TYPE, focus), "subject"

    def _with_value(
        self, focus: NamedNode | BlankNode, path: NamedNode | None, value: Term
    ) -> tuple[Quad, str]:
        """Return the triple that gives a value: on the path, else to the focus, else anywhere."""
        naming = self._triples.naming(value)
        of_focus = [quad for quad in naming if quad.subject == focus]
        on_path = [quad for quad in of_focus if quad.predicate == path]
        found = on_path or of_focus or naming
        if found:
            return min(found, key=self._offset), "object"
        return Quad(_node(value), _TYPE, value), "subject"

    def _offset(self, quad: Quad) -> tuple[str, int]:
        """Return the file in which a triple stands, and how far from its beginning."""
        file = self._first([quad])
        found = self._index(file).triple(quad) if file else None
        return (file.path if file else "", found.object_at[0] if found else 0)

    def _region(self, file: File, fault: Fault) -> Region:
        index = self._index(file)
        found = index.triple(fault) if fault.part != "subject" else None
        at = getattr(found, f"{fault.part}_at") if found else index.thing(fault.subject)
        return index.region(at)

    def _file(self, fault: Fault) -> File | None:
        """Return the file that holds a triple, else one that describes or names its subject."""
        if fault.graph:
            return self._files.get(NamedNode(fault.graph))
        described = self._triples.of(fault.subject)
        exact = [q for q in described if (q.predicate, q.object) == (fault.predicate, fault.object)]
        named = self._triples.naming(fault.subject)
        found = (self._first(quads) for quads in (exact, described, named))
        return next((file for file in found if file), None)

    def _first(self, quads: Iterable[Quad]) -> File | None:
        names = (quad.graph_name for quad in quads)
        files = (self._files.get(name) for name in names if isinstance(name, NamedNode))
        return min((file for file in files if file), key=lambda file: file.path, default=None)

    def name(self, term: Node) -> str:
        """Return the prefixed name of a term, or the term itself."""
        return self._shrink(term.value) if isinstance(term, NamedNode) else str(term)

    def _owned(self, shape: Node) -> str:
        """Name a shape; one without a name by the shape that holds it, and by its path."""
        if isinstance(shape, NamedNode):
            return self.name(shape)
        holders = [self._owned(quad.subject) for quad in self._triples.naming(shape)[:1]]
        paths = [self.name(quad.object) for quad in self._triples.of(shape, _PATH)]
        return " ".join([*holders, *paths])

    def _label(self, term: Node) -> str:
        return self._labels.found(term.value) if isinstance(term, NamedNode) else ""

    def _read(self, file: File) -> Index:
        return Index(file.reading())


def _node(term: Node) -> NamedNode | BlankNode:
    """Return a term as a subject; a literal is none, and stands for a thing without a name."""
    return term if isinstance(term, NamedNode | BlankNode) else BlankNode()


def _labelled(quads: Iterable[Quad]) -> Store:
    store = Store()
    store.extend(quad for quad in quads if isinstance(quad.object, Literal))
    return store
