"""Where each triple of a Turtle file stands: a reader of Turtle 1.1, TriG, N-Triples and N-Quads.

No parser tells the place of a subject, a predicate or an object, so this one reads the file again.
It keeps its own stack: brackets may nest as deep as memory holds.
"""

import re
import sys
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import NamedTuple, TypeAlias, cast

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, parse

from communique.findings import Region
from communique.namespaces import PREFIXES

At = tuple[int, int]
"""Where something begins and ends (exclusive), in code points of the text, from 0."""
Resource = NamedNode | BlankNode
Term = Resource | Literal

_LETTERS = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_LATER = r"0-9\-\u00b7\u0300-\u036f\u203f\u2040"
_CODE = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_LOCAL = rf"(?:[:_{_LETTERS}{_LATER}]++|%[0-9A-Fa-f]{{2}}|\\[_~.\-!$&'()*+,;=/?#@%])"
_PREFIX = rf"[{_LETTERS}][_{_LETTERS}{_LATER}]*+(?:\.++[_{_LETTERS}{_LATER}]++)*+"
_EXPONENT = r"[eE][+-]?[0-9]++"
# A number before an `e`, and a word before `.` and `:`, are refused as pyoxigraph refuses them.
_TOKEN = (
    r"(?:[ \t\r\n]++|\#[^\r\n]*+)*+(?:"
    rf"(?P<name>(?:{_PREFIX})?:(?:(?![-\u00b7\u0300-\u036f\u203f\u2040]){_LOCAL}++"
    rf"(?:\.++{_LOCAL}++)*+)?)"
    rf"|(?P<iri><(?:[^\x00-\x20<>\"{{}}|^`\\]++|{_CODE})*+>)"
    r'|(?P<long>"""(?:[^"\\]++|\\.|"(?!""))*+"""|' + r"'''(?:[^'\\]++|\\.|'(?!''))*+''')"
    r'|(?P<open>"""|' + r"''')"
    r'|(?P<short>"(?:[^"\\\r\n]++|\\[^\r\n])*+"|' + r"'(?:[^'\\\r\n]++|\\[^\r\n])*+')"
    rf"|(?P<word>{_PREFIX}(?!\.++:))"
    rf"|(?P<number>[+-]?(?:[0-9]++(?:\.[0-9]*+{_EXPONENT}|{_EXPONENT}|\.[0-9]++(?![eE])"
    rf"|(?!\.?[0-9eE]))|\.[0-9]++(?:{_EXPONENT}|(?![eE]))))"
    r"|(?P<sign>\^\^|[\[\](){}.,;])"
    rf"|(?P<label>_:[0-9_{_LETTERS}][_{_LETTERS}{_LATER}]*+(?:\.++[_{_LETTERS}{_LATER}]++)*+)"
    r"|(?P<at>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+)"
    r"|(?P<end>\Z)"
    r"|(?P<other>.))"
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED = dict(zip("tbnrf\"'\\", "\t\b\n\r\f\"'\\", strict=True))
_SURROGATES = range(0xD800, 0xE000)
_MOST_SHOWN = 40

_RDF, _XSD = PREFIXES["rdf"], PREFIXES["xsd"]
_TYPE, _FIRST, _REST, _NIL = (NamedNode(_RDF + name) for name in ("type", "first", "rest", "nil"))
_TAGGED = frozenset({_RDF + "langString", _RDF + "dirLangString"})
_INTEGER, _DECIMAL, _DOUBLE, _BOOLEAN = (
    NamedNode(_XSD + name) for name in ("integer", "decimal", "double", "boolean")
)
_NAMES = frozenset({"iri", "name"})
_NODES = frozenset({"iri", "name", "label"})
_SUBJECTS = frozenset({*_NODES, "[", "("})


class NotTurtle(Exception):  # noqa: N818  it says what the text is not
    """The text is not in the syntax that it was read in: why, and from where to where."""

    def __init__(self, message: str, start: int, end: int) -> None:
        """Keep the place: code points of the text, the end exclusive."""
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end


class Located(NamedTuple):
    """A triple, and where each of its three terms stands.

    A term stands where it is written, a literal with its datatype or language; `[...]` and
    `(...)` from bracket to bracket. The triples that a list is made of have the list as subject
    and predicate; as object, rdf:first has the member and rdf:rest the list.
    """

    subject: Resource
    predicate: NamedNode
    object: Term
    graph: Resource | None
    subject_at: At
    predicate_at: At
    object_at: At


class Named(NamedTuple):
    """An IRI in a triple, a datatype or the name of a graph: as it is written, and in full."""

    written: str
    """A prefixed name, or an IRI in angle brackets."""
    iri: str
    at: At


class Declared(NamedTuple):
    """A prefix, or a base."""

    prefix: str
    """Without its colon; empty for a base, too."""
    iri: str
    is_base: bool
    at: At
    """From the keyword to the end of the IRI."""


@dataclass(frozen=True)
class Reading:
    """What a text says, in its order; a triple with a bracket before those within."""

    text: str
    triples: list[Located]
    names: list[Named]
    declared: list[Declared]
    graphs: list[At] = field(default_factory=list)
    """Where a graph is named."""

    def region(self, at: At) -> Region:
        r"""Return lines and columns; lines end with \n, \r\n or \r, a leading BOM has no column."""
        return Region(*self._place(at[0]), *self._place(at[1]))

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._lines, offset)
        return max(line, 1), max(offset - self._lines[max(line, 1) - 1], 0) + 1

    @cached_property
    def _lines(self) -> list[int]:
        begins = int(self.text.startswith("\ufeff"))
        return [begins, *(found.end() for found in re.finditer(r"\r\n|\r|\n", self.text))]


