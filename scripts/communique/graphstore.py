"""Graphs put on another server, so that it answers the same questions."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import (
    BaseHandler,
    HTTPBasicAuthHandler,
    HTTPDigestAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    Request,
)

from pyoxigraph import NamedNode, RdfFormat, Store, parse, serialize

from communique import transport
from communique.child import check_patience
from communique.dataset import queried
from communique.errors import CommuniqueError
from communique.lines import count
from communique.namespaces import shrink

PATIENCE = 300.0
"""Seconds for all graphs to be put and read back."""

_VARIABLE = "COMMUNIQUE_PASSWORD"
_TURTLE = "text/turtle"
_TRIPLES = "application/n-triples"


@dataclass(frozen=True)
class Login:
    """Who may write."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Pushed:
    """One graph as it now is on the server."""

    graph: str
    triples: int

    def __str__(self) -> str:
        """Say so in one line."""
        return f"{self.graph}: {count(self.triples, 'triple')}"


@dataclass(frozen=True)
class _Way:
    """To whom graphs go, on whose word, and until when."""

    url: str
    who: Login | None
    seconds: float
    deadline: float


def push(
    url: str, store: Store, who: Login | None = None, *, seconds: float = PATIENCE
) -> Iterator[Pushed]:
    """Replace each graph that questions see on a Graph Store, read it back, and compare.

    All of it together may take so many `seconds`.
    """
    transport.check_address(url)
    check_patience(seconds)
    way = _Way(url, who, seconds, time.monotonic() + seconds)
    for graph in queried(store):
        ours = _content(store, graph)
        _put(way, graph, ours)
        _compare(url, graph, ours, _get(way, graph))
        yield Pushed(shrink(graph.value), ours.count(b"\n"))


def _content(store: Store, graph: NamedNode) -> bytes:
    quads = store.quads_for_pattern(None, None, None, graph)
    return serialize((quad.triple for quad in quads), format=RdfFormat.N_TRIPLES) or b""


def login(user: str | None, password_file: Path | None) -> Login | None:
    """Take the password of a user from a file's first line, else from COMMUNIQUE_PASSWORD."""
    if user is None:
        if password_file:
            raise CommuniqueError(f"{password_file}: a password without a name. Give --user, too")
        return None
    if password_file is None:
        if _VARIABLE not in os.environ:
            raise CommuniqueError(f"{user}: no password. Give --password-file, or set {_VARIABLE}")
        return Login(user, os.environ[_VARIABLE])
    try:
        return Login(user, password_file.read_text(encoding="utf-8").partition("\n")[0])
    except (OSError, UnicodeDecodeError) as error:
        raise CommuniqueError(f"{password_file}: cannot be read. Give a text file") from error


def _put(way: _Way, graph: NamedNode, content: bytes) -> None:
    """Put N-Triples, which every reader of Turtle takes."""
    request = Request(  # noqa: S310  the address is checked
        _address(way.url, graph), content, {"Content-Type": _TURTLE}, method="PUT"
    )
    _sent(way, request)


def _get(way: _Way, graph: NamedNode) -> transport.Reply:
    address = _address(way.url, graph)
    return _sent(way, Request(address, headers={"Accept": _TRIPLES}))  # noqa: S310  as above


def _sent(way: _Way, request: Request) -> transport.Reply:
    left = way.deadline - time.monotonic()
    if left <= 0:
        what = f"not all graphs were put and read back in {way.seconds:g} s"
        raise CommuniqueError(f"{way.url}: {what}. Give it longer by --timeout, then push again")
    reply = transport.send(request, seconds=left, handlers=_keys(way.url, way.who))
    if reply.status in {401, 403}:
        hint = "Check the password" if way.who else "Give --user and a password"
        raise CommuniqueError(f"{way.url}: does not let you write (status {reply.status}). {hint}")
    transport.refuse_fault(way.url, reply)
    return reply


def _compare(url: str, graph: NamedNode, ours: bytes, reply: transport.Reply) -> None:
    kind = reply.headers.get_content_type()
    held, put = _size(reply.content, RdfFormat.from_media_type(kind)), ours.count(b"\n")
    if held is None:
        what = f"put {shrink(graph.value)}, but cannot read it back: {kind}"
        raise transport.doubt(url, what)
    if held != put:
        what = f"put {count(put, 'triple')} to {shrink(graph.value)}, but holds {held:,}"
        raise CommuniqueError(f"{url}: {what}. Do not ask it; mend the server, then push again")


def _size(content: bytes, form: RdfFormat | None) -> int | None:
    """Count the triples, or return None where they cannot be read."""
    try:
        return len(set(parse(content, format=form))) if form else None
    except (SyntaxError, ValueError):
        return None


def _address(url: str, graph: NamedNode) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode({'graph': graph.value})}"


def _keys(url: str, who: Login | None) -> list[BaseHandler]:
    """Show the password as a digest, and as it is only where nobody else can read it."""
    if who is None:
        return []
    known = HTTPPasswordMgrWithDefaultRealm()
    known.add_password(None, url, who.user, who.password)
    digest: list[BaseHandler] = [_Digest(known)]
    return [*digest, _Basic(known)] if url.startswith("https://") else digest


class _Digest(HTTPDigestAuthHandler):
    def http_error_401(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> HTTPResponse | None:
        return _closing(
            fp, lambda: super(_Digest, self).http_error_401(req, fp, code, msg, headers)
        )


class _Basic(HTTPBasicAuthHandler):
    def http_error_401(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> HTTPResponse | None:
        return _closing(fp, lambda: super(_Basic, self).http_error_401(req, fp, code, msg, headers))


def _closing(question: IO[bytes], answer: Callable[[], HTTPResponse | None]) -> HTTPResponse | None:
    """Close a server's question after a password when it is answered, as the library does not."""
    try:
        response = answer()
    except HTTPError:
        question.close()
        raise
    if response is not None:
        question.close()
    return response
