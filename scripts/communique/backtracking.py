"""Whether a regular expression can be matched in reasonable time by an engine that backtracks.

The pattern becomes an automaton whose states are its characters. Where two ways lead from a state
of a loop over the same character and back into the loop, a text can be read in exponentially many
ways; where loops over the same characters follow each other, in polynomially many.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

LONGEST = 256
_MOST_LOOPS = 3
_MOST_LINKS = 4096
_ATOM = re.compile(
    r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[pP]\{[^}]*\}|[^\dxuU])"
    r"|\[\^?(?:\\.|\[[^\]]*\]|[^\]\\\[])(?:\\.|\[[^\]]*\]|[^\]\\])*\]"
    r"|[^()\[\]|*+?{}\\]|[{}\]]",
    re.DOTALL,
)
_REPEAT = re.compile(r"(?:[*+?]|\{(\d*)(,?)(\d*)\})[?+]?")
_REPEATS = re.compile(r"[*+{]")
_GROUP_REPEATED = re.compile(r"\)[*+{]")
_NOTHING = re.compile(r"\\[bBAZ]|[$^]")
_SAMPLES = "".join(map(chr, range(128))) + "\xa0\xc9\xe9\u0416\u0660\u2028\u4e2d\U0001f600"


def problem(pattern: str) -> str:
    """Say why a pattern may take too long, or nothing."""
    if len(pattern) > LONGEST:
        return f"has {len(pattern):,} characters, and at most {LONGEST} are allowed"
    if not _GROUP_REPEATED.search(pattern) and len(_REPEATS.findall(pattern)) <= _MOST_LOOPS:
        return ""
    try:
        return _Reader(pattern).problem()
    except _UnreadableError:
        return "cannot be judged: it refers back, looks ahead or is not a regular expression"


class _UnreadableError(Exception):
    """The pattern is of no form that can be judged."""


@dataclass
class _Part:
    """The characters that a part may begin and end with, and whether it may be empty."""

    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    empty: bool = True


class _Reader:
    """Reads a pattern into the states and steps of its automaton."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._sets: list[frozenset[str] | None] = []
        self._steps: list[list[int]] = []
        self._variable: set[int] = set()
        self._links = 0
        self._samples = _SAMPLES + "".join(
            chr(code) for c in pattern for code in (ord(c) - 1, ord(c), ord(c) + 1) if code >= 0
        )

    def problem(self) -> str:
        """Read all of it and say what is wrong with it, or nothing."""
        self._alternatives(depth=0)
        if self._at != len(self._pattern):
            raise _UnreadableError
        loops = _loops(self._steps)
        if any(self._ambiguous(state, loops) for state in range(len(self._steps))):
            return "repeats what it repeats, so that some texts take for ever"
        if self._chain(loops) > _MOST_LOOPS:
            return f"repeats the same characters more than {_MOST_LOOPS} times in a row"
        return ""

    def _ambiguous(self, state: int, loops: list[int]) -> bool:
        inside = [to for to in self._steps[state] if loops[to] == loops[state]]
        return any(one == two or self._overlap(one, two) for one, two in combinations(inside, 2))

    def _overlap(self, one: int, two: int) -> bool:
        left, right = self._sets[one], self._sets[two]
        return left is None or right is None or bool(left & right)

    def _chain(self, loops: list[int]) -> int:
        """Count the most loops that can share out one stretch of a text between them."""
        members: dict[int, set[int]] = {}
        for state in self._variable:
            members.setdefault(loops[state], set()).add(state)
        return max((len(self._sharing(loop, members)) for loop in members), default=0)

    def _sharing(self, loop: int, members: dict[int, set[int]]) -> set[int]:
        """Return the loops that are reached over the characters of this one, itself included."""
        own = members[loop]
        seen, ahead = set(own), list(own)
        while ahead:
            for to in self._steps[ahead.pop()]:
                if to not in seen and any(self._overlap(to, state) for state in own):
                    seen.add(to)
                    ahead.append(to)
        return {other for other, states in members.items() if states & seen}

    def _alternatives(self, depth: int) -> _Part:
        if depth > LONGEST // 4:
            raise _UnreadableError
        parts = [self._sequence(depth)]
        while self._pattern[self._at : self._at + 1] == "|":
            self._at += 1
            parts.append(self._sequence(depth))
        return _Part(
            [state for part in parts for state in part.first],
            [state for part in parts for state in part.last],
            any(part.empty for part in parts),
        )

    def _sequence(self, depth: int) -> _Part:
        whole = _Part()
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            part = self._repeated(self._piece(depth))
            self._link(whole.last, part.first)
            whole = _Part(
                whole.first + part.first if whole.empty else whole.first,
                part.last + whole.last if part.empty else part.last,
                whole.empty and part.empty,
            )
        return whole

    def _piece(self, depth: int) -> _Part:
        if self._pattern[self._at] == "(":
            return self._group(depth)
        nothing = _NOTHING.match(self._pattern, self._at)
        if nothing:
            self._at = nothing.end()
            return _Part()
        atom = _ATOM.match(self._pattern, self._at)
        if not atom:
            raise _UnreadableError
        self._at = atom.end()
        self._sets.append(self._characters("." if atom[0] == "." else atom[0]))
        self._steps.append([])
        state = len(self._sets) - 1
        return _Part([state], [state], empty=False)

    def _group(self, depth: int) -> _Part:
        self._at += 1
        if self._pattern[self._at : self._at + 1] == "?":
            if self._pattern[self._at : self._at + 2] != "?:":
                raise _UnreadableError
            self._at += 2
        part = self._alternatives(depth + 1)
        if self._pattern[self._at : self._at + 1] != ")":
            raise _UnreadableError
        self._at += 1
        return part

    def _repeated(self, part: _Part) -> _Part:
        found = _REPEAT.match(self._pattern, self._at)
        if not found:
            return part
        self._at = found.end()
        least, most = _bounds(found)
        if most is None or most > 1:
            self._link(part.last, part.first)
            self._variable.update(part.last if least != most else ())
        if part.empty and most is not None and most > 1:
            self._link(part.last, part.first)
        return _Part(part.first, part.last, part.empty or least == 0)

    def _link(self, ends: list[int], begins: list[int]) -> None:
        self._links += len(ends) * len(begins)
        if self._links > _MOST_LINKS:
            raise _UnreadableError
        for end in ends:
            self._steps[end].extend(begins)

    def _characters(self, atom: str) -> frozenset[str] | None:
        """Return the samples that an atom matches; None stands for any."""
        try:
            return frozenset(re.findall(atom, self._samples))
        except (re.error, OverflowError):
            return None


def _bounds(found: re.Match[str]) -> tuple[int, int | None]:
    if found[0][0] in "*+?":
        return (int(found[0][0] == "+"), 1 if found[0][0] == "?" else None)
    least = int(found[1] or 0)
    return (least, least) if not found[2] else (least, int(found[3]) if found[3] else None)


def _loops(steps: list[list[int]]) -> list[int]:
    """Give the states numbers, so that those that can reach each other have the same number."""
    reach = [set(_reached(steps, state)) for state in range(len(steps))]
    return [
        min([other for other in reach[state] if state in reach[other]], default=-1 - state)
        for state in range(len(steps))
    ]


def _reached(steps: list[list[int]], start: int) -> Iterator[int]:
    seen: set[int] = set()
    ahead = list(steps[start])
    while ahead:
        state = ahead.pop()
        if state not in seen:
            seen.add(state)
            yield state
            ahead.extend(steps[state])
