"""Are the stored answers sharp? Change one thing in a query, and some answer must change."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pyoxigraph import Store

from communique.dataset import load, select, union
from communique.errors import CommuniqueError
from communique.formats import whole
from communique.lines import count
from communique.namespaces import shrink
from communique.questions import Question, prefixes_of, questions
from communique.tokens import blanked
from communique.worker import Limits, Worker

LEAST = 85
"""Per cent of the mutants that must change an answer."""

SECONDS = 3.0
"""How long a mutant may take; one that takes longer is noticed by that."""

_COLUMNS = ("question", "mutant", "reason")
_BLOCK = re.compile(
    r"(OPTIONAL|MINUS)\s*\{|FILTER\s+(?:NOT\s+)?EXISTS\s*\{|VALUES\s", re.IGNORECASE
)
_CALL = re.compile(r"(?:FILTER|BIND)\b[^({]*\(", re.IGNORECASE)
_OPERATORS = {
    "!=": "=",
    "=": "!=",
    "<=": ">",
    ">=": "<",
    "<": ">=",
    ">": "<=",
    "&&": "||",
    "||": "&&",
}
_SCHEMES = """
SELECT ?scheme ?concept WHERE { ?concept skos:inScheme ?scheme } ORDER BY ?scheme ?concept
"""
_CLASS = re.compile(r"^drop: [?$]\w+ a [\w-]+:\w+ \.?$")
_ORDER = re.compile(r"^drop: \?\w+ oa:start \?start \.?$")
_REASONS = {
    "added": "what it could add is not in the data of today",
    "class": "all that the rest of the query finds is of this class in the data of today",
    "block": "all that it stands in can be left out today: the data has no case for it yet",
    "order": "it puts the rows in order, and order is not compared",
    "round": "either way round it finds nothing else in the data of today",
    "concept": "the data of today has no case of either concept here",
    "drop": "whatever the rest of the query finds has this, too, in the data of today",
    "filter": "the data of today has nothing that only this filter leaves out",
    "optional": "every row has it in the data of today",
    "exists": "the data of today has neither the one nor the other",
    "operator": "the data of today has no case on which the two differ",
    "path": "the data of today has no case at another depth or distance",
    "branch": "what this branch finds is found by another one, too, in the data of today",
    "value": "the data of today has no case of this value that is not found otherwise",
}

Rows = Counter[tuple[str, ...]]


@dataclass(frozen=True, order=True)
class Mutant:
    """A query with one thing changed."""

    question: str
    name: str
    kind: str
    sparql: str
    place: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Score:
    """How many mutants changed an answer, and which did not."""

    tried: int
    survivors: tuple[Mutant, ...]

    @property
    def percent(self) -> float:
        """The share of mutants that changed an answer."""
        return 100 * (self.tried - len(self.survivors)) / self.tried if self.tried else 0.0

    def __str__(self) -> str:
        """Sum up in one line."""
        tried = count(self.tried, "mutant")
        return f"{tried}, {self.percent:.1f} % change an answer; {len(self.survivors)} do not."


def listed(root: Path) -> Path:
    """Return the file that lists the mutants which change no answer, each with a reason."""
    return root / "tests" / "survivors.csv"


def measure(
    root: Path,
    *,
    only: Iterable[str] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Score:
    """Try every mutant of every question, or of some."""
    store, names = union(load(root)), set(only)
    others, tried, survivors = siblings(store), 0, []
    for question in questions(root):
        if names and question.name not in names:
            continue
        progress(f"{question.name} ...")
        with _Bench(store) as bench:
            told = bench.rows(question.sparql)
            if told is None:
                raise CommuniqueError(f"{question.name}: no answer within limits. Simplify it")
            for mutant in mutants(question, others):
                try:
                    rows = bench.rows(mutant.sparql)
                except SyntaxError:
                    continue
                tried += 1
                if rows == told:
                    survivors.append(mutant)
    return Score(tried, tuple(sorted(survivors)))


def findings(root: Path, score: Score) -> list[str]:
    """Tell what is wrong: too low a score, survivors without a reason, reasons without one."""
    path = listed(root)
    reasons = read(path)
    found = {(each.question, each.name) for each in score.survivors}
    unlisted = sorted(found - {key for key, reason in reasons.items() if reason})
    stale = sorted(reasons.keys() - found)
    return [
        *(f"{q}: {name}: changes no answer. Sharpen the query or list it" for q, name in unlisted),
        *(f"{path}: {q}: {name}: changes an answer now. Delete the line" for q, name in stale),
        *([f"below {LEAST} %"] if score.percent < LEAST else []),
    ]


def update(root: Path, score: Score) -> None:
    """List the survivors; what is listed keeps its reason."""
    path = listed(root)
    reasons = read(path)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for mutant in score.survivors:
            key = (mutant.question, mutant.name)
            writer.writerow([*key, reasons.get(key) or _reason(mutant, score.survivors)])


def _reason(mutant: Mutant, survivors: Iterable[Mutant]) -> str:
    """Say why a mutant survives: by what it stands in, else by its kind."""
    start, end = mutant.place
    around = any(
        each.question == mutant.question
        and each.name.startswith("drop: ")
        and each.place[0] <= start < end <= each.place[1]
        and each.place != mutant.place
        for each in survivors
    )
    if around:
        return _REASONS["block"]
    if mutant.name.startswith("drop: OPTIONAL"):
        return _REASONS["added"]
    return _REASONS["class" if _CLASS.match(mutant.name) else mutant.kind]


def read(path: Path) -> dict[tuple[str, str], str]:
    """Read the list of survivors."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {(row["question"], row["mutant"]): row["reason"] for row in csv.DictReader(file)}


