"""Questions put to a server of our own, on this machine, that answers well or badly."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import QueryBoolean, QuerySolutions

from communique import dataset, endpoint, transport
from communique.errors import CommuniqueError
from conftest import Run
from servers import Hostile, free_port, hostile

_QUERY = "SELECT ?s { ?s ?p ?o }"

FAULTS = {
    "silent": "it did not finish in 0.5 s",
    "slow-headers": "it did not finish in 0.5 s",
    "slow-body": "it did not finish in 0.5 s",
    "endless": "its answer is larger than 100 MB|it did not finish in 0.5 s",
    "huge": "its answer is larger than 100 MB",
    "broken": r"status 500 .*: no\\u\{1B\}\[31m space",
    "refused": r"status 400 .*: line 3: what is this\?",
    "busy": "status 503 .*: later",
    "busy-for-an-hour": r"status 503 .* \(wants to be asked again after 3600\): later",
    "reset": "the connection broke off",
    "cut": "its answer breaks off or is not JSON",
    "nested": "its answer breaks off or is not JSON",
    "short": r"its answer breaks off .*\(54 of 63 bytes\)",
    "not-results": "its answer is JSON, but not SPARQL results",
    "not-rows": "its answer is JSON, but not SPARQL results",
    "other-columns": "it answers with the columns login, not with s",
    "truth": "it answers with yes or no to a question for rows",
    "timeout": "it ran out of time and cut its answer short",
    "round": "it sent 1,000 of 1,234 rows",
    "html": "it answers with text/html, not with SPARQL results in JSON: Log in Please log in",
    "plain": "it answers with text/plain",
    "packed": "it packs its answer",
    "to-file": "redirects to file:///etc/hostname, which is not followed",
    "to-ftp": "redirects to ftp://127.0.0.1/good, which is not followed",
    "to-private": "redirects to http://localhost:[0-9]+/good, which is not followed",
    "loop": "redirects to /loop, which is not followed",
    "far": r"redirects to /far\?step=4, which is not followed",
}


@pytest.fixture(name="server")
def _server(project: Path) -> Iterator[Hostile]:
    with hostile(dataset.union(dataset.load(project))) as server:
        yield server


def test_a_question_put_to_an_endpoint_gets_the_same_answer(
    run: Run, project: Path, server: Hostile
) -> None:
    here = run("query", "chain", "--root", project)
    there = run("query", "chain", "--root", project, "--endpoint", f"{server.url}/good")

    assert (there.exit_code, there.stdout) == (0, here.stdout)


def test_ask_is_answered_by_an_endpoint(server: Hostile) -> None:
    found = endpoint.ask(f"{server.url}/good", "ASK { a1:s001 cmq:relays ?x }", seconds=5)

    assert isinstance(found, QueryBoolean)
    assert bool(found)


@pytest.mark.parametrize(("fault", "message"), FAULTS.items(), ids=FAULTS)
def test_a_fault_is_one_clear_error_before_the_deadline(
    server: Hostile, fault: str, message: str
) -> None:
    start = time.monotonic()
    with pytest.raises(CommuniqueError, match=message) as caught:
        endpoint.ask(f"{server.url}/{fault}", _QUERY, seconds=0.5)

    assert time.monotonic() - start < 2.5
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("fault", ["html", "cut", "timeout", "broken", "to-file", "reset"])
def test_a_fault_is_one_line_of_the_command_and_exit_2(
    run: Run, project: Path, server: Hostile, fault: str
) -> None:
    result = run("query", "chain", "--root", project, "--endpoint", f"{server.url}/{fault}")

    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith(f"Error: {server.url}/{fault}: ")


def test_nobody_at_the_address_is_one_line_and_exit_2(run: Run, project: Path) -> None:
    address = f"http://127.0.0.1:{free_port()}/sparql"
    result = run("query", "chain", "--root", project, "--endpoint", address)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: {address}: cannot be reached (Connection refused). "
        "Check the address, or start the server\n"
    )


@pytest.mark.parametrize("fault", ["busy-once", "reset-once", "exact", "to-good"])
def test_what_passes_is_waited_for(server: Hostile, fault: str) -> None:
    found = endpoint.ask(f"{server.url}/{fault}", _QUERY, seconds=10)

    assert isinstance(found, QuerySolutions)
    assert list(found)


def test_a_server_is_asked_again_only_after_the_time_that_it_asks_for(server: Hostile) -> None:
    start = time.monotonic()
    endpoint.ask(f"{server.url}/busy-once", _QUERY, seconds=10)

    assert 1 <= time.monotonic() - start < 4


@pytest.mark.parametrize(
    ("fault", "times"),
    [("busy", 3), ("reset", 3), ("busy-for-an-hour", 1), ("broken", 1), ("refused", 1), ("cut", 1)],
)
def test_only_what_may_pass_is_tried_again(server: Hostile, fault: str, times: int) -> None:
    with pytest.raises(CommuniqueError):
        endpoint.ask(f"{server.url}/{fault}", _QUERY, seconds=10)

    assert server.requests[fault] == times


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc/hostname",
        "chain",
        "ftp://example.org/",
        "http://",
        "http://[",
        "http://x y/",
        "http://x:y/",
        "http://\u202e/",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(CommuniqueError, match="not the address of an endpoint"):
        endpoint.ask(url, "ASK { }", seconds=1)


def test_a_password_in_the_address_is_refused_and_not_shown() -> None:
    with pytest.raises(CommuniqueError, match=r"^example\.org: a password") as caught:
        endpoint.ask("https://me:sesame@example.org/", "ASK { }", seconds=1)

    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(("kind", "rows"), [("SELECT", 3), ("SELECT DISTINCT", 2)])
def test_a_row_that_is_wanted_once_comes_once(server: Hostile, kind: str, rows: int) -> None:
    found = endpoint.ask(f"{server.url}/repeating", f"{kind} ?s {{ ?s ?p ?o }}", seconds=5)

    assert isinstance(found, QuerySolutions)
    assert len(list(found)) == rows


@pytest.mark.parametrize("sparql", ["INSERT DATA { <urn:a> <urn:b> 1 }", "DESCRIBE <urn:a>"])
def test_only_select_and_ask_are_put_to_an_endpoint(server: Hostile, sparql: str) -> None:
    with pytest.raises(CommuniqueError, match="only a SELECT or an ASK"):
        endpoint.ask(f"{server.url}/good", sparql, seconds=1)


def test_a_comment_says_nothing_about_the_kind_of_a_query(server: Hostile) -> None:
    sparql = "# whom it may address\n# DELETE\nPREFIX add: <urn:>\n#\n\nselect ?s { ?s ?p ?o }"

    assert isinstance(endpoint.ask(f"{server.url}/good", sparql, seconds=5), QuerySolutions)


@pytest.mark.parametrize(
    ("here", "there", "allowed"),
    [
        ("http://127.0.0.1/a", "http://127.0.0.1:8080/b", True),
        ("http://127.0.0.1/a", "https://127.0.0.1/a", True),
        ("https://127.0.0.1/a", "http://127.0.0.1/a", False),
        ("http://127.0.0.1/a", "http://127.0.0.2/a", False),
        ("https://192.0.2.1/a", "https://10.0.0.1/a", False),
        ("https://192.0.2.1/a", "https://1.1.1.1/a", True),
        ("https://192.0.2.1/a", "https://[::1]/a", False),
        ("http://127.0.0.1/a", "file:///a", False),
    ],
)
def test_a_redirect_leads_to_no_weaker_and_no_private_place(
    here: str, there: str, *, allowed: bool
) -> None:
    assert transport.may_lead(here, there) is allowed


@pytest.mark.parametrize(
    ("number", "duration"),
    [
        ("2.592e+06", "P30D"),
        ("9000.0", "PT2H30M"),
        ("-432000", "-P5D"),
        ("90061.5", "P1DT1H1M1.5S"),
        ("0", "PT0S"),
    ],
)
def test_a_duration_told_in_seconds_gets_its_form_again(number: str, duration: str) -> None:
    kind = "http://www.w3.org/2001/XMLSchema#dayTimeDuration"
    term = {"type": "typed-literal", "datatype": kind, "value": number}

    assert endpoint.mended(term)["value"] == duration


def test_what_is_not_a_duration_in_seconds_stays_as_it_is() -> None:
    term = {"type": "literal", "value": "9000.0"}

    assert endpoint.mended(term) == term


def test_rows_are_no_answer_to_yes_or_no(server: Hostile) -> None:
    with pytest.raises(CommuniqueError, match="it answers with rows to a question of yes or no"):
        endpoint.ask(f"{server.url}/repeating", "ASK { ?s ?p ?o }", seconds=5)


def test_columns_come_in_the_order_that_is_asked_for(server: Hostile) -> None:
    found = endpoint.ask(f"{server.url}/turned", "SELECT ?s ?p { ?s ?p 1 }", seconds=5)

    assert isinstance(found, QuerySolutions)
    assert [variable.value for variable in found.variables] == ["s", "p"]


@pytest.mark.parametrize("sparql", [_QUERY, "ASK { ?s ?p ?o }", "SELECT (COUNT(*) AS ?n) {}"])
@pytest.mark.parametrize(("where", "told"), [("empty", 1), ("good", 0)])
def test_a_server_that_has_nothing_to_answer_from_is_told(
    server: Hostile, where: str, sparql: str, told: int
) -> None:
    heard: list[str] = []
    sparql = sparql.replace("{}", "{ ?s ?p ?o }").replace("?o }", "?o ; <urn:no> 1 }")
    endpoint.ask(f"{server.url}/{where}", sparql, seconds=5, tell=heard.append)

    assert len(heard) == told
    assert all("questions see no statement there" in line for line in heard)


def test_an_endpoint_without_statements_is_told_on_the_command_line(
    run: Run, project: Path, server: Hostile
) -> None:
    result = run("query", "chain", "--root", project, "--endpoint", f"{server.url}/empty")

    assert result.stdout.endswith("\n0 rows\n")
    assert result.stderr.startswith(f"{server.url}/empty: questions see no statement there")


def test_an_empty_address_is_no_leave_to_ask_the_files(run: Run, project: Path) -> None:
    result = run("query", "chain", "--root", project, "--endpoint", "")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: an empty text: not the address of an endpoint. Begin it with https://\n"
    )
