"""The gate: what is checked, in which order, and what one layer leaves to the next."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pyoxigraph import Literal, NamedNode, Quad, Store

from communique import (
    dangling,
    misplaced,
    policy,
    resources,
    vocabularies,
)
from communique.causes import Causes
from communique.dataset import graph_iri, select
from communique.engines import Result, engine
from communique.engines import Shapes as Rules
from communique.errors import CommuniqueError
from communique.faults import Fault, fault
from communique.findings import LAYERS, Finding, Region, Report, Rule, around, fingerprints
from communique.graphs import File, Graphs, graphs, prefixes_of
from communique.intake import Document, is_article, listed, opened
from communique.literals import malformed
from communique.namespaces import PREFIXES, shrink
from communique.places import Places
from communique.shapes import Shapes, judged, shapes_of_shapes, unjudged
from communique.strays import strays
from communique.vocabularies import Vocabulary, prefix_faults, vocabulary
from communique.wording import Wording, gathered, is_of_all

if TYPE_CHECKING:
    from communique.concluding import Checking
    from communique.evidence import ReaderCopy
    from communique.stamps import Stamps

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

_Made = TypeVar("_Made", bound="Gate")
_OF_GRAPHS = frozenset(("terms", "names", "shapes", "constraints", "evidence", "policy"))
"""The layers that look at triples; the others look at texts, and know where things stand."""
_LAST_WORD = frozenset(("shapes", "policy"))
"""The layers that do not tell again what an earlier one has told of the same words or name."""
_WARNING = PREFIXES["sh"] + "Warning"
_VERDICTS = {PREFIXES["cmq"] + name for name in ("breaches", "counterpartOf", "fulfils")}
CURATED = graph_iri("curated")
_SOURCES = graph_iri("source/").value

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


class Choices(NamedTuple):
    """How a project is checked."""

    engine: str = "fast"
    copy: Path | None = None
    judge: tuple[Document, ...] = ()
    """Shapes that stand in for the project's own, which are then only checked themselves."""
    former: tuple[Document, ...] = ()
    """Shapes than which the project's own should not be looser."""
    known: frozenset[str] = frozenset()
    """Fingerprints of errors that leave nothing out."""


def validate(  # noqa: PLR0913  each is a choice of its own
    root: Path,
    *,
    engine_name: str = "fast",
    copy: Path | None = None,
    judge: Sequence[Document] = (),
    former: Sequence[Document] = (),
    known: Collection[str] = (),
    checking: "Checking | None" = None,
    memory: Path | None = None,
    seen: "Stamps | None" = None,
) -> Report:
    """Check a project, layer by layer; a layer with errors leaves out those that build on it.

    `judge` are shapes that stand in for the project's own, which are then only checked themselves;
    `former` are shapes than which the project's own should not be looser. Errors whose fingerprints
    are `known` leave nothing out. Several articles are checked one by one, or as `checking` does;
    with a folder for its `memory`, only what changed since it was checked last; what the system
    says of the files may have been `seen` before.
    """
    choices = Choices(engine_name, copy, tuple(judge), tuple(former), frozenset(known))
    if memory is not None:
        from communique import remembering

        return remembering.report(root, choices, memory, checking, seen)
    listing = listed(root)
    if sum(map(is_article, listing[0])) > 1:
        from communique import concluding

        return concluding.Run(root, choices, listing, checking or concluding.one_by_one).report()
    return whole(root, choices, listing)


def whole(root: Path, choices: Choices, listing: tuple[list[str], list[Finding]]) -> Report:
    """Check all files of a project at once; the listing is what `intake.listed` returns."""
    names, refused = listing
    found, at_the_door = opened(root, names)
    door = sorted([*refused, *at_the_door])
    gate, findings, failed = findings_of(
        lambda placed: Gate(root, choices, found, door, placed=placed), choices
    )
    return gate.report(findings, tuple(layer for layer, whole in failed.items() if not whole))


