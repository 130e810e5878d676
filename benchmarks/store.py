"""Measure a store on disk: how fast it is filled, what it takes, how long questions take.

Run it: python benchmarks/store.py 100,1000 FOLDER [--format nq.gz] [--questions SECONDS]

The folder keeps the corpora and the stores; a corpus that is there is used. Each command is a
process of its own, whose time, computing time and peak memory are taken; a store is filled once,
and what that took is kept beside it. Each question is asked in a process of its own, whose
computing time is taken from before it is asked; it is left when it takes too long. What a larger
set would take is told at the end: so many times the last.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import Ran, machine, run

HERE = Path(__file__).parent
_RUNS, _LONG = 3, 10.0
"""How often a command runs; once if it computes for so many seconds."""
_SLOWEST = 5
_PATIENCE = 4 * 3600.0
_LARGER = 100_000
_OWN = "SELECT (COUNT(*) AS ?n) { ?s a cmq:Statement ; cmq:voice ?v . ?v rdfs:label ?l }"
_COMMANDS = (
    ("query demands", ("query", "demands")),
    ("query of one's own", ("query", "{own}", "--timeout", "60")),
    ("show a1:s001", ("show", "a1:s001")),
    ("compare a1:v066", ("compare", "a1:v066")),
)


def measure(articles: int, folder: Path, form: str, patience: float) -> dict[str, float]:
    """Fill a store with so many articles, ask it, and print the figures."""
    project, store = folder / f"{articles}-{form}", folder / f"{articles}-{form}.store"
    if not project.exists():
        command = [sys.executable, HERE / "corpus.py", str(articles), project, "--format", form]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    own = [sys.executable, "-m", "communique"]
    loaded = _loaded([*own, "load", "--store", store, project], store)
    manifest = json.loads((store / "manifest.json").read_text(encoding="utf-8"))
    triples = sum(file["triples"] for file in manifest["files"])
    size = sum(path.stat().st_size for path in (store / "data").iterdir())
    print(f"\n## {articles:,} articles ({form})\n\n| what | figure |\n|---|---:|")
    _row("files", f"{len(manifest['files']):,}")
    _row("triples", f"{triples:,}")
    _row("inferred", f"{manifest['inferred']:,}")
    _row("load, with what follows", f"{loaded.seconds:,.1f} s, computing {loaded.computed:,.1f} s")
    _row("triples a second of computing", f"{triples / loaded.computed:,.0f}")
    _row("peak memory of the load", f"{loaded.memory:,.0f} MiB")
    _row("disk", f"{size / 10**6:,.0f} MB, {size / triples:.0f} bytes a triple")
    _commands([*own], project, store)
    _questions(project, store, patience)
    return {"articles": articles, "computed": loaded.computed, "size": size, "triples": triples}


def _loaded(command: Sequence[str | Path], store: Path) -> Ran:
    """Fill a store, and note beside it what that took; of one that is there, return the note."""
    noted = store.with_suffix(".json")
    if not noted.exists():
        if store.exists():
            raise SystemExit(f"store.py: {store}: filled before, and not here. Remove it")
        ran = _ran(command)
        noted.write_text(json.dumps([ran.seconds, ran.computed, ran.memory]), encoding="utf-8")
    seconds, computed, memory = json.loads(noted.read_text(encoding="utf-8"))
    return Ran(seconds, computed, memory, (), "")


def _row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def _ran(command: Sequence[str | Path], limit: float = _PATIENCE) -> Ran:
    ran = run(command, limit)
    if ran.problem:
        raise SystemExit(f"store.py: {' '.join(map(str, command))}: {ran.problem}")
    return ran


def _commands(own: list[str], project: Path, store: Path) -> None:
    """Measure what somebody waits for who starts a command."""
    asked = store.with_suffix(".rq")
    asked.write_text(_OWN, encoding="utf-8")
    for name, words in _COMMANDS:
        command = [*own, *(asked if word == "{own}" else word for word in words)]
        ran = [_ran([*command, "--root", project, "--store", store])]
        if ran[0].computed < _LONG:
            ran += [_ran([*command, "--root", project, "--store", store]) for _ in range(_RUNS - 1)]
        seconds = statistics.median(each.seconds for each in ran)
        computed = statistics.median(each.computed for each in ran)
        memory = max(each.memory for each in ran)
        told = f"{seconds:.2f} s, computing {computed:.2f} s, {memory:,.0f} MiB"
        _row(f"command `{name}`", told)


def _questions(project: Path, store: Path, patience: float) -> None:
    """Measure the stored questions, in a process of their own."""
    command = [sys.executable, __file__, "--ask", project, store, "--questions", f"{patience}"]
    found = dict(map(json.loads, _ran(command).lines))
    late = sorted(name for name, seconds in found.items() if seconds is None)
    known = sorted(((s, name) for name, s in found.items() if s is not None), reverse=True)
    _row("questions asked", f"{len(found)}")
    _row("all together, computing", f"{sum(seconds for seconds, _ in known):.2f} s")
    _row("median of a question, computing", f"{statistics.median(s for s, _ in known):.3f} s")
    for seconds, name in known[:_SLOWEST]:
        _row(f"slow: `{name}`", f"{seconds:.2f} s")
    for name in late:
        _row(f"left after {patience:.0f} s: `{name}`", "")


def ask(project: Path, store: Path, patience: float) -> Iterator[tuple[str, float | None]]:
    """Answer every question once; yield its name and the seconds that were computed for it.

    A question that takes longer than `patience` is stopped, in a process of its own.
    """
    from communique import dataset, ondisk, questions
    from communique.errors import CommuniqueError
    from communique.worker import Limits, Worker

    limits = Limits(patience, held=ondisk.held_in(store))
    with dataset.seen(project, store) as seen:
        for question in questions.questions(project):
            try:
                with Worker(seen, limits) as worker:
                    begun = _computed(worker.process_id)
                    worker.ask(question.sparql, questions.prefixes_of(question.sparql))
                    yield question.name, _computed(worker.process_id) - begun
            except CommuniqueError:
                yield question.name, None


def _computed(process: int) -> float:
    """Return the seconds that a process has computed."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure as the command line says, and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("articles", nargs="?", default="100", help="sizes of the corpora")
    parser.add_argument("folder", nargs="?", type=Path, help="where they and the stores are kept")
    parser.add_argument("--format", default="nq.gz", help="of the articles (see corpus.py)")
    parser.add_argument("--questions", type=float, default=20, help="seconds for one question")
    parser.add_argument("--ask", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ask:
        for told in ask(*given.ask, given.questions):
            print(json.dumps(told), flush=True)
        return
    folder = given.folder or parser.error("give a folder")
    print(f"# A store on disk, {time.strftime('%Y-%m-%d')}\n")
    print("\n".join(machine()))
    sizes = [int(each) for each in given.articles.split(",")]
    last = [measure(each, folder, given.format, given.questions) for each in sizes][-1]
    times = _LARGER / last["articles"]
    print(f"\n## {_LARGER:,} articles, not measured: {times:,.0f} times the last\n")
    print("| what | figure |\n|---|---:|")
    _row("triples", f"{last['triples'] * times:,.0f}")
    _row("load, computing", f"{last['computed'] * times / 3600:,.1f} h")
    _row("disk", f"{last['size'] * times / 10**9:,.0f} GB")


if __name__ == "__main__":
    main()
