"""The gate: what is checked, in which order, and what one layer leaves to the next."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, Store

from communique import (
    dangling,
    misplaced,
    policy,
    resources,
    shapequeries,
    unfollowed,
    vocabularies,
)
from communique.causes import Causes
from communique.dataset import graph_iri, select
from communique.engines import Result, engine
from communique.engines import Shapes as Rules
from communique.errors import CommuniqueError
from communique.evidence import LOST, ReaderCopy, check, read_copy
from communique.faults import Fault, fault
from communique.findings import LAYERS, Finding, Region, Report, Rule, around, fingerprints
from communique.graphs import File, Graphs, graphs, prefixes_of
from communique.intake import Document, documents
from communique.linting import Known, lint, stray_answers
from communique.literals import malformed
from communique.loosening import loosened
from communique.namespaces import PREFIXES, shrink
from communique.places import Places
from communique.shapes import Shapes, judged, shapes_of_shapes, unjudged
from communique.strays import strays
from communique.vocabularies import Vocabulary, prefix_faults, vocabulary
from communique.wellformed import problems
from communique.wording import Wording, gathered, is_of_all

NEEDS: dict[str, tuple[str, ...]] = {
    "syntax": ("encoding",),
    "prefixes": ("syntax",),
    "iris": ("encoding",),
    "terms": ("prefixes", "iris"),
    "names": ("terms",),
    "shapes": ("terms",),
    "constraints": ("names", "shapes"),
    "evidence": ("constraints",),
    "queries": ("terms",),
    "policy": ("names",),
}
"""What each layer builds on: it is left out where one of these has errors."""

_OF_GRAPHS = frozenset(("terms", "names", "shapes", "constraints", "evidence", "policy"))
"""The layers that look at triples; the others look at texts, and know where things stand."""
_LAST_WORD = frozenset(("shapes", "policy"))
"""The layers that do not tell again what an earlier one has told of the same words or name."""
_WARNING = PREFIXES["sh"] + "Warning"
_VERDICTS = {PREFIXES["cmq"] + name for name in ("breaches", "counterpartOf", "fulfils")}
_CURATED = graph_iri("curated")

_FORM = Rule("literal-form", "A literal has the form of its datatype.")
_TARGET = Rule("no-target", "The shapes of a project have a target.")
_EVIDENCE = Rule("evidence", "The places of evidence fit together, and their digests are digests.")
_IN_COPY = Rule("evidence-in-copy", "What the evidence points at stands in the reader's copy.")
_ONE_FILE = Rule("added-elsewhere", "Only the curated file adds to what another file describes.")
_STATEMENTS = "SELECT ?s { ?s a/rdfs:subClassOf* cmq:Statement }"
_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_SHACL = Rule("shacl-shape", "A shape is what the shapes of SHACL itself ask for.")
_VERDICT = Rule(
    "curated-verdict",
    "Only data/curated.ttl says what breaches, fulfils or is the counterpart of what.",
)


def validate(  # noqa: PLR0913  each is a choice of its own
    root: Path,
    *,
    engine_name: str = "fast",
    copy: Path | None = None,
    judge: Sequence[Document] = (),
    former: Sequence[Document] = (),
    known: Collection[str] = (),
) -> Report:
    """Check a project, layer by layer; a layer with errors leaves out those that build on it.

    `judge` are shapes that stand in for the project's own, which are then only checked themselves;
    `former` are shapes than which the project's own should not be looser. Errors whose fingerprints
    are `known` leave nothing out.
    """
    asked = (root, engine_name, copy, judge, former)
    report = _run(_Gate(*asked, placed=engine_name != "fast"), known)
    if engine_name == "fast" and any(each.layer in _OF_GRAPHS for each in report.findings):
        return _run(_Gate(*asked, placed=True), known)  # now there is something to be placed
    return report


def _run(gate: "_Gate", known: Collection[str]) -> Report:
    findings: set[Finding] = set()
    failed: dict[str, bool] = {}
    for layer in LAYERS:
        if failed.keys() & NEEDS.get(layer, ()):
            failed[layer] = False
            continue
        found = set(gate.check(layer))
        findings |= _untold(found, findings) if layer in _LAST_WORD else found
        if any(each.severity == "error" for each in _unknown(found, known)):
            failed[layer] = True
    unchecked = tuple(layer for layer, was_checked in failed.items() if not was_checked)
    return gate.report(findings, unchecked)


def _unknown(found: Iterable[Finding], known: Collection[str]) -> Iterator[Finding]:
    return (each for each, name in fingerprints(found).items() if name not in known)


def _untold(found: set[Finding], told: set[Finding]) -> set[Finding]:
    """Leave out what is told already, of the same words or name."""
    errors = (each for each in told if each.value and each.severity == "error")
    known = {(each.file, each.region, each.value) for each in errors}
    return {each for each in found if (each.file, each.region, each.value) not in known}


class _Gate:
    """A project under check: what is read for one layer is there for the next."""

    def __init__(  # noqa: PLR0913  what `validate` takes
        self,
        root: Path,
        engine_name: str,
        copy: Path | None,
        judge: Sequence[Document],
        former: Sequence[Document],
        *,
        placed: bool,
    ) -> None:
        self._root = root
        self._engine = engine(engine_name)
        self._copy = copy
        self._documents, self._at_the_door = documents(root)
        self._judge = judge
        self._former = former
        self._placed = placed

    def check(self, layer: str) -> Iterator[Finding]:
        """Yield what one layer finds."""
        yield from (finding for finding in self._at_the_door if finding.layer == layer)
        for found in getattr(self, f"_{layer}", list)():
            placed = found if isinstance(found, Finding) else self._places.finding(found)
            yield replace(placed, hint=f"{placed.hint[:1].upper()}{placed.hint[1:]}")

    def report(self, findings: set[Finding], unchecked: tuple[str, ...]) -> Report:
        """Sum up what was checked, and what was found."""
        shapes = () if "shapes" in unchecked else self._judged.targeting
        return Report(
            files=len(self._documents),
            triples=len(self._graphs.data),
            statements=len(select(self._union, _STATEMENTS)),
            shapes=len(shapes),
            shapes_used=len(shapes) - len(self._judged.idle if shapes else ()),
            findings=tuple(sorted(findings)),
            unchecked=unchecked,
        )

    def _syntax(self) -> Iterable[Finding]:
        return self._graphs.findings

    def _prefixes(self) -> Iterator[Finding]:
        for file in self._graphs.files.values():
            seen = prefixes_of(file.document.text)
            if seen is None or list(prefix_faults(*seen, self._vocabulary)):
                yield from self._misdeclared(file)

    def _misdeclared(self, file: File) -> Iterator[Finding]:
        """Yield what is wrong with the prefixes of a file, read once more for their places."""
        reading = file.placed()
        declared = [each for each in reading.declared if not each.is_base]
        stated = [(each.prefix, each.iri) for each in declared]
        used = {each.written.partition(":")[0] for each in reading.names}
        for each in prefix_faults(stated, used, self._vocabulary):
            region = reading.region(declared[each.index].at)
            before, excerpt = around(file.document.text, region)
            yield Finding(
                file=file.path,
                region=region,
                rule=each.rule,
                message=each.message,
                severity=each.severity,
                layer="prefixes",
                value=each.iri,
                hint=each.hint,
                before=before,
                excerpt=excerpt,
            )

    def _terms(self) -> Iterator[Fault]:
        quads = [*self._graphs.data, *self._graphs.shapes]
        yield from vocabularies.faults(quads, self._vocabulary)
        for quad in malformed(self._graphs.data):
            if isinstance(quad.object, Literal):
                kind = shrink(quad.object.datatype.value)
                message = f'"{quad.object.value}" does not have the form of {kind}.'
                yield fault(quad, "object", _FORM, message, layer="terms")

    def _names(self) -> Iterator[Fault]:
        quads = [*self._graphs.data, *self._graphs.shapes]
        yield from dangling.faults(quads, self._vocabulary, dangling.described(quads))

    def _shapes(self) -> Iterator[Finding | Fault]:
        if not self._judged.targeting and not self._judged.faults:
            message = "The shapes have no target: nothing would be checked."
            yield Finding("shapes", Region(), _TARGET, message, "error", "shapes")
        yield from misplaced.shapes_among(self._graphs.data)
        yield from misplaced.data_among(self._graphs.shapes, self._vocabulary)
        yield from self._judged.faults
        told = {found.subject for found in self._judged.faults}
        left = {quad.subject for quad in self._graphs.shapes} - told
        yield from (each for each in self._of_shacl() if each.subject in left)
        things = dangling.described([*self._graphs.data, *self._graphs.shapes])
        yield from shapequeries.faults(self._graphs.shapes, self._vocabulary, things)
        if self._former:
            before = graphs(self._former).shapes
            yield from loosened(
                _store(before), _store(self._graphs.shapes), name=self._vocabulary.shrink
            )

    def _of_shacl(self) -> Iterator[Fault]:
        """Judge the shapes themselves by the shapes of SHACL that the W3C has published."""
        rules = shapes_of_shapes()
        places = Places(rules, {}, self._vocabulary)
        wording = Wording(_store(self._graphs.shapes), _store(rules), self._vocabulary)
        results = self._engine.results(self._graphs.shapes, rules)
        closer = {result.focus for result in results if not is_of_all(result)}
        outer = {quad.subject for quad in self._graphs.shapes if quad.object in closer}
        for result in results:
            if is_of_all(result) and result.focus in closer | outer:
                continue  # what is wrong within it is told
            quad, part = self._places.borne(result, places.beginnings(result.path))
            yield fault(quad, part, _SHACL, wording.message(result, ()), layer="shapes")

    def _constraints(self) -> Iterator[Fault]:
        judge = graphs(self._judge) if self._judge else self._graphs
        rules = Places(judge.shapes, judge.files, self._vocabulary)
        shapes = judged(judge.shapes, self._union).store if self._judge else self._judged.store
        yield from unjudged(self._in_data, self._union, shapes)
        wording = Wording(self._union, shapes, self._vocabulary)
        try:
            results = self._engine.results(self._graphs.asked, judge.shapes)
        except CommuniqueError:
            refused = [] if self._judge else list(self._unfollowed())
            if not refused:
                raise
            yield from refused
            return
        if not results:
            return
        causes = Causes(results, self._graphs.asked, Rules(judge.shapes))
        for cause in causes.found():
            result = cause.results[0]
            said = wording.message(result) + wording.shared(cause.more)
            yield _broken(result, (cause.quad, cause.part), said, rules, wording)
        for result, others in gathered(causes.left):
            at = self._places.borne(result, rules.beginnings(result.path))
            yield _broken(result, at, wording.message(result, others), rules, wording)

    def _unfollowed(self) -> Iterator[Fault]:
        return unfollowed.faults(self._engine, self._graphs.shapes, self._judged.targeting)

    def _evidence(self) -> Iterator[Fault]:
        for problem in problems(self._union):
            message = f"{problem.message[:1].upper()}{problem.message[1:]}."
            yield _of_thing(problem.iri, _EVIDENCE, message)
        for result in check(self._union, self._words.text) if self._words else ():
            if result.status in LOST:
                message = f"The {result.kind} in {result.identifier} is {result.status}."
                yield _of_thing(result.iri, _IN_COPY, message)

    def _queries(self) -> Iterator[Finding]:
        known = Known(self._vocabulary, dangling.described(self._graphs.data))
        stored = {path.stem for path in resources.answers(self._root).glob("*.csv")}
        for document in self._documents:
            if document.path.endswith(".rq"):
                answered = Path(document.path).stem in stored
                yield from lint(document.path, document.text, known, answered=answered)
        yield from stray_answers(self._root)

    def _added_elsewhere(self) -> Iterator[Fault]:
        """Yield what a file adds to a thing that another one describes."""
        home = {quad.subject: quad.graph_name for quad in self._in_data if quad.predicate == _TYPE}
        for quad in self._in_data:
            if quad.graph_name not in (home.get(quad.subject, quad.graph_name), _CURATED):
                message = "Another file describes this thing, and this one adds to it."
                yield fault(quad, "predicate", _ONE_FILE, message, layer="policy")

    def _policy(self) -> Iterator[Finding | Fault]:
        yield from strays(self._root)
        yield from self._added_elsewhere()
        yield from policy.faults(self._graphs.data, self._ontology)
        if self._words:
            yield from policy.copied([*self._graphs.data, *self._graphs.shapes], self._words.text)
        for quad in self._graphs.data:
            if quad.predicate.value in _VERDICTS and quad.graph_name != _CURATED:
                message = f"{shrink(quad.predicate.value)} is told outside the curated file."
                yield fault(quad, "predicate", _VERDICT, message, layer="policy")

    @cached_property
    def _graphs(self) -> Graphs:
        return graphs(self._documents, placed=self._placed)

    @cached_property
    def _places(self) -> Places:
        quads = [*self._graphs.data, *self._graphs.shapes]
        return Places(quads, self._graphs.files, self._vocabulary)

    @cached_property
    def _ontology(self) -> list[Quad]:
        files = self._graphs.files.items()
        inside = {graph for graph, file in files if file.path.startswith("ontology/")}
        return [quad for quad in self._graphs.data if quad.graph_name in inside]

    @cached_property
    def _in_data(self) -> list[Quad]:
        files = self._graphs.files.items()
        inside = {graph for graph, file in files if file.path.startswith("data/")}
        return [quad for quad in self._graphs.data if quad.graph_name in inside]

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return vocabulary(self._ontology, self._graphs.shapes)

    @cached_property
    def _words(self) -> ReaderCopy | None:
        return read_copy(self._copy) if self._copy else None

    @cached_property
    def _union(self) -> Store:
        return _store(self._graphs.asked)

    @cached_property
    def _judged(self) -> Shapes:
        return judged(self._graphs.shapes, self._union)


def _broken(
    result: Result, at: tuple[Quad, str], message: str, rules: Places, wording: Wording
) -> Fault:
    """Return the fault that a result is, as it is worded, at its place."""
    return fault(
        *at,
        rules.rule(result.shape, result.message),
        message,
        layer="constraints",
        severity="warning" if result.severity == _WARNING else "error",
        hint=wording.hint(result),
        value=wording.found(result),
    )


def _of_thing(iri: str, rule: Rule, message: str) -> Fault:
    thing = NamedNode(iri)
    return fault(Quad(thing, _TYPE, thing), "subject", rule, message, layer="evidence")


def _store(quads: Iterable[Quad]) -> Store:
    """Return what some quads say, in the default graph."""
    store = Store()
    store.extend(Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    return store