def findings_of(
    making: "Callable[[bool], _Made]", choices: Choices, before: Collection[str] = ()
) -> "tuple[_Made, set[Finding], dict[str, bool]]":
    """Run a gate (see run), and once more if something is found in graphs, to tell where.

    The gate is made without knowing where things stand, or with.
    """
    gate = making(choices.engine != "fast")
    findings, failed = run(gate, choices.known, before)
    if choices.engine == "fast" and any(each.layer in _OF_GRAPHS for each in findings):
        gate = making(True)  # noqa: FBT003  the one thing in which gates differ
        findings, failed = run(gate, choices.known, before)
    return gate, findings, failed


def run(
    gate: "Gate",
    known: Collection[str],
    before: Collection[str] = (),
    layers: Sequence[str] = LAYERS,
) -> tuple[set[Finding], dict[str, bool]]:
    """Check layer by layer; return what is found, and which layers failed.

    A layer that was checked and has errors is True, one that was left out for it is False. What
    builds on a layer that failed before, elsewhere, is left out, too.
    """
    findings: set[Finding] = set()
    failed: dict[str, bool] = {}
    for layer in layers:
        if {*failed, *before} & {*NEEDS.get(layer, ())}:
            failed[layer] = False
            continue
        found = set(gate.check(layer))
        findings |= _untold(found, findings) if layer in _LAST_WORD else found
        if any(each.severity == "error" for each in _unknown(found, known)):
            failed[layer] = True
    return findings, failed


def _unknown(found: Iterable[Finding], known: Collection[str]) -> Iterator[Finding]:
    return (each for each, name in fingerprints(found).items() if name not in known)


def _untold(found: set[Finding], told: set[Finding]) -> set[Finding]:
    """Leave out what is told already, of the same words or name."""
    errors = (each for each in told if each.value and each.severity == "error")
    known = {(each.file, each.region, each.value) for each in errors}
    return {each for each in found if (each.file, each.region, each.value) not in known}


def copy_of(choices: Choices) -> "ReaderCopy | None":
    """Return the reader's copy of an article, if one was given."""
    if choices.copy is None:
        return None
    from communique.evidence import read_copy

    return read_copy(choices.copy)


