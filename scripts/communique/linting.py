"""What is wrong with a stored question before anybody asks it, and where it stands.

A question is only read here, never evaluated.
"""

import difflib
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from pyoxigraph import Store

from communique import headers, questions, resources
from communique.dataset import Answer
from communique.errors import CommuniqueError
from communique.findings import Finding, Region, Rule, around
from communique.namespaces import split
from communique.parameters import suggestion
from communique.parsing import parse
from communique.sparql import SPELLINGS
from communique.tokens import Token, signs
from communique.vocabularies import Closest, Vocabulary, prefix_faults

KEYS = ("summary", "description", "tags", "params", "view")
"""What the header of a question may state."""

_HEADER = Rule("query-header", "A question begins with #+ lines that are YAML.")
_KEY = Rule("query-header-key", f"A header has the keys {', '.join(KEYS)}, and no other.")
_SUMMARY = Rule("query-summary", "A question's summary is the question, with its question mark.")
_TAGS = Rule("query-tags", "A question has a tag.")
_PARAMETER = Rule("query-parameter", "A parameter is declared and has its VALUES block.")
_GIVEN = Rule("query-given", "What is written $x is given by a parameter.")
_REFUSED = Rule("query-refused", "A question is small, shallow and changes nothing.")
_SERVICE = Rule("query-service", "A question calls no other server.")
_SYNTAX = Rule("query-syntax", "A question is SPARQL 1.1.")
_FROM = Rule("query-from", "A question is asked of the whole dataset.")
_STAR = Rule("query-select-star", "A question names its columns.")
_ORDER = Rule("query-order", "A question's rows have an order.")
_VALUES = Rule("query-values-optional", "No VALUES stands directly before OPTIONAL.")
_UNDECLARED = Rule("query-prefix-undeclared", "A question declares the prefixes that it uses.")
_TERM = Rule("query-term", "A term that a question names exists.")
_NAME = Rule("query-name", "A thing that a question names is described.")
_VARYING = Rule("query-varying", "A question has the same answer whenever it is asked.")
_ONCE = Rule("query-variable", "A variable is spelt the same wherever it stands.")
_ANSWER = Rule("query-answer", "A question has its answer stored, and an answer its question.")

_PLACE = re.compile(r"(?::([0-9]+):([0-9]+))?: (.*)", re.DOTALL)
_HINT = re.compile(r"(.*)\. ([A-Z].*)", re.DOTALL)
_UNEXPECTED = re.compile(r"(?:did not expect|something is missing).*", re.DOTALL)
FORMS = frozenset({"ASK", "CONSTRUCT", "DESCRIBE", "SELECT"})
_OF_UPDATES = """
    ADD ALL CLEAR COPY CREATE DATA DEFAULT DELETE DROP INSERT INTO LOAD MOVE TO USING WITH
"""
KEYWORDS = frozenset({*SPELLINGS, *_OF_UPDATES.split(), "A", "FALSE", "TRUE"})
"""The words of SPARQL 1.1, in capitals."""
_VARIED = frozenset({"BNODE", "NOW", "RAND", "STRUUID", "UUID"})
"""The functions whose value is another one each time."""
_AFTER_ORDER = frozenset({"LIMIT", "OFFSET", "VALUES"})
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_OPEN, _CLOSED = frozenset(_PAIRS), frozenset(_PAIRS.values())
_ALIKE = 0.85
_SHORTEST = 4
"""Characters of a variable's name at least that is compared with others."""


@dataclass(frozen=True)
class Known:
    """The names that a question may use."""

    vocabulary: Vocabulary
    things: Collection[str]
    """The IRIs of all that is described."""


class _Step(NamedTuple):
    """A token that is not a space or a comment, and how many brackets are open before it."""

    token: Token
    depth: int
    text: str
    word: str
    """The text of a word in capitals, of all else nothing."""


def lint(path: str, text: str, known: Known, *, answered: bool = True) -> Iterator[Finding]:
    """Check a question: its header, its syntax, its names, and the habits of this project.

    `path` is from the project's folder; `answered` tells whether its answer is stored.
    """
    query = _Query(path, text.replace("\r\n", "\n").replace("\r", "\n"), known)
    yield from query.of_header()
    stopped = list(query.of_syntax())
    yield from stopped
    if not stopped:
        yield from query.of_prefixes()
        yield from query.of_parameters()
        yield from query.of_form()
        yield from query.of_order()
        yield from query.of_names()
        yield from query.of_variables()
    if not answered:
        hint = f"Run communique test {Path(path).stem} --update"
        yield query.finding(_ANSWER, (0, 0), "The question has no stored answer.", hint)


