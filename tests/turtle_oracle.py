"""Where rdflib's Turtle parser reads each triple: a judge that shares no code with ours.

It hooks into the parser's own steps, private ones included, and notes where each begins and ends.
"""

from collections.abc import Callable, MutableSequence
from typing import Any

from rdflib import BNode, Graph
from rdflib.plugins.parsers.notation3 import RDFSink, SinkParser

Span = tuple[int, int]
Seen = tuple[str, str, str, Span, Span, Span]
"""Three terms, a blank node as `_`, and where each of them stands."""

_BOM = "\ufeff"
_LIST = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def seen(text: str, base: str) -> list[Seen]:
    """Return the triples of a text in Turtle with their places, sorted; the ends are exclusive."""
    shift = len(_BOM) if text.startswith(_BOM) else 0
    parser = _Watched(text[shift:], base)
    return sorted(
        (*terms, _span(subject, shift), _span(predicate, shift), _span(value, shift))
        for terms, (subject, predicate, value) in parser.found
    )


def _span(at: list[int], shift: int) -> Span:
    return at[0] + shift, at[1] + shift


class _Context:
    """What the parser is within: a list, an object list or a property list, and its places."""

    def __init__(self, kind: str, at: list[int]) -> None:
        self.kind = kind
        self.at = at
        self.spans: list[list[int]] = []
        self.verb = [0, 0]


class _Sink(RDFSink):
    """Keeps nothing; hands the triples that a list is made of to the parser."""

    def __init__(self) -> None:
        super().__init__(Graph())
        self.on_list: Callable[[list[Any]], object] = len

    def newLiteral(self, s: str, dt: object, lang: str | None) -> Any:  # noqa: ANN401, N802  theirs
        """Return a literal as one text, so that nothing is normalised."""
        return f'"{s}"^^{dt or ""}@{(lang or "").lower()}'

    def newList(self, n: list[Any], f: Any) -> Any:  # noqa: ANN401, N802  theirs
        """Make a list, and tell."""
        if n:
            self.on_list(n)
            return BNode()
        return super().newList(n, f)


class _Watched(SinkParser):
    """Notes the place of each term that it reads."""

    def __init__(self, text: str, base: str) -> None:
        sink = _Sink()
        sink.on_list = self._listed
        super().__init__(sink, baseURI=base, turtle=True)
        self.found: list[tuple[tuple[str, str, str], tuple[list[int], list[int], list[int]]]] = []
        self._within: list[_Context] = []
        self._bracket: list[int] | None = None
        self._latest = [0, 0]
        self._objects: list[list[int]] = []
        self.loadBuf(text)

    def node(
        self,
        argstr: str,
        i: int,
        res: MutableSequence[Any],
        subjectAlready: Any = None,  # noqa: ANN401, N803  theirs
    ) -> int:
        """Read a node: what a bracket holds is read within it."""
        start = self.skipSpace(argstr, i)
        opens = argstr[start] if start >= 0 else ""
        at = [start, -1]
        self._bracket = at if opens == "[" else None
        if opens == "(":
            self._within.append(_Context("list", at))
        end = super().node(argstr, i, res, subjectAlready)
        at[1] = end
        if opens == "(":
            self._within.pop()
        return end

    def item(self, argstr: str, i: int, res: MutableSequence[Any]) -> int:
        """Read a term: it may be a member of a list."""
        around = self._within[-1] if self._within else None
        span = [self.skipSpace(argstr, i), -1]
        if around and around.kind == "list":
            around.spans.append(span)
        span[1] = super().item(argstr, i, res)
        return span[1]

    def object(self, argstr: str, i: int, res: MutableSequence[Any]) -> int:
        """Read an object, or the subject of a statement."""
        around = self._within[-1] if self._within else None
        span = [self.skipSpace(argstr, i), -1]
        span[1] = super().object(argstr, i, res)
        self._latest = span
        if around and around.kind == "objects":
            around.spans.append(span)
        return span[1]

    def objectList(self, argstr: str, i: int, res: MutableSequence[Any]) -> int:  # noqa: N802  theirs
        """Read objects, of which the statements follow at once."""
        self._within.append(_Context("objects", [i, -1]))
        end = super().objectList(argstr, i, res)
        self._objects = self._within.pop().spans
        return end

    def property_list(self, argstr: str, i: int, subj: Any) -> int:  # noqa: ANN401  theirs
        """Read what is said of a subject: a bracket just opened, or else the term just read."""
        self._within.append(_Context("properties", self._bracket or self._latest))
        self._bracket = None
        end = super().property_list(argstr, i, subj)
        self._within.pop()
        return end

    def verb(self, argstr: str, i: int, res: MutableSequence[Any]) -> int:
        """Read a predicate."""
        around = self._within[-1]
        self._within.append(_Context("verb", [i, -1]))
        around.verb = [i, super().verb(argstr, i, res)]
        self._within.pop()
        return around.verb[1]

    def makeStatement(self, quadruple: Any) -> None:  # noqa: ANN401, N802  theirs
        """Note a statement that is written out."""
        _, predicate, subject, value = quadruple
        around = self._within[-1]
        terms = (_text(subject), _text(predicate), _text(value))
        self.found.append((terms, (around.at, around.verb, self._objects.pop(0))))

    def _listed(self, members: list[Any]) -> None:
        """Note the statements that a list stands for."""
        around = self._within[-1]
        at, last = around.at, len(members) - 1
        for index, (member, span) in enumerate(zip(members, around.spans, strict=True)):
            self.found.append((("_", _LIST + "first", _text(member)), (at, at, span)))
            rest = "_" if index < last else _LIST + "nil"
            self.found.append((("_", _LIST + "rest", rest), (at, at, at)))


def _text(term: object) -> str:
    if isinstance(term, BNode):
        return "_"
    if isinstance(term, tuple):
        return str(term[1])
    if isinstance(term, str) and type(term).__name__ != "sfloat":
        return str(term)
    return "number" if type(term) is not bool else str(term).lower()
