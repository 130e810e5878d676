"""Measure this project beside the ordinary stack, on the same files, shapes and questions.

Run it: make bench, or: python benchmarks/bench.py [--articles 1,10] [--limit SECONDS] ...
What takes longer than a quarter of an hour: the ordinary stack on 100 articles, and 10,000 of them.
  python benchmarks/bench.py --articles 100 --stacks ordinary,communique --limit 900 --budget 3600
  python benchmarks/bench.py --articles 10000 --tasks validate --budget 7200

Every measurement is a process of its own, whose time and peak memory are taken. What is found is
compared: a stack that finds other rows, or other results of the shapes, is marked as wrong. The
figures, the machine and the versions go to RESULTS.md, and a chart to results.svg.
"""

import argparse
import compileall
import csv
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import Any

from chart import chart

HERE = Path(__file__).parent
STACKS = {
    "ordinary": "rdflib, pySHACL",
    "communique": "communique",
    "oxigraph": "oxigraph",
    "virtuoso": "Virtuoso",
}
_PROGRAMS = {"oxigraph": "oxigraph", "virtuoso": "virtuoso-t"}
"""What a stack needs that may not be here."""
TASKS = {
    "command validate": "validate, from a cold start",
    "command ask": "one question, from a cold start",
    "load": "load",
    "reason": "load, and infer",
    "validate": "validate",
    "again": "validate again after one edit",
    "ask": "all questions",
    "all": "the three together",
}
_STAGES: dict[str, tuple[tuple[str, ...], ...]] = {
    "ordinary": (("load",), ("load", "validate"), ("load", "ask")),
    "communique": (
        ("load",),
        ("reason",),
        ("validate", "again", "again", "again"),
        ("reason", "ask"),
    ),
    "oxigraph": (("load",), ("load", "ask")),
    "virtuoso": (("load",), ("load", "ask")),
}
"""What the processes of a stack do, one after the other."""
_LOADING = ("load", "reason")
_QUESTION = "demands"
_COMMANDS = {
    "command validate": ("load", "validate"),
    "command ask": ("load", "ask", "--only", _QUESTION),
}
"""What a script does from a cold start; communique has commands for it."""
_COLD = frozenset(
    {("ordinary", "command validate"), ("ordinary", "command ask"), ("oxigraph", "command ask")}
)
"""Which stacks start cold, for which task."""
_OFTEN = 5
"""So many times as often as other things a command is run."""
_ENDED = object()
_PARTS = (_LOADING, ("validate",), ("ask",))
"""What the three together are; of two ways to load the last that a stack has."""
_GOALS = (
    (1, "command validate", 20),
    (1, "command ask", 10),
    (100, "load", 30),
    (100, "all", 60),
)
"""Articles, task, and how many times as fast as the ordinary stack it should be."""
_GROWTH = 12
"""At most so many times as long should ten times the articles take."""
_OVER, _NO_TIME = "over ", "no time left"
_FEW = 10
"""Up to so many articles all have a fault, so that there is something to be found."""
_VERSIONS = ("rdflib", "pyshacl", "pyoxigraph", "oxigraph", "shacl")
_LOOK = 0.5
"""Seconds between two looks at the memory."""
_MIB = 1024 if sys.platform != "darwin" else 1024**2
"""How many units of peak memory are a MiB: kilobytes, or bytes."""


@dataclass
class Measured:
    """What one stack took for one task on one corpus."""

    articles: int
    task: str
    stack: str
    seconds: list[float] = field(default_factory=list)
    memory: float = 0.0
    """Peak of its processes in MiB, whatever else they did before."""
    found: Any = None
    """Digests of rows by question, or what does not keep which rule."""
    problem: str = ""
    """Why there is no figure, or why it does not count."""

    @property
    def median(self) -> float | None:
        """The median, if there is a figure that counts."""
        return None if self.problem or not self.seconds else statistics.median(self.seconds)


@dataclass(frozen=True)
class Ran:
    """A process that has ended: its time, its peak memory, and what it printed.

    The peak is that of the largest process, or that of all together where it was seen to be more.
    """

    seconds: float
    computed: float
    """Seconds of computing, on all cores."""
    memory: float
    lines: tuple[str, ...]
    problem: str


