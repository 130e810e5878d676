"""Conditions of a query that no data decides: they keep all rows, or none."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from communique.tokens import Token

_OPEN = {"(": ")", "[": "]", "{": "}"}
_CLOSED = frozenset(_OPEN.values())
_ASKING = frozenset({"AVG", "COUNT", "EXISTS", "GROUP_CONCAT", "MAX", "MIN", "SAMPLE", "SUM"})
"""What asks of the data without a variable, or with one of its own."""
_COMPARING = frozenset("<>=!")
_EMPTY = 2
"""Tokens of a group that asks for nothing: its brackets."""
_Tokens = Sequence[Token]


def constants(tokens: _Tokens) -> Iterator[_Tokens]:
    """Yield the conditions, and the parts that `&&` and `||` join, that no data decides."""
    known = _known(tokens)
    for place, token in enumerate(tokens):
        if token.kind == "word" and token.text.upper() in {"FILTER", "HAVING"}:
            yield from _undecided(_condition(tokens, place + 1), known)
        elif token.text.upper() == "EXISTS" and len(group := block(tokens, place + 1)) == _EMPTY:
            yield [token, *group]


def ungiven(tokens: _Tokens, given: Collection[str]) -> Iterator[Token]:
    """Yield, once each, the variables in conditions that no pattern gives a value there."""
    uses, gifts = list[tuple[Token, set[int]]](), defaultdict[str, list[set[int]]](list)
    opened, before = list[tuple[str, int]](), Token("other", 0, "")
    selects = False
    for token in tokens:
        if token.text in _CLOSED and opened:
            opened.pop()
        elif token.text in _OPEN:
            only_there = before.text.upper() == "EXISTS"
            opened.append((token.text, token.start if only_there else -1))
        within = opened[-1][0] if opened else ""
        around = {start for _, start in opened} - {-1}
        if token.kind == "variable":
            is_gift = within in {"{", "["} and not selects
            if is_gift or before.text.upper() == "AS":
                gifts[token.text[1:]].append(around)
            elif within == "(":
                uses.append((token, around))
        selects = token.text.upper() == "SELECT" or (selects and token.text != "{")
        before = token
    told = set(given)
    for token, around in uses:
        name = token.text[1:]
        if name not in told and not any(place <= around for place in gifts[name]):
            told.add(name)
            yield token


def block(tokens: _Tokens, start: int) -> _Tokens:
    """Return the tokens from a bracket to the one that closes it, or to the end."""
    depth = 0
    for place in range(start, len(tokens)):
        depth += tokens[place].text in _OPEN
        depth -= tokens[place].text in _CLOSED
        if depth == 0:
            return tokens[start : place + 1]
    return tokens[start:]


def _known(tokens: _Tokens) -> set[str]:
    """Return the variables that an expression without data gives a value."""
    found = set[str]()
    for place, token in enumerate(tokens):
        if token.text == "(":
            inner = block(tokens, place)[1:-1]
            gives = [each.text.upper() for each in inner[-2:-1]] == ["AS"]
            if gives and _is_constant(inner[:-2], found):
                found.add(inner[-1].text[1:])
    return found


def _condition(tokens: _Tokens, start: int) -> _Tokens:
    """Return the expression of a filter: in brackets, or a call with its brackets."""
    opened = next((i for i in range(start, len(tokens)) if tokens[i].text in _OPEN), len(tokens))
    return [*tokens[start:opened], *block(tokens, opened)]


def _undecided(expression: _Tokens, known: Collection[str]) -> Iterator[_Tokens]:
    while expression and expression[0].text == "!":
        expression = expression[1:]
    parts = _split(expression, "&|")
    if len(parts) > 1:
        for part in parts:
            yield from _undecided(part, known)
    elif expression and expression[0].text == "(" and block(expression, 0) == expression:
        yield from _undecided(expression[1:-1], known)
    elif expression and (_is_constant(expression, known) or _compares_itself(expression)):
        yield expression


def _split(expression: _Tokens, signs: Collection[str]) -> list[_Tokens]:
    """Divide an expression at some signs that stand in no bracket."""
    parts, depth = list[list[Token]]([[]]), 0
    for token in expression:
        depth -= token.text in _CLOSED
        if depth == 0 and token.text in signs:
            parts.append([])
        else:
            parts[-1].append(token)
        depth += token.text in _OPEN
    return [part for part in parts if part]


def _is_constant(expression: _Tokens, known: Collection[str]) -> bool:
    return not any(
        (token.kind == "variable" and token.text[1:] not in known) or token.text.upper() in _ASKING
        for token in expression
    )


def _compares_itself(expression: _Tokens) -> bool:
    """Tell whether both sides of a comparison are the same, or nothing is in its list."""
    sides = [[_plain(token) for token in part] for part in _split(expression, _COMPARING)]
    in_nothing = [token.text.upper() for token in expression[-3:]] == ["IN", "(", ")"]
    return in_nothing or (len(sides) > 1 and sides[0] == sides[1])


def _plain(token: Token) -> str:
    return f"?{token.text[1:]}" if token.kind == "variable" else token.text