class Gate:
    """A project under check: what is read for one layer is there for the next."""

    def __init__(
        self,
        root: Path,
        choices: Choices,
        found: Sequence[Document],
        at_the_door: Iterable[Finding],
        *,
        placed: bool,
    ) -> None:
        """Take the documents of a project, and what was found while they were opened."""
        self._root = root
        self._choices = choices
        self._engine = engine(choices.engine)
        self._documents = found
        self._at_the_door = at_the_door
        self._placed = placed

    def check(self, layer: str) -> Iterator[Finding]:
        """Yield what one layer finds."""
        yield from (finding for finding in self._at_the_door if finding.layer == layer)
        yield from map(self.told, getattr(self, f"_{layer}", list)())

    def told(self, found: Finding | Fault) -> Finding:
        """Return a fault as a finding, with its place."""
        placed = found if isinstance(found, Finding) else self._places.finding(found)
        return replace(placed, hint=f"{placed.hint[:1].upper()}{placed.hint[1:]}")

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
        quads = [*self._one_by_one, *self._graphs.shapes]
        yield from vocabularies.faults(quads, self._vocabulary)
        for quad in malformed(self._one_by_one):
            if isinstance(quad.object, Literal):
                kind = shrink(quad.object.datatype.value)
                message = f'"{quad.object.value}" does not have the form of {kind}.'
                yield fault(quad, "object", _FORM, message, layer="terms")

    def _names(self) -> Iterator[Fault]:
        quads = [*self._one_by_one, *self._graphs.shapes]
        yield from dangling.faults(quads, self._vocabulary, self._known_names)

    def _shapes(self) -> Iterator[Finding | Fault]:
        from communique import shapequeries

        if not self._judged.targeting and not self._judged.faults:
            message = "The shapes have no target: nothing would be checked."
            yield Finding("shapes", Region(), _TARGET, message, "error", "shapes")
        yield from misplaced.shapes_among(self._graphs.data)
        yield from misplaced.data_among(self._graphs.shapes, self._vocabulary)
        yield from self._judged.faults
        told = {found.subject for found in self._judged.faults}
        left = {quad.subject for quad in self._graphs.shapes} - told
        yield from (each for each in self._of_shacl() if each.subject in left)
        yield from shapequeries.faults(self._graphs.shapes, self._vocabulary, self._known_names)
        if self._choices.former:
            from communique.loosening import loosened

            before = graphs(self._choices.former).shapes
            yield from loosened(
                store_of(before), store_of(self._graphs.shapes), name=self._vocabulary.shrink
            )

    def _of_shacl(self) -> Iterator[Fault]:
        """Judge the shapes themselves by the shapes of SHACL that the W3C has published."""
        rules = shapes_of_shapes()
        results = self._engine.results(self._graphs.shapes, rules)
        if not results:
            return
        places = Places(rules, {}, self._vocabulary)
        wording = Wording(store_of(self._graphs.shapes), store_of(rules), self._vocabulary)
        closer = {result.focus for result in results if not is_of_all(result)}
        outer = {quad.subject for quad in self._graphs.shapes if quad.object in closer}
        for result in results:
            if is_of_all(result) and result.focus in closer | outer:
                continue  # what is wrong within it is told
            quad, part = self._places.borne(result, places.beginnings(result.path))
            yield fault(quad, part, _SHACL, wording.message(result, ()), layer="shapes")

    def _constraints(self) -> Iterator[Fault]:
        judge = graphs(self._choices.judge) if self._choices.judge else self._graphs
        shapes = (
            judged(judge.shapes, self._union).store if self._choices.judge else self._judged.store
        )
        yield from unjudged(self._in_data, self._union, shapes)
        try:
            results = self._engine.results(self._asked, judge.shapes, self._union)
        except CommuniqueError as error:
            yield from self.refused(error)
            return
        if results:
            rules = Places(judge.shapes, judge.files, self._vocabulary)
            wording = Wording(self._union, shapes, self._vocabulary)
            yield from self._told(results, judge.shapes, rules, wording)

    def _told(
        self, results: Collection[Result], shapes: list[Quad], rules: Places, wording: Wording
    ) -> Iterator[Fault]:
        """Turn the results of an engine into faults, with the rules that were not kept."""
        if not results:
            return
        causes = Causes(results, self._asked, Rules(shapes))
        for cause in causes.found():
            result = cause.results[0]
            said = wording.message(result) + wording.shared(cause.more)
            yield _broken(result, (cause.quad, cause.part), said, rules, wording)
        for result, others in gathered(causes.left):
            at = self._places.borne(result, rules.beginnings(result.path))
            yield _broken(result, at, wording.message(result, others), rules, wording)

    def refused(self, error: CommuniqueError) -> Iterable[Fault]:
        """Find the shapes for which an engine gave up; raise its error where there are none."""
        found = list(self.unfollowed())
        if not found:
            raise error
        return found

    def unfollowed(self) -> Iterable[Fault]:
        """Find the project's own shapes that no engine can follow, if they are what judges."""
        if self._choices.judge:
            return ()
        from communique import unfollowed

        return unfollowed.faults(self._engine, self._graphs.shapes, self._judged.targeting)

    def _evidence(self) -> Iterator[Fault]:
        from communique.wellformed import problems

        for problem in problems(self._union):
            message = f"{problem.message[:1].upper()}{problem.message[1:]}."
            yield _of_thing(problem.iri, _EVIDENCE, message)
        if self._words:
            yield from self._in_copy(self._words)

    def _in_copy(self, words: "ReaderCopy") -> Iterator[Fault]:
        """Yield the evidence that a copy does not bear out."""
        from communique.evidence import LOST, check

        for result in check(self._union, words.text):
            if result.status in LOST:
                message = f"The {result.kind} in {result.identifier} is {result.status}."
                yield _of_thing(result.iri, _IN_COPY, message)

    def _queries(self) -> Iterator[Finding]:
        from communique.linting import Known, lint, stray_answers

        known = Known(self._vocabulary, self._described)
        stored = {path.stem for path in resources.answers(self._root).glob("*.csv")}
        for document in self._documents:
            if document.path.endswith(".rq"):
                answered = Path(document.path).stem in stored
                yield from lint(document.path, document.text, known, answered=answered)
        yield from stray_answers(self._root)

    def _added_elsewhere(self) -> Iterator[Fault]:
        """Yield what a file adds to a thing that another one describes."""
        home = self._homes()
        for quad in self._additions():
            if quad.graph_name not in (home.get(quad.subject, quad.graph_name), CURATED):
                message = "Another file describes this thing, and this one adds to it."
                yield fault(quad, "predicate", _ONE_FILE, message, layer="policy")

    def _homes(self) -> dict[object, object]:
        """Return the graph in which each thing has its class."""
        return homes(self._in_data)

    def _worded(self) -> Iterable[Quad]:
        """Return what names things and labels them."""
        return self._graphs.data

    def _additions(self) -> Iterable[Quad]:
        """Return what may add to a thing of another file."""
        return self._in_data

    def _strays(self) -> Iterable[Finding]:
        """Return what is wrong with files that nothing reads."""
        return strays(self._root)

    def _policy(self) -> Iterator[Finding | Fault]:
        yield from self._strays()
        yield from self._added_elsewhere()
        yield from policy.faults(self._worded(), self._ontology)
        if self._words:
            yield from policy.copied([*self._one_by_one, *self._graphs.shapes], self._words.text)
        for quad in self._one_by_one:
            if quad.predicate.value in _VERDICTS and quad.graph_name != CURATED:
                message = f"{shrink(quad.predicate.value)} is told outside the curated file."
                yield fault(quad, "predicate", _VERDICT, message, layer="policy")

    @cached_property
    def _graphs(self) -> Graphs:
        return graphs(self._documents, placed=self._placed)

    @cached_property
    def _one_by_one(self) -> list[Quad]:
        """What is looked at triple by triple: all that is said."""
        return self._graphs.data

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
    def _words(self) -> "ReaderCopy | None":
        return copy_of(self._choices)

    @cached_property
    def _described(self) -> Collection[str]:
        """The IRIs of all that the data describe."""
        return dangling.described(self._graphs.data)

    @cached_property
    def _known_names(self) -> Collection[str]:
        """The IRIs of all that is described, shapes among it."""
        return {*self._described, *dangling.described(self._graphs.shapes)}

    @cached_property
    def _asked(self) -> list[Quad]:
        """What shapes judge."""
        return self._graphs.asked

    @cached_property
    def _union(self) -> Store:
        return store_of(self._asked)

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


def homes(data: Iterable[Quad]) -> dict[object, object]:
    """Return the graph in which each thing has its class: of several, the first (see turn)."""
    types = [quad for quad in data if quad.predicate == _TYPE]
    found = dict[object, object]()
    for quad in sorted(types, key=lambda quad: turn(quad.graph_name)):
        found.setdefault(quad.subject, quad.graph_name)
    return found


def turn(graph: object) -> tuple[bool, bool, str]:
    """Tell which graph comes first: those that all share, articles by name, the curated one."""
    name = graph.value if isinstance(graph, NamedNode) else ""
    return graph == CURATED, name.startswith(_SOURCES), name


def store_of(quads: Iterable[Quad]) -> Store:
    """Return what some quads say, in the default graph."""
    store = Store()
    store.extend(Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    return store
