"""Questions put to another server: what it sends is an answer only if it is whole."""

import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.request import Request

from pyoxigraph import (
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    Store,
    parse_query_results,
)
from SPARQLWrapper import JSON, POST, SELECT, SPARQLWrapper

from communique import transport
from communique.child import check_patience
from communique.errors import CommuniqueError
from communique.lines import visible
from communique.namespaces import PREFIXES
from communique.questions import ask as ask_here
from communique.questions import with_prefixes

MEDIA_TYPE = "application/sparql-results+json"
PATIENCE = 60.0
"""Seconds to wait for the whole answer, all tries together."""

_ROUND = 1000
"""A number of rows that this divides may be where a server stops sending."""

_SHOWN = 300
_NO_RESULTS = "its answer is JSON, but not SPARQL results"
_EMPTY = (
    "questions see no statement there, so that no row says nothing. Push the graphs, and let the "
    "default graph be the union of all (Oxigraph: --union-default-graph)"
)
_DAY = 86_400
_SECONDS = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+]?[0-9]{1,2})?")
_PROLOGUE = re.compile(
    r"(?:\s+|#[^\n]*|PREFIX\s+[^\s:<]*:\s*<[^>]*>|BASE\s*<[^>]*>)*", re.IGNORECASE
)


def ask(
    url: str, sparql: str, *, seconds: float, tell: Callable[[str], None] = lambda _: None
) -> QuerySolutions | QueryBoolean:
    """Put a SELECT or an ASK to a SPARQL endpoint, and wait for its answer so long at most.

    Where the answer is nothing, `tell` hears whether the server has anything to answer from.
    """
    transport.check_address(url)
    check_patience(seconds)
    query, deadline = with_prefixes(sparql), time.monotonic() + seconds
    kind = re.match(r"SELECT(\s+DISTINCT)?\b|ASK\b", query[_body(query) :], flags=re.IGNORECASE)
    if not kind:
        what = "only a SELECT or an ASK can be put to it. Write it as a SELECT"
        raise CommuniqueError(f"{url}: {what}")
    results = _results(url, query, seconds)
    rows = _rows(results)
    if rows and len(rows) % _ROUND == 0:
        _refuse_fewer(url, query, len(rows), deadline - time.monotonic())
    if kind[1]:
        rows[:] = _once(rows)
    _refuse_other(url, query, results, asks=kind[0].upper() == "ASK")
    found = _parsed(url, results)
    if _is_nothing(results) and not _has_statements(url, deadline - time.monotonic()):
        tell(f"{url}: {_EMPTY}")
    return found


def _refuse_other(url: str, query: str, results: dict[str, Any], *, asks: bool) -> None:
    """Refuse the answer to another question, and put columns in the order that was asked for."""
    head, truth = results.get("head"), isinstance(results.get("boolean"), bool)
    told = head.get("vars") if isinstance(head, dict) else None
    if not truth and not (isinstance(told, list) and isinstance(results.get("results"), dict)):
        raise transport.doubt(url, _NO_RESULTS)
    if truth != asks:
        what = "rows to a question of yes or no" if asks else "yes or no to a question for rows"
        raise transport.doubt(url, f"it answers with {what}")
    asked = None if asks else _columns(query)
    if asked is None:
        return
    if sorted(asked) != sorted(map(str, told or ())):
        there, here = (", ".join(map(str, names)) or "none" for names in (told or (), asked))
        what = f"it answers with the columns {visible(there)[:_SHOWN]}, not with {here}"
        raise transport.doubt(url, what)
    results["head"] = {"vars": list(asked)}


def _columns(query: str) -> tuple[str, ...] | None:
    """Name the columns of a SELECT; None of what only the server can read."""
    try:
        found = ask_here(Store(), query)
    except CommuniqueError:
        return None
    return tuple(v.value for v in found.variables) if isinstance(found, QuerySolutions) else None


def _is_nothing(results: dict[str, Any]) -> bool:
    """Tell whether an answer is no, no row, or one row of zeros and empty cells."""
    rows = _rows(results)
    cells = [term.get("value") for row in rows for term in row.values()]
    return results.get("boolean") is not True and len(rows) <= 1 and set(cells) <= {"0"}


def _has_statements(url: str, seconds: float) -> bool:
    """Ask whether questions see any statement there; a server that does not say so may."""
    asked = with_prefixes("ASK { ?statement a cmq:Statement }")
    try:
        return _results(url, asked, seconds).get("boolean") is not False
    except CommuniqueError:
        return True