def stray_answers(root: Path) -> Iterator[Finding]:
    """Yield the stored answers of questions that do not exist."""
    known = {path.stem for path in (root / "queries").glob("*.rq")}
    for path in sorted(resources.answers(root).glob("*.csv")):
        if path.stem not in known:
            near = difflib.get_close_matches(path.stem, known, n=1)
            hint = f"Is it the answer to {near[0]}?" if near else "Remove it"
            file = path.relative_to(root).as_posix()
            what = f"No question is called {path.stem}."
            yield Finding(file, Region(), _ANSWER, what, "error", "queries", hint=hint)


class _Query:
    """One question, read into tokens."""

    def __init__(self, path: str, text: str, known: Known) -> None:
        self._path = path
        self._text = text
        self._known = known

    def finding(
        self, rule: Rule, at: tuple[int, int], message: str, hint: str, *, severity: str = "error"
    ) -> Finding:
        """Return a finding about a stretch of the text."""
        region = Region(*self._place(at[0]), *self._place(at[1]))
        before, excerpt = around(self._text, region)
        return Finding(
            file=self._path,
            region=region,
            rule=rule,
            message=message,
            severity=severity,
            layer="queries",
            value=self._text[at[0] : at[1]],
            hint=hint,
            before=before,
            excerpt=excerpt,
        )

    def of_header(self) -> Iterator[Finding]:
        """Check what the #+ lines say."""
        first = re.search(r"^#\+.*", self._text, re.MULTILINE)
        if not first:
            hint = "Begin with `#+ summary: ...?` and `#+ tags: [...]`"
            yield self.finding(_HEADER, (0, 0), "The question has no header.", hint)
            return
        try:
            header = headers.read(self._path, self._text)
        except CommuniqueError as error:
            yield self._of_error(_HEADER, error, self._yaml_mark(error) or first.span())
            return
        yield from self._of_keys(header, first.span())
        try:
            questions.parse(Path(self._path), self._text)
        except CommuniqueError as error:
            named = re.search(r": parameter (\w+)", str(error))
            at = self._key(named[1]) if named else self._key("params")
            yield self._of_error(_PARAMETER, error, at or first.span())

    def _of_keys(self, header: headers.Header, first: tuple[int, int]) -> Iterator[Finding]:
        meant = set[str]()
        for key in header:
            if key not in KEYS:
                near = suggestion(str(key), KEYS)
                meant |= set(re.findall(r"\w+", near))
                hint = near or f"Use one of {', '.join(KEYS)}"
                yield self.finding(_KEY, self._key(str(key)) or first, f"No {key} is known.", hint)
        summary = header.get("summary")
        asks = isinstance(summary, str) and summary.endswith("?")
        if not asks and not (summary is None and "summary" in meant):
            what = "The summary asks nothing." if summary else "The question has no summary."
            at = self._key("summary") or first
            yield self.finding(_SUMMARY, at, what, "Write `#+ summary: ...?`")
        tags = header.get("tags")
        tagged = isinstance(tags, list) and tags and all(isinstance(tag, str) for tag in tags)
        if not tagged and not (tags is None and "tags" in meant):
            at = self._key("tags") or first
            yield self.finding(_TAGS, at, "The question has no tag.", "Write `#+ tags: [...]`")

    def of_syntax(self) -> Iterator[Finding]:
        """Check that the question is SPARQL that may be asked here; prefixes are left out."""
        undeclared = {name: "urn:x" for name in self._used if name not in self._declared}

        def read(sparql: str, prefixes: dict[str, str]) -> Answer:
            return parse(sparql, prefixes | undeclared)

        try:
            questions.ask(_empty(), self._text, where=self._path, run=read)
        except CommuniqueError as error:
            yield from self._of_refusal(error)

    def _of_refusal(self, error: CommuniqueError) -> Iterator[Finding]:
        what = str(error)
        if what.endswith(" is not known. Declare it with PREFIX"):
            yield from self._of_undeclared()
        elif "not SPARQL" not in what:
            yield self._of_error(_SERVICE if "(SERVICE)" in what else _REFUSED, error, (0, 0))
        elif quote := self._lone_quote():
            what = "Not SPARQL: the string that begins here has no end."
            yield self.finding(_SYNTAX, _at(quote), what, "Close it")
        elif odd := self._odd_word():
            hint = suggestion(odd.text.upper(), KEYWORDS) or "Mend the query"
            what = f"Not SPARQL: no keyword is spelt {odd.text}."
            yield self.finding(_SYNTAX, _at(odd), what, hint)
        elif lone := self._lone_bracket():
            done = "closes" if lone.text in _OPEN else "opens"
            what = f"Not SPARQL: nothing {done} {lone.text}."
            yield self.finding(_SYNTAX, _at(lone), what, "Mend the query")
        else:
            yield self._of_error(_SYNTAX, error, (0, 0))

    def of_prefixes(self) -> Iterator[Finding]:
        """Check the prefixes against the one table."""
        vocabulary = self._known.vocabulary
        stated = [(name.text[:-1], iri.text[1:-1]) for name, iri in self._prologue]
        for each in prefix_faults(stated, self._used, vocabulary):
            name, iri = self._prologue[each.index]
            at = (name.start, iri.start + len(iri.text))
            yield self.finding(each.rule, at, each.message, each.hint, severity=each.severity)
        yield from self._of_undeclared()

    def _of_undeclared(self) -> Iterator[Finding]:
        vocabulary = self._known.vocabulary
        for prefix, token in self._used.items():
            if prefix not in self._declared:
                spaces = vocabulary.namespaces(prefix)
                near = suggestion(prefix, self._declared) or "Declare it with PREFIX"
                hint = f"Add PREFIX {prefix}: <{spaces[0]}>" if spaces else near
                at = (token.start, token.start + len(prefix) + 1)
                what = f"The question does not declare {prefix}:."
                yield self.finding(_UNDECLARED, at, what, hint)

    def of_parameters(self) -> Iterator[Finding]:
        """Check that each block is of a declared parameter, and that nothing else is given."""
        declared = self._parameters
        if declared is None:
            return
        blocks = {
            block.text[1:]: block.token
            for values, block in pairwise(self._steps)
            if values.word == "VALUES" and block.text.startswith("$")
        }
        for name, token in blocks.items():
            if name not in declared:
                hint = f"Write `#+   {name}: {{type: iri}}` below `#+ params:`"
                what = f"No parameter {name} is declared."
                yield self.finding(_PARAMETER, _at(token), what, hint)
        for step in self._steps:
            name = step.text[1:]
            given = step.token.kind == "variable" and step.text.startswith("$")
            if given and name not in declared and name not in blocks:
                what = f"Nothing gives {step.text}."
                yield self.finding(_GIVEN, _at(step.token), what, f"Write ?{name}")

    def of_form(self) -> Iterator[Finding]:
        """Check the habits that keep an answer the same on every engine and every day."""
        steps = self._steps
        for step, following in pairwise(steps):
            if step.word == "FROM":
                what = "FROM names the graphs to ask."
                yield self.finding(_FROM, _at(step.token), what, "Leave FROM out, or use GRAPH")
            if step.word in {"SELECT", "DISTINCT", "REDUCED"} and following.text == "*":
                hint = "Name each column"
                yield self.finding(_STAR, _at(following.token), "SELECT * names no column.", hint)
            if step.word in _VARIED and following.text == "(":
                what = f"{step.word} gives another value each time."
                hint = "Write the value down, or leave it out"
                yield self.finding(_VARYING, _at(step.token), what, hint)
        for place, step in enumerate(steps):
            if step.word == "VALUES" and (optional := self._optional_after(place)):
                what = "OPTIONAL stands directly after VALUES, where some engines lose rows."
                hint = "Put VALUES, or a pattern that is not optional, somewhere else"
                yield self.finding(_VALUES, _at(optional), what, hint)

    def of_order(self) -> Iterator[Finding]:
        """Check that rows have an order, and that something binds what it goes by."""
        outer = [step for step in self._steps if step.depth == 0]
        form = next((step for step in outer if step.word in FORMS), None)
        if form and form.word == "SELECT" and not any(step.word == "ORDER" for step in outer):
            what = "The rows of the answer have no order."
            yield self.finding(_ORDER, _at(form.token), what, "End with ORDER BY ...")
        named = {step.text[1:] for step in self._steps if step.token.kind == "variable"}
        others = [f"?{name}" for name in sorted(named - self._idle.keys())]
        for name, token in self._idle.items():
            what = f"Nothing binds {token.text}, so it orders no rows."
            hint = suggestion(f"?{name}", others) or "Order by a variable that a pattern binds"
            yield self.finding(_ORDER, _at(token), what, hint)

    def of_names(self) -> Iterator[Finding]:
        """Check that the terms and things that the question names exist."""
        vocabulary, things = self._known.vocabulary, self._known.things
        closest = Closest(vocabulary)
        for token, iri in self._named():
            space, _ = split(iri)
            owned = vocabulary.owns(iri)
            if not vocabulary.exists(iri):
                rule, near = _TERM, closest(iri, vocabulary.known(iri) or ())
            elif owned and iri not in things:
                same = [thing for thing in things if thing.startswith(space)]
                rule, near = _NAME, closest(iri, same)
            else:
                continue
            name = vocabulary.shrink(iri)
            own = (
                "The ontology declares no" if space in vocabulary.declared else "No vocabulary has"
            )
            what = f"{'Nothing describes' if owned else own} {name}."
            hint = f"Did you mean {near}?" if near else "Check its spelling"
            yield self.finding(rule, _at(token), what, hint)

    def of_variables(self) -> Iterator[Finding]:
        """Find variables that stand only once and are spelt almost as another one is."""
        found = [step.token for step in self._steps if step.token.kind == "variable"]
        times = Counter(token.text[1:] for token in found)
        for token in found:
            name = token.text[1:]
            others = [each for each in times if each != name and times[each] > 1]
            alone = times[name] == 1 and len(name) >= _SHORTEST and name not in self._idle
            near = difflib.get_close_matches(name, others, n=1, cutoff=_ALIKE) if alone else []
            if near and (near[0][0], near[0][-1]) == (name[0], name[-1]):
                what = f"{token.text} stands only here."
                hint = f"Did you mean ?{near[0]}?"
                yield self.finding(_ONCE, _at(token), what, hint, severity="warning")

    @cached_property
    def _steps(self) -> list[_Step]:
        steps, depth = list[_Step](), 0
        for token in signs(self._text):
            text = token.text
            depth -= text in _CLOSED
            steps.append(_Step(token, depth, text, text.upper() if token.kind == "word" else ""))
            depth += text in _OPEN
        return steps

    @cached_property
    def _idle(self) -> dict[str, Token]:
        """The variables that stand nowhere but in ORDER BY, each with the first such place."""
        ordering = list(self._ordering())
        places = {token.start for token in ordering}
        elsewhere = {
            step.text[1:]
            for step in self._steps
            if step.token.kind == "variable" and step.token.start not in places
        }
        found: dict[str, Token] = {}
        for token in ordering:
            if token.text[1:] not in elsewhere:
                found.setdefault(token.text[1:], token)
        return found

    def _ordering(self) -> Iterator[Token]:
        """Yield the variables by which rows are ordered; a pattern there binds its own."""
        for place, order in enumerate(self._steps):
            if order.word != "ORDER":
                continue
            patterns = 0
            for step in self._steps[place + 1 :]:
                if step.depth < order.depth or (step.word in _AFTER_ORDER and not patterns):
                    break
                patterns += (step.text == "{") - (step.text == "}")
                if step.token.kind == "variable" and not patterns:
                    yield step.token

    @cached_property
    def _prologue(self) -> list[tuple[Token, Token]]:
        """The prefixes that are declared: each name, with its colon, and its IRI."""
        steps = self._steps
        return [
            (name.token, iri.token)
            for keyword, name, iri in zip(steps, steps[1:], steps[2:], strict=False)
            if keyword.word == "PREFIX" and iri.token.kind == "iri"
        ]

    @cached_property
    def _declared(self) -> dict[str, str]:
        return {name.text[:-1]: iri.text[1:-1] for name, iri in self._prologue}

    @cached_property
    def _used(self) -> dict[str, Token]:
        """The prefixes that names have, each with the first such name."""
        stated = {name.start for name, _ in self._prologue}
        found: dict[str, Token] = {}
        for step in self._steps:
            prefix = step.text.partition(":")[0]
            if step.token.kind == "name" and step.token.start not in stated and prefix != "_":
                found.setdefault(prefix, step.token)
        return found

    @cached_property
    def _parameters(self) -> Collection[str] | None:
        """The parameters that the header declares, or None if there is no header to read."""
        try:
            header = headers.read(self._path, self._text)
        except CommuniqueError:
            return None
        stated = header.get("params") or {}
        return {str(name) for name in stated} if header and isinstance(stated, dict) else None

    def _named(self) -> Iterator[tuple[Token, str]]:
        """Yield what names something, outside the prologue, with the IRI that it stands for."""
        stated = {token.start for pair in self._prologue for token in pair}
        for step in self._steps:
            prefix, colon, local = step.text.partition(":")
            if step.token.start in stated or not colon:
                continue
            if step.token.kind == "iri":
                yield step.token, step.text[1:-1]
            elif step.token.kind == "name" and prefix in self._declared:
                spaces = self._known.vocabulary.namespaces(prefix)
                declared = self._declared[prefix]
                space = declared if declared in spaces or not spaces else spaces[0]
                yield step.token, space + local.replace("\\", "")

    def _lone_quote(self) -> Token | None:
        """Return where a string begins that has no end."""
        found = (step.token for step in self._steps if step.token.kind in {"open", "other"})
        return next((token for token in found if token.text[0] in "\"'"), None)

    def _odd_word(self) -> Token | None:
        """Return the first word that is no keyword of SPARQL."""
        return next((step.token for step in self._steps if step.word not in KEYWORDS | {""}), None)

    def _lone_bracket(self) -> Token | None:
        """Return the first bracket that closes another kind, or else the last left open."""
        opened = list[Token]()
        for token in (step.token for step in self._steps):
            if token.text in _OPEN:
                opened.append(token)
            elif token.text in _CLOSED:
                if not opened or _PAIRS[opened[-1].text] != token.text:
                    return token
                opened.pop()
        return opened[-1] if opened else None

    def _optional_after(self, place: int) -> Token | None:
        """Return the OPTIONAL that follows the block of a VALUES, if it follows directly."""
        after = iter(self._steps[place:])
        depth = self._steps[place].depth
        closed = any(step.text == "}" and step.depth == depth for step in after)
        following = next((step for step in after if step.text != "."), None) if closed else None
        return following.token if following and following.word == "OPTIONAL" else None

    def _of_error(self, rule: Rule, error: CommuniqueError, at: tuple[int, int]) -> Finding:
        """Return what an error says as a finding, at its own place if it has one."""
        found = _PLACE.fullmatch(str(error).removeprefix(self._path))
        said = found[3] if found else str(error)
        cut = _HINT.match(said)
        what, hint = (cut[1], cut[2]) if cut else (said.rstrip("."), "Mend the question")
        if found and found[1]:
            token = self._token(int(found[1]), int(found[2]))
            at = _at(token)
            what = _UNEXPECTED.sub(lambda _: f"did not expect {token.text}", what)
        return self.finding(rule, at, f"{what[:1].upper()}{what[1:]}.", hint)

    def _token(self, line: int, column: int) -> Token:
        """Return the token at a place or after it; the last one where none is."""
        offset = self._lines[min(line, len(self._lines)) - 1] + column - 1
        found = [step.token for step in self._steps]
        after = (token for token in found if offset < token.start + len(token.text))
        return next(after, found[-1] if found else Token("other", 0, ""))

    def _yaml_mark(self, error: CommuniqueError) -> tuple[int, int] | None:
        """Return the header's line that YAML cannot read."""
        mark = getattr(error.__cause__, "problem_mark", None)
        lines = list(re.finditer(r"^#\+.*", self._text, re.MULTILINE))
        return lines[min(mark.line, len(lines) - 1)].span() if mark else None

    def _key(self, key: str) -> tuple[int, int] | None:
        """Return where the header has a key."""
        found = re.search(rf"^#\+\s*({re.escape(key)})\s*:", self._text, re.MULTILINE)
        return found.span(1) if found else None

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self._text))]

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1


@cache
def _empty() -> Store:
    return Store()


def _at(token: Token) -> tuple[int, int]:
    return token.start, token.start + len(token.text)
