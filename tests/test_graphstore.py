"""Two real servers, started here: they take the graphs, and then give the same answers."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import QuerySolutions, Store

from communique import answers, dataset, endpoint, graphstore, questions, resources
from communique.dataset import Term
from communique.errors import CommuniqueError
from communique.graphstore import Login
from communique.labels import Labels, plain
from communique.questions import Question
from conftest import Run
from servers import Server, free_port, hostile, oxigraph, virtuoso

ROOT = resources.root()
Rows = list[tuple[str, ...]]
QUESTIONS = {question.name: question for question in questions.questions(ROOT)}


@pytest.fixture(name="dataset_", scope="module")
def _dataset() -> Store:
    return dataset.load(ROOT)


@pytest.fixture(name="union", scope="module")
def _union(dataset_: Store) -> Store:
    return dataset.union(dataset_)


@pytest.fixture(name="server", scope="module", params=["oxigraph", "virtuoso"])
def _server(
    request: pytest.FixtureRequest, dataset_: Store, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    with oxigraph() if request.param == "oxigraph" else virtuoso(folder) as server:
        list(graphstore.push(server.store, dataset_, _login(server)))
        yield server


def _asked(server: Server, name: str, union: Store) -> Rows:
    found = endpoint.ask(server.query, QUESTIONS[name].sparql, seconds=30)
    assert isinstance(found, QuerySolutions)
    columns = tuple(variable.value for variable in found.variables)
    say = Labels(union).text
    return [columns, *(tuple(map(say, row)) for row in questions.rows(found))]


def _plain(row: list[Term | None]) -> tuple[str, ...]:
    return tuple(map(plain, row))


def _opened(question: Question) -> str:
    """Leave every optional parameter open."""
    sparql = question.sparql
    for parameter in question.parameters:
        if not parameter.required:
            block = rf"(VALUES \${parameter.name} \{{)[^}}]*\}}"
            sparql = re.sub(block, r"\1 UNDEF }", sparql)
    return sparql


def _login(server: Server) -> Login | None:
    return Login(server.user, server.password) if server.user else None


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_server_gives_the_stored_rows(name: str, union: Store, server: Server) -> None:
    columns, *rows = _asked(server, name, union)
    stored = answers.read(resources.answers(ROOT) / f"{name}.csv")

    assert columns == stored.columns
    assert Counter(rows) == Counter(stored.rows)


@pytest.mark.parametrize("name", [n for n, q in QUESTIONS.items() if _opened(q) != q.sparql])
def test_a_server_gives_the_same_rows_to_a_question_left_open(
    name: str, union: Store, server: Server
) -> None:
    sparql = _opened(QUESTIONS[name])
    here = questions.ask(union, sparql)
    there = endpoint.ask(server.query, sparql, seconds=30)
    assert isinstance(here, QuerySolutions)
    assert isinstance(there, QuerySolutions)

    assert Counter(map(_plain, questions.rows(there))) == Counter(map(_plain, questions.rows(here)))


@pytest.mark.parametrize("name", ["demands", "demands-by-addressee"])
def test_a_server_narrows_a_question_as_the_files_do(run: Run, server: Server, name: str) -> None:
    asked = ("query", name, "--addressee", "Ukraine")
    here, there = run(*asked), run(*asked, "--endpoint", server.query)

    assert here.stdout.endswith("\n2 rows\n")
    assert (there.exit_code, there.stdout) == (0, here.stdout)


def test_the_command_gives_the_same_answer_from_a_server(run: Run, server: Server) -> None:
    here = run("query", "demands")
    there = run("query", "demands", "--endpoint", server.query)

    assert (there.exit_code, there.stdout) == (0, here.stdout)


def test_a_timeline_comes_in_the_stored_order(union: Store, server: Server) -> None:
    stored = answers.read(resources.answers(ROOT) / "timeline.csv")

    assert tuple(_asked(server, "timeline", union)[1:]) == stored.rows


def test_a_server_that_stops_at_its_limit_is_not_believed(server: Server) -> None:
    sparql = "SELECT ?s ?p ?o { GRAPH ?g { ?s ?p ?o } }"
    if server.user:
        with pytest.raises(CommuniqueError, match=r"it sent 4,000 of [0-9,]+ rows"):
            endpoint.ask(server.query, sparql, seconds=30)
    else:
        found = endpoint.ask(server.query, sparql, seconds=30)
        assert isinstance(found, QuerySolutions)
        assert len(list(found)) > 4000


def test_push_says_what_the_server_now_holds(
    run: Run, project: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = dataset.load(project)
    monkeypatch.setenv("COMMUNIQUE_PASSWORD", server.password)
    user = ["--user", server.user] if server.user else []
    result = run("push", "--root", project, "--endpoint", server.store, *user)

    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == len(dataset.queried(store))


def test_a_wrong_password_is_one_line_and_exit_2(
    run: Run, project: Path, server: Server, tmp_path: Path
) -> None:
    if not server.user:
        pytest.skip("the Oxigraph server knows no passwords")
    file = tmp_path / "password"
    file.write_text("sesame\n")
    where: list[str | Path] = ["--root", project, "--endpoint", server.store]
    wrong = run("push", *where, "--user", server.user, "--password-file", file)
    none = run("push", *where)

    assert (wrong.exit_code, wrong.stdout) == (none.exit_code, none.stdout) == (2, "")
    assert wrong.stderr.endswith("does not let you write (status 401). Check the password\n")
    assert none.stderr.endswith("(status 401). Give --user and a password\n")
    assert "sesame" not in wrong.output


def test_a_server_that_is_down_is_one_line_and_exit_2(run: Run, project: Path) -> None:
    address = f"http://127.0.0.1:{free_port()}/store"
    result = run("push", "--root", project, "--endpoint", address)

    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "cannot be reached" in result.stderr


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("forgets", "put .* triples to .*, but holds 0"),
        ("html", "cannot read it back: text/html"),
        ("cut", "cannot read it back: application/n-triples"),
        ("full", "status 507 Insufficient Storage: no space"),
    ],
)
def test_a_store_that_does_not_hold_what_was_put_is_told_of(
    project: Path, fault: str, message: str
) -> None:
    with hostile() as server, pytest.raises(CommuniqueError, match=message):
        list(graphstore.push(f"{server.url}/{fault}", dataset.load(project)))


@pytest.mark.parametrize("fault", ["forgets", "full"])
def test_all_graphs_together_have_one_deadline(run: Run, project: Path, fault: str) -> None:
    with hostile() as server:
        where = ["--endpoint", f"{server.url}/{fault}", "--timeout", "0.000001"]
        result = run("push", "--root", project, *where)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "in 1e-06 s. " in result.stderr


def test_a_time_that_is_no_time_is_refused(project: Path) -> None:
    with pytest.raises(CommuniqueError, match="not a time to wait"):
        list(graphstore.push("http://x/", dataset.load(project), seconds=float("nan")))


def test_a_password_needs_a_name_and_a_name_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COMMUNIQUE_PASSWORD", raising=False)

    with pytest.raises(CommuniqueError, match="a password without a name"):
        graphstore.login(None, tmp_path / "password")
    with pytest.raises(CommuniqueError, match="no password"):
        graphstore.login("dba", None)
    with pytest.raises(CommuniqueError, match="cannot be read"):
        graphstore.login("dba", tmp_path / "password")
    assert graphstore.login(None, None) is None


def test_a_password_is_never_shown() -> None:
    assert "sesame" not in repr(Login("dba", "sesame"))
