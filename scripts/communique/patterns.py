"""A query as a row of patterns, any of which can be left out."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from communique.errors import CommuniqueError
from communique.tokens import Token, signs

_MODIFIERS = ("HAVING", "LIMIT", "OFFSET", "VALUES")
_SUMS = ("COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT")
_SHOWN = 120
_STRINGS = {"short", "long"}
_TERMS = {"iri", "name", "variable", "number", "word", *_STRINGS}


@dataclass(frozen=True)
class Pattern:
    """A triple pattern, a filter, a block or a modifier of a query."""

    kind: str
    text: str
    line: int
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Patterns:
    """A query taken apart."""

    pieces: tuple[str | Pattern, ...]
    sums: bool = False
    """Whether all its rows are summed up to one, which is there even if they are none."""

    @property
    def all(self) -> tuple[Pattern, ...]:
        """The patterns, in the order of the text."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Pattern))

    def without(self, gone: Collection[Pattern]) -> str:
        """Return the query without some of them."""
        left = (each for each in self.pieces if isinstance(each, str) or each not in gone)
        return " ".join(each if isinstance(each, str) else each.text for each in left)


def take_apart(sparql: str, *, where: str) -> Patterns:
    """Take a query apart; what it asks for becomes rows, and their order is left out."""
    try:
        return _Reader(sparql).query()
    except (IndexError, StopIteration) as error:
        raise CommuniqueError(f"{where}: its patterns cannot be told apart. Simplify it") from error


