"""How far a rule reaches: whether it can be judged within one article, or looks into others.

Where a rule's paths and queries may lead is told beforehand, by the sorts of things that each
predicate joins: what an article describes itself, what all share, what another article describes.
A rule that may come to another article has to be asked of all articles together.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import NamedTuple

from pyoxigraph import BlankNode, Literal, NamedNode

from communique.dataset import Term
from communique.engines import Shapes
from communique.namespaces import PREFIXES
from communique.tokens import Token, signs

_RDF = PREFIXES["rdf"]
TYPE = _RDF + "type"
BELOW = PREFIXES["rdfs"] + "subClassOf"
_SH = PREFIXES["sh"]
_DEEPEST = 64


OWN = "own"
"""What the article describes, from which a rule sets out."""
PLAIN = "plain"
"""What is described nowhere: a literal, or the IRI of something outside."""
FOREIGN = "foreign"
"""What another article describes, or may describe."""
_SHARED = "shared "

Sorts = frozenset[str]
"""What a thing may be to an article: one of these, or shared, by its class."""
Edge = tuple[str, str, str]
"""A predicate, and the sorts of thing that it leads from and to."""
NOTHING = Sorts()


def shared(kind: str) -> str:
    """Return the sort of the things of a class that files describe which all articles share."""
    return _SHARED + kind


def class_of(sort: str) -> str:
    """Return the class of shared things of a sort; nothing of another sort."""
    return sort.removeprefix(_SHARED) if sort.startswith(_SHARED) else ""


def _back(start: str, end: str) -> tuple[str, str]:
    """Tell from which sort an edge is met backwards, and to which it then leads."""
    if start == OWN:
        return (end, OWN) if end == OWN else (OWN if end == FOREIGN else end, FOREIGN)
    return (OWN if end == FOREIGN else end), start


class _Unknown(Exception):  # noqa: N818  it is no error: such a rule is asked of everything
    """What is not read here."""


class Profile:
    """By which predicates the things of a project are joined, sort by sort."""

    def __init__(self, edges: Iterable[Edge], things: Mapping[str, Sorts]) -> None:
        """Take what leads where, and the sorts of the things that all articles share, by IRI."""
        self.edges = frozenset(edges)
        self._things = things
        self._steps = defaultdict[tuple[str, bool, str], set[str]](set)
        for predicate, start, end in self.edges:
            self._steps[predicate, False, start].add(end)
            met, led = _back(start, end)
            self._steps[predicate, True, met].add(led)

    @cached_property
    def shared(self) -> Sorts:
        """All sorts of things that are shared."""
        return NOTHING.union(*self._things.values())

    def sorts(self, iri: str) -> Sorts:
        """Return what a thing may be that a rule names."""
        return self._things.get(iri, Sorts((PLAIN, FOREIGN)))

    def step(self, sorts: Sorts, predicate: str, *, back: bool) -> Sorts:
        """Return where a step along a predicate, or back, may lead."""
        found = (self._steps.get((predicate, back, sort), NOTHING) for sort in sorts)
        return (sorts & {FOREIGN}).union(*found)


class Rule(NamedTuple):
    """One constraint of a shape: what it says, as a triple."""

    shape: NamedNode | BlankNode
    predicate: NamedNode
    value: Term


@dataclass
class Reach:
    """What a rule may look at."""

    profile: Profile
    sorts: Sorts = NOTHING
    """All that it may come to."""
    along: set[str] = field(default_factory=lambda: {TYPE, BELOW})
    """The predicates that it follows."""
    back: set[str] = field(default_factory=set)
    """Those of them that it follows from the object to the subject."""
    everything: bool = False
    """Whether it cannot be told: it may look at all there is."""

    @property
    def is_far(self) -> bool:
        """Whether it may come to another article."""
        return self.everything or FOREIGN in self.sorts

    def step(self, sorts: Sorts, predicate: str, *, back: bool = False) -> Sorts:
        """Follow a predicate."""
        self.along.add(predicate)
        if back:
            self.back.add(predicate)
        return self.come(self.profile.step(sorts, predicate, back=back))

    def come(self, sorts: Sorts) -> Sorts:
        """Note what is come to."""
        self.sorts |= sorts
        return sorts


def reach(shapes: Shapes, rule: Rule, profile: Profile, start: Sorts) -> Reach:
    """Tell how far a rule reaches that is asked of things of some sort."""
    found = Reach(profile)
    try:
        _Walk(shapes, found).rule(rule, start)
    except (_Unknown, IndexError, StopIteration):
        found.everything = True
    return found


class _Walk:
    """Follows what a shape asks, from the sorts of its things."""

    def __init__(self, shapes: Shapes, found: Reach) -> None:
        self._shapes = shapes
        self._found = found

    def rule(self, rule: Rule, sorts: Sorts) -> None:
        """Follow one constraint of a shape."""
        path = self._shapes.one(rule.shape, "path")
        values = self._path(path, sorts, 0) if path is not None else sorts
        self._constraint(rule, sorts, values, 0)

    def _constraint(self, rule: Rule, sorts: Sorts, values: Sorts, depth: int) -> None:
        if depth > _DEEPEST:
            raise _Unknown
        name, value = rule.predicate.value.removeprefix(_SH), rule.value
        if name in {"property", "node", "not", "qualifiedValueShape"}:
            self._shape(value, values, depth + 1)
        elif name in {"and", "or", "xone"}:
            for member in _members(self._shapes, value):
                self._shape(member, values, depth + 1)
        elif name in {"equals", "disjoint", "lessThan", "lessThanOrEquals"}:
            self._found.step(sorts, value.value)
        elif name == "sparql":
            self._query(rule.shape, value, sorts)
        elif name not in _OF_VALUES:
            raise _Unknown(name)

    def _shape(self, shape: Term, sorts: Sorts, depth: int) -> None:
        """Follow all that a shape asks of its things, or of what its path leads to."""
        path = self._shapes.one(shape, "path")
        values = self._path(path, sorts, 0) if path is not None else sorts
        for rule in constraints(self._shapes, shape):
            self._constraint(rule, sorts, values, depth + 1)

    def _path(self, node: Term, sorts: Sorts, depth: int) -> Sorts:
        if depth > _DEEPEST:
            raise _Unknown
        if isinstance(node, NamedNode) and not self._shapes.of(node, "inversePath"):
            return self._found.step(sorts, node.value)
        steps = list(_members(self._shapes, node))
        if steps:
            for step in steps:
                sorts = self._path(step, sorts, depth + 1)
            return sorts
        inverse = self._shapes.one(node, "inversePath")
        if isinstance(inverse, NamedNode):
            return self._found.step(sorts, inverse.value, back=True)
        choices = self._shapes.one(node, "alternativePath")
        if choices is not None:
            ways = (self._path(way, sorts, depth + 1) for way in _members(self._shapes, choices))
            return NOTHING.union(*ways)
        for name in ("zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath"):
            inner = self._shapes.one(node, name)
            if inner is not None:
                return _repeated(partial(self._path, inner, depth=depth + 1), sorts)
        raise _Unknown

    def _query(self, shape: Term, constraint: Term, sorts: Sorts) -> None:
        spaces = {
            (prefix.value, space.value)
            for source in self._shapes.of(constraint, "prefixes")
            for declared in self._shapes.of(source, "declare")
            for prefix in self._shapes.of(declared, "prefix")
            for space in self._shapes.of(declared, "namespace")
        }
        prefixes = dict(spaces)
        if len(prefixes) < len(spaces):
            raise _Unknown(constraint)
        path = self._shapes.one(shape, "path")
        for text in self._shapes.of(constraint, "select"):
            query = text.value.replace("$PATH", str(path) if path else "")
            _Query(query, prefixes, self._found).read(sorts)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OF_VALUES = _words(
    """
    class closed datatype flags hasValue ignoredProperties in languageIn maxCount
    maxExclusive maxInclusive maxLength minCount minExclusive minInclusive minLength nodeKind
    pattern qualifiedMaxCount qualifiedMinCount uniqueLang
    """
)
"""What is asked of a thing itself and of what is said of it."""
_TALK = _words(
    """
    deactivated defaultValue description group message name order path severity
    targetClass targetNode targetObjectsOf targetSubjectsOf
    """
)


def constraints(shapes: Shapes, shape: Term) -> Iterator[Rule]:
    """Yield what a shape asks."""
    if isinstance(shape, Literal):
        return
    for predicate, values in shapes.about(shape).items():
        if predicate.startswith(_SH) and predicate.removeprefix(_SH) not in _TALK:
            for value in values:
                yield Rule(shape, NamedNode(predicate), value)


def _members(shapes: Shapes, node: Term) -> Iterator[Term]:
    """Yield the members of a list."""
    seen = set[Term]()
    while node not in seen:
        seen.add(node)
        yield from shapes.objects(node, _RDF + "first")
        node = next(iter(shapes.objects(node, _RDF + "rest")), node)


def _repeated(step: Callable[[Sorts], Sorts], sorts: Sorts) -> Sorts:
    """Follow a step until it leads to nothing new."""
    while True:
        further = sorts | step(sorts)
        if further == sorts:
            return sorts
        sorts = further


class _Path(NamedTuple):
    """A path of a query: a predicate, or how paths are put together."""

    kind: str
    """`step`, `back`, `/`, `|`, or `*`."""
    name: str = ""
    parts: tuple["_Path", ...] = ()

    def backwards(self) -> "_Path":
        """Return the same from its end to its beginning."""
        if self.kind in {"step", "back"}:
            return _Path("back" if self.kind == "step" else "step", self.name)
        turned = tuple(part.backwards() for part in self.parts)
        return _Path(self.kind, parts=turned[::-1] if self.kind == "/" else turned)

    def follow(self, found: Reach, sorts: Sorts) -> Sorts:
        """Return where it leads."""
        if self.kind in {"step", "back"}:
            return found.step(sorts, self.name, back=self.kind == "back")
        if self.kind == "/":
            for part in self.parts:
                sorts = part.follow(found, sorts)
            return sorts
        if self.kind == "|":
            return NOTHING.union(*(part.follow(found, sorts) for part in self.parts))
        return _repeated(partial(self.parts[0].follow, found), sorts)

    @property
    def is_direct(self) -> bool:
        """Whether it leads from subject to object in every step."""
        return self.kind != "back" and all(part.is_direct for part in self.parts)


@dataclass
class _Group:
    """The patterns between two braces, and the groups within, which may not hold."""

    triples: list[tuple[str, _Path, str]] = field(default_factory=list)
    inner: list["_Group"] = field(default_factory=list)


class _Query:
    """A SELECT of plain patterns, filters, bindings and groups that may not hold."""

    def __init__(self, text: str, prefixes: dict[str, str], found: Reach) -> None:
        self._tokens = signs(text)
        self._prefixes = prefixes
        self._found = found
        self._at = 0

    def read(self, sorts: Sorts) -> None:
        """Follow its patterns from `$this`."""
        head = [token.text.upper() for token in self._tokens[:3]]
        self._at = next(n for n, token in enumerate(self._tokens) if token.text == "{")
        if head[0] != "SELECT" or _NOT_READ.intersection(
            token.text.upper() for token in self._tokens if token.kind == "word"
        ):
            raise _Unknown
        group = self._group()
        if self._at < len(self._tokens):
            raise _Unknown  # modifiers
        self._follow(group, {"?this": sorts})

    def _follow(self, group: _Group, known: dict[str, Sorts]) -> None:
        """Follow the patterns of a group, those first that lead from subject to object."""
        known, left = dict(known), list(group.triples)
        while left:
            best = min(left, key=lambda each: self._cost(each, known))
            left.remove(best)
            subject, path, value = best
            if self._cost(best, known) == _FAR:
                self._found.come(Sorts((FOREIGN,)))
            if subject in known or not subject.startswith("?"):
                self._bind(known, value, path.follow(self._found, self._sorts(subject, known)))
            else:
                back = path.backwards()
                self._bind(known, subject, back.follow(self._found, self._sorts(value, known)))
        for inner in group.inner:
            self._follow(inner, known)

    def _cost(self, triple: tuple[str, _Path, str], known: dict[str, Sorts]) -> int:
        subject, path, value = triple
        if subject in known or not subject.startswith("?"):
            return 0 if path.is_direct else 1
        if value in known:
            return 2 if known[value] == {OWN} else 3
        return _FAR if value.startswith("?") else 4

    def _sorts(self, term: str, known: dict[str, Sorts]) -> Sorts:
        """Return what a variable or a name may be."""
        if term.startswith("?"):
            return known.get(term, NOTHING)
        return self._found.profile.sorts(term[1:-1]) if term.startswith("<") else Sorts((PLAIN,))

    def _bind(self, known: dict[str, Sorts], term: str, sorts: Sorts) -> None:
        if term.startswith("?"):
            known[term] = known[term] & sorts if term in known else sorts

    def _next(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    @property
    def _text(self) -> str:
        return self._tokens[self._at].text

    def _group(self) -> _Group:
        group = _Group()
        if self._next().text != "{":
            raise _Unknown
        while self._text != "}":
            word = self._text.upper()
            if word in {"FILTER", "BIND"}:
                self._next()
                self._expression(group)
            elif word == "OPTIONAL":
                self._next()
                group.inner.append(self._group())
            elif word == ".":
                self._next()
            else:
                self._triples(group)
        self._next()
        return group

    def _expression(self, group: _Group) -> None:
        """Step over an expression, and read the groups within."""
        depth = 0
        while True:
            text = self._text
            if text == "{":
                group.inner.append(self._group())
            else:
                depth += (text == "(") - (text == ")")
                self._next()
            if depth == 0 and text in {")", "{"}:
                return

    def _triples(self, group: _Group) -> None:
        subject = self._term()
        while True:
            path = self._alternatives()
            group.triples.append((subject, path, self._term()))
            while self._text == ",":
                self._next()
                group.triples.append((subject, path, self._term()))
            if self._text != ";":
                return
            while self._text == ";":
                self._next()
            if self._text in {".", "}"}:
                return

    def _term(self) -> str:
        """Read a term: a variable as `?name`, an IRI as `<iri>`, a literal as it is written."""
        token = self._next()
        if token.kind == "variable":
            return f"?{token.text[1:]}"
        if token.kind in {"iri", "name"}:
            return f"<{self._iri(token)}>"
        if token.kind == "number" or token.text.lower() in {"true", "false"}:
            return token.text
        if token.kind in {"short", "long"}:
            while self._text == "^" or self._tokens[self._at].kind == "language":
                self._at += 3 if self._text == "^" else 1
            return token.text
        raise _Unknown(token.text)

    def _alternatives(self) -> _Path:
        ways = [self._sequence()]
        while self._text == "|":
            self._next()
            ways.append(self._sequence())
        return ways[0] if len(ways) == 1 else _Path("|", parts=tuple(ways))

    def _sequence(self) -> _Path:
        steps = [self._step()]
        while self._text == "/":
            self._next()
            steps.append(self._step())
        return steps[0] if len(steps) == 1 else _Path("/", parts=tuple(steps))

    def _step(self) -> _Path:
        back = self._text == "^"
        if back:
            self._next()
        if self._text == "(":
            self._next()
            path = self._alternatives()
            if self._next().text != ")":
                raise _Unknown
        else:
            path = _Path("step", self._predicate())
        while self._text in {"*", "+", "?"}:
            self._next()
            path = _Path("*", parts=(path,))
        return path.backwards() if back else path

    def _predicate(self) -> str:
        token = self._next()
        return TYPE if token.text == "a" else self._iri(token)

    def _iri(self, token: Token) -> str:
        if token.kind == "iri":
            return token.text[1:-1]
        prefix, _, local = token.text.partition(":")
        if token.kind != "name" or prefix not in self._prefixes or "\\" in local:
            raise _Unknown(token.text)
        return self._prefixes[prefix] + local


_FAR = 9
_NOT_READ = _words(
    """
    FROM GRAPH GROUP HAVING LIMIT MINUS OFFSET ORDER SERVICE UNION VALUES COUNT SUM MIN MAX AVG
    SAMPLE GROUP_CONCAT PREFIX BASE
    """
)
"""The words of queries that are not read here."""