def read(text: str, *, syntax: RdfFormat = RdfFormat.TURTLE, base: str = "") -> Reading:
    """Read a text in Turtle 1.1, or in TriG, N-Triples or N-Quads; linear in its length.

    Relative IRIs are resolved as pyoxigraph resolves them, against `base` until the text sets one.
    Blank nodes are labelled anew, in the order of the text. Raises `NotTurtle`.
    """
    reader = _Lines(text, syntax) if syntax in _Lines.SYNTAXES else _Blocks(text, syntax, base)
    step: _Step | None = reader.statement
    while step:
        step = step()
    return Reading(text, reader.located(), reader.names, reader.declared, reader.graphs)


@cache
def _token() -> re.Pattern[str]:
    """Compile the pattern of a token when a text is read: it takes longer than a short text."""
    return re.compile(_TOKEN, re.DOTALL)


_Step: TypeAlias = Callable[[], "_Step | None"]
_Span: TypeAlias = At | list[int]
"""A list where the end is not yet known."""


class _Reader:
    """Reads tokens and the terms that are one token; knows the prefixes so far."""

    def __init__(self, text: str, syntax: RdfFormat, base: str = "") -> None:
        self.names: list[Named] = []
        self.declared: list[Declared] = []
        self.graphs: list[At] = []
        self._text, self._syntax, self._base = text, syntax, base
        self._triples: list[
            tuple[Resource, NamedNode, Term, Resource | None, _Span, _Span, _Span]
        ] = []
        self._graph: Resource | None = None
        self._prefixes: dict[str, str] = {}
        self._iris: dict[str, NamedNode] = {}
        self._labels: dict[str, BlankNode] = {}
        self._blank = 0
        self._kind = self._word = ""
        self._match = _token().match
        self._start, self._end = 0, int(text.startswith("\ufeff"))

    def statement(self) -> _Step | None:
        """Read what begins a statement, and return what reads on; nothing at the end."""
        raise NotImplementedError

    def located(self) -> list[Located]:
        """Return the triples, now that every bracket is closed."""
        return [
            Located(s, p, o, g, (a[0], a[1]), (b[0], b[1]), (c[0], c[1]))
            for s, p, o, g, a, b, c in self._triples
        ]

    def _next(self) -> None:
        found = self._match(self._text, self._end)
        kind = found.lastgroup if found else None
        if not found or not kind:
            raise TypeError(self._end)
        self._word = found[kind]
        self._start, self._end = found.span(kind)
        self._kind = self._word if kind == "sign" else kind

    def _fault(self, message: str, at: At | None = None) -> NotTurtle:
        return NotTurtle(message, *(at or (self._start, self._end)))

    def _expected(self, what: str) -> NotTurtle:
        if self._kind == "end":
            return self._fault(f"expected {what}, and the file ends")
        if self._kind == "open":
            return self._fault(f"the string that {self._word} opens has no end")
        if self._kind == "other" and self._word in {'"', "'"}:
            return self._fault(f"the string that {self._word} opens has no end on its line")
        if self._kind == "other" and self._word == "<":
            return self._fault(f"expected {what}, and this begins no IRI")
        return self._fault(f"expected {what}, found {self._word[:_MOST_SHOWN]}")

    def _emit(self, triple: tuple[Resource, NamedNode, Term], *at: _Span) -> None:
        subject_at, predicate_at, object_at = at
        self._triples.append((*triple, self._graph, subject_at, predicate_at, object_at))

    def _fresh(self) -> BlankNode:
        self._blank += 1
        return BlankNode(f"b{self._blank}")

    def _resource(self) -> Resource:
        if self._kind != "label":
            return self._iri()
        if self._word not in self._labels:
            self._labels[self._word] = self._fresh()
        return self._labels[self._word]

    def _iri(self) -> NamedNode:
        node = self._iris.get(self._word)
        if node is None:
            try:
                node = self._resolved()
            except ValueError as error:
                raise self._fault(f"not an IRI: {error}") from error
            except SyntaxError as error:
                why = str(error.msg).partition(": ")[2]
                raise self._fault(f"not an IRI: {why}") from error
            self._iris[self._word] = node
        self.names.append(Named(self._word, node.value, (self._start, self._end)))
        return node

    def _resolved(self) -> NamedNode:
        if self._kind == "name":
            prefix, local = self._word.split(":", 1)
            if prefix not in self._prefixes:
                raise self._fault(f"the prefix {prefix}: is not declared")
            return NamedNode(self._prefixes[prefix] + re.sub(r"\\(.)", r"\1", local))
        if not self._base:
            return NamedNode(self._unescaped(1))
        triple = f"{self._word} <x:x> <x:x> ."
        quad = next(parse(triple, RdfFormat.TURTLE, base_iri=self._base))
        return cast("NamedNode", quad.subject)

    def _unescaped(self, quotes: int) -> str:
        """Return what stands between quotation marks of some length."""
        if "\\" not in self._word:
            return self._word[quotes:-quotes]
        return _ESCAPE.sub(self._character, self._word[:-quotes])[quotes:]

    def _character(self, found: re.Match[str]) -> str:
        if found[3]:
            character = _ESCAPED.get(found[3])
        else:
            code = int(found[1] or found[2], 16)
            valid = code <= sys.maxunicode and code not in _SURROGATES
            character = chr(code) if valid else None
        if character is None:
            at = (self._start + found.start(), self._start + found.end())
            raise self._fault(f"no character is written {found[0]}", at)
        return character

    def _literal(self) -> Literal:
        """Read a literal to its end."""
        word = self._word
        if self._kind in {"short", "long"}:
            return self._string(self._unescaped(3 if self._kind == "long" else 1))
        if self._kind == "number":
            exact = _DECIMAL if "." in word else _INTEGER
            return Literal(word, datatype=_DOUBLE if "e" in word.lower() else exact)
        if self._kind == "word" and word in {"true", "false"}:
            return Literal(word, datatype=_BOOLEAN)
        raise self._expected("an object")

    def _string(self, value: str) -> Literal:
        start, end = self._start, self._end
        self._next()
        try:
            if self._kind == "at":
                return Literal(value, language=self._word[1:])
            if self._kind == "^^":
                return Literal(value, datatype=self._datatype())
            self._start, self._end = start, end
            return Literal(value)
        except ValueError as error:
            raise self._fault(f"not a literal: {error}") from error

    def _datatype(self) -> NamedNode:
        self._next()
        if self._kind not in _NAMES:
            raise self._expected("a datatype")
        datatype = self._iri()
        if datatype.value in _TAGGED:
            raise self._fault("text with a language has a language tag, not this datatype")
        return datatype


