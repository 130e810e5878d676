"""Validation on Spark: each article on the workers, all of them together on the driver."""

import io
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from communique import articles, concluding, intake, resources
from communique.articles import Outcome
from communique.concluding import Unit, unopened
from communique.errors import CommuniqueError
from communique.findings import Finding, Region, Report, Rule
from communique.frame import Context
from communique.landing import Landing
from communique.spark import Job, articles_of, check_version, session
from communique.validation import Choices
from communique.watched import LostError, Watched
from communique.workers import unchecked

if TYPE_CHECKING:
    import pandas as pd
    from pyspark import Broadcast
    from pyspark.sql import DataFrame, SparkSession

Files = Sequence[tuple[str, bytes | None]]
"""The paths of a unit and what they hold, or nothing if that is too much."""

_FEW = 8
"""Articles for which it does not pay to look through all, or to start on another machine."""
_FINDINGS = "findings"
_FINDING = (
    "file string, line int, column int, end_line int, end_column int, rule string, "
    "rule_text string, rule_file string, rule_line int, message string, severity string, "
    "layer string, focus string, label string, value string, hint string, before string, "
    "excerpt string"
)


def validate(root: Path, job: Job) -> Report:
    """Check the articles, each by itself and all together; write the findings as Parquet.

    What is found is what `validation.validate` finds in a project with these articles.
    """
    with session(job) as spark:
        landing = Landing(spark, job.out)
        try:
            return _validated(spark, root, job, landing)
        except BaseException:
            landing.remove()
            raise


def _validated(spark: "SparkSession", root: Path, job: Job, landing: Landing) -> Report:
    frame = articles_of(spark, job)
    shared, refused = intake.listed(root)
    named, unnamed = intake.named(row.path for row in frame.select("path").toLocalIterator())
    names = [*(name for name in shared if not intake.is_article(name)), *named]
    door = [*(each for each in refused if not intake.is_article(each.file)), *unnamed]
    checks = _Checks(spark, frame, job, landing)
    report = concluding.Run(root, Choices(), (names, door), checks.of).report()
    rows = [_row(finding) for finding in report.findings]
    checks.remove()
    found = spark.createDataFrame(rows, _FINDING).coalesce(1)
    found.write.parquet(landing.path(_FINDINGS))
    landing.check(_FINDINGS)
    told = {"articles": len(named), "findings": len(rows), "version": resources.version()}
    landing.commit(told)
    return report


class _Checks:
    """Checks units of articles on the workers, as often as it is asked to."""

    def __init__(
        self, spark: "SparkSession", frame: "DataFrame", job: Job, landing: Landing
    ) -> None:
        self._spark = spark
        self._frame = frame
        self._job = job
        self._landing = landing
        self._rounds = list[str]()

    def of(self, context: Context, units: Sequence[Unit]) -> Iterator[Outcome]:
        """Yield the outcomes of some units, when all of them are there."""
        if not units:
            return
        sent = self._spark.sparkContext.broadcast((resources.version(), context))
        check = partial(_checked, shared=sent, seconds=self._job.seconds)
        folder = f"outcomes-{len(self._rounds)}"
        self._rounds.append(folder)
        path = self._landing.path(folder)
        self._of_units(units).mapInPandas(check, "unit string, outcome binary").write.parquet(path)
        self._landing.check(folder)
        outcomes = self._spark.read.parquet(path)
        if outcomes.count() != len(units):
            raise CommuniqueError(f"{self._job.articles}: changed meanwhile. Run it again")
        for row in outcomes.toLocalIterator():
            outcome = _Outcomes(io.BytesIO(row.outcome)).load()
            if isinstance(outcome, str):
                raise CommuniqueError(outcome)
            yield outcome

    def remove(self) -> None:
        """Remove what only the driver needed."""
        for folder in self._rounds:
            self._landing.remove(folder)

    def _of_units(self, units: Sequence[Unit]) -> "DataFrame":
        """Return the files of some units, those of one unit one after another."""
        from pyspark.sql.functions import broadcast

        pairs = [(path, unit[0]) for unit in units for path in unit]
        listed = self._spark.createDataFrame(pairs, "path string, unit string")
        frame = self._frame
        if len(pairs) <= _FEW:
            few = articles_of(self._spark, self._job, [path for path, _ in pairs])
            frame = few.coalesce(1)
        frame = frame.join(broadcast(listed), "path")
        if len(pairs) > len(units):
            frame = frame.repartition("unit").sortWithinPartitions("unit", "path")
        return frame.select("path", "content", "unit")


def _checked(
    batches: "Iterable[pd.DataFrame]",
    shared: "Broadcast[tuple[str, Context]]",
    seconds: float,
) -> "Iterator[pd.DataFrame]":
    """Check the units of a partition."""
    import pandas as pd

    version, context = shared.value
    check_version(version)
    with Watched("communique.sparkvalidation:checking", context, seconds=seconds) as watched:
        rows = (row for batch in batches for row in batch.itertuples(index=False))
        for unit, files in groupby(rows, key=lambda row: str(row.unit)):
            outcome = _asked(watched, [(row.path, row.content) for row in files])
            yield pd.DataFrame([(unit, outcome)], columns=["unit", "outcome"])


def _asked(watched: Watched, files: Files) -> bytes:
    """Return the outcome of a unit, pickled, whatever becomes of its check."""
    try:
        return watched.ask(files)
    except LostError as error:
        return pickle.dumps(unchecked(tuple(path for path, _ in files), f"{error}."))


def checking(context: Context) -> Callable[[Files], bytes]:
    """Return what checks a unit in a process of its own; what no engine can follow is a text."""

    def check(files: Files) -> bytes:
        refused = [intake.too_large(path) for path, content in files if content is None]
        if refused:
            return pickle.dumps(unopened(tuple(path for path, _ in files), refused))
        read = [(path, content) for path, content in files if content is not None]
        try:
            return pickle.dumps(articles.check(context, read))
        except CommuniqueError as error:
            return pickle.dumps(str(error))

    return check


class _Outcomes(pickle.Unpickler):
    """Revives outcomes, and what is made of text and numbers."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401  one of our classes
        """Return a class of ours; refuse all else that a pickle can name."""
        if (module, name) not in _REVIVED:
            raise CommuniqueError(f"{module}.{name}: not a part of an outcome. Run it again")
        return super().find_class(module, name)


_REVIVED = frozenset((each.__module__, each.__name__) for each in (Finding, Outcome, Region, Rule))


def _row(finding: Finding) -> tuple[str | int, ...]:
    """Return a finding in the order of the columns."""
    region, rule = finding.region, finding.rule
    return (
        finding.file,
        region.line,
        region.column,
        region.end_line,
        region.end_column,
        rule.id,
        rule.text,
        rule.file,
        rule.line,
        finding.message,
        finding.severity,
        finding.layer,
        finding.focus,
        finding.label,
        finding.value,
        finding.hint,
        finding.before,
        finding.excerpt,
    )
