"""What articles cost on Spark, and what that makes of a million of them, and of a hundred million.

Run it on a quiet machine: python benchmarks/spark.py FOLDER [articles]

The figures of one article are measured, on this machine and by processor time where processors
work; the plan multiplies them, and says so.
"""

import json
import pickle
import shutil
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from communique import concluding, intake, resources, spark, sparkquery, sparkvalidation
from communique.questions import questions
from communique.validation import Choices

_HERE = Path(__file__).parent
_PLANS = (1_000_000, 100_000_000)
_CORES = 64
"""Of which the plan tells the hours."""


@dataclass(frozen=True)
class Measured:
    """What was measured of some articles, per article."""

    articles: int
    size: float
    packed: float
    check: float
    ask: float
    outcome: float
    conclude: float
    job: float
    """Seconds of a whole job in local mode, by the clock."""


def main() -> None:
    """Measure, and print the two tables of docs/scale.md."""
    folder = Path(sys.argv[1])
    number = int(sys.argv[2]) if len(sys.argv) > 2 else 50  # noqa: PLR2004  the second argument
    root = folder / f"corpus-{number}"
    if not root.exists():
        program = [sys.executable, str(_HERE / "corpus.py"), str(number), str(root)]
        subprocess.run(program, check=True, stdout=subprocess.DEVNULL)
    found = measured(root, folder / "findings")
    print("\n".join([*_table(found), "", *_plan(found)]))


def measured(root: Path, out: Path) -> Measured:
    """Measure a project."""
    paths = sorted((root / "data" / "articles").iterdir())
    files = [(path.relative_to(root).as_posix(), path.read_bytes()) for path in paths]
    run = concluding.Run(root, Choices(), intake.listed(root))
    context = run.started()
    first = pickle.loads(sparkvalidation.checking(context)([*files[:1]]))  # noqa: S301  our own
    context = replace(context, edges=first.edges)
    check = sparkvalidation.checking(context)
    check(files[:1])
    answers = list[bytes]()
    checking = _timed(lambda: answers.extend(check([file]) for file in files))
    outcomes = [pickle.loads(answer) for answer in answers]  # noqa: S301  our own
    conclude = _timed(lambda: concluding.summed(run.common(context, outcomes), outcomes))
    return Measured(
        articles=len(files),
        size=sum(len(data) for _, data in files) / len(files),
        packed=sum(len(zlib.compress(data)) for _, data in files) / len(files),
        check=checking / len(files),
        ask=_asking(root, [*files]) / len(files),
        outcome=sum(map(len, answers)) / len(files),
        conclude=conclude / len(files),
        job=_job(root, out),
    )


def _asking(root: Path, files: sparkvalidation.Files) -> float:
    asking = sparkquery.Asked(root, questions(root), strict=False)
    asking.judge(sparkquery.used(json.loads(sparkquery.answering(asking.shared)(files[:8]))))
    answer = sparkquery.answering(asking.sent)
    answer(files[:1])
    step = sparkquery.BATCH
    return _timed(lambda: [answer(files[at : at + step]) for at in range(0, len(files), step)])


def _timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _job(root: Path, out: Path) -> float:
    shutil.rmtree(out, ignore_errors=True)
    start = time.perf_counter()
    sparkvalidation.validate(root, spark.Job(str(root / "data" / "articles"), str(out)))
    return time.perf_counter() - start


def _table(found: Measured) -> list[str]:
    rows = {
        "size of an article, as Turtle": f"{found.size / 1000:,.0f} kB",
        "size of an article, compressed": f"{found.packed / 1000:,.0f} kB",
        "check of an article, computing": f"{found.check:.2f} s",
        "all questions that stay within, computing": f"{found.ask:.2f} s",
        "what the driver gets of an article": f"{found.outcome / 1000:,.1f} kB",
        "conclusion on the driver, divided by articles": f"{found.conclude * 1000:,.1f} ms",
        f"a job of {found.articles} articles, local mode": f"{found.job:,.0f} s by the clock",
    }
    head = [f"Measured on {found.articles} articles, version {resources.version()}:", ""]
    return [*head, "| what | figure |", "|---|---:|", *(f"| {k} | {v} |" for k, v in rows.items())]


def _plan(found: Measured) -> list[str]:
    head = ["| extrapolated to", *(f"{number:,} articles" for number in _PLANS)]
    rows = {
        "input, Turtle": [f"{n * found.size / 10**12:,.2f} TB" for n in _PLANS],
        "input, Parquet": [f"{n * found.packed / 10**12:,.2f} TB" for n in _PLANS],
        "validate, hours of one core": [f"{n * found.check / 3600:,.0f}" for n in _PLANS],
        f"validate, hours of {_CORES} cores": [
            f"{n * found.check / 3600 / _CORES:,.1f}" for n in _PLANS
        ],
        f"all questions, hours of {_CORES} cores": [
            f"{n * found.ask / 3600 / _CORES:,.1f}" for n in _PLANS
        ],
        "outcomes, sent to the driver": [f"{n * found.outcome / 10**9:,.0f} GB" for n in _PLANS],
        "conclusion on the driver, hours": [f"{n * found.conclude / 3600:,.1f}" for n in _PLANS],
    }
    lines = [" | ".join(head) + " |", "|---|" + "---:|" * len(_PLANS)]
    return [*lines, *(f"| {name} | {' | '.join(row)} |" for name, row in rows.items())]


if __name__ == "__main__":
    main()
