"""The main job: load, check, answer, write; and say what was done."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Store

from communique import answers, confined, dataset, evidence, inference, questions
from communique.lines import count
from communique.namespaces import shrink

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """One step of the job: what it did, in words, and what it found."""

    step: str
    summary: str
    findings: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.step:<9} {self.summary}"


@dataclass(frozen=True)
class Build:
    """All that the job did."""

    outcomes: tuple[Outcome, ...]

    @property
    def findings(self) -> list[str]:
        """What has to be mended."""
        return [finding for outcome in self.outcomes for finding in outcome.findings]

    @property
    def warnings(self) -> list[str]:
        """What may be mended."""
        return [warning for outcome in self.outcomes for warning in outcome.warnings]


def build(
    root: Path, out: Path, *, copy: Path | None, strict: bool, progress: Progress = print
) -> Build:
    """Do the main job; write nothing if there is anything to mend."""
    progress("Checking files, names and shapes ...")
    checked = check_graphs(root)
    if checked.findings:
        return Build((checked, Outcome("Written", "nothing, for there is something to mend")))
    progress("Loading ...")
    store = dataset.load(root)
    progress("Checking the evidence ...")
    proven = check_evidence(store, copy)
    progress("Answering the questions ...")
    steps = (loaded(root, store), checked, proven, check_answers(root, store))
    if any(step.findings or (strict and step.warnings) for step in steps):
        return Build((*steps, Outcome("Written", "nothing, for there is something to mend")))
    progress("Writing ...")
    return Build((*steps, written(root, store, out)))


def loaded(root: Path, store: Store) -> Outcome:
    """Say what was loaded."""
    files = dataset.sources(root)
    asserted = dataset.extent(store, [source.iri for source in files])
    follows = dataset.extent(store, [inference.INFERRED])
    summary = f"{count(len(files), 'file')}, {count(asserted, 'triple')}; {follows:,} more inferred"
    return Outcome("Loaded", summary)


def check_graphs(root: Path) -> Outcome:
    """Check all that can be checked without asking anything."""
    report = confined.call("communique.validation:validate", root, where=str(root))
    errors = tuple(str(f) for f in report.findings if f.severity == "error")
    warnings = tuple(str(f) for f in report.findings if f.severity != "error")
    return Outcome("Checked", str(report).removeprefix("Checked "), errors, warnings)


def check_evidence(store: Store, copy: Path | None, *, tell_all: bool = False) -> Outcome:
    """Check the form of the evidence, and its words if there is a copy of the text.

    What is in its place is only counted, unless all is to be told.
    """
    faults = tuple(f"evidence: {p.iri}: {p.message}" for p in evidence.problems(store))
    form = "not well formed" if faults else "well formed"
    if copy is None:
        return Outcome(
            "Evidence", f"{form}; words not checked: no copy given (--copy FILE)", faults
        )
    read = evidence.read_copy(copy)
    results = evidence.check(store, read.text)
    mark = "; a byte order mark left out" if read.byte_order_mark else ""
    told = tuple(became(r) for r in results if tell_all and r.status not in evidence.LOST)
    return Outcome("Evidence", f"{form}; {tally(results)}{mark}", (*faults, *lost(results)), told)


def tally(results: list[evidence.Result]) -> str:
    """Count results by kind and status, in words."""
    counts = Counter((result.kind, result.status) for result in results)
    return ", ".join(f"{count(n, kind)} {status}" for (kind, status), n in sorted(counts.items()))


def lost(results: list[evidence.Result]) -> tuple[str, ...]:
    """Say which passages and spans are not in the copy."""
    return tuple(became(result) for result in results if result.status in evidence.LOST)


def became(result: evidence.Result) -> str:
    """Say in one line what became of a passage or a span."""
    place = f", at {result.start}-{result.end}" if result.start is not None else ""
    return f"{shrink(result.iri)}: {result.kind} in {result.identifier} is {result.status}{place}"


def check_answers(root: Path, store: Store) -> Outcome:
    """Answer every question and compare with the stored answers."""
    comparisons = answers.compare_all(root, dataset.union(store), questions.questions(root))
    wrong = tuple(str(comparison) for comparison in comparisons if not comparison.same)
    return Outcome("Answered", answers.summary(comparisons), wrong)


def written(root: Path, store: Store, out: Path) -> Outcome:
    """Write what is published."""
    from communique import publication

    published = publication.publish(publication.quads_of(root, store), out)
    return Outcome("Written", str(published))