def _rows(results: dict[str, Any]) -> list[Any]:
    part = results.get("results")
    found = part.get("bindings") if isinstance(part, dict) else None
    return found if isinstance(found, list) else []


def _once(rows: list[Any]) -> list[Any]:
    """Keep each row once where that is asked for: Virtuoso may repeat a row with an empty cell."""
    return list({json.dumps(row, sort_keys=True): row for row in rows}.values())


class _Query(SPARQLWrapper):
    """Puts a request together as the library does; it is sent by us, who know when to stop."""

    def request(self) -> Request:
        return self._createRequest()


def _request(url: str, query: str) -> Request:
    wrapper = _Query(url, returnFormat=JSON)
    wrapper.setOnlyConneg(onlyConneg=True)
    wrapper.setMethod(POST)
    wrapper.queryString, wrapper.queryType = query, SELECT  # it would take "address" for ADD
    return wrapper.request()


def _body(query: str) -> int:
    """Return where a query begins, after its prefixes."""
    head = _PROLOGUE.match(query)
    return head.end() if head else 0


def _results(url: str, query: str, seconds: float) -> dict[str, Any]:
    reply = transport.send(_request(url, query), seconds=seconds)
    transport.refuse_fault(url, reply)
    _refuse_doubtful(url, reply)
    try:
        results = json.loads(reply.content)
    except (ValueError, RecursionError) as error:
        raise transport.doubt(url, "its answer breaks off or is not JSON") from error
    return results if isinstance(results, dict) else {}


def _refuse_doubtful(url: str, reply: transport.Reply) -> None:
    """Refuse what is not marked as SPARQL results, and what is marked as cut short."""
    media_type = reply.headers.get_content_type()
    if media_type != MEDIA_TYPE:
        what = f"it answers with {media_type}, not with SPARQL results in JSON"
        raise transport.doubt(url, f"{what}: {reply.text}" if reply.text else what)
    if reply.headers.get("Content-Encoding", "identity") != "identity":
        raise transport.doubt(url, "it packs its answer, which was not asked for")
    if reply.headers.get("X-SQL-State"):
        raise transport.doubt(url, "it ran out of time and cut its answer short")


def _refuse_fewer(url: str, query: str, sent: int, seconds: float) -> None:
    """Have the rows counted by the server, for it may send only the first so many."""
    cut = _body(query)
    counted = f"{query[:cut]} SELECT (COUNT(*) AS ?rows) WHERE {{ {{ {query[cut:]} }} }}"
    try:
        there = int(_rows(_results(url, counted, seconds))[0]["rows"]["value"])
    except (LookupError, TypeError, ValueError, CommuniqueError) as error:
        what = f"it sent exactly {sent:,} rows and does not say whether there are more"
        raise transport.doubt(url, what) from error
    if there != sent:
        raise transport.doubt(url, f"it sent {sent:,} of {there:,} rows")


def _parsed(url: str, results: dict[str, Any]) -> QuerySolutions | QueryBoolean:
    try:
        for row in _rows(results):
            row.update({name: mended(term) for name, term in row.items()})
        content = json.dumps(results)
    except (AttributeError, TypeError, ValueError) as error:
        raise transport.doubt(url, _NO_RESULTS) from error
    if not _is_readable(content):
        raise transport.doubt(url, _NO_RESULTS)
    return parse_query_results(content, format=QueryResultsFormat.JSON)


def _is_readable(content: str) -> bool:
    """Read all rows, for a fault in a row shows only then.

    No error may leave with the rows in its traceback: one thread alone may let go of them.
    """
    try:
        found = parse_query_results(content, format=QueryResultsFormat.JSON)
        return isinstance(found, QueryBoolean) or all(True for _ in found)
    except (SyntaxError, ValueError):
        return False


def mended(term: dict[str, Any]) -> dict[str, Any]:
    """Give a duration that Virtuoso writes as a number of seconds its lexical form again."""
    kind, value = str(term.get("datatype")), str(term.get("value"))
    if kind != PREFIXES["xsd"] + "dayTimeDuration" or not _SECONDS.fullmatch(value):
        return term
    return term | {"value": _duration(float(value))}


def _duration(seconds: float) -> str:
    days, rest = divmod(abs(seconds), _DAY)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    date = f"{days:.0f}D" if days else ""
    clock = [f"{n:g}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if n]
    time = f"T{''.join(clock)}" if clock or not date else ""
    return f"{'-' if seconds < 0 else ''}P{date}{time or ''}" if seconds else "PT0S"
