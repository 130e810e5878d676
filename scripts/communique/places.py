"""Where in the files a fault stands, and the lines around it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Store, Triple

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
_FIRST = NamedNode(PREFIXES["rdf"] + "first")
_REST = NamedNode(PREFIXES["rdf"] + "rest")
_ALTERNATIVES = NamedNode(f"{_SH}alternativePath")
_FIRST_STEPS = {
    _FIRST,
    *(NamedNode(_SH + name) for name in ("oneOrMorePath", "zeroOrMorePath", "zeroOrOnePath")),
}
_CLOSED = f"{_SH}ClosedConstraintComponent"
_SPARQL = f"{_SH}SPARQLConstraintComponent"
_TOO_MANY = {f"{_SH}MaxCountConstraintComponent", f"{_SH}UniqueLangConstraintComponent"}


class Index:
    """What stands where in one file."""

    def __init__(self, reading: Reading) -> None:
        """Note the first place of each triple, subject and object."""
        self.region = reading.region
        self.text = reading.text
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

    def part(self, at: At, of: Fault) -> At:
        """Return the stretch of a literal, if it is written as it is."""
        start, end = at
        marks = 3 if self.text.startswith(('"""', "'''"), start) else 1
        first, last = of.within or (0, 0)
        value = of.object.value if isinstance(of.object, Literal) else None
        as_it_is = value is not None and self.text.startswith(value, start + marks)
        return (start + marks + first, start + marks + last) if as_it_is else (start, end)

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

    def beginnings(self, path: Term | None) -> list[NamedNode]:
        """Return the predicates by which a path may set out from a thing, none if it is unknown."""
        if path is None or isinstance(path, NamedNode):
            return [path] if path else []
        found: list[NamedNode] = []
        for quad in self._triples.of(path):
            if quad.predicate in _FIRST_STEPS and not isinstance(quad.object, Literal | Triple):
                found += self.beginnings(quad.object)
            elif quad.predicate == _ALTERNATIVES:
                found += self._alternatives(quad.object)
        return found

    def _alternatives(self, head: Node) -> list[NamedNode]:
        """Return the predicates by which the paths of a list may set out."""
        firsts = [quad.object for quad in self._triples.of(head, _FIRST)]
        rests = [quad.object for quad in self._triples.of(head, _REST)]
        own = [step for first in firsts for step in self.beginnings(_node(first))]
        return own + [step for rest in rests for step in self._alternatives(rest)]

    def borne(self, result: Result, beginnings: Iterable[NamedNode]) -> tuple[Quad, str]:
        """Return the triple that a result is about, and which part of it to point at.

        What is missing has no triple: the thing that lacks it is pointed at. Of values that are
        too many, the last in the file is pointed at; of what a longer path leads to, the step by
        which the path sets out, one of these beginnings.
        """
        focus, value = _node(result.focus), result.value
        path = result.path if isinstance(result.path, NamedNode) else None
        if result.component == _CLOSED and path and value is not None:
            return Quad(focus, path, value), "predicate"
        if value is not None and (value != focus or result.component == _SPARQL):
            found = self._with_value(focus, path, value, list(beginnings))
            if found:
                return min(found, key=self._offset), "object"
            thing = focus if isinstance(value, Literal | Triple) else value
            return Quad(thing, _TYPE, thing), "subject"
        if path and result.component in _TOO_MANY:
            several = self._triples.of(focus, path)
            return max(several, key=self._offset), "object"
        return Quad(focus, _TYPE, focus), "subject"

    def _with_value(
        self,
        focus: NamedNode | BlankNode,
        path: NamedNode | None,
        value: Term,
        beginnings: list[NamedNode],
    ) -> list[Quad]:
        """Return the triples of the focus that give a value, or lead to it.

        Else those that name the value, unless it is described somewhere or is a literal.
        """
        said = self._triples.of(focus)
        steps = [quad for quad in said if quad.predicate in beginnings]
        return (
            [quad for quad in said if (quad.predicate, quad.object) == (path, value)]
            or [quad for quad in said if quad.object == value]
            or [quad for quad in steps if self._leads(quad.object, value)]
            or steps
            or ([] if self._is_elsewhere(value) else self._triples.naming(value))
        )

    def _is_elsewhere(self, value: Term) -> bool:
        """Tell whether a value has a place better than the first that names it, or has none."""
        return isinstance(value, Literal) or bool(self._triples.of(value))

    def _leads(self, thing: Node, value: Term) -> bool:
        """Tell whether a thing has a value, by any predicate."""
        return any(quad.object == value for quad in self._triples.of(thing))

    def _offset(self, quad: Quad) -> tuple[str, int]:
        """Return the file in which a triple stands, and how far from its beginning."""
        file = self._first([quad])
        found = self._index(file).triple(quad) if file else None
        return (file.path if file else "", found.object_at[0] if found else 0)

    def _region(self, file: File, fault: Fault) -> Region:
        index = self._index(file)
        found = index.triple(fault) if fault.part != "subject" else None
        at = getattr(found, f"{fault.part}_at") if found else index.thing(fault.subject)
        return index.region(index.part(at, fault) if fault.within else at)

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
        return Index(file.placed())


def _node(term: Node) -> NamedNode | BlankNode:
    """Return a term as a subject; a literal is none, and stands for a thing without a name."""
    return term if isinstance(term, NamedNode | BlankNode) else BlankNode()


def _labelled(quads: Iterable[Quad]) -> Store:
    store = Store()
    store.extend(quad for quad in quads if isinstance(quad.object, Literal))
    return store