class _Lines(_Reader):
    """Reads N-Triples and N-Quads: one statement on each line, nothing abbreviated."""

    SYNTAXES = (RdfFormat.N_TRIPLES, RdfFormat.N_QUADS)

    def statement(self) -> _Step | None:
        """Read one line."""
        before = self._end
        self._next()
        if self._kind == "end":
            return None
        if self._triples and not re.search(r"[\r\n]", self._text[before : self._start]):
            raise self._expected("the end of the line")
        begun = self._start
        if self._kind not in {"iri", "label"}:
            raise self._expected("a subject")
        subject, subject_at = self._resource(), (self._start, self._end)
        self._next()
        if self._kind != "iri":
            raise self._expected("a predicate")
        predicate, predicate_at = self._iri(), (self._start, self._end)
        value, object_at = self._object()
        self._next()
        self._graph = None
        if self._syntax == RdfFormat.N_QUADS and self._kind in {"iri", "label"}:
            self._graph = self._resource()
            self.graphs.append((self._start, self._end))
            self._next()
        if self._kind != "." or re.search(r"[\r\n]", self._text[begun : self._end]):
            raise self._expected("a dot on the same line")
        self._emit((subject, predicate, value), subject_at, predicate_at, object_at)
        return self.statement

    def _object(self) -> tuple[Term, At]:
        self._next()
        start = self._start
        if self._kind in {"iri", "label"}:
            return self._resource(), (start, self._end)
        if self._kind == "short" and self._word.startswith('"'):
            return self._literal(), (start, self._end)
        raise self._expected("an object")