class _Reader:
    """Reads a query token by token, and keeps what it reads in pieces."""

    def __init__(self, sparql: str) -> None:
        self._sparql = sparql
        self._tokens = signs(sparql)
        self._at = 0
        self._pieces: list[str | Pattern] = []
        self._sums = False

    def query(self) -> Patterns:
        """Read it all."""
        start = self._head()
        self._at = start
        self._group()
        while self._at < len(self._tokens):
            self._modifier()
        return Patterns(tuple(self._pieces), self._sums)

    def _head(self) -> int:
        """Keep what stands before the patterns, and return where these begin."""
        start = begin = self._find("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
        form = self._tokens[begin].text.upper()
        group = self._opening(begin)
        if form == "CONSTRUCT" and not self._word(group - 1, "WHERE"):
            self._at = group
            self._balanced()
            begin, group = self._at, self._opening(self._at)
        self._keep(0, start)
        clauses = [at for at in range(begin, group) if self._word(at, "FROM")]
        end = clauses[0] if clauses else group
        self._sums = form == "SELECT" and self._sums_up(begin, end)
        if form == "SELECT" and not self._sums:
            self._keep(begin, end)
        else:
            self._pieces.append("SELECT *")
        for clause in clauses:
            self._at = clause + (3 if self._word(clause + 1, "NAMED") else 2)
            self._add("FROM", clause)
        return group

    def _sums_up(self, begin: int, end: int) -> bool:
        """Tell whether the columns sum up all rows."""
        grouped = any(self._word(at, "GROUP", "HAVING") for at in range(len(self._tokens)))
        return not grouped and any(self._word(at, *_SUMS) for at in range(begin, end))

    def _opening(self, begin: int) -> int:
        return next(n for n in range(begin, len(self._tokens)) if self._tokens[n].text == "{")

    def _find(self, *words: str) -> int:
        found = [n for n in range(len(self._tokens)) if self._word(n, *words)]
        return found[0]

    def _word(self, at: int, *words: str) -> bool:
        """Tell whether one of these words is there."""
        if at >= len(self._tokens):
            return False
        token = self._tokens[at]
        return token.kind == "word" and token.text.upper() in words

    def _text(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at].text if at < len(self._tokens) else ""

    def _between(self, start: int, end: int) -> str:
        """Return the text of some tokens, as it is."""
        if start >= end:
            return ""
        last = self._tokens[end - 1]
        return self._sparql[self._tokens[start].start : last.start + len(last.text)]

    def _keep(self, start: int, end: int) -> None:
        self._pieces.append(self._between(start, end))

    def _add(self, kind: str, start: int, text: str | None = None) -> None:
        found = tuple(self._tokens[start : self._at])
        line = self._sparql.count("\n", 0, found[0].start) + 1
        words = text or self._between(start, self._at)
        self._pieces.append(Pattern(kind, words, line, found))

    def _balanced(self) -> None:
        """Step over a bracket and what it holds, or over one token."""
        depth = 0
        while True:
            text = self._tokens[self._at].text
            depth += (text in "([{") - (text in ")]}")
            self._at += 1
            if depth <= 0:
                return

    def _group(self) -> None:
        self._keep(self._at, self._at + 1)
        self._at += 1
        if self._word(self._at, "SELECT"):
            start = self._at
            while self._text() != "{":
                self._balanced()
            self._keep(start, self._at)
            self._group()
            while self._text() != "}":
                self._modifier(keep_order=True)
        while self._text() != "}":
            self._element()
        self._keep(self._at, self._at + 1)
        self._at += 1

    def _element(self) -> None:
        start = self._at
        word = self._text().upper() if self._tokens[self._at].kind == "word" else self._text()
        if word == "{":
            self._group()
        elif word == ".":
            self._at += 1  # each triple brings its own
        elif word == "UNION":
            self._at += 1
            self._keep(start, self._at)
        elif word in {"GRAPH", "SERVICE"}:
            while self._text() != "{":
                self._at += 1
            if word == "GRAPH":
                self._add(word, start)
            else:
                self._keep(start, self._at)
            self._group()
        elif word in {"FILTER", "OPTIONAL", "MINUS", "BIND", "VALUES"}:
            self._block(word)
            self._add(word, start)
        else:
            self._triples()

    def _block(self, word: str) -> None:
        """Step over a filter or a block, with all that it holds."""
        ending = {"FILTER": "({", "BIND": "("}.get(word, "{")
        while self._text() not in ending:
            self._balanced() if word == "VALUES" else self._step()
        self._balanced()

    def _step(self) -> None:
        self._tokens[self._at]
        self._at += 1

    def _term(self) -> None:
        """Step over a term: a variable, a name, a literal, or what brackets hold."""
        if self._text() in {"+", "-"}:
            self._at += 1
        token = self._tokens[self._at]
        if token.kind not in _TERMS and token.text not in "([":
            raise IndexError(token.text)
        self._balanced()
        if token.kind in _STRINGS and self._at < len(self._tokens):
            if self._tokens[self._at].kind == "language":
                self._at += 1
            elif (self._text(), self._text(1)) == ("^", "^"):
                self._at += 3

    def _path(self) -> None:
        while True:
            while self._text() in {"^", "!"}:
                self._at += 1
            self._term()
            while self._text() in {"*", "+", "?"}:
                self._at += 1
            if self._text() not in {"/", "|"}:
                return
            self._at += 1

    def _triples(self) -> None:
        """Read what is said of one subject, and keep it one triple at a time."""
        start = self._at
        self._term()
        if self._tokens[start].text in "([":
            while self._text() not in {".", "}", "{"} and not self._keyword():
                self._balanced()
            self._add("triple", start, self._between(start, self._at) + " .")
            return
        subject = self._between(start, self._at)
        while True:
            verb = self._at
            self._path()
            said = f"{subject} {self._between(verb, self._at)}"
            while True:
                value = self._at
                self._term()
                self._add("triple", start, f"{said} {self._between(value, self._at)} .")
                start = verb
                if self._text() != ",":
                    break
                self._at += 1
                start = self._at
            while self._text() == ";":
                self._at += 1
            if self._text() in {".", "}", "{"} or self._keyword():
                return
            start = self._at

    def _keyword(self) -> bool:
        return self._word(
            self._at, "FILTER", "OPTIONAL", "MINUS", "BIND", "VALUES", "GRAPH", "SERVICE", "UNION"
        )

    def _modifier(self, *, keep_order: bool = False) -> None:
        start = self._at
        word = self._text().upper()
        self._step()
        while self._at < len(self._tokens) and self._text() != "}" and not self._modifies():
            self._balanced()
        if word in _MODIFIERS:
            self._add(word, start)
        elif word != "ORDER" or keep_order:
            self._keep(start, self._at)

    def _modifies(self) -> bool:
        return self._word(self._at, "GROUP", "ORDER", *_MODIFIERS)


def one_line(pattern: Pattern) -> str:
    """Return a pattern as it is shown."""
    text = re.sub(r"\s+", " ", pattern.text)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