def run(command: Sequence[str | Path], limit: float, *, worst: int = 0) -> Ran:
    """Run a command; end it, and what it started, after so many seconds.

    A problem is an exit code above the `worst` that a run may have which did its work.
    """
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as told:
        begun = time.perf_counter()
        child = subprocess.Popen(command, stdout=printed, stderr=told, start_new_session=True)
        timer = threading.Timer(limit, _end, [child.pid])
        timer.start()
        with _watched(child.pid) as together:
            _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begun
        late = not timer.is_alive()
        timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        told.seek(0)
        problem = f"{_OVER}{limit:.0f} s" if late else ""
        if not 0 <= child.returncode <= worst and not late:
            problem = f"failed: {(told.read().strip().splitlines() or ['?'])[-1][:80]}"
        lines = tuple(printed.read().splitlines())
    computed = usage.ru_utime + usage.ru_stime
    memory = max(usage.ru_maxrss / _MIB, *together)
    return Ran(seconds, computed, memory, lines, problem)


@contextmanager
def _watched(process: int) -> Iterator[list[float]]:
    """Look from time to time how many MiB a process and all below it take."""
    seen, ended = [0.0], threading.Event()

    def look() -> None:
        while not ended.wait(_LOOK):
            seen.append(sum(map(_proportional, _family(process))) / 1024)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


