"""The statements on which the rows of an answer rest, told beside the rows."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import QueryResultsFormat, QuerySolutions, Store, parse_query_results

from communique import bearers, evidence
from communique.attribution import Attributions, Route, paths_and_positions
from communique.contents import Contents
from communique.dataset import Answer
from communique.errors import CommuniqueError, NotACopyError

_BETWEEN = " | "
_STANDING = {"verified", "relocated"}
_UNPROVED = (
    "rests on no single statement: what its rows hold is in the dataset itself, such as words, "
    "sources and curators' findings. Leave out --evidence"
)
_UNPROVED_OWN = (
    "no statement says what these rows hold. Connect what you ask for with the statement that "
    "says it, as in ?statement cmq:voice ?voice ; cmq:content ?matter, or leave out --evidence"
)

Row = dict[str, dict[str, str]]
Asking = Callable[[str], Answer]


def prove(  # noqa: PLR0913  what is asked, of whom, and how
    store: Store,
    sparql: str,
    asking: Asking,
    *,
    where: str,
    copy: Path | None = None,
    own: bool = False,
) -> QuerySolutions:
    """Answer a question with the path and the position of what bears each row.

    A row is borne by the statements that the query binds to one of the names in
    `bearers.NAMES`, else by those in its cells, else by those that tell of a matter that a column
    of `bearers.MATTERS` holds. In a query of the reader's `own` no name counts: a row is borne by
    statements that its patterns connect with it and that say all that it holds. With the reader's
    copy their words stand beside it; they are kept nowhere. `asking` is asked twice; the store
    knows who says what.
    """
    found = asking(sparql)
    if not isinstance(found, QuerySolutions):
        raise CommuniqueError(f"{where}: has no rows to prove. Leave out --evidence")
    columns, rows = _read(found)
    words = _Words(store, copy) if copy else None
    attributions = Attributions(store)
    contents = Contents(store, attributions.known)
    if not rows:
        proofs: list[tuple[Route, ...]] = []
    elif own:
        borne = _Own(attributions, contents, sparql, where).borne(asking)
        proofs = [_in_order(borne.routes(row)) for row in rows]
    else:
        proofs = list(_routes(attributions, contents, sparql, asking, rows))
    if rows and not any(proofs):
        raise CommuniqueError(f"{where}: {_UNPROVED_OWN if own else _UNPROVED}")
    added = _free(columns, ["path", "position", *(["words"] if words else [])])
    for row, routes in zip(rows, proofs, strict=True):
        cells = [*paths_and_positions(routes), *([words.of(routes)] if words else [])]
        told = [pair for pair in zip(added, cells, strict=True) if pair[1]]
        row.update({name: {"type": "literal", "value": cell} for name, cell in told})
    return _solutions([*columns, *added], rows)


class _Words:
    """The words of the reader's own copy."""

    def __init__(self, store: Store, copy: Path) -> None:
        self._text = evidence.read_copy(copy).text
        results = evidence.check(store, self._text)
        passages = [each for each in results if each.kind == "passage"]
        if not any(each.status in _STANDING for each in passages):
            raise NotACopyError(
                f"0 of {len(passages)} passages found in {copy}: is it a copy of the article?"
            )
        self._found = {result.iri: result for result in results}

    def of(self, routes: Iterable[Route]) -> str:
        """Return the words that bear some ways, in the order of the text."""
        return _BETWEEN.join(dict.fromkeys(self._at(route.position.span) for route in routes))

    def _at(self, span: str) -> str:
        """Return the words of a span in one line, or in brackets why there are none."""
        found = self._found.get(span)
        if found is None:
            return "[in another article]"
        if found.status not in _STANDING:
            return f"[{found.status}]"
        return " ".join(self._text[found.start : found.end].split())


@dataclass(frozen=True)
class _Borne:
    """The ways that bear rows, by what those rows hold in the columns that tell them."""

    keys: tuple[str, ...] | None
    ways: dict[str, set[Route]]

    def routes(self, row: Row) -> set[Route]:
        return self.ways.get(_key(row, self.keys), set())


def _routes(
    attributions: Attributions, contents: Contents, sparql: str, asking: Asking, rows: list[Row]
) -> Iterator[tuple[Route, ...]]:
    borne = _borne(attributions, sparql, asking)
    for row in rows:
        yield _in_order(borne.routes(row) if borne.ways else _in_cells(attributions, contents, row))


