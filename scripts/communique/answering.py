"""A question answered: from the files, a store or an endpoint, in the format that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from communique.dataset import seen
from communique.errors import CommuniqueError
from communique.formats import written
from communique.guard import check
from communique.names import refuse_unknown
from communique.questions import Question, ask, asks_of_graphs, find, is_own, with_prefixes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pyoxigraph import Store

    from communique.dataset import Answer
    from communique.worker import Limits

    Given = Mapping[str, Sequence[str] | None]


def answered(  # noqa: PLR0913  one parameter for each option
    root: Path,
    name: str | Question,
    *,
    form: str,
    labels: bool | None,
    raw: bool = False,
    endpoint: str | None = None,
    on_disk: Path | None = None,
    evidence: bool = False,
    copy: Path | None = None,
    given: Given | None = None,
    timeout: float | None = None,
    allow_service: bool = False,
    why_empty: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> str | bytes:
    """Answer a project's question, or an ad-hoc query, in one of the formats.

    With the address of an endpoint the answer is that server's; labels stay the project's. With a
    store `on_disk` the data are those of the store (see `dataset.seen`).
    With evidence each row says through whom and where the text has what bears it.
    `given` has values for the question's parameters. An ad-hoc query runs in a process of its
    own, for `timeout` seconds at most. `tell` hears what could not be held, and with `why_empty`
    what leaves an answer without rows.
    """
    if endpoint is not None and why_empty:
        raise CommuniqueError("--why-empty: looks into the files only. Leave out --endpoint")
    if endpoint is not None and on_disk is not None:
        raise CommuniqueError("--store: not with --endpoint. Leave one of them out")
    question = _asked(root, name)
    if question.byte_order_mark:
        tell(f"{question.path}: a byte order mark left out.")
    check(question.sparql, where=str(question.path), services=allow_service)
    alone = not (evidence or copy or why_empty or given or form == "xlsx")
    sparql = question.sparql if alone else None
    with seen(root, on_disk, tell, graphs=asks_of_graphs(question.sparql), sparql=sparql) as store:
        question = _narrowed(store, question, given, known=endpoint is None)
        if endpoint is not None:
            asking = _asking_there(endpoint, timeout, tell)
        else:
            apart = is_own(root, question) or allow_service or timeout is not None
            limits = _limits(on_disk, timeout, network=allow_service) if apart else None
            if not why_empty:
                refuse_unknown(store, question.sparql, where=str(question.path))
            asking = _asking_here(store, question, limits, tell)
        if evidence or copy:
            from communique.proof import prove

            own = is_own(root, question)
            where = str(question.path) if own else question.name
            found: Answer = prove(store, question.sparql, asking, where=where, copy=copy, own=own)
        else:
            found = asking(question.sparql)
        if why_empty:
            _explain(store, question, _limits(on_disk, timeout), tell)
        return written(store, question, found, form=form, labels=labels, raw=raw)


def _asked(root: Path, name: str | Question) -> Question:
    return name if isinstance(name, Question) else find(root, name)


def _limits(on_disk: Path | None, seconds: float | None, *, network: bool = False) -> Limits:
    from communique.ondisk import held_in
    from communique.worker import SECONDS, Limits

    held = held_in(on_disk)
    return Limits(SECONDS if seconds is None else seconds, network=network, held=held)


def _explain(store: Store, question: Question, limits: Limits, tell: Callable[[str], None]) -> None:
    from communique.diagnosis import explain

    lines = explain(store, question.sparql, where=str(question.path), limits=limits)
    for line in lines or [f"{question.path}: has rows, so there is nothing to explain."]:
        tell(line)


def final(
    root: Path, name: str | Question, given: Given | None = None, *, on_disk: Path | None = None
) -> str:
    """Return the SPARQL that is asked in the end: with its values, and all its prefixes."""
    question = _asked(root, name)
    if given:
        with seen(root, on_disk) as store:
            question = _narrowed(store, question, given)
    return with_prefixes(question.sparql.rstrip("\n") + "\n")


def _narrowed(
    store: Store, question: Question, given: Given | None, *, known: bool = True
) -> Question:
    if not given:
        return question
    from communique.choices import narrowed

    return narrowed(store, question, given, known=known)


def _asking_there(
    endpoint: str, timeout: float | None, tell: Callable[[str], None]
) -> Callable[[str], Answer]:
    """Return what puts queries to an endpoint."""
    from communique.endpoint import PATIENCE
    from communique.endpoint import ask as ask_endpoint

    seconds = PATIENCE if timeout is None else timeout
    return lambda sparql: ask_endpoint(endpoint, sparql, seconds=seconds, tell=tell)


def _asking_here(
    store: Store, question: Question, limits: Limits | None, tell: Callable[[str], None]
) -> Callable[[str], Answer]:
    """Return what answers queries from the files: in this process, or within limits apart."""
    where = str(question.path)
    run = None
    if limits:
        from communique.worker import runner

        run = runner(store, limits, where=where, tell=tell)
    services = bool(limits and limits.network)
    return lambda sparql: ask(store, sparql, where=where, services=services, run=run)
