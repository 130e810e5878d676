"""Requests to other servers, with a patience that ends: deadline, size, tries and redirects."""

import ipaddress
import random
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Thread
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    BaseHandler,
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from communique.errors import CommuniqueError
from communique.lines import visible

LARGEST = 100_000_000
"""Bytes of an answer."""

LONGEST_WAIT = 60.0
"""Seconds between two tries, whatever the server asks for."""

TRIES = 3
_CHUNK = 65_536
_WORTH_ANOTHER_TRY = frozenset({429, 502, 503, 504})
_BROKEN = (BrokenPipeError, ConnectionAbortedError, ConnectionResetError)
_SHOWN = 300
_MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^<>]*>", re.DOTALL | re.IGNORECASE)
_dice = random.SystemRandom()


@dataclass(frozen=True)
class Reply:
    """What a server sent, whole."""

    status: int
    reason: str
    headers: Message
    content: bytes

    @property
    def text(self) -> str:
        """The first characters of it that a person would see, in one line."""
        words = _MARKUP.sub(" ", self.content[:_CHUNK].decode("utf-8", errors="replace")).split()
        return visible(" ".join(words))[:_SHOWN]


def check_address(url: str) -> None:
    """Refuse what is not the address of a server, or holds a password for all to see."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or re.search(r"[\x00-\x20\x7f-\U0010ffff]", url):
        raise CommuniqueError(
            f"{visible(url) or 'an empty text'}: not the address of an endpoint. Begin it with https://"
        )
    if parts.username is not None:
        raise CommuniqueError(
            f"{parts.hostname}: a password in an address is seen by all. Leave it out"
        )


def send(request: Request, *, seconds: float, handlers: Iterable[BaseHandler] = ()) -> Reply:
    """Send a request and return the whole reply, of whatever status but a redirect.

    A server that is busy or hangs up is tried again, after the time that it asks for; all tries
    together end at the deadline.
    """
    deadline, handlers = time.monotonic() + seconds, list(handlers)
    for tried in range(1, TRIES + 1):
        outcome = _try(request, deadline, handlers, seconds)
        wait = _pause(outcome, tried)
        if tried == TRIES or wait is None or wait > min(LONGEST_WAIT, deadline - time.monotonic()):
            break
        time.sleep(wait)
    if isinstance(outcome, Reply):
        return outcome
    raise _error(request, f"the connection broke off in {tried} tries ({outcome})")


def refuse_fault(url: str, reply: Reply) -> None:
    """Raise what the server says went wrong, if it says so by its status."""
    if reply.status in range(200, 300):
        return
    if reply.status in range(300, 400):
        target = visible(reply.headers.get("Location", "nowhere"))[:_SHOWN]
        raise CommuniqueError(
            f"{url}: redirects to {target}, which is not followed. Check the address"
        )
    said = f": {reply.text}" if reply.text else ""
    wait = reply.headers.get("Retry-After")
    later = f" (wants to be asked again after {visible(wait)[:40]})" if wait else ""
    raise CommuniqueError(f"{url}: status {reply.status} {reply.reason}{later}{said}. {_ADVICE}")


_ADVICE = "Ask less, ask later or ask another endpoint"


def doubt(url: str, what: str) -> CommuniqueError:
    """Return the error of an answer that cannot be relied on."""
    return CommuniqueError(f"{url}: {what}. {_ADVICE}")


def _try(
    request: Request, deadline: float, handlers: list[BaseHandler], seconds: float
) -> Reply | str:
    """Exchange once; that the connection broke off is returned, what will not pass is raised."""
    lines = _Lines()
    try:
        return _in_time(
            lambda: _exchange(request, deadline, [*lines.handlers(), *handlers]), deadline
        )
    except TimeoutError as error:
        lines.cut()
        raise _error(request, f"it did not finish in {seconds:g} s") from error
    except _BROKEN as error:
        return _words(error)
    except OSError as error:
        what = f"cannot be reached ({_words(error)}). Check the address, or start the server"
        raise CommuniqueError(f"{request.full_url}: {what}") from error
    except (HTTPException, ValueError) as error:
        raise _error(request, f"its answer breaks off or is not HTTP ({_words(error)})") from error


def _in_time(work: Callable[[], Reply], deadline: float) -> Reply:
    """Do it aside, for neither a name's look-up nor a header's trickle can be interrupted."""
    outcome: Future[Reply] = Future()
    Thread(target=_fulfil, args=(outcome, work), daemon=True).start()
    try:
        return outcome.result(timeout=max(0.0, deadline - time.monotonic()))
    finally:
        del outcome  # else its error and the callers' variables would keep each other alive


def _fulfil(outcome: Future[Reply], work: Callable[[], Reply]) -> None:
    try:
        outcome.set_result(work())
    except BaseException as error:  # noqa: BLE001  it is raised where it is waited for
        outcome.set_exception(error)
    finally:
        del outcome


def _exchange(request: Request, deadline: float, handlers: list[BaseHandler]) -> Reply:
    opener = OpenerDirector()
    for handler in [*handlers, _Redirects(), HTTPErrorProcessor(), HTTPDefaultErrorHandler()]:
        opener.add_handler(handler)
    try:
        response = opener.open(request, timeout=max(0.1, deadline - time.monotonic()))
    except HTTPError as error:
        response = error
    except URLError as error:
        raise (error.reason if isinstance(error.reason, OSError) else error) from error
    with response:
        content = _read(request, response, deadline)
        return Reply(response.status, str(response.reason), response.headers, content)


def _read(request: Request, response: Any, deadline: float) -> bytes:  # noqa: ANN401  two kinds
    promised = int(response.headers.get("Content-Length") or 0)
    content = bytearray()
    while promised <= LARGEST and len(content) <= LARGEST and (some := response.read1(_CHUNK)):
        content += some
        if time.monotonic() > deadline:
            raise TimeoutError
    if max(promised, len(content)) > LARGEST:
        raise _error(request, f"its answer is larger than {LARGEST // 1_000_000:,} MB")
    if len(content) < promised:
        raise HTTPException(f"{len(content):,} of {promised:,} bytes")
    return bytes(content)


def _pause(outcome: Reply | str, tried: int) -> float | None:
    """Return how long to wait for another try, or None where another would not help."""
    longer = 2.0**tried / 2
    if not isinstance(outcome, Reply):
        return _dice.uniform(longer / 2, longer)
    if outcome.status not in _WORTH_ANOTHER_TRY:
        return None
    asked = _seconds(outcome.headers.get("Retry-After", ""))
    return _dice.uniform(longer / 2, longer) if asked is None else asked + _dice.uniform(0, 0.25)


def _seconds(retry_after: str) -> float | None:
    """Read seconds or a date."""
    if re.fullmatch(r"[0-9]{1,9}", retry_after.strip()):
        return float(retry_after)
    with suppress(ValueError, TypeError):
        then = parsedate_to_datetime(retry_after)
        return max(
            0.0, (then.replace(tzinfo=then.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
        )
    return None


class _Lines:
    """The connections of one exchange, which can be cut from outside."""

    def __init__(self) -> None:
        self._open: list[HTTPConnection] = []

    def handlers(self) -> list[BaseHandler]:
        return [ProxyHandler(), _Http(self), _Https(self)]

    def plain(self, host: str, /, **more: Any) -> HTTPConnection:  # noqa: ANN401  for the library
        self._open.append(HTTPConnection(host, **more))
        return self._open[-1]

    def secure(self, host: str, /, **more: Any) -> HTTPConnection:  # noqa: ANN401  for the library
        self._open.append(HTTPSConnection(host, context=ssl.create_default_context(), **more))
        return self._open[-1]

    def cut(self) -> None:
        for connection in self._open:
            if connection.sock:
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)


class _Http(HTTPHandler):
    def __init__(self, lines: _Lines) -> None:
        super().__init__()
        self._lines = lines

    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(self._lines.plain, req)


class _Https(HTTPSHandler):
    def __init__(self, lines: _Lines) -> None:
        super().__init__()
        self._lines = lines

    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(self._lines.secure, req)


class _Redirects(HTTPRedirectHandler):
    """Follows three, with the query; never to a weaker scheme, nor into a private network."""

    max_redirections = 3
    max_repeats = 1

    def redirect_request(  # noqa: PLR0913, PLR0917  as the library calls it
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> Request:
        if not may_lead(req.full_url, newurl):
            raise HTTPError(req.full_url, code, msg, headers, fp)
        kept = {k: v for k, v in req.headers.items() if k.lower() not in {"content-length", "host"}}
        data, method = (None, "GET") if code == 303 else (req.data, req.get_method())  # noqa: PLR2004
        return Request(newurl, data=data, headers=kept, method=method)  # noqa: S310  checked


def may_lead(here: str, there: str) -> bool:
    """Return whether a redirect may be followed: to no weaker scheme, into no private network."""
    before, after = urlsplit(here), urlsplit(there)
    if after.scheme not in ({"https"} if before.scheme == "https" else {"http", "https"}):
        return False
    return after.hostname == before.hostname or _is_public(after.hostname or "")


def _is_public(host: str) -> bool:
    with suppress(OSError, ValueError):
        found = {str(each[4][0]).partition("%")[0] for each in socket.getaddrinfo(host, None)}
        return all(ipaddress.ip_address(address).is_global for address in found)
    return False


def _words(error: BaseException) -> str:
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return visible(" ".join(str(said).split()))[:_SHOWN]


def _error(request: Request, what: str) -> CommuniqueError:
    return doubt(request.full_url, what)
