"""The one way that queries are laid out here.

Where a line ends is the author's choice. How far it is indented, what stands between two tokens
of it, how keywords are written, and which prefixes are declared in which order, is not.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pyoxigraph import Store

from communique.errors import CommuniqueError
from communique.tokens import Token, tokens

_WORD = re.compile(r"\w+")
_CLAUSES = frozenset(
    _WORD.findall(
        "ASK BASE BIND CONSTRUCT DESCRIBE FILTER FROM GRAPH GROUP HAVING LIMIT MINUS OFFSET"
        " OPTIONAL ORDER PREFIX SELECT SERVICE UNION VALUES WHERE"
    )
)
"""What begins something new at the begin of a line."""

_APART = frozenset(_WORD.findall("AS BY DISTINCT IN REDUCED SELECT VALUES"))
"""What a bracket follows after a space; other keywords call with it."""

_CALLS = frozenset(
    _WORD.findall(
        "ABS ASC AVG BNODE BOUND CEIL COALESCE CONCAT CONTAINS COUNT DATATYPE DAY DESC"
        " ENCODE_FOR_URI FLOOR GROUP_CONCAT HOURS IF IRI LANG LANGMATCHES LCASE MAX MD5 MIN"
        " MINUTES MONTH NOW RAND REGEX REPLACE ROUND SAMPLE SECONDS SHA1 SHA256 SHA384 SHA512 STR"
        " STRAFTER STRBEFORE STRDT STRENDS STRLANG STRLEN STRSTARTS STRUUID SUBSTR SUM TIMEZONE TZ"
        " UCASE URI UUID YEAR"
    )
)
_MIXED = frozenset(_WORD.findall("isBlank isIRI isLiteral isNumeric isURI sameTerm"))
_OTHERS = frozenset(_WORD.findall("EXISTS NAMED NOT SEPARATOR SILENT UNDEF"))
SPELLINGS = {word.upper(): word for word in _CLAUSES | _APART | _CALLS | _MIXED | _OTHERS}
"""How the words of a query are spelt here, by what they are in capitals."""

_CLOSERS = {")": "(", "]": "[", "}": "{"}
_AROUND_KEYWORDS = frozenset(" \t\n(){}[],;=!&|")
_INDENT = "  "


@dataclass(frozen=True)
class _Query:
    """A query in its parts: what does not depend on how it is laid out."""

    header: tuple[str, ...]
    remarks: tuple[str, ...]
    prefixes: tuple[tuple[str, str], ...]
    body: tuple[Token, ...]

    @property
    def meaning(self) -> tuple[object, ...]:
        """Everything but the layout."""
        seen = [token.text for token in self.body if token.kind != "space"]
        return (self.header, self.remarks, self.prefixes, tuple(seen))


@dataclass
class _Frame:
    """One open bracket: how far the line is indented that opened it, and what goes on in it."""

    bracket: str
    indent: int
    continues: bool
    """Whether a line in it may go on with what the line before began."""
    going: bool = False
    head: str = ""


def tidied(text: str, *, where: str = "query") -> str:
    """Return the query laid out by the house rules, each token in its place."""
    from communique.questions import ask

    ask(Store(), text, where=where)
    query = _parts(text, where=where)
    fresh = _laid_out(query)
    if _parts(fresh, where=where).meaning != query.meaning:
        raise AssertionError(f"{where}: the tidied query would be another one")
    if fresh != text:
        ask(Store(), fresh, where=where)
    return fresh


def _parts(text: str, *, where: str) -> _Query:
    lines = text.split("\n")
    height = next((n for n, line in enumerate(lines) if not line.startswith("#+")), len(lines))
    all_ = _cased(list(tokens("\n".join(lines[height:]))))
    if any(token.kind == "comment" and token.text.startswith("#+") for token in all_):
        raise CommuniqueError(f"{where}: a #+ line is not at the top. Move it to the header")
    remarks, prefixes, body = _prologue(all_)
    return _Query(tuple(lines[:height]), remarks, prefixes, body)


def _cased(all_: list[Token]) -> list[Token]:
    """Write keywords as the house writes them, and no blanks after comments."""
    fresh = []
    for index, token in enumerate(all_):
        before = all_[index - 1].text[-1:] if index else "\n"
        after = all_[index + 1].text[:1] if index + 1 < len(all_) else "\n"
        text = token.text.rstrip() if token.kind == "comment" else token.text
        if token.kind == "word" and _AROUND_KEYWORDS.issuperset(before + after):
            text = SPELLINGS.get(text.upper(), text)
        fresh.append(Token(token.kind, token.start, text))
    return fresh


def _prologue(
    all_: list[Token],
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...], tuple[Token, ...]]:
    """Return the remarks and the prefixes at the top, and the rest; a remark after them is its.

    A prologue with a base, or that declares a prefix twice, depends on its order and is left.
    """
    seen = [index for index, token in enumerate(all_) if token.kind != "space"]
    remarks, prefixes, at, end = list[Token](), dict[str, str](), 0, 0
    while at < len(seen):
        three = [all_[index] for index in seen[at : at + 3]]
        if three[0].kind == "comment":
            at += 1
        elif [each.kind for each in three] == ["word", "name", "iri"] and _is_prefix(three):
            name, iri = three[1].text, three[2].text
            if prefixes.setdefault(name, iri) != iri:
                return (), (), tuple(all_)
            between = (all_[index] for index in seen[end:at])
            remarks += between
            at = end = at + 3
        elif three[0].text in {"BASE", "PREFIX"}:
            return (), (), tuple(all_)
        else:
            break
    body = tuple(all_[seen[end] :]) if end < len(seen) else ()
    used = set(_used(body))
    kept = tuple((name, iri) for name, iri in sorted(prefixes.items()) if name in used)
    if not kept:  # then nothing tells them from remarks on the rest
        lines = (each for token in remarks for each in (token, Token("space", token.start, "\n")))
        return (), (), (*lines, *body)
    return tuple(token.text for token in remarks), kept, body


def _is_prefix(three: list[Token]) -> bool:
    return three[0].text == "PREFIX" and three[1].text.endswith(":")


def _used(body: Sequence[Token]) -> Iterator[str]:
    """Yield the prefixes that occur; what looks like an IRI may compare prefixed names."""
    for token in body:
        if token.kind == "name":
            yield token.text.partition(":")[0] + ":"
        elif token.kind == "iri":
            yield from re.findall(r"[\w-]*:", token.text)


def _laid_out(query: _Query) -> str:
    blocks = [
        "\n".join(query.header),
        "\n".join([*query.remarks, *(f"PREFIX {name} {iri}" for name, iri in query.prefixes)]),
        "\n".join(_lines(query.body)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _lines(body: Sequence[Token]) -> Iterator[str]:
    """Yield the lines of the body, indented."""
    stack = [_Frame("", -1, continues=True)]
    after_opening, blank = True, False
    for line in _broken(body):
        if not line:
            blank = True
            continue
        if blank and not after_opening and line[0].text not in _CLOSERS:
            yield ""
        level = _level(line, stack)
        yield _INDENT * level + _joined(line, stack, level)
        after_opening, blank = line[-1].text in _CLOSERS.values(), False


def _broken(body: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the tokens of each line, spaces among them; of blank lines, none."""
    line = list[Token]()
    for token in body:
        breaks = token.text.count("\n") if token.kind == "space" else 0
        if not breaks:
            line.append(token)
            continue
        yield _stripped(line)
        if breaks > 1:
            yield []
        line = []
    if last := _stripped(line):
        yield last


