"""Queries that would hang, fill or end this process end their own, on a system with limits."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from pyoxigraph import QuerySolutions, QueryTriples, Store

from communique import dataset, questions
from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES
from communique.questions import ask, rows
from communique.worker import Limits, Worker, runner
from conftest import Run

_BOMB = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o }"
_ALL = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's")


@pytest.fixture(name="union")
def _union(project: Path) -> Store:
    return dataset.union(dataset.load(project))


@contextmanager
def listener() -> Iterator[tuple[str, list[float]]]:
    """Listen on the loopback; give the address, and the times at which somebody came."""
    hits: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def count() -> None:
            with suppress(OSError):
                while True:
                    visitor, _ = server.accept()
                    hits.append(time.monotonic())
                    visitor.close()

        thread = threading.Thread(target=count, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/", hits
        time.sleep(0.05)
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _failing(union: Store, sparql: str, limits: Limits) -> str:
    with Worker(union, limits) as worker, pytest.raises(CommuniqueError) as failure:
        worker.ask(sparql, PREFIXES)
    return str(failure.value)


def _call(url: str) -> str:
    return f"SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}"


@pytest.mark.parametrize("name", ["chain", "speaks-for"])
def test_the_rows_are_those_of_the_same_query_in_process(
    union: Store, project: Path, name: str
) -> None:
    sparql = questions.find(project, name).sparql
    run = runner(union, Limits(), where="query", tell=pytest.fail)
    apart, here = ask(union, sparql, run=run), ask(union, sparql)

    assert isinstance(apart, QuerySolutions)
    assert isinstance(here, QuerySolutions)
    assert list(rows(apart)) == list(rows(here)) != []


def test_every_stored_question_has_the_same_rows_apart(checkout: Path) -> None:
    graph = dataset.union(dataset.load(checkout))
    with Worker(graph, Limits()) as worker:
        for question in questions.questions(checkout):
            apart, here = ask(graph, question.sparql, run=worker.ask), ask(graph, question.sparql)

            assert isinstance(apart, QuerySolutions)
            assert isinstance(here, QuerySolutions)
            assert apart.variables == here.variables
            assert list(map(str, apart)) == list(map(str, here)) != []


def test_every_term_comes_back_as_it_is(union: Store) -> None:
    values = '"a\\"\\n" "é"@fr "01"^^<urn:x> 1.50 <urn:é> true UNDEF'
    sparql = f"SELECT ?x ?o {{ VALUES ?x {{ {values} }} OPTIONAL {{ ?x <urn:no> ?o }} }}"
    apart, here = ask(union, sparql, run=_runner(union)), ask(union, sparql)

    assert isinstance(apart, QuerySolutions)
    assert isinstance(here, QuerySolutions)
    assert list(rows(apart)) == list(rows(here))


@pytest.mark.parametrize(("sparql", "truth"), [("ASK {}", True), ("ASK { FILTER(false) }", False)])
def test_ask_is_answered_as_in_process(union: Store, sparql: str, *, truth: bool) -> None:
    assert bool(ask(union, sparql, run=_runner(union))) is truth


@pytest.mark.parametrize("sparql", ["CONSTRUCT WHERE { ?s cmq:voice ?o }", "DESCRIBE a1:s001"])
def test_triples_are_those_of_the_same_query_in_process(union: Store, sparql: str) -> None:
    apart, here = ask(union, sparql, run=_runner(union)), ask(union, sparql)

    assert isinstance(apart, QueryTriples)
    assert isinstance(here, QueryTriples)
    assert set(map(str, apart)) == set(map(str, here)) != set()


def test_a_syntax_error_is_told_as_in_process(union: Store) -> None:
    with pytest.raises(CommuniqueError, match=r"^query:1:12: not SPARQL: something is missing"):
        ask(union, "SELECT ?s {", run=_runner(union))


def _runner(union: Store) -> dataset.Runner:
    return runner(union, Limits(), where="query", tell=pytest.fail)


def test_a_cartesian_bomb_is_killed_at_its_limit(union: Store) -> None:
    start = time.monotonic()
    message = _failing(union, _BOMB, Limits(seconds=1))

    assert message.startswith("query: no answer within 1 s. ")
    assert 1 <= time.monotonic() - start < 5


def test_nothing_runs_on_after_the_limit(union: Store) -> None:
    with Worker(union, Limits(seconds=0.5)) as worker, pytest.raises(CommuniqueError):
        worker.ask(_BOMB, PREFIXES)

    with pytest.raises(ProcessLookupError):
        os.killpg(worker.process_id, 0)


@on_linux
def test_a_query_ends_with_the_command_that_asks_it(project: Path) -> None:
    bomb = project / "bomb.rq"
    bomb.write_text(_BOMB)
    command = [sys.executable, "-m", "communique", "query", str(bomb), "--timeout", "60"]
    with subprocess.Popen([*command, "--root", str(project)], stderr=subprocess.DEVNULL) as asking:
        children = Path(f"/proc/{asking.pid}/task/{asking.pid}/children")
        _until(children.read_text)
        [child] = children.read_text().split()
        time.sleep(0.5)
        asking.kill()

    _until(lambda: not _runs(child))


def _until(said: Callable[[], object]) -> None:
    """Wait until something is so, for ten seconds at most."""
    end = time.monotonic() + 10
    while not said():
        assert time.monotonic() < end
        time.sleep(0.02)


def _runs(process: str) -> bool:
    """Tell whether a process runs; one that is only to be buried does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_memory_bomb_ends_its_own_process_only(union: Store) -> None:
    doubled = " ".join(f"BIND(CONCAT(?v{n}, ?v{n}) AS ?v{n + 1})" for n in range(40))
    sparql = f'SELECT (STRLEN(?v40) AS ?n) {{ BIND("0123456789" AS ?v0) {doubled} }}'

    assert Limits().memory == 2**30
    assert _failing(union, sparql, Limits(seconds=60, memory=2**28)) == (
        "query: the query needs more than 256 MiB of memory. Ask for less"
    )
    assert ask(union, "ASK {}", run=_runner(union))