@dataclass(slots=True)
class _Open:
    """What is not read to its end: a statement, a bracket or a list, and its latest predicate."""

    kind: str
    node: Resource
    at: _Span
    predicate: NamedNode | None = None
    predicate_at: _Span = (0, 0)


_NOTHING = BlankNode("nothing")
"""In place of a subject that is not read yet."""


class _Blocks(_Reader):
    """Reads Turtle and TriG."""

    def __init__(self, text: str, syntax: RdfFormat, base: str) -> None:
        super().__init__(text, syntax, base)
        self._within = False
        self._open = [_Open("", _NOTHING, (0, 0))]

    def statement(self) -> _Step | None:
        """Read what begins a statement: a subject, a directive, a graph."""
        self._next()
        if self._within:
            return self._leave() if self._kind == "}" else self._subject()
        if self._kind == "end":
            return None
        if self._kind in {"at", "word"}:
            return self._keyword()
        if self._kind == "{" and self._syntax == RdfFormat.TRIG:
            return self._enter(None)
        return self._subject()

    def _keyword(self) -> _Step:
        at, word = self._start, self._word
        plain = word.lower() if self._kind == "word" else ""
        if word == "@prefix" or plain == "prefix":
            self._declare_prefix(at)
        elif word == "@base" or plain == "base":
            self._declare("", at, is_base=True)
        elif plain == "graph" and self._syntax == RdfFormat.TRIG:
            return self._named_graph()
        else:
            raise self._expected("a statement")
        if not plain:
            self._next()
            if self._kind != ".":
                raise self._expected(f"a dot after {word}")
        return self.statement

    def _declare_prefix(self, start: int) -> None:
        self._next()
        if self._kind != "name" or self._word.index(":") != len(self._word) - 1:
            raise self._expected("a prefix and its colon")
        self._declare(self._word[:-1], start, is_base=False)

    def _declare(self, prefix: str, start: int, *, is_base: bool) -> None:
        self._next()
        if self._kind != "iri":
            raise self._expected("an IRI in angle brackets")
        iri = self._iri().value
        self.names.pop()
        self.declared.append(Declared(prefix, iri, is_base, (start, self._end)))
        self._iris.clear()
        if is_base:
            self._base = iri
        else:
            self._prefixes[prefix] = iri

    def _named_graph(self) -> _Step:
        self._next()
        start = self._start
        if self._kind in _NODES:
            graph = self._resource()
        elif self._kind == "[":
            graph = self._fresh()
            self._next()
            if self._kind != "]":
                raise self._expected("the name of a graph")
        else:
            raise self._expected("the name of a graph")
        self.graphs.append((start, self._end))
        self._next()
        if self._kind != "{":
            raise self._expected("{")
        return self._enter(graph)

    def _enter(self, graph: Resource | None) -> _Step:
        self._open = [_Open("", _NOTHING, (0, 0))]
        self._within, self._graph = True, graph
        return self.statement

    def _leave(self) -> _Step:
        self._within, self._graph = False, None
        return self.statement

    def _subject(self) -> _Step:
        if self._kind not in _SUBJECTS:
            raise self._expected("a subject")
        return self._node()

    def _object(self) -> _Step:
        self._next()
        return self._node()

    def _node(self) -> _Step:
        """Read a term, or what opens one, and give it to what is open."""
        start = self._start
        if self._kind == "[":
            at = [start, self._end]
            node = self._fresh()
            self._give(node, at)
            self._open.append(_Open("[", node, at))
            return self._inside
        if self._kind == "(":
            return self._list([start, self._end])
        term = self._resource() if self._kind in _NODES else self._literal()
        return self._give(term, (start, self._end))

    def _list(self, at: list[int]) -> _Step:
        self._next()
        if self._kind == ")":
            at[1] = self._end
            return self._give(_NIL, at)
        self._end = at[1]
        node = self._fresh()
        self._give(node, at)
        self._open.append(_Open("(", node, at))
        return self._item

    def _give(self, term: Term, at: _Span) -> _Step:
        """Make a term the subject, the object or the next member of what is open."""
        around = self._open[-1]
        if around.kind == "(":
            self._add(around, term, at)
        elif around.predicate:
            triple = (around.node, around.predicate, term)
            self._emit(triple, around.at, around.predicate_at, at)
        elif not isinstance(term, Literal):
            around.node, around.at = term, at
        return self._resume(self._verb)

    def _add(self, around: _Open, term: Term, at: _Span) -> None:
        if around.predicate:
            last, around.node = around.node, self._fresh()
            self._emit((last, _REST, around.node), around.at, around.at, around.at)
        around.predicate = _FIRST
        self._emit((around.node, _FIRST, term), around.at, around.at, at)

    def _resume(self, subject_read: _Step) -> _Step:
        around = self._open[-1]
        if around.kind == "(":
            return self._item
        return self._after if around.predicate else subject_read

    def _item(self) -> _Step:
        self._next()
        if self._kind != ")":
            return self._node()
        done = self._open.pop()
        if isinstance(done.at, list):
            done.at[1] = self._end
        self._emit((done.node, _REST, _NIL), done.at, done.at, done.at)
        return self._resume(self._verb)

    def _inside(self) -> _Step:
        """Read on after `[`."""
        self._next()
        return self._close(self._verb) if self._kind == "]" else self._predicate()

    def _close(self, subject_read: _Step) -> _Step:
        done = self._open.pop()
        if isinstance(done.at, list):
            done.at[1] = self._end
        return self._resume(subject_read)

    def _verb(self) -> _Step:
        """Read on after the subject of a statement."""
        self._next()
        around = self._open[0]
        named = self._text[around.at[0]] != "("
        if self._kind == "{" and self._syntax == RdfFormat.TRIG and not self._within and named:
            self.graphs.append((around.at[0], around.at[1]))
            return self._enter(around.node)
        return self._predicate()

    def _predicate(self) -> _Step:
        around = self._open[-1]
        if self._kind in _NAMES:
            around.predicate = self._iri()
        elif self._kind == "word" and self._word == "a":
            around.predicate = _TYPE
        else:
            raise self._expected("a predicate")
        around.predicate_at = (self._start, self._end)
        return self._object

    def _after(self) -> _Step:
        """Read on after an object."""
        self._next()
        if self._kind == ",":
            return self._object
        if self._kind == ";":
            return self._more
        return self._finish("a comma, a semicolon or the end of the statement")

    def _more(self) -> _Step:
        """Read on after a semicolon, or after a subject in brackets that say something of it."""
        self._next()
        if self._kind == ";" and self._open[-1].predicate:
            return self._more
        if self._kind in _NAMES or self._kind == "word":
            return self._predicate()
        return self._finish("a predicate or the end of the statement")

    def _finish(self, expected: str) -> _Step:
        bracket = self._open[-1].kind == "["
        if bracket and self._kind == "]":
            return self._close(self._more)
        if bracket or self._kind not in ({".", "}"} if self._within else {"."}):
            raise self._expected(expected)
        self._open = [_Open("", _NOTHING, (0, 0))]
        return self._leave() if self._kind == "}" else self.statement
