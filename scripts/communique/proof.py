"""The statements on which the rows of an answer rest, told beside the rows."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pyoxigraph import QueryResultsFormat, QuerySolutions, Store, parse_query_results

from communique import bearers, evidence
from communique.attribution import Attributions, Route, paths_and_positions
from communique.dataset import Answer
from communique.errors import CommuniqueError

_BETWEEN = " | "

Row = dict[str, dict[str, str]]
Asking = Callable[[str], Answer]


def prove(
    store: Store, sparql: str, asking: Asking, *, where: str, copy: Path | None = None
) -> QuerySolutions:
    """Answer a question with the path and the position of what bears each row.

    A row is borne by the statements that the query binds to one of the names in
    `bearers.NAMES`, else by those in its cells. With the reader's copy their words stand
    beside it; they are kept nowhere. `asking` is asked twice; the store knows who says what.
    """
    found = asking(sparql)
    if not isinstance(found, QuerySolutions):
        raise CommuniqueError(f"{where}: has no rows to prove. Leave out --evidence")
    columns, rows = _read(found)
    words = _Words(store, copy) if copy else None
    proofs = list(_routes(Attributions(store), sparql, asking, rows))
    if rows and not any(proofs):
        raise CommuniqueError(
            f"{where}: no row bears a statement. Leave out --evidence, or ask for ?statement, too"
        )
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
        self._found = {result.iri: result for result in evidence.check(store, self._text)}

    def of(self, routes: Iterable[Route]) -> str:
        """Return the words that bear some ways, in the order of the text."""
        return _BETWEEN.join(dict.fromkeys(self._at(route.position.span) for route in routes))

    def _at(self, span: str) -> str:
        """Return the words of a span in one line, or in brackets why there are none."""
        found = self._found.get(span)
        if found is None:
            return "[in another article]"
        if found.status not in {"verified", "relocated"}:
            return f"[{found.status}]"
        return " ".join(self._text[found.start : found.end].split())


def _routes(
    attributions: Attributions, sparql: str, asking: Asking, rows: list[Row]
) -> Iterator[tuple[Route, ...]]:
    keys, borne = _borne(attributions, sparql, asking)
    for row in rows:
        own = borne.get(_key(row, keys), set()) if borne else _in_cells(attributions, row)
        yield tuple(sorted(own, key=lambda route: (route.position, route.statements)))


def _borne(
    attributions: Attributions, sparql: str, asking: Asking
) -> tuple[tuple[str, ...] | None, dict[str, set[Route]]]:
    """Return the ways that bear rows, by what those rows hold in the columns that tell them."""
    telling = bearers.telling(sparql)
    borne: dict[str, set[Route]] = defaultdict(set)
    if telling is None:
        return None, borne
    _, rows = _read(asking(telling.sparql))
    for row in rows:
        for together in _together(row, telling.names):
            routes = attributions.supporting(together & attributions.known)
            if routes:
                borne[_key(row, telling.keys)].update(routes)
    return telling.keys, borne


def _together(row: Row, names: tuple[str, ...]) -> Iterator[set[str]]:
    """Yield the sets of things that bear a row together: one, or one for each row summed up."""
    own = {row[name]["value"] for name in names if name in row}
    if bearers.GROUPED not in row:
        yield own
        return
    for some in row[bearers.GROUPED]["value"].split("|"):
        yield own | set(some.split())


def _in_cells(attributions: Attributions, row: Row) -> set[Route]:
    cells = {cell["value"] for cell in row.values() if cell["type"] == "uri"}
    return set(attributions.supporting(cells & attributions.known))


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
