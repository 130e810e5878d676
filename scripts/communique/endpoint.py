"""Questions put to another server: what it sends is an answer only if it is whole."""

import time
from typing import Any

from pyoxigraph import QueryBoolean, QueryResultsFormat, QuerySolutions, parse_query_results

from communique.errors import CommuniqueError
from communique.questions import with_prefixes

MEDIA_TYPE = "application/sparql-results+json"
PATIENCE = 60.0
"""Seconds to wait for the whole answer."""

LARGEST_ANSWER = 100_000_000
_CHUNK = 65_536


def ask(url: str, sparql: str, *, seconds: float) -> QuerySolutions | QueryBoolean:
    """Put a SELECT or an ASK to a SPARQL endpoint, and wait for its answer so long at most."""
    deadline = time.monotonic() + seconds
    response = _response(url, with_prefixes(sparql), seconds)
    _refuse_doubtful(url, response)
    content = _read(url, response, deadline)
    try:
        return parse_query_results(content, format=QueryResultsFormat.JSON)
    except (SyntaxError, ValueError) as error:
        raise _error(url, "its answer breaks off or is not JSON") from error


def _response(url: str, sparql: str, seconds: float) -> Any:  # noqa: ANN401  as the library has it
    from SPARQLWrapper import JSON, POST, SPARQLWrapper
    from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

    if not url.startswith(("http://", "https://")):
        raise CommuniqueError(f"{url}: not the address of an endpoint. Begin it with https://")
    wrapper = SPARQLWrapper(url, returnFormat=JSON)
    wrapper.setOnlyConneg(onlyConneg=True)
    wrapper.setMethod(POST)
    wrapper.setTimeout(max(1, int(seconds)))
    wrapper.setQuery(sparql)
    if wrapper.queryType not in {"SELECT", "ASK"}:
        raise _error(url, "only a SELECT or an ASK can be put to it")
    try:
        return wrapper.query().response
    except (OSError, SPARQLWrapperException) as error:
        raise _error(url, " ".join(str(error).split())[:200] or type(error).__name__) from error


def _refuse_doubtful(url: str, response: Any) -> None:  # noqa: ANN401  as the library has it
    """Refuse what is not marked as SPARQL results, and what is marked as cut short."""
    media_type = response.info().get_content_type()
    if media_type != MEDIA_TYPE:
        raise _error(url, f"it answers with {media_type}, not with SPARQL results in JSON")
    if response.info().get("X-SQL-State"):
        raise _error(url, "it ran out of time and cut its answer short")


def _read(url: str, response: Any, deadline: float) -> bytes:  # noqa: ANN401  as the library has it
    content = bytearray()
    try:
        while chunk := response.read1(_CHUNK):
            content += chunk
            if time.monotonic() > deadline:
                raise _error(url, "it did not finish in time")
            if len(content) > LARGEST_ANSWER:
                raise _error(url, "its answer is larger than 100 MB")
    except OSError as error:
        raise _error(url, "it did not finish in time") from error
    return bytes(content)


def _error(url: str, what: str) -> CommuniqueError:
    return CommuniqueError(f"{url}: {what}. Ask less, ask later or ask another endpoint")
