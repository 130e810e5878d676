"""Workers check many articles, and one that ends or is late costs one article only."""

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from communique import concluding, inside, workers
from communique.articles import Outcome
from communique.concluding import Unit
from communique.frame import Context
from communique.intake import documents, is_article, listed
from communique.validation import Choices
from communique.workers import Workers

ARTICLES = 3


@pytest.fixture
def context(project: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """Return what three articles share, and let workers check even so few."""
    monkeypatch.setattr(workers, "FEWEST", 1)
    (first,) = (project / "data" / "articles").glob("*.ttl")
    text = first.read_text(encoding="utf-8")
    for number in range(2, ARTICLES + 1):
        other = text.replace("a1:", f"a{number}:").replace("/a1/", f"/a{number}/")
        other = other.replace("cmq:voice actor:sylvania", "cmq:voice cmqv:assert")
        (first.parent / f"{number}.ttl").write_text(other, encoding="utf-8")
    shared = (each for each in documents(project)[0] if not is_article(each.path))
    return Context(project, tuple(shared), Choices())


def units(context: Context) -> list[Unit]:
    found = sorted((context.root / "data" / "articles").glob("*.ttl"))
    return [(path.relative_to(context.root).as_posix(),) for path in found]


def sorted_(outcomes: Iterator[Outcome]) -> list[Outcome]:
    return sorted(outcomes, key=lambda each: each.paths)


def replace_in_workers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str) -> None:
    """Let workers, which are started anew, check by a function of a module of the test."""
    name = f"checking_{abs(hash(tmp_path))}"
    (tmp_path / f"{name}.py").write_text(
        "import os, signal, sys, time\n"
        "from pathlib import Path\n"
        "from communique import workers\n"
        "checked = workers.check_files\n"
        f"NOTES = Path({str(tmp_path)!r})\n"
        f"def check(context, unit):\n{body}\n    return checked(context, unit)\n"
        "def work(context, pipe):\n"
        "    workers.check_files = check\n"
        "    workers_work(context, pipe)\n"
        "workers_work = workers._work\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(workers, "_work", __import__(name).work)


class Ring:
    """Something that only the collector finds to be garbage."""

    def __init__(self) -> None:
        """Hold on to oneself."""
        self.ring = self


def left() -> list[int]:
    return [each.pid or 0 for each in multiprocessing.active_children()]


def test_workers_find_what_one_process_finds(context: Context) -> None:
    told = list[tuple[int, int]]()

    found = Workers(2, 60, lambda done, of: told.append((done, of)))(context, units(context))

    alone = sorted_(iter(concluding.one_by_one(context, units(context))))
    assert sorted_(found) == alone
    assert [len(each.findings) for each in alone] == [0, 1, 1]
    assert told == [(done, ARTICLES) for done in range(1, ARTICLES + 1)]
    assert not left()


def test_an_article_whose_worker_is_killed_is_tried_once_more(
    context: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    body = """
    mark = NOTES / "killed"
    if unit[0].endswith("/2.ttl") and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)"""
    replace_in_workers(monkeypatch, tmp_path, body)

    found = sorted_(Workers(2, 60)(context, units(context)))

    assert (tmp_path / "killed").exists()
    assert found == sorted_(iter(concluding.one_by_one(context, units(context))))
    assert not left()


def test_an_article_that_kills_every_worker_is_one_finding(
    context: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    body = """
    if unit[0].endswith("/2.ttl"):
        (NOTES / f"{time.monotonic_ns()}.killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)"""
    replace_in_workers(monkeypatch, tmp_path, body)

    found = sorted_(Workers(2, 60)(context, units(context)))

    (lost,) = (each for each in found if each.unread)
    (finding,) = lost.findings
    assert (finding.file, finding.rule.id) == ("data/articles/2.ttl", "unchecked-file")
    assert "ended the process" in finding.message
    assert len(list(tmp_path.glob("*.killed"))) == 2
    assert len(found) == ARTICLES
    assert not left()


def test_an_article_that_takes_too_long_is_one_finding(
    context: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    replace_in_workers(
        monkeypatch, tmp_path, '    if unit[0].endswith("/2.ttl"):\n        time.sleep(600)'
    )

    found = sorted_(Workers(2, 8)(context, units(context)))

    (lost,) = (each for each in found if each.unread)
    assert [each.message for each in lost.findings] == ["It is not done in time."]
    assert len(found) == ARTICLES
    assert not left()


def test_a_bug_in_a_worker_is_raised_where_the_run_is(
    context: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    replace_in_workers(monkeypatch, tmp_path, '    raise KeyError("seen")')

    with pytest.raises(RuntimeError, match=r"data/articles/.*KeyError\('seen'\)"):
        list(Workers(2, 60)(context, units(context)))
    assert not left()


def test_a_worker_does_not_heap_up_garbage(
    context: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    body = """
    import gc
    ring = {}
    ring["ring"] = ring
    rings = [each for each in gc.get_objects() if type(each) is dict and each.get("ring") is each]
    with (NOTES / "rings").open("a") as file:
        file.write(f"{len(rings)}\\n")
    del rings
"""
    replace_in_workers(monkeypatch, tmp_path, body.strip("\n"))

    list(Workers(2, 60)(context, units(context) * 15))

    alive = [int(line) for line in (tmp_path / "rings").read_text().split()]
    assert len(alive) == 15 * ARTICLES
    assert max(alive) <= inside.BETWEEN


def test_what_articles_have_in_common_is_held_once(context: Context) -> None:
    heard = list[Outcome]()

    class Listening(concluding.Run):
        def settled(self, _: Context, outcomes: Sequence[Outcome], __: object) -> None:
            heard.extend(outcomes)

    Listening(context.root, context.choices, listed(context.root), Workers(2, 60)).report()

    assert len(heard) == ARTICLES
    for name in ("predicates", "classes", "edges"):
        has = [getattr(each, name) for each in heard]
        assert len({id(each) for each in has}) == len(set(has)) < ARTICLES


def test_units_one_by_one_do_not_heap_up_garbage(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive = weakref.WeakSet[Ring]()
    most = 0

    def check(_: Context, unit: Unit) -> Unit:
        nonlocal most
        alive.add(Ring())
        most = max(most, len(alive))
        return unit

    monkeypatch.setattr(concluding, "check_files", check)
    gc.disable()
    try:
        list(concluding.one_by_one(context, units(context) * 15))
    finally:
        gc.enable()

    assert most == inside.BETWEEN


def test_what_all_units_need_is_looked_through_once(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = [Ring()]
    seen = list[bool]()

    def check(_: Context, unit: Unit) -> Unit:
        seen.append(any(each is shared for each in gc.get_objects()))
        return unit

    monkeypatch.setattr(concluding, "check_files", check)
    list(concluding.one_by_one(context, units(context) * 2))
    check(context, ())

    assert seen == [True, *[False] * (2 * ARTICLES - 1), True]


def test_who_stops_listening_leaves_no_process(context: Context) -> None:
    found = iter(Workers(2, 60)(context, units(context)))
    next(found)
    assert left()

    found.close()  # type: ignore[attr-defined]

    assert not left()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked for in /proc")
def test_an_interrupted_run_leaves_no_process(context: Context, checkout: Path) -> None:
    program = """
import sys, time
from pathlib import Path
from communique import workers
from communique.frame import Context
from communique.validation import Choices
if __name__ == "__main__":
    workers.FEWEST = 1
    context = Context(Path(sys.argv[1]), (), Choices())
    team = workers._Team(context, 600)
    try:
        team._hire()
        team._hire()
        print(*(each.process.pid for each in team._workers), flush=True)
        time.sleep(600)
    finally:
        team.end()
"""
    path = context.root / "program.py"
    path.write_text(program, encoding="utf-8")
    run = subprocess.Popen(
        [sys.executable, path, context.root],
        env={**os.environ, "PYTHONPATH": str(checkout / "scripts")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert run.stdout is not None
    numbers = run.stdout.readline().split()
    assert len(numbers) == 2
    run.send_signal(signal.SIGINT)
    run.wait(60)
    run.stdout.close()

    assert not [number for number in numbers if Path(f"/proc/{number}").exists()]