def _stripped(line: list[Token]) -> list[Token]:
    start, end = 0, len(line)
    while start < end and line[start].kind == "space":
        start += 1
    while end > start and line[end - 1].kind == "space":
        end -= 1
    return line[start:end]


def _level(line: list[Token], stack: list[_Frame]) -> int:
    """Tell how far a line is indented: closing brackets stand under what opened them."""
    closing = 0
    for token in line:
        if token.text not in _CLOSERS and token.kind != "space":
            break
        closing += token.text in _CLOSERS
    if closing:
        return max(0, stack[max(1, len(stack) - closing)].indent) if len(stack) > 1 else 0
    top = stack[-1]
    goes_on = top.continues and top.going and not _begins(line[0])
    return top.indent + 1 + goes_on


def _begins(token: Token) -> bool:
    return token.text == "{" or (token.kind == "word" and token.text in _CLAUSES)


def _joined(line: list[Token], stack: list[_Frame], level: int) -> str:
    """Join the tokens of a line with the spaces that belong between them."""
    seen = [token for token in line if token.kind != "space"]
    spaced = {after.start for before, after in pairwise(line) if before.kind == "space"}
    text = ""
    for index, token in enumerate(seen):
        if index:
            follows = index + 1 == len(seen) or seen[index + 1].start in spaced
            text += _gap(
                seen[index - 1],
                token,
                spaced=token.start in spaced,
                ends=follows or seen[index + 1].text == "}",
                within=stack[-1].bracket,
            )
        text += token.text
        _follow(token, stack, level)
    return text


def _gap(before: Token, after: Token, *, spaced: bool, ends: bool, within: str) -> str:
    """Return what stands between two tokens of a line."""
    pair = {before.text, after.text}
    if before.text == "(" or after.text == ")":
        space = after.kind == "comment"
    elif pair & {"{", "}"} or after.kind == "comment" or before.text in {",", ";"}:
        space = True
    elif after.text == "(" and before.kind == "word":
        space = before.text in _APART or (spaced and before.text not in SPELLINGS.values())
    elif after.text in {",", ";"}:
        space = within != "("
    else:
        space = spaced or (after.text == "." and ends)
    return " " if space else ""


def _follow(token: Token, stack: list[_Frame], level: int) -> None:
    """Keep track of brackets, and of what a line may go on with."""
    top, text = stack[-1], token.text
    if token.kind == "comment":
        return
    if not top.going:
        top.head = ""
    if text in _CLOSERS.values():
        top.going = True
        stack.append(_Frame(text, level, continues=text == "{" and top.head != "VALUES"))
    elif text in _CLOSERS:
        if len(stack) > 1:
            stack.pop()
        stack[-1].going = text != "}" and stack[-1].head not in {"BIND", "FILTER"}
    elif text == ".":
        top.going = False
    else:
        top.going = True
    if token.kind == "word" and text in _CLAUSES:
        top.head = text
    elif text in {".", "}"}:
        stack[-1].head = ""