def test_an_endless_answer_is_cut_off_and_said_to_be(union: Store) -> None:
    message = _failing(union, _ALL, Limits(seconds=60))

    assert message == "query: more than 64 MiB of answer. Add a LIMIT"


def test_a_crash_of_the_engine_is_one_clear_line(union: Store) -> None:
    message = _failing(union, "ASK" + "{" * 5_000, Limits())

    assert message == "query: the query ended its process (SIGSEGV). Simplify it"


@pytest.mark.parametrize(
    "walls",
    [
        ("namespace", "descriptors"),
        pytest.param(("namespace",), marks=on_linux),
        ("descriptors",),
    ],
    ids=" and ".join,
)
def test_each_wall_alone_keeps_a_query_from_the_network(
    union: Store, walls: tuple[str, ...]
) -> None:
    """White-box: the guard that looks for SERVICE is passed by."""
    with listener() as (url, hits), Worker(union, Limits(walls=walls)) as worker:
        if walls == ("namespace",) and worker.note:
            pytest.skip("this system grants no namespaces")
        for sparql in (_call(url), _call(url).replace("SERVICE", "SERVIC\\u0045")):
            with pytest.raises((CommuniqueError, SyntaxError)):
                worker.ask(sparql, PREFIXES)

    assert hits == []


def test_without_walls_the_call_comes_through_and_that_is_said(union: Store) -> None:
    with listener() as (url, hits):
        with Worker(union, Limits(walls=())) as worker, pytest.raises(CommuniqueError):
            worker.ask(_call(url), PREFIXES)
        time.sleep(0.05)

    assert hits
    assert worker.note.startswith("Note: this system cannot keep a query from the network")


@pytest.mark.parametrize("word", ["SERVICE", "SERVICE SILENT", "SERVIC\\u0045", "#\rSERVICE"])
def test_a_call_on_the_command_line_reaches_nobody(run: Run, project: Path, word: str) -> None:
    with listener() as (url, hits):
        sparql = _call(url).replace("SERVICE", word)
        result = run("query", "-", "--root", project, text=sparql)

    assert (result.exit_code, result.stderr.count("\n"), hits) == (2, 1, [])


def test_a_call_that_is_allowed_is_made(run: Run, project: Path) -> None:
    with listener() as (url, hits):
        result = run("query", "-", "--allow-service", "--root", project, text=_call(url))
        time.sleep(0.05)

    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith("Error: standard input: the engine gave up: ")
    assert hits


def test_a_timeout_on_the_command_line_is_one_clear_line(run: Run, project: Path) -> None:
    result = run("query", "-", "--timeout", "0.5", "--root", project, text=_BOMB)

    assert (result.exit_code, result.stdout, result.stderr) == (
        2,
        "",
        (
            "Error: standard input: no answer within 0.5 s. "
            "Ask for less, or give it longer by --timeout\n"
        ),
    )


@pytest.mark.parametrize("seconds", ["nan", "inf", "-inf", "1e300", "0", "-1"])
def test_a_time_that_nobody_can_wait_is_refused(seconds: str) -> None:
    with pytest.raises(CommuniqueError, match=r"^timeout .*: not a time to wait\. Give seconds"):
        Limits(float(seconds))


@pytest.mark.parametrize("seconds", ["nan", "inf", "1e300"])
@pytest.mark.parametrize("more", [(), ("--why-empty",), ("--endpoint", "http://127.0.0.1:9/")])
def test_a_timeout_that_is_no_time_is_one_clear_line(
    run: Run, project: Path, seconds: str, more: tuple[str, ...]
) -> None:
    result = run("query", "chain", "--timeout", seconds, *more, "--root", project)

    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "not a time to wait" in result.stderr