def siblings(store: Store) -> dict[str, str]:
    """Return for each concept another one of its scheme, by prefixed name."""
    members: dict[str, list[str]] = {}
    for row in select(store, _SCHEMES):
        members.setdefault(row["scheme"].value, []).append(shrink(row["concept"].value))
    return {
        concept: found[(at + 1) % len(found)]
        for found in members.values()
        if len(found) > 1
        for at, concept in enumerate(found)
    }


def mutants(question: Question, others: Mapping[str, str]) -> Iterator[Mutant]:
    """Yield a question's query with one pattern, filter, path or value dropped or changed.

    `others` has for concepts those that are put in their place.
    """
    seen: Counter[str] = Counter()
    edits = set(_edits(question.sparql)) | set(_of_concepts(question.sparql, others))
    for kind, what, start, end, instead in sorted(edits, key=_place):
        name = f"{what}: {' '.join(question.sparql[start:end].split())}"
        seen[name] += 1
        numbered = name if seen[name] == 1 else f"{name} ({seen[name]})"
        sparql = question.sparql[:start] + instead + question.sparql[end:]
        kind_ = "order" if _ORDER.match(name) else kind
        yield Mutant(question.name, numbered, kind_, sparql, (start, end))


Edit = tuple[str, str, int, int, str]
"""Kind, what is done, where it starts and ends, and what stands there instead."""


def _place(edit: Edit) -> tuple[int, int, str, str]:
    return edit[2], edit[3], edit[1], edit[4]


def _edits(sparql: str) -> Iterator[Edit]:
    text = blanked(sparql)
    for start, end in _groups(text):
        elements = list(_elements(text, start, end))
        alone = len(elements) == 1 and re.search(r"OPTIONAL\s*\{$", text[:start], re.IGNORECASE)
        for first, last in elements:
            edits = list(_of_element(sparql, text, first, last))
            # To drop all of an OPTIONAL is to drop the OPTIONAL: that is one mutant, not two.
            yield from (each for each in edits if not (alone and each[1] == "drop"))


def _of_concepts(sparql: str, others: Mapping[str, str]) -> Iterator[Edit]:
    """Put another concept of its scheme for each that the query names outside its parameters."""
    text = re.sub(r"VALUES\s+\$\w+\s*\{[^{}]*\}", lambda m: " " * len(m[0]), blanked(sparql))
    for found in re.finditer(r"(?<![\w?$:-])cmqv:[\w-]+", text):
        if other := others.get(found[0]):
            yield "concept", f"{other} for", found.start(), found.end(), other