def _in_order(routes: Iterable[Route]) -> tuple[Route, ...]:
    return tuple(sorted(routes, key=lambda route: (route.position, route.statements)))


def _borne(attributions: Attributions, sparql: str, asking: Asking) -> _Borne:
    """Return the ways that bear rows by the names that the query gives to statements."""
    telling = bearers.telling(sparql)
    borne: dict[str, set[Route]] = defaultdict(set)
    if telling is None:
        return _Borne(None, borne)
    _, rows = _read(asking(telling.sparql))
    for row in rows:
        for together in _together(row, telling.names):
            routes = attributions.supporting(set(together.values()) & attributions.known)
            if routes:
                borne[_key(row, telling.keys)].update(routes)
    return _Borne(telling.keys, borne)


class _Own:
    """Finds what bears the rows of a query in which no name can be relied on."""

    def __init__(
        self, attributions: Attributions, contents: Contents, sparql: str, where: str
    ) -> None:
        self._attributions, self._contents = attributions, contents
        candidates = bearers.hanging_together(sparql, where=where)
        self._telling = bearers.telling(sparql, candidates) if candidates else None
        self._grounds = bearers.grounds(sparql) if candidates else frozenset()

    def borne(self, asking: Asking) -> _Borne:
        borne: dict[str, set[Route]] = defaultdict(set)
        telling = self._telling
        if telling is None:
            return _Borne((), borne)
        _, rows = _read(asking(telling.sparql))
        for row in rows:
            for together in _together(row, telling.names):
                whole = {name: cell["value"] for name, cell in row.items()} | together
                cells = {text for name, text in whole.items() if name in self._grounds}
                statements = self._bearing(cells, set(together.values()))
                borne[_key(row, telling.keys)].update(self._attributions.supporting(statements))
        return _Borne(telling.keys, borne)

    def _bearing(self, cells: set[str], together: set[str]) -> set[str]:
        """Return the statements that say all that the cells hold, else those that tell of it."""
        contents = self._contents
        statements = self._saying(cells, together & self._attributions.known)
        if statements:
            return statements
        matters = self._saying(cells, {each for each in together if contents.is_matter(each)})
        return {said for matter in matters for said in contents.tellers(matter)}

    def _saying(self, cells: set[str], things: set[str]) -> set[str]:
        """Return the things that have a part in the cells, if all together say all of them."""
        said = {each: self._contents.said(each) & cells for each in things}
        if cells - frozenset[str]().union(*said.values()):
            return set()
        return {each for each in things if said[each] or not cells}


def _together(row: Row, names: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Yield what bears a row together, by name: one, or one for each row summed up."""
    own = {name: row[name]["value"] for name in names if name in row}
    if bearers.GROUPED not in row:
        yield own
        return
    for some in row[bearers.GROUPED]["value"].split("|"):
        named = (each.partition("=") for each in some.split())
        yield own | {name: text for name, _, text in named if name in names}


def _in_cells(attributions: Attributions, contents: Contents, row: Row) -> set[Route]:
    """Return the ways to the statements in a row, else to those that tell of its matter."""
    cells = {cell["value"] for cell in row.values() if cell["type"] == "uri"}
    statements = cells & attributions.known
    if not statements:
        matters = (row[name]["value"] for name in bearers.MATTERS if name in row)
        statements = {said for matter in matters for said in contents.tellers(matter)}
    return set(attributions.supporting(statements))


def _key(row: Row, columns: tuple[str, ...] | None) -> str:
    names = sorted(row) if columns is None else columns
    return json.dumps([[name, row.get(name)] for name in names], sort_keys=True)


def _free(columns: list[str], wanted: list[str]) -> list[str]:
    """Name new columns so that none has the name of one that is there."""
    return [f"evidence{name.title()}" if name in columns else name for name in wanted]


def _read(found: object) -> tuple[list[str], list[Row]]:
    if not isinstance(found, QuerySolutions):
        raise TypeError(found)
    answer = json.loads(found.serialize(format=QueryResultsFormat.JSON) or b"")
    return answer["head"]["vars"], answer["results"]["bindings"]


def _solutions(columns: list[str], rows: list[Row]) -> QuerySolutions:
    answer = json.dumps({"head": {"vars": columns}, "results": {"bindings": rows}}).encode()
    found = parse_query_results(answer, format=QueryResultsFormat.JSON)
    if not isinstance(found, QuerySolutions):
        raise TypeError(found)
    return found
