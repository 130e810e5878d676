"""Let a query tell which statements bear each of its rows, though it does not show them."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

from communique.patterns import take_apart
from communique.tokens import blanked, tokens

NAMES = (
    "statement",
    "told",
    "telling",
    "teller",
    "act",
    "innermost",
    "settling",
    "proposal",
    "answer",
    "chain",
    "step",
    "membership",
)
"""What queries call the statements and memberships that bear a row."""

MATTERS = ("event", "undertaking", "situation", "item", "reported")
"""What queries call the matter that a row tells of, where they bind no statement."""

GROUPED = "evidenceOfTheRow"

_WORD = r"(?<![\w?$:.-])"
_SELECT = re.compile(rf"{_WORD}SELECT\b(?:\s+(?:DISTINCT|REDUCED)\b)?", re.IGNORECASE)
_GROUP = re.compile(rf"{_WORD}(?:WHERE|FROM)\b|\{{", re.IGNORECASE)
_HIDDEN = re.compile(rf"{_WORD}(?:EXISTS|MINUS)\s*\{{", re.IGNORECASE)
_SUM = re.compile(rf"{_WORD}(?:COUNT|SUM|MIN|MAX|AVG|SAMPLE|GROUP_CONCAT)\s*\(", re.IGNORECASE)
_GROUPING = re.compile(rf"{_WORD}GROUP\s+BY\b", re.IGNORECASE)
_CUT = re.compile(rf"{_WORD}(?:LIMIT|OFFSET)\s+\d+", re.IGNORECASE)
_RECKONED = re.compile(r"\bAS\s+[?$](\w+)", re.IGNORECASE)
_VARIABLE = re.compile(r"[?$](\w+)")


@dataclass(frozen=True)
class Telling:
    """A query whose rows hold what bears them, and the columns by which rows are the same."""

    sparql: str
    names: tuple[str, ...]
    keys: tuple[str, ...] | None


def hanging_together(sparql: str, *, where: str) -> frozenset[str]:
    """Name the variables that patterns connect with all that a SELECT shows; none if not with all.

    What stands in MINUS or in a filter connects nothing.
    """
    text = _Text(sparql)
    if not text.selects:
        return frozenset()
    root = text.selects[0]
    linked = [
        {token.text[1:] for token in tokens(each.text) if token.kind == "variable"}
        for each in take_apart(sparql, where=where).all
        if each.kind in {"triple", "OPTIONAL", "BIND", "VALUES"}
    ]
    linked += [some for _, some in text.reckonings()]
    every = set().union(*linked)
    shown = text.shown(root) or every
    reached = set(sorted(shown)[:1])
    for _ in every:
        reached = reached.union(*(some for some in linked if some & reached))
    return frozenset(reached) if shown <= reached else frozenset()


def grounds(sparql: str) -> frozenset[str]:
    """Name the variables that a SELECT shows, and of what it makes with AS those it is made of."""
    text = _Text(sparql)
    made = {name: sources - {name} for name, sources in text.reckonings()}
    root = text.selects[0]
    ahead = list(text.variables() if text.shows_all(root) else text.shown(root))
    found, seen = set[str](), set[str]()
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead += made.get(name, ())
            found |= set() if name in made else {name}
    return frozenset(found)


def telling(sparql: str, wanted: Collection[str] = NAMES) -> Telling | None:
    """Rewrite a SELECT so that each row holds what it binds to some names; None if nothing could.

    Names bound only inside EXISTS or MINUS, or inside a subquery that cuts, are left alone: what
    they stand for is not what bears a row. Of a subquery that sums up, what it sums up is told.
    """
    text = _Text(sparql, wanted)
    if not text.selects:
        return None
    root = text.selects[0]
    names, edits, summed = text.names(root), text.plainly(root), set[str]()
    if not names:
        inner = text.summing(root)
        if inner is None:
            return None
        names, edits = text.names(inner), text.summed_up(root, inner)
        summed = text.reckoned(inner)
    for start, end, words in sorted(edits, reverse=True):
        sparql = sparql[:start] + words + sparql[end:]
    if text.shows_all(root):
        return Telling(sparql, tuple(sorted(names)), None)
    keys = tuple(name for name in text.plain(root) if name not in summed)
    return Telling(sparql, tuple(sorted(names)), keys)


@dataclass(frozen=True)
class _Select:
    """Where one SELECT begins, its columns, its group and its tail end."""

    start: int
    columns: int
    projected: int
    opened: int
    closed: int
    end: int


_Edit = tuple[int, int, str]


class _Text:
    """A query with its strings, IRIs and comments blanked out at their length."""

    def __init__(self, sparql: str, wanted: Collection[str] = NAMES) -> None:
        self._mask = blanked(sparql)
        self._wanted = frozenset(wanted)

    @cached_property
    def selects(self) -> list[_Select]:
        found = [self._select(match) for match in _SELECT.finditer(self._mask)]
        return [select for select in found if select]

    def names(self, select: _Select) -> set[str]:
        """Return the names of bearers that a SELECT binds where it can show them."""
        own = {name for name in self._variables(select) if name in self._wanted}
        for inner in self._within(select):
            shown = set(self.plain(inner)) | (self._exposed(inner) if self._open(inner) else set())
            own |= self.names(inner) if self.shows_all(inner) else shown & self._wanted
        return own

    def exposures(self, select: _Select) -> Iterator[_Edit]:
        """Yield what to add to the subqueries of a SELECT."""
        for inner in self._within(select):
            if not self._open(inner):
                continue
            yield from self.exposures(inner)
            new = sorted(self._exposed(inner) - set(self.plain(inner)))
            if new and not self.shows_all(inner):
                yield inner.projected, inner.projected, _listed(new)

    def plainly(self, root: _Select) -> list[_Edit]:
        """Return what lets the outermost SELECT show what bears each row."""
        edits = [*self.exposures(root), *self._uncut(root)]
        if self._sums(root):
            return [*edits, self._sum_up(root)]
        if not self.shows_all(root):
            new = sorted(self.names(root) - set(self.plain(root)))
            edits.append((root.projected, root.projected, _listed(new)))
        return edits

    def summing(self, root: _Select) -> _Select | None:
        """Return the one subquery that sums up what bears the rows, if there is just one."""
        found = [
            inner
            for inner in self._within(root)
            if self._sums(inner) and not self._cuts(inner) and self.names(inner)
        ]
        alone = len(found) == 1 and not self._sums(root) and not self.shows_all(root)
        return found[0] if alone else None

    def summed_up(self, root: _Select, inner: _Select) -> list[_Edit]:
        """Return what lets a subquery hand out what it sums up."""
        edits = [*self.exposures(inner), self._sum_up(inner), *self._uncut(root)]
        edits.append((root.projected, root.projected, _listed([GROUPED])))
        return edits

    def _sum_up(self, select: _Select) -> _Edit:
        names = sorted(self.names(select))
        parts = ', " ", '.join(f'COALESCE(CONCAT("{n}=", STR(?{n})), "")' for n in names)
        whole = f'(GROUP_CONCAT(DISTINCT CONCAT("", {parts}); SEPARATOR="|") AS ?{GROUPED})'
        return select.projected, select.projected, f" {whole} "

    def _uncut(self, root: _Select) -> Iterator[_Edit]:
        for cut in _CUT.finditer(self._mask, root.closed, root.end):
            yield cut.start(), cut.end(), ""

    def plain(self, select: _Select) -> tuple[str, ...]:
        """Return the columns that a SELECT takes as they are, not reckoned with AS."""
        columns, depth, kept = self._mask[select.columns : select.projected], 0, ""
        for character in columns:
            depth += {"(": 1, ")": -1}.get(character, 0)
            kept += character if not depth else ""
        return tuple(_VARIABLE.findall(kept))

    def reckoned(self, select: _Select) -> set[str]:
        """Return the columns that a SELECT reckons: another bearer may change what they hold."""
        return set(_RECKONED.findall(self._mask, select.columns, select.projected))

    def shown(self, select: _Select) -> set[str]:
        """Return the variables that a SELECT shows, or reckons what it shows from."""
        named = set(_VARIABLE.findall(self._mask, select.columns, select.projected))
        return named - self.reckoned(select)

    def variables(self) -> set[str]:
        """Return all variables that are named anywhere."""
        return set(_VARIABLE.findall(self._mask))

    def reckonings(self) -> list[tuple[str, set[str]]]:
        """Return what is reckoned with AS, each with the variables in its brackets."""
        found = []
        for match in _RECKONED.finditer(self._mask):
            opened, depth = match.start(), 0
            while opened and depth <= 0:
                opened -= 1
                depth += {"(": 1, ")": -1}.get(self._mask[opened], 0)
            found.append((match[1], set(_VARIABLE.findall(self._mask, opened, match.end()))))
        return found

    def shows_all(self, select: _Select) -> bool:
        return self._mask[select.columns : select.projected].strip() == "*"

    def _exposed(self, inner: _Select) -> set[str]:
        """Return the bearers of a subquery that no other part of the query names."""
        outside = self._mask[: inner.start] + self._mask[inner.end :]
        used = set(_VARIABLE.findall(outside))
        return {name for name in self.names(inner) if name not in used}

    def _open(self, select: _Select) -> bool:
        """Tell whether another column would leave the rest of a subquery's rows as they are."""
        return not (self._sums(select) or self._cuts(select))

    def _cuts(self, select: _Select) -> bool:
        return bool(_CUT.search(self._mask, select.closed, select.end))

    def _sums(self, select: _Select) -> bool:
        columns = _SUM.search(self._mask, select.columns, select.projected)
        return bool(columns or _GROUPING.search(self._mask, select.closed, select.end))

    def _variables(self, select: _Select) -> list[str]:
        """Return the variables of a SELECT's own group, without what is hidden from it."""
        body = self._mask[select.opened : select.closed]
        gone = [(inner.start, inner.end) for inner in self._within(select)]
        gone += [(found.start(), self._match(found.end() - 1)) for found in self._hidden()]
        for start, end in gone:
            low, high = max(start - select.opened, 0), max(end - select.opened, 0)
            body = body[:low] + " " * (min(high, len(body)) - min(low, len(body))) + body[high:]
        return _VARIABLE.findall(body)

    def _within(self, select: _Select) -> list[_Select]:
        """Return the subqueries that stand directly in a SELECT and can be seen from it."""
        inside = [each for each in self.selects if select.opened < each.start < select.closed]
        direct = [
            each
            for each in inside
            if not any(other.opened < each.start < other.closed for other in inside)
        ]
        hidden = [(found.start(), self._match(found.end() - 1)) for found in self._hidden()]
        return [each for each in direct if not any(low < each.start < high for low, high in hidden)]

    def _hidden(self) -> Iterator[re.Match[str]]:
        return _HIDDEN.finditer(self._mask)

    def _select(self, found: re.Match[str]) -> _Select | None:
        projected = self._projected(found.end())
        opened = self._mask.find("{", projected)
        if projected < 0 or opened < 0:
            return None
        closed = self._match(opened)
        return _Select(
            found.start(), found.end(), projected, opened, closed, self._leave(closed + 1)
        )

    def _projected(self, start: int) -> int:
        """Return where the columns end: at WHERE, FROM or the group."""
        depth = 0
        for at in range(start, len(self._mask)):
            depth += {"(": 1, ")": -1}.get(self._mask[at], 0)
            if not depth and _GROUP.match(self._mask, at):
                return at
        return -1

    def _match(self, opened: int) -> int:
        """Return where the group that opens here is closed."""
        return self._leave(opened + 1)

    def _leave(self, start: int) -> int:
        """Return where the group in which this place lies is closed, or the end."""
        depth = 0
        for at in range(start, len(self._mask)):
            depth += {"{": 1, "}": -1}.get(self._mask[at], 0)
            if depth < 0:
                return at
        return len(self._mask)


def _listed(names: list[str]) -> str:
    return "".join(f" ?{name}" for name in names) + " "