def _groups(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each group of patterns starts and ends, without its braces."""
    opened: list[int] = []
    for at, sign in enumerate(text):
        if sign == "{":
            opened.append(at)
        elif sign == "}" and opened:
            start = opened.pop()
            before = text[:start].rstrip()
            values = re.search(r"VALUES\s+(?:[?$]\w+|\([^)]*\))$", before, re.IGNORECASE)
            inside = text[start + 1 : at].lstrip()
            if not values and not re.match(r"SELECT\b", inside, re.IGNORECASE):
                yield start + 1, at


def _elements(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where each element of a group starts and ends: a triple, a filter, a block."""
    at = start
    while at < end:
        if text[at].isspace() or text[at] == ".":
            at += 1
            continue
        last = _end(text, at, end)
        yield at, last
        at = last


def _end(text: str, at: int, end: int) -> int:
    """Return where the element that starts here ends."""
    if text[at] == "{" or _BLOCK.match(text, at):
        last = _closed(text, text.index("{", at))
        while further := re.compile(r"\s*UNION\s*\{", re.IGNORECASE).match(text, last):
            last = _closed(text, further.end() - 1)
        return last
    if called := _CALL.match(text, at):
        return _closed(text, called.end() - 1)
    depth = 0
    for here in range(at, end):
        sign = text[here]
        depth += (sign in "([") - (sign in ")]")
        stops = sign == "." and not depth and (here + 1 >= end or text[here + 1].isspace())
        if stops or sign in "{}":
            return here + 1 if stops else here
    return end


def _closed(text: str, at: int) -> int:
    """Return the place after the brace or bracket that closes the one here."""
    opening = text[at]
    closing = {"{": "}", "(": ")"}[opening]
    depth = 0
    for here in range(at, len(text)):
        depth += (text[here] == opening) - (text[here] == closing)
        if not depth:
            return here + 1
    return len(text)


def _of_element(sparql: str, text: str, start: int, end: int) -> Iterator[Edit]:
    part = text[start:end]
    head = part[:8].upper()
    if part[0] == "{":
        yield from _of_union(text, start, end)
    elif head.startswith("VALUES"):
        yield from _of_values(sparql, text, start, end)
    elif head.startswith(("FILTER", "BIND")):
        yield "filter", "drop", start, end, ""
        yield from _of_filter(part, start)
    elif head.startswith("OPTIONAL"):
        yield "drop", "drop", start, end, ""
        yield "optional", "require", start, end, sparql[start + len("OPTIONAL") : end]
    else:
        yield "drop", "drop", start, end, ""
        if not head.startswith("MINUS"):
            yield from _of_path(sparql, part, start)


def _of_union(text: str, start: int, end: int) -> Iterator[Edit]:
    branches, at = [], start
    while at < end:
        first = text.index("{", at)
        at = _closed(text, first)
        branches.append((first, at))
    for number, (first, last) in enumerate(branches):
        if len(branches) > 1:
            left = first if number == 0 else branches[number - 1][1]
            right = branches[1][0] if number == 0 else last
            yield "branch", "drop branch", left, right, ""


def _of_values(sparql: str, text: str, start: int, end: int) -> Iterator[Edit]:
    first = text.index("{", start) + 1
    if re.match(r"VALUES\s+\$", text[start:end], re.IGNORECASE):
        return  # a parameter: what is asked about, not what is asked
    inside = sparql[first : end - 1]
    yield "drop", "drop", start, end, ""
    entries = list(re.finditer(r"\([^()]*\)|[^\s()]+", inside))
    for entry in entries:
        if len(entries) > 1:
            yield "value", "drop value", first + entry.start(), first + entry.end(), ""


def _of_filter(part: str, start: int) -> Iterator[Edit]:
    exists = re.match(r"FILTER\s+(NOT\s+)?EXISTS", part, re.IGNORECASE)
    if exists:
        turned = "FILTER EXISTS" if exists[1] else "FILTER NOT EXISTS"
        yield "exists", "turn round", start, start + exists.end(), turned
        return
    for found in re.finditer(r"(?<=\s)(!=|<=|>=|=|<|>|&&|\|\|)(?=\s)", part):
        place = start + found.start(), start + found.end()
        yield "operator", f"{_OPERATORS[found[1]]} for", *place, _OPERATORS[found[1]]


def _of_path(sparql: str, part: str, start: int) -> Iterator[Edit]:
    """Change the path of a triple: how far it goes, the other way round, fewer ways."""
    plain = re.fullmatch(r"([?$]\w+)(\s+[^?$\s]\S*\s+)([?$]\w+)(\s*\.?)", part)
    if plain:
        turned = f"{plain[3]}{plain[2]}{plain[1]}{plain[4]}"
        yield "round", "turn round", start, start + len(part), turned
    for found in re.finditer(r"(?<=[\w)])[*+?](?=[\s/|)])", part):
        place = start + found.start(), start + found.end()
        whole_ = start, start + len(part)
        yield (
            "path",
            f"once for {found[0]} at {found.start()}",
            *whole_,
            _cut(sparql, whole_, place),
        )
    for found in re.finditer(r"\^(?=[A-Za-z(])", part):
        place = start + found.start(), start + found.end()
        whole_ = start, start + len(part)
        yield "path", f"forth for back at {found.start()}", *whole_, _cut(sparql, whole_, place)
    ways = re.search(r"(?<=\s)\^?[\w:-]+[*+?]?(?:\|\^?[\w:-]+[*+?]?)+(?=\s)", part)
    for way in re.finditer(r"[^|]+", ways[0]) if ways else ():
        at = start + ways.start() if ways else start
        others = "|".join(w for w in ways[0].split("|") if w != way[0]) if ways else ""
        yield "path", f"without {way[0]}", at, at + len(ways[0] if ways else ""), others


def _cut(sparql: str, whole_: tuple[int, int], place: tuple[int, int]) -> str:
    return sparql[whole_[0] : place[0]] + sparql[place[1] : whole_[1]]


class _Bench:
    """Answers mutants in a process of its own, started afresh when one ends it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._worker = self._started()

    def _started(self) -> Worker:
        return Worker(self._store, Limits(SECONDS), where="mutant").__enter__()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.close()

    def rows(self, sparql: str) -> Rows | None:
        """Return an answer's rows, or nothing if it does not end within its limits, twice."""
        for _ in range(2):
            try:
                found = whole(self._worker.ask(sparql, prefixes_of(sparql)))
                return Counter(tuple(str(term or "") for term in row) for row in found.rows)
            except CommuniqueError:
                self._worker.close()
                self._worker = self._started()
        return None