def _family(process: int) -> set[int]:
    """Return a process and all that it and they have started, where there is /proc."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            told = path.read_text(encoding="utf-8").rpartition(")")[2].split()
            parents[int(path.parent.name)] = int(told[1])
    found, size = {process}, 0
    while size != len(found):
        size = len(found)
        found |= {each for each, parent in parents.items() if parent in found}
    return found


def _proportional(process: int) -> int:
    """Return the kilobytes of a process, with its share of what it has in common with others."""
    with suppress(OSError):
        told = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8")
        return int(told.partition("\nPss:")[2].split()[0])
    return 0


def _command(task: str, stack: str, project: Path, inferred: Path) -> list[str | Path]:
    """Return the command by which a stack does a task from a cold start, or nothing."""
    if stack == "communique":
        own = {"command validate": ["validate"], "command ask": ["query", _QUESTION]}
        return [Path(sys.executable).parent / "communique", *own[task], "--root", project]
    if (stack, task) not in _COLD:
        return []
    stages = _COMMANDS[task]
    return [sys.executable, HERE / "stacks.py", stack, project, inferred, *stages]


def _task(stages: Sequence[str]) -> str:
    """Return which of its stages a process is there for."""
    return next((stage for stage in stages if stage not in _LOADING), stages[0])


def _end(process: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)


class Bench:
    """Measures stack by stack, smallest corpus first, until the time is up."""

    def __init__(
        self, folder: Path, limit: float, budget: float, runs: int, tasks: Collection[str] = TASKS
    ) -> None:
        """Take a folder for the corpora, and seconds: for one process, and for all."""
        self._folder = folder
        self._tasks = tasks
        self._limit = limit
        self._until = time.monotonic() + budget
        self._runs = runs
        self.measured: list[Measured] = []

    def measure(self, sizes: Sequence[int], stacks: Sequence[str], beside: int) -> None:
        """Measure every task, smallest corpus first; of other stacks up to so many articles."""
        for articles in sizes:
            share = "0.01" if articles > _FEW else "1"
            self._prepare("corpus.py", str(articles), self._project(articles), "--faults", share)
            if articles == 1:
                self._commands(*self._inferred(articles), stacks)
            for stack in stacks:
                if stack == "communique" or articles <= beside:
                    self._size(articles, stack, alone=articles > beside)
            self._compare(articles, self._project(articles))
            for stack in stacks:
                self._sum(articles, stack)
        self.measured.sort(key=lambda m: (m.articles, [*TASKS].index(m.task)))

    def _project(self, articles: int) -> Path:
        return self._folder / f"{articles}"

    def _size(self, articles: int, stack: str, *, alone: bool) -> None:
        """Measure every task of a stack on a corpus; alone, it does what is its own work."""
        project, inferred = self._inferred(articles, alone=alone)
        for stages in _STAGES[stack]:
            if _task(stages) in self._tasks and not (alone and stages == ("load",)):
                self._stages(articles, project, inferred, stack, stages)

    def _inferred(self, articles: int, *, alone: bool = False) -> tuple[Path, Path]:
        """Return a corpus, and the file of what follows from it, which is not needed alone."""
        project, inferred = self._project(articles), self._folder / f"{articles}.nt"
        if not alone and not inferred.exists():
            self._prepare("stacks.py", "communique", project, inferred, "infer")
        return project, inferred

    def _prepare(self, script: str, *arguments: str | Path) -> None:
        """Run a script, elsewhere: a process counts the memory of the one that starts it."""
        subprocess.run(
            [sys.executable, HERE / script, *arguments], check=True, stdout=subprocess.DEVNULL
        )

    def _commands(self, project: Path, inferred: Path, stacks: Sequence[str]) -> None:
        """Measure what somebody waits for who starts a command, one stack after the other.

        They take turns, and often: a machine is faster in one minute than in the next.
        """
        for task in sorted(self._tasks & _COMMANDS.keys()):
            commands = {each: _command(task, each, project, inferred) for each in stacks}
            made = {each: Measured(1, task, each) for each in stacks if commands[each]}
            turns = {each: self._repeats(one, _OFTEN) for each, one in made.items()}
            self.measured += made.values()
            while turns:
                for stack in [each for each, turn in turns.items() if next(turn, _ENDED)]:
                    del turns[stack]
                for stack in turns:
                    worst = 1 if (stack, task) == ("communique", "command validate") else 0
                    self._note(made[stack], self._run(commands[stack], stack, worst=worst))

    def _stages(
        self, articles: int, project: Path, inferred: Path, stack: str, stages: Sequence[str]
    ) -> None:
        """Measure what a process does after loading, and loading if that is all."""
        task = _task(stages)
        made, again = Measured(articles, task, stack), Measured(articles, "again", stack)
        self.measured += [made, again] if "again" in stages else [made]
        work: list[str | Path] = [HERE / "stacks.py", stack, project, inferred, *stages]
        for _ in self._repeats(made):
            ran = self._run([sys.executable, *work], stack)
            told = [json.loads(line) for line in ran.lines]
            for each in told:
                if each["stage"] in {task, "again"}:
                    one = made if each["stage"] == task else again
                    one.seconds.append(each["seconds"])
                    one.found = each["found"]
                    one.memory = max(one.memory, ran.memory)
            if task not in {each["stage"] for each in told}:
                before = sum(each["seconds"] for each in told)
                self._note(made, ran, before)
        if not again.seconds:
            again.problem = made.problem or _NO_TIME

    def _sum(self, articles: int, stack: str) -> None:
        """Add up the stages, for a stack that has them all."""
        here = {m.task: m for m in self.measured if (m.articles, m.stack) == (articles, stack)}
        found = [[here[task] for task in tasks if task in here] for tasks in _PARTS]
        if all(found):
            parts = [each[-1] for each in found]
            made = Measured(articles, "all", stack)
            made.seconds = [sum(statistics.median(m.seconds or [0]) for m in parts)]
            made.memory = max(m.memory for m in parts)
            made.problem = next((m.problem for m in parts if m.problem), "")
            self.measured.append(made)

    def _repeats(self, made: Measured, often: int = 1) -> Iterator[None]:
        """Count the runs: none without time, one if it takes long."""
        for _ in range(self._runs * often):
            if self._left() <= 0:
                made.problem = made.problem or ("" if made.seconds else _NO_TIME)
                return
            yield
            if made.problem or made.seconds[-1] > self._limit / 8:
                break

    def _run(self, command: Sequence[str | Path], stack: str, *, worst: int = 0) -> Ran:
        """Run a command: what is measured for itself may take all the time that is left."""
        left = self._left()
        limit = left if stack == "communique" else min(self._limit, left)
        return run(command, limit, worst=worst)

    def _note(self, made: Measured, ran: Ran, before: float = 0.0) -> None:
        made.seconds.append(ran.seconds - before)
        made.memory = max(made.memory, ran.memory)
        made.problem = made.problem or ran.problem

    def _left(self) -> float:
        return max(0, self._until - time.monotonic())

    def _compare(self, articles: int, project: Path) -> None:
        """Mark what does not find the faults that are planted, and answers that differ."""
        with (project / "faults.csv").open(encoding="utf-8", newline="") as listed:
            planted = sorted([row["thing"], row["rule"]] for row in csv.DictReader(listed))
        here = [each for each in self.measured if each.articles == articles]
        for each in here:
            if each.task in {"validate", "again"} and each.found not in (None, planted):
                each.problem = "wrong: not the faults that are planted"
        answers = [each for each in here if isinstance(each.found, dict)]
        right: dict[str, str] = {}
        for each in sorted(answers, key=lambda each: [*STACKS].index(each.stack)):
            right = each.found | right
            differing = sorted(name for name, rows in each.found.items() if rows != right[name])
            if differing:
                each.problem = f"wrong: other rows of {', '.join(differing)}"


def report(measured: Sequence[Measured]) -> str:
    """Lay out what was measured, with the machine and the versions."""
    lines = [
        "# Results",
        "",
        "Written by `make bench`, on invented articles that have the shape of the real one, of",
        "which some have planted faults. All stacks had the same files, shapes and questions.",
        "Seconds are medians of processes of their own, ± half of what lies between fastest and",
        "slowest; what takes long is run once, and cold starts in turn and more often. MiB is",
        "the peak of all processes of a run together, looked at twice a second. The faults are",
        "found, and rows are those of rdflib, or of communique where rdflib was ended: else the",
        "figure is marked as wrong. To load is to read the same files, with what is inferred",
        "among them. For its questions `communique` is not given that: it infers while it",
        "loads, and that counts among the three together. It validates by its command, from a",
        "cold start, with every layer and an empty cache, and again after a label was edited.",
        "The others judge by the shapes only. Virtuoso's server runs before it is measured. A",
        "ratio against a run that was ended is a lower bound. Larger corpora are left out for",
        "the others.",
        "",
        *machine(),
        "",
        "| articles | task | stack | seconds | ± | MiB | times as fast as rdflib, pySHACL |",
        "|---:|---|---|---:|---:|---:|---:|",
    ]
    ordinary = {(e.articles, e.task): e for e in measured if e.stack == "ordinary"}
    for each in measured:
        base = ordinary.get((each.articles, each.task))
        cells = [f"{each.articles:,}", TASKS[each.task], STACKS[each.stack], *_figures(each)]
        lines.append(f"| {' | '.join([*cells, _ratio(each, base)])} |")
    tables = (_growth(measured), _saved(measured), _goals(measured))
    for table in tables:
        lines += ["", *table]
    return "\n".join([*lines, "", "![Chart](results.svg)", ""])


def _figures(each: Measured) -> list[str]:
    if each.median is None:
        return [each.problem, "", ""]
    spread = (max(each.seconds) - min(each.seconds)) / 2
    return [f"{each.median:.3f}", f"{spread:.3f}", f"{each.memory:.0f}"]


def _ratio(each: Measured, base: Measured | None) -> str:
    if base is None or each is base or not each.median:
        return ""
    if base.median:
        return f"{base.median / each.median:.1f}"
    late = base.problem.startswith(_OVER) and base.seconds
    return f"{_OVER}{base.seconds[-1] / each.median:.1f}" if late else ""


def _growth(measured: Sequence[Measured]) -> Iterator[str]:
    """Tell by what factor the time grows with the articles."""
    yield "| communique | from | to | articles | seconds |"
    yield "|---|---:|---:|---:|---:|"
    for task in ("load", "reason", "validate", "again", "ask", "all"):
        ours = [m for m in measured if (m.stack, m.task) == ("communique", task) and m.median]
        for one, other in pairwise(ours):
            grown = (other.median or 0) / (one.median or 1)
            articles = other.articles / one.articles
            cells = [TASKS[task], f"{one.articles:,}", f"{other.articles:,}"]
            yield f"| {' | '.join(cells)} | {articles:.0f} times | {grown:.1f} times |"


def _saved(measured: Sequence[Measured]) -> Iterator[str]:
    """Tell how much less it takes to validate again than from scratch."""
    ours = {(m.articles, m.task): m for m in measured if m.stack == "communique"}
    yield "| articles | validate from scratch | again after one edit | times as fast |"
    yield "|---:|---:|---:|---:|"
    for (articles, task), again in ours.items():
        scratch = ours.get((articles, "validate"))
        if task == "again" and again.median and scratch and scratch.median:
            seconds = f"{scratch.median:.3f} s | {again.median:.3f} s"
            yield f"| {articles:,} | {seconds} | {scratch.median / again.median:.1f} |"


def _goals(measured: Sequence[Measured]) -> Iterator[str]:
    """Set what was measured beside what was aimed at."""
    yield "| goal | measured | |"
    yield "|---|---|---|"
    by = {(m.stack, m.articles, m.task): m for m in measured}
    for articles, task, least in _GOALS:
        ours = by.get(("communique", articles, task))
        found = _ratio(ours, by.get(("ordinary", articles, task))) if ours else ""
        name = f"{TASKS[task]}, {articles:,} articles" if articles > 1 else TASKS[task]
        met = float(found.removeprefix(_OVER)) >= least if found else False
        yield f"| {name}: {least} times as fast | {found or 'no figure'} | {_verdict(found, met)} |"
    few, many = (by.get(("communique", articles, "all")) for articles in (100, 1000))
    if few and many and few.median and many.median:
        grown = many.median / few.median
        told = f"{grown:.1f} times | {_verdict('known', grown <= _GROWTH)}"
    else:
        told = "no figure | not measured"
    yield f"| {TASKS['all']}, 1,000 articles: at most {_GROWTH} times those of 100 | {told} |"


def _verdict(found: str, met: bool) -> str:  # noqa: FBT001  it is what is told
    """Tell what a figure says of a goal; a lower bound below it says nothing."""
    if not found:
        return "not measured"
    if met:
        return "met"
    return "not shown" if found.startswith(_OVER) else "not met"


def machine() -> Iterator[str]:
    """Yield lines that say on what was measured."""
    from communique import resources

    yield f"- machine: {_processor()}, {os.cpu_count()} cores, {_memory()}, {platform.system()}"
    yield f"- communique {resources.version()}, Python {platform.python_version()}"
    yield "- " + ", ".join(f"{name} {_version(name)}" for name in _VERSIONS)


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(": ")[2]
    return platform.processor() or platform.machine()


def _memory() -> str:
    with suppress(OSError, ValueError):
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return f"{pages / 2**30:.0f} GiB"
    return "memory unknown"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def main() -> None:
    """Measure, and write RESULTS.md and results.svg."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--articles", default="1,100,1000", help="sizes of the corpora")
    parser.add_argument("--stacks", default=",".join(STACKS), help="which of them")
    parser.add_argument("--tasks", default=",".join(TASKS), help="which of them")
    parser.add_argument("--beside", type=int, default=100, help="articles, at most, for the others")
    parser.add_argument(
        "--limit", type=float, default=45, help="seconds for one of their processes"
    )
    parser.add_argument("--budget", type=float, default=840, help="seconds for all of them")
    parser.add_argument("--runs", type=int, default=3, help="of each process")
    parser.add_argument("-o", "--output", type=Path, default=HERE, help="folder for the results")
    given = parser.parse_args()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    compileall.compile_dir(HERE.parent / "scripts", quiet=1)  # as all that pip installs is
    wanted = [name for name in STACKS if name in given.stacks.split(",")]
    stacks = [name for name in wanted if shutil.which(_PROGRAMS.get(name, sys.executable))]
    with tempfile.TemporaryDirectory() as folder:
        tasks = given.tasks.split(",")
        bench = Bench(Path(folder), given.limit, given.budget, given.runs, tasks)
        bench.measure(sorted(map(int, given.articles.split(","))), stacks, given.beside)
    given.output.mkdir(parents=True, exist_ok=True)
    told = report(bench.measured)
    (given.output / "RESULTS.md").write_text(told, encoding="utf-8")
    rows = [
        (f"{each.articles:,}: {TASKS[each.task]}", STACKS[each.stack], each.median)
        for each in bench.measured
    ]
    (given.output / "results.svg").write_text(chart(rows), encoding="utf-8")
    print(told)
    ours = [each for each in bench.measured if each.stack == "communique"]
    sys.exit(any(each.problem.startswith(("wrong", "failed")) for each in ours))


if __name__ == "__main__":
    main()
