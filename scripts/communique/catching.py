"""Do the shapes bite? Judge corrupted graphs, and tell which of them nothing notices."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path

from pyoxigraph import NamedNode, Quad, RdfFormat, Store, Triple, serialize

from communique import dangling, policy, sparqlrules, vocabularies
from communique.corruption import OPERATORS, Change, World, mutants
from communique.dataset import ASIDE, Term, graph_iri, read, sources, turtle_files
from communique.engines import is_fast_installed, sh
from communique.errors import CommuniqueError
from communique.labels import count
from communique.literals import malformed
from communique.namespaces import PREFIXES
from communique.verified import Rules
from communique.vocabularies import vocabulary
from communique.wellformed import problems

LEAST = 95
"""Per cent of the mutants that say something false which the shapes must refute."""

SEED = 0
"""The sample whose survivors are listed."""

EACH = 2
"""How many mutants of every operator on every property of every class are tried."""

VERDICTS = ("same", "text", "missed")
"""What a person found a class of survivors to be.

`same`: the graph is still true, or true of less, and the model allows it. `text`: it says
something else that the text might have said, so that only its reader, or a check of the copy, can
refute it. `missed`: the model forbids it and no shape says so.
"""

Stratum = tuple[str, str, str]
"""Operator, class, property."""

_COLUMNS = ("operator", "class", "property", "survived", "verdict", "reason")

_RDF, _RDFS = PREFIXES["rdf"], PREFIXES["rdfs"]
_PLACED = tuple(NamedNode(PREFIXES["cmq"] + n) for n in ("DigestState", "Passage", "Span"))
_NAME = re.compile(r"(?<![\w<?$:-])([a-z]+):([\w-]+)")


@dataclass(frozen=True)
class Reason:
    """Why mutants of one stratum survive."""

    survived: int
    verdict: str
    reason: str


@dataclass(frozen=True)
class Score:
    """How many mutants were tried, and which of them the shapes did not notice."""

    tried: Counter[str]
    """By operator."""
    survivors: Counter[Stratum]
    elsewhere: Counter[str]
    """Those of the survivors that another layer notices, by layer."""
    reasons: dict[Stratum, Reason] = field(default_factory=dict)

    @property
    def raw(self) -> float:
        """The share of all mutants that the shapes notice."""
        return 100 * (1 - self.survivors.total() / (self.tried.total() or 1))

    @property
    def percent(self) -> float:
        """The share that the shapes notice of the mutants that a rule could refute."""
        missed = self.survivors.total() - self.judged("same") - self.judged("text")
        caught = self.tried.total() - self.survivors.total()
        return 100 * caught / (caught + missed) if caught + missed else 0.0

    @property
    def strict(self) -> float:
        """The share that the shapes notice of all mutants but those that say nothing false."""
        caught = self.tried.total() - self.survivors.total()
        return 100 * caught / ((self.tried.total() - self.judged("same")) or 1)

    @property
    def layers(self) -> float:
        """The share of all mutants that the shapes or another layer notices."""
        missed = self.survivors.total() - self.elsewhere.total()
        return 100 * (1 - missed / (self.tried.total() or 1))

    def judged(self, verdict: str) -> int:
        """Count the survivors with a verdict."""
        return sum(
            min(number, reason.survived)
            for stratum, number in self.survivors.items()
            if (reason := self.reasons.get(stratum)) and reason.verdict == verdict
        )

    def __str__(self) -> str:
        """Show each operator with its mutants, and sum up in one line."""
        survived = Counter[str]()
        for (operator, _, _), number in self.survivors.items():
            survived[operator] += number
        rows = (
            f"{name:24} {self.tried[name]:6,} {self.tried[name] - survived[name]:6,}"
            for name in OPERATORS
            if self.tried[name]
        )
        left = self.survivors.total() - self.judged("same") - self.judged("text")
        tried = count(self.tried.total(), "mutant")
        operators = count(len(self.tried), "operator")
        summary = (
            f"{tried} by {operators}: {self.percent:.1f} % of what a rule could refute is caught "
            f"by shapes; {left} missed. Of all mutants shapes catch {self.raw:.1f} %, all layers "
            f"{self.layers:.1f} %: {self.judged('same')} survivors say nothing false, "
            f"{self.judged('text')} only the text refutes ({self.strict:.1f} % if they count)."
        )
        return "\n".join([f"{'operator':24} {'tried':>6} {'caught':>6}", *rows, summary])


def listed(root: Path) -> Path:
    """Return the file that lists the survivors, each class of them with a reason."""
    return root / "tests" / "mutants.csv"


def world(root: Path) -> World:
    """Read what is corrupted: the data of a project, beside its ontology."""
    data: list[Triple] = []
    ontology: list[Triple] = []
    for source in sources(root):
        if source.graph not in ASIDE:
            told = data if source.path.is_relative_to(root / "data") else ontology
            told.extend(quad.triple for quad in read(source.path, root=root, graph=source.iri))
    return World(data, ontology)


def shapes(root: Path) -> list[Quad]:
    """Read the shapes of a project."""
    graph = graph_iri("shapes")
    files = turtle_files(root / "shapes")
    return [quad for path in files for quad in read(path, root=root, graph=graph)]


def run(
    root: Path,
    *,
    seed: int = SEED,
    each: int = EACH,
    progress: Callable[[str], None] = lambda _: None,
) -> Score:
    """Corrupt the data of a project and judge what comes of it."""
    corrupted = world(root)
    judge = Judge(corrupted, shapes(root))
    tried, survivors, elsewhere = Counter[str](), Counter[Stratum](), Counter[str]()
    chosen = list(mutants(corrupted, seed=seed, each=each))
    for number, mutant in enumerate(chosen):
        if number % 100 == 0:
            progress(f"{number:,} of {count(len(chosen), 'mutant')} ...")
        tried[mutant.operator] += 1
        if not judge.by_shapes(mutant.change):
            survivors[mutant.stratum] += 1
            if layer := judge.by_others(mutant.change):
                elsewhere[layer] += 1
    return Score(tried, survivors, elsewhere, reasons(root))


def findings(root: Path, score: Score, *, whole: bool = True) -> list[str]:
    """Tell what is wrong: survivors without a reason, reasons that stand no more, too low a score.

    A sample of another seed is not the `whole` that is listed: then the numbers listed are limits
    for the classes of survivors, and what is listed may be caught.
    """
    path = listed(root)
    wrong = []
    for stratum, number in sorted(score.survivors.items()):
        reason = score.reasons.get(stratum, Reason(0, "", ""))
        if reason.verdict not in VERDICTS or not reason.reason:
            wrong.append(f"{_said(stratum)}: nothing notices it. Sharpen a shape or give a reason")
        elif whole and number > reason.survived:
            wrong.append(f"{_said(stratum)}: {number} survive, {reason.survived} are listed")
    for stratum, reason in sorted(score.reasons.items()):
        if whole and score.survivors[stratum] < reason.survived:
            wrong.append(f"{path.name}: {_said(stratum)}: noticed now. Run with --update")
    if score.percent < LEAST:
        wrong.append(f"below {LEAST} %")
    if whole and score.strict < LEAST:
        wrong.append(f"below {LEAST} % with what only the text refutes")
    return wrong


def update(root: Path, score: Score) -> Score:
    """List the survivors; what is listed keeps its reason, and what is new waits for one."""
    listed(root).parent.mkdir(parents=True, exist_ok=True)
    with listed(root).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for stratum, number in sorted(score.survivors.items()):
            known = score.reasons.get(stratum, Reason(0, "", ""))
            writer.writerow([*stratum, number, known.verdict, known.reason])
    return replace(score, reasons=reasons(root))


def reasons(root: Path) -> dict[Stratum, Reason]:
    """Read why mutants survive."""
    path = listed(root)
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (row["operator"], row["class"], row["property"]): Reason(
                int(row["survived"]), row["verdict"], row["reason"]
            )
            for row in csv.DictReader(file)
        }


def _said(stratum: Stratum) -> str:
    operator, kind, name = stratum
    return f"{operator} of {kind} {name}"


class Judge:
    """Tells whether a graph with one spot changed is noticed, and by what."""

    def __init__(self, world: World, shapes: Iterable[Quad]) -> None:
        """Read the graph and the shapes once for all mutants."""
        if not is_fast_installed():
            raise CommuniqueError("mutate: the fast engine is missing. pip install shacl")
        import shacl

        quads = list(shapes)
        core = [quad.triple for quad in quads if quad.predicate.value != sh("sparql")]
        self._shapes = shacl.Shapes.from_text(_text(core), format="ntriples")
        self._lines = {each: _text([each]) for each in (*world.data, *world.ontology)}
        self._world = world
        self._described = dangling.described(map(_quad, self._lines))
        self._store = Store()
        self._store.extend(map(_quad, self._lines))
        self._ontology = list(map(_quad, world.ontology))
        self._vocabulary = vocabulary(self._ontology, quads)
        self._rules = Rules(quads)
        self._needs = {shape: set(self._predicates(shape)) for shape in self._rules.querying}

    def by_shapes(self, change: Change) -> str:
        """Return the shape that notices a change, or nothing."""
        lines = {each: line for each, line in self._lines.items() if each not in change.removed}
        text = "".join(lines.values()) + _text(change.added)
        report = self._shapes.validate_text(text, format="ntriples")
        for result in report.results:
            if result.severity_iri == sh("Violation"):
                return str(result.source_shape)
        with self._changed(change) as store:
            return next(self._by_queries(store, change), "")

    def by_others(self, change: Change) -> str:
        """Return the layer besides the shapes that notices a change, or nothing."""
        quads = [_quad(each) for each in change.added]
        if any(malformed(quads)) or any(vocabularies.faults(quads, self._vocabulary)):
            return "terms"
        if self._is_dangling(change):
            return "names"
        touched = {each.subject for each in (*change.removed, *change.added)}
        if any(self._world.kind(each) in _PLACED for each in touched):
            with self._changed(change) as store:
                if problems(store):
                    return "evidence"
        about = {q for each in touched for q in map(_quad, self._world.said.get(each, ()))}
        whole = about.difference(map(_quad, change.removed)).union(quads)
        return "policy" if any(policy.faults(sorted(whole, key=str), self._ontology)) else ""

    def _is_dangling(self, change: Change) -> bool:
        """Tell whether something is named that is not described, or no longer."""
        gone = {each.subject for each in change.removed}
        left = {q for each in gone for q in self._world.said[each]} - change.removed
        lost = gone - {each.subject for each in (*left, *change.added)}
        known = self._described - {each.value for each in lost if isinstance(each, NamedNode)}
        known |= dangling.described(map(_quad, change.added))
        naming = {q for each in lost for q in self._world.named.get(each, ())} - change.removed
        asked = list(map(_quad, naming | change.added))
        return any(dangling.faults(asked, self._vocabulary, known))

    @contextmanager
    def _changed(self, change: Change) -> Iterator[Store]:
        gone, new = list(map(_quad, change.removed)), list(map(_quad, change.added))
        new = [quad for quad in new if quad not in self._store]
        for quad in gone:
            self._store.remove(quad)
        self._store.extend(new)
        try:
            yield self._store
        finally:
            for quad in new:
                self._store.remove(quad)
            self._store.extend(gone)

    def _by_queries(self, store: Store, change: Change) -> Iterator[str]:
        """Ask the queries of the shapes, but for those that look at nothing that is changed."""
        touched = {each.predicate.value for each in (*change.removed, *change.added)}
        for shape, needs in self._needs.items():
            if needs & touched:
                rules = copy(self._rules)
                rules.querying = [shape]
                for result in sparqlrules.results(store, rules):
                    if result.severity == sh("Violation"):
                        yield str(result.shape)

    def _predicates(self, shape: Term) -> Iterator[str]:
        """List the predicates on which the results of a shape's queries depend.

        Our queries name every predicate that they follow, and so do targets.
        """
        rules = self._rules
        for aiming in (shape, *rules.holders[shape]):
            for name in ("targetSubjectsOf", "targetObjectsOf"):
                yield from (each.value for each in rules.of(aiming, name))
        yield from (_RDF + "type", _RDFS + "subClassOf")
        for constraint in rules.of(shape, "sparql"):
            for select in rules.of(constraint, "select"):
                for prefix, name in _NAME.findall(select.value):
                    yield PREFIXES[prefix] + name


def _quad(triple: Triple) -> Quad:
    return Quad(triple.subject, triple.predicate, triple.object)


def _text(triples: Iterable[Triple]) -> str:
    return (serialize(triples, format=RdfFormat.N_TRIPLES) or b"").decode()
