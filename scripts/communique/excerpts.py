"""Of what all articles share, the part that one of them comes to; it is kept so that it is at hand.

To check one edited article beside a large registry, most of the registry is not looked at. So what
is said of each shared thing is kept with what that leads to, and an article is checked beside what
its names lead to, with ontology and shapes whole. What is found is told from all that is shared,
since places and hints need it: the part only tells whether there is anything to find.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import Any

from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, Store, parse, serialize

from communique.faults import Node
from communique.frame import Context, Frame, digest, iri_of
from communique.graphs import File
from communique.intake import Document
from communique.memo import Damaged, Memo
from communique.namespaces import split
from communique.parting import Parted, Parts
from communique.places import Places
from communique.reaching import BELOW, Profile
from communique.touched import Marks, Reading, readings

_HEAD, _PART = "shared", "shared {}"
_A_PART = 4
"""Things in a part, about."""
_SPACE = "in "
"""Begins the key of a namespace."""
_RULES = "rules of "
"""Begins the key of a predicate that rules read."""
_WANTED = "wanted in "
"""Begins the key of the names in a namespace that are left to articles."""
_BLANK = "_:"


@dataclass(frozen=True)
class Recalled(Context):
    """What all articles share: ontology and shapes, and of the rest only what an article needs.

    It stays where it is made: it can not be pickled.
    """

    shelf: "Shelf | None" = field(default=None, compare=False)
    marks: Mapping[str, bytes] = field(default_factory=dict, compare=False)
    """What stands for articles as they were when nothing was found in them (see touched)."""
    read: Callable[[], Context] | None = field(default=None, compare=False)
    """Returns the same with all files."""

    def frame(self, *, placed: bool) -> Frame:
        """Return what is shared, read; in part, unless it has to be known where things stand."""
        return self._all.frame(placed=True) if placed else self._base

    @cached_property
    def _all(self) -> Context:
        return self.read() if self.read else self

    @cached_property
    def _base(self) -> Frame:
        return _Base(self, self.shelf, self.marks) if self.shelf else super().frame(placed=False)


class Shelf:
    """What is kept of all that articles share, thing by thing."""

    def __init__(self, memo: Memo, mark: str) -> None:
        """Open what was kept under a mark, by which it is told from what is older."""
        self._memo = memo
        self._mark = mark
        self._read = dict[str, dict[str, Any]]()

    @cached_property
    def _head(self) -> dict[str, Any] | None:
        said = self._memo.get(_HEAD)
        return said if isinstance(said, dict) and said["mark"] == self._mark else None

    @property
    def is_filled(self) -> bool:
        """Tell whether something is kept under the mark."""
        return self._head is not None

    @property
    def _known(self) -> dict[str, Any]:
        if self._head is None:
            raise Damaged(_HEAD)
        return self._head

    @property
    def parted(self) -> Parted:
        """How the rules are parted (see parting)."""
        found: Parted = self._known["parted"]
        return found

    @property
    def files(self) -> Mapping[str, str]:
        """The paths of the files of data, by their graphs."""
        return dict(self._known["files"])

    def holds(self, text: str) -> bool:
        """Tell whether a file that is shared says this."""
        return _digest(text) in self._known["texts"]

    def things(self, names: Iterable[str], spaces: Iterable[str]) -> Iterator[str]:
        """Yield what is said of some things, and of all that this leads to, as N-Quads.

        Of namespaces it is of all things that are in one, or name something that is.
        """
        seen, waiting = set[str](), [*names, *(f"{_SPACE}{space}" for space in spaces)]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                said, leads = self._part(name).get(name, ("", ()))
                waiting += leads
                yield said

    def wanted(self, spaces: Iterable[str]) -> Iterator[str]:
        """Yield the names in some namespaces that are left to articles."""
        for key in (f"{_WANTED}{space}" for space in spaces):
            yield from self._part(key).get(key, ("", ()))[1]

    def reading(self, predicates: Collection[str]) -> Reading | None:
        """Return the rules that read some predicates; None if all have to be asked."""
        asking = self._known["asking"]
        if asking is None or not set(asking).isdisjoint(predicates):
            return None
        keys = [f"{_RULES}{by}" for by in predicates]
        found = [self._part(key).get(key, ("", ())) for key in keys]
        read = frozenset(by for _, reads in found for by in reads)
        return Reading(_quads("".join(said for said, _ in found)), read)

    def _part(self, name: str) -> dict[str, Any]:
        key = _PART.format(_place(name, self._known["parts"]))
        if key not in self._read:
            said = self._memo.get(key)
            if not isinstance(said, dict) or said.pop("", None) != self._mark:
                raise Damaged(key)
            self._read[key] = said
        return self._read[key]

    def fill(self, frame: Frame) -> None:
        """Keep what is shared under the mark."""
        kept, found = _things(frame), readings(frame.parts.near)
        for by, (quads, reads) in (found or {}).items():
            kept[f"{_RULES}{by}"] = _lines(quads), sorted(reads)
        kept |= {f"{_WANTED}{space}": ("", names) for space, names in frame.wanted_in.items()}
        count = max(1, len(kept) // _A_PART)
        parts: list[dict[str, object]] = [{"": self._mark} for _ in range(count)]
        for name, said in kept.items():
            parts[_place(name, count)][name] = said
        files = frame.graphs.files.items()
        head = {
            "mark": self._mark,
            "parts": count,
            "parted": frame.parts.found,
            "asking": None if found is None else [BELOW, *frame.parts.aiming],
            "texts": sorted(map(_digest, frame.context.texts)),
            "files": [(graph.value, file.path) for graph, file in files],
        }
        with self._memo.at_once():
            self._memo.put(_HEAD, head)
            for at, part in enumerate(parts):
                self._memo.put(_PART.format(at), part)


class _Base(Frame):
    """Ontology and shapes, read once for all articles, of which each is checked beside a part."""

    def __init__(self, context: Context, shelf: Shelf, marks: Mapping[str, bytes]) -> None:
        """Read them; articles as they were are known by their marks."""
        super().__init__(context, placed=False)
        self.shelf = shelf
        self._marks = marks

    def beside(self, said: Sequence[Quad], marks: Marks, paths: Sequence[str]) -> Frame:
        """Return it with what some quads come to, and the rules that an edit touches."""
        changed = marks.changed(self._marks.get("\n".join(paths), b""))
        return _Excerpt(self, said, changed)

    @cached_property
    def parts(self) -> Parts:
        """The rules, parted as they were when all that is shared was read."""
        return Parts(self.judge.shapes, Profile((), {}), self.classes, found=self.shelf.parted)


class _Excerpt(Frame):
    """What is shared, as far as an article comes to it."""

    def __init__(self, base: _Base, said: Sequence[Quad], changed: frozenset[str] | None) -> None:
        self.context, self.placed, self.engine = base.context, base.placed, base.engine
        self.judge, self.parts, self.aimed = base.judge, base.parts, base.aimed
        self.ontology, self.terms, self.vocabulary = base.ontology, base.terms, base.vocabulary
        self.changed = changed
        self.touched = None if changed is None else base.shelf.reading(changed)
        self._base = base
        own = {quad.subject for quad in said}
        named = {iri_of(quad.object) for quad in said if quad.object not in own}
        named |= {quad.predicate.value for quad in said} - self.terms
        spaces = {split(iri_of(thing))[0] for thing in own}
        found = _quads("".join(base.shelf.things(sorted(named - {""}), sorted(spaces))))
        files = {
            NamedNode(graph): File(Document(path, "", b""), 0, NamedNode(graph))
            for graph, path in base.shelf.files.items()
        }
        self.graphs = replace(
            base.graphs, data=[*base.graphs.data, *found], files={**files, **base.graphs.files}
        )
        self.asked = [*base.asked, *found]
        self.wanted = frozenset(base.shelf.wanted(sorted(spaces)))

    @cached_property
    def rules(self) -> Places:
        """Where the rules stand."""
        return self._base.rules

    @cached_property
    def shapes(self) -> Store:
        """The shapes, as what tells of results wants them."""
        return self._base.shapes


def _quads(text: str) -> list[Quad]:
    return [
        each for each in parse(text.encode(), format=RdfFormat.N_QUADS) if isinstance(each, Quad)
    ]


def _place(name: str, parts: int) -> int:
    return int.from_bytes(sha256(name.encode()).digest()[:8]) % parts


def _things(frame: Frame) -> dict[str, tuple[str, list[str]]]:
    """Return what is said of each thing but by the ontology, and the keys to which that leads."""
    said, leads = defaultdict[str, list[Quad]](list), defaultdict[str, set[str]](set)
    ontology, back = set(map(id, frame.ontology)), frame.parts.back
    for quad in frame.asked:
        subject, end = _key(quad.subject), _key(quad.object)
        if id(quad) not in ontology:
            said[subject].append(quad)
            for name in (subject, end):
                leads[f"{_SPACE}{split(name)[0]}"].add(subject)
        leads[subject].add(end)
        if quad.predicate.value in back:
            leads[end].add(subject)
    return {
        name: (_lines(said.get(name, ())), sorted(each for each in leads[name] if each))
        for name in {*said, *leads} - {""}
    }


def _digest(text: str) -> str:
    return digest(text.encode())


def _key(term: Node) -> str:
    """Return by what a thing is kept; blank nodes are kept together, literals nowhere."""
    return _BLANK if isinstance(term, BlankNode) else iri_of(term)


def _lines(quads: Iterable[Quad]) -> str:
    return (serialize(quads, format=RdfFormat.N_QUADS) or b"").decode()
