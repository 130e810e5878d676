"""Whether the data keeps the rules of the shapes, and whether the shapes had anything to say."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, Store, Triple

from communique.dataset import Term, extent, graph_iri, select, sources, union
from communique.labels import Labels, count, visible
from communique.literals import malformed
from communique.names import closest, described, unknown
from communique.namespaces import PREFIXES, shrink
from communique.shapes import Shapes, load_shapes

_WARNING = NamedNode(PREFIXES["sh"] + "Warning")
_VERDICTS = ("breaches", "counterpartOf", "fulfils")


@dataclass(frozen=True, order=True)
class Finding:
    """One place where the data, or a shape, is not as it should be."""

    file: str
    focus: str
    label: str
    message: str
    severity: str
    shape: str
    value: str = ""

    def __str__(self) -> str:
        """Say it in one line."""
        name = f'{self.focus} "{self.label}"' if self.label else self.focus
        value = f" Found: {self.value}" if self.value else ""
        line = f"{self.file}: {self.severity}: {name}: {self.message}{value} [{self.shape}]"
        return visible(line)


@dataclass(frozen=True)
class Report:
    """What was checked, and what was found."""

    files: int
    triples: int
    statements: int
    shapes: int
    shapes_used: int
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        """How many findings are more than warnings."""
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings are warnings."""
        return len(self.findings) - self.errors

    def __str__(self) -> str:
        """Sum up in one line."""
        warned = f", {count(self.warnings, 'warning')}" if self.warnings else ""
        return (
            f"Checked {count(self.files, 'file')}, {count(self.triples, 'triple')}, "
            f"{count(self.statements, 'statement')}; "
            f"{self.shapes_used} of {count(self.shapes, 'shape')} had something to check. "
            f"{count(self.errors, 'error')}{warned}."
        )


def validate(root: Path, store: Store) -> Report:
    """Check the store of a project, without inferences, against the project's shapes."""
    from communique import shacl

    data = union(store)
    shapes = load_shapes(root, data)
    found = _Findings(root, store, shapes)
    faulty = list(malformed(data))
    for quad in faulty:
        for each in list(data.quads_for_pattern(quad.subject, quad.predicate, quad.object)):
            data.remove(each)
    findings = {
        *found.of_literals(faulty),
        *found.of_shapes(),
        *found.of_names(data),
        *found.of_verdicts(),
        *found.of_data(shacl.results(data, shapes.store)),
    }
    files = sources(root)
    return Report(
        files=len(files),
        triples=extent(store, (source.iri for source in files)),
        statements=len(select(data, "SELECT ?s { ?s a cmq:Statement }")),
        shapes=len(shapes.targeting),
        shapes_used=len(shapes.targeting) - len(shapes.idle),
        findings=tuple(sorted(findings)),
    )


class _Findings:
    """Turns what an engine says into what a person reads."""

    def __init__(self, root: Path, store: Store, shapes: Shapes) -> None:
        self._store = store
        self._labels = Labels(store)
        self._shapes = shapes
        self._files: dict[object, str] = {
            s.iri: s.path.relative_to(root).as_posix() for s in sources(root)
        }

    def of_shapes(self) -> Iterator[Finding]:
        """Yield the flaws of the shapes themselves."""
        for flaw in self._shapes.flaws:
            file = self._shapes.files.get(flaw.shape, "shapes")
            name = shrink(flaw.shape) if flaw.shape else "shapes"
            yield Finding(file, name, "", flaw.message, "error", name)

    def of_literals(self, faulty: Iterable[Quad]) -> Iterator[Finding]:
        """Yield the literals that do not have the form of their datatype."""
        for quad in faulty:
            if isinstance(quad.object, Literal) and isinstance(quad.subject, NamedNode):
                kind = shrink(quad.object.datatype.value)
                message = f"{shrink(quad.predicate.value)} has no value of the form {kind}."
                file, label = self._file(quad.subject), self._label(quad.subject)
                yield Finding(
                    file,
                    _name(quad.subject),
                    label,
                    message,
                    "error",
                    "literals",
                    quad.object.value,
                )

    def of_names(self, data: Store) -> Iterator[Finding]:
        """Yield the names that nothing describes."""
        known = described(data)
        for user, iri in unknown(data):
            near = closest(iri, known)
            message = f"Nothing describes {shrink(iri)}{f'; is it {near}?' if near else '.'}"
            file, label = self._file(user), self._label(user)
            yield Finding(file, _name(user), label, message, "error", "known-names")

    def of_verdicts(self) -> Iterator[Finding]:
        """Yield what only a curator may say and a file of an article says."""
        message = "Only data/curated.ttl says what breaches, fulfils or is the counterpart of what."
        curated = graph_iri("curated")
        for name in _VERDICTS:
            verdict = NamedNode(PREFIXES["cmq"] + name)
            for quad in self._store.quads_for_pattern(None, verdict, None):
                if quad.graph_name != curated:
                    yield Finding(
                        file=self._files.get(quad.graph_name, "data"),
                        focus=_name(quad.subject),
                        label=self._label(quad.subject),
                        message=message,
                        severity="error",
                        shape="curated-verdicts",
                        value=f"{shrink(verdict.value)} {_name(quad.object)}",
                    )

    def of_data(self, results: Iterable[dict[str, Term]]) -> Iterator[Finding]:
        """Yield the results of validation."""
        for row in results:
            focus, value = row["focus"], row.get("value", row["focus"])
            message = row.get("message")
            yield Finding(
                file=self._file(focus),
                focus=_name(focus),
                label=self._label(focus),
                message=message.value if message else "A rule of the shape is kept.",
                severity="warning" if row["severity"] == _WARNING else "error",
                shape=_name(row["shape"]),
                value="" if value == focus else _name(value),
            )

    def _label(self, term: Term | Triple) -> str:
        label = self._labels.of(term.value) if isinstance(term, NamedNode) else ""
        return "" if label == _name(term) else label

    def _file(self, term: Term) -> str:
        """Return the file that describes a thing, else one that names it."""
        if isinstance(term, NamedNode):
            described = self._store.quads_for_pattern(term, None, None)
            named = self._store.quads_for_pattern(None, None, term)
            for quads in (described, named):
                files = {self._files.get(quad.graph_name, "") for quad in quads} - {""}
                if files:
                    return min(files)
        return "data"


def _name(term: Term | Triple) -> str:
    return shrink(term.value) if isinstance(term, NamedNode) else str(term)


def as_json(report: Report) -> str:
    """Write a report as JSON."""
    return json.dumps(asdict(report), ensure_ascii=False, indent=2)
