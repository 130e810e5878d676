"""Measure how long each question takes to be evaluated, and how that grows with the articles.

Run it: python benchmarks/latency.py [--articles 100,1000] [--runs N] [--limit SECONDS] [NAME ...]

Each corpus is loaded once, in memory, as `communique query` does. Then each question is asked in a
process of its own, and its rows are fetched; names, layout and loading are not counted. It is asked
once more, before, and that is not counted either: a process that is forked copies what it touches
first, which takes several times as long as the answer, and a command does not. Times are of the
processor, so that what else runs on the machine disturbs them less. Growth is how many times the
median is that of the size before; up to the factor of the articles it is linear.
"""

import argparse
import json
import os
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import machine

if TYPE_CHECKING:
    from pyoxigraph import Store

    from communique.questions import Question

HERE = Path(__file__).parent
_FAST = 1000
"""Milliseconds that a question should take at most."""


@dataclass(frozen=True)
class Latency:
    """What one question took on one corpus; without times it was ended."""

    question: str
    articles: int
    rows: int = 0
    milliseconds: tuple[float, ...] = ()

    @property
    def median(self) -> float | None:
        """The median, if the question was answered."""
        return statistics.median(self.milliseconds) if self.milliseconds else None


def measure(
    store: "Store", question: "Question", articles: int, runs: int, limit: float
) -> Latency:
    """Ask in a process of its own, which is ended after so many seconds."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _answer(store, question, runs, writing)
    os.close(writing)
    try:
        if not select.select([reading], [], [], limit)[0]:
            os.kill(child, signal.SIGKILL)
        with os.fdopen(reading, "rb") as told:
            said = told.read()
    finally:
        os.waitpid(child, 0)
    if not said:
        return Latency(question.name, articles)
    rows, taken = json.loads(said)
    return Latency(question.name, articles, rows, tuple(taken))


def _answer(store: "Store", question: "Question", runs: int, writing: int) -> None:
    _asked(store, question)
    asked = [_asked(store, question) for _ in range(runs)]
    os.write(writing, json.dumps([asked[0][0], [taken for _, taken in asked]]).encode())
    os._exit(0)


def _asked(store: "Store", question: "Question") -> tuple[int, float]:
    """Count the rows of an answer, and the milliseconds that it takes."""
    from pyoxigraph import QuerySolutions

    from communique import questions

    begun = time.process_time()
    answer = questions.ask(store, question.sparql, where=str(question.path))
    rows = sum(1 for _ in questions.rows(answer)) if isinstance(answer, QuerySolutions) else 0
    return rows, 1000 * (time.process_time() - begun)


def report(measured: Sequence[Latency]) -> Iterator[str]:
    """Lay out what was measured, the slowest of the largest corpus first."""
    largest = max(each.articles for each in measured)
    last = {each.question: each.median for each in measured if each.articles == largest}
    before: dict[str, Latency] = {}
    growths = dict[tuple[str, int], str]()
    for each in sorted(measured, key=lambda m: m.articles):
        former = before.get(each.question)
        if former and former.median and each.median:
            growths[each.question, each.articles] = f"{each.median / former.median:.1f}"
        before[each.question] = each
    yield "| question | articles | rows | median ms | max ms | rows/s | growth |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for each in sorted(
        measured,
        key=lambda m: (-(last.get(m.question) or float("inf")), m.question, m.articles),
    ):
        cells = [each.question, f"{each.articles:,}"]
        if each.median:
            persecond = f"{1000 * each.rows / each.median:,.0f}"
            slowest = max(each.milliseconds)
            cells += [f"{each.rows:,}", f"{each.median:,.1f}", f"{slowest:,.1f}", persecond]
        else:
            cells += ["", "ended", "", ""]
        yield f"| {' | '.join([*cells, growths.get((each.question, each.articles), '')])} |"
    fast = sum(1 for median in last.values() if median and median < _FAST)
    yield ""
    yield f"At {largest:,} articles {fast} of {len(last)} questions take less than 1 s."


def main() -> None:
    """Write the corpora, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="questions; all if none is named")
    parser.add_argument("--articles", default="100,1000", help="sizes of the corpora")
    parser.add_argument("--runs", type=int, default=3, help="of each question")
    parser.add_argument("--limit", type=float, default=60, help="seconds for one question")
    given = parser.parse_args()
    measured: list[Latency] = []
    for articles in sorted(map(int, given.articles.split(","))):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "corpus"
            command = [sys.executable, HERE / "corpus.py", str(articles), root]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            measured += _of_corpus(root, articles, given)
    print("\n".join([*machine(), "", *report(measured)]))


def _of_corpus(root: Path, articles: int, given: argparse.Namespace) -> Iterator[Latency]:
    from communique import dataset, questions

    store = dataset.asked(root)
    for question in questions.questions(root):
        if not given.names or question.name in given.names:
            yield measure(store, question, articles, given.runs, given.limit * (given.runs + 1))


if __name__ == "__main__":
    main()
