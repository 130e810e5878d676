"""All articles together: a project is checked article by article, and what that leaves at the end.

What an article is checked beside is settled first: by what its things are joined with shared ones
decides which rules it can be judged by alone. Articles that name each other's things are checked
as one. What is left are the files that all share, and the rules that look into other articles.
"""

import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from communique import dangling
from communique.articles import HASH, Outcome, check, is_among, is_named
from communique.dataset import graph_name
from communique.engines import Result
from communique.errors import CommuniqueError
from communique.faults import Fault, Node
from communique.findings import LAYERS, Finding, Region, Report
from communique.frame import Context, Frame
from communique.graphs import Graphs, graphs
from communique.inside import alive, swept
from communique.intake import Document, content, is_article, opened
from communique.labels import Labels
from communique.namespaces import split
from communique.parting import renamed
from communique.places import Places
from communique.reaching import TYPE, Edge
from communique.shapes import Shapes, Things, judged, unjudged
from communique.validation import NEEDS, Choices, Gate, findings_of, run, store_of
from communique.wording import Wording

Unit = tuple[str, ...]
"""The paths of an article, or of some that are checked as one."""
Checking = Callable[[Context, Sequence[Unit]], Iterable[Outcome]]
"""Checks some units, in any order."""
_EARLY = LAYERS[: LAYERS.index("names")]
_MOST_ROUNDS = 9
_FEW = 8
"""Of no more articles the names are read again, to find one that is close to an unknown one."""


def one_by_one(context: Context, units: Sequence[Unit]) -> Iterator[Outcome]:
    """Check some units, each after the other."""
    for unit in swept(units):
        yield check_files(context, unit)


def check_files(context: Context, unit: Unit) -> Outcome:
    """Open the files of a unit, and check it."""
    read, refused = list[tuple[str, bytes]](), list[Finding]()
    for path in unit:
        data, found = content(context.root, path)
        refused += found
        read += [] if data is None else [(path, data)]
    return unopened(unit, refused) if refused else check(context, read)


def unopened(unit: Unit, refused: Iterable[Finding]) -> Outcome:
    """Return the outcome of a unit of which a file was not opened, and why."""
    failed = (("encoding", True),)
    return Outcome(unit, ("",) * len(unit), tuple(sorted(refused)), failed, unread=True)


class Run:
    """A project under check, article by article; what is found is what `validation.whole` finds."""

    def __init__(
        self,
        root: Path,
        choices: Choices,
        listing: tuple[list[str], list[Finding]],
        checking: Checking = one_by_one,
    ) -> None:
        """Take a project, how it is checked, what `intake.listed` returns, and who checks."""
        names, refused = listing
        self.root = root
        self.choices = choices
        self._checking = checking
        self._paths = [name for name in names if is_article(name)]
        self.reasons = set[str]()
        """The articles for which something is assumed to be apart (see Context.apart)."""
        found, at_the_door = self.opened([name for name in names if not is_article(name)])
        self.shared = tuple(found)
        self.door = [*refused, *at_the_door]

    def report(self) -> Report:
        """Check it."""
        context, units = self.started(), of_one_graph(self._paths)
        try:
            context, outcomes = self._settled(_sampled(context, units, self.check), units)
        except CommuniqueError:
            common = _refusing(context, self.door)
            if not common.findings:
                raise
            return summed(common, (), ())
        alive()
        found = self.common(context, outcomes)
        alive()
        self.settled(context, outcomes, found)
        return summed(found, outcomes, {document.path for document in self.shared})

    def opened(self, names: Sequence[str]) -> tuple[list[Document], list[Finding]]:
        """Open the files that are shared."""
        return opened(self.root, names)

    def started(self) -> Context:
        """Look at what is shared as far as articles need it, and note where it has errors."""
        context = Context(self.root, self.shared, self.choices)
        gate = Gate(self.root, self.choices, self.shared, self.door, placed=False)
        _, failed = run(gate, self.choices.known, layers=_EARLY)
        return replace(context, stopped=frozenset(failed))

    def check(self, context: Context, units: Sequence[Unit]) -> Iterable[Outcome]:
        """Check some units."""
        return self._checking(context, units)

    def settled(self, context: Context, outcomes: Sequence[Outcome], found: "Common") -> None:
        """Hear what was found to hold of all articles, and what was found of what they share."""

    def satellites(self, context: Context) -> Collection[str]:
        """Return the namespaces of which something is said in what is shared."""
        return context.frame(placed=False).satellites.keys()

    def parted(self, context: Context) -> str:
        """Tell how the rules are parted by what is assumed."""
        return context.frame(placed=False).parts.named

    def common(self, context: Context, outcomes: Sequence[Outcome]) -> "Common":
        """Check what is left for all together."""
        return common(context, outcomes, self.door)

    def share(self, paths: Sequence[str]) -> set[str]:
        """Take some articles in among what is shared; return the paths of those that can be."""
        added, at_the_door = opened(self.root, paths)
        self.shared = (*self.shared, *added)
        self.door += at_the_door if added else []
        return {document.path for document in added}

    def _settled(self, context: Context, units: Sequence[Unit]) -> tuple[Context, list[Outcome]]:
        """Check units until what is assumed of them holds, and what belongs together is one."""
        kept = list[Outcome]()
        for _ in range(_MOST_ROUNDS):
            found = [*kept, *_sharing(self.check(context, units))]
            outcomes = sorted(found, key=lambda each: each.paths)
            added = self.share(list(adding(outcomes)))
            if added:
                context, kept = replace(context, documents=self.shared, apart=frozenset()), []
                self.reasons.clear()
                units = [each.paths for each in outcomes if added.isdisjoint(each.paths)]
                continue
            alive()
            held, groups = self._holding(context, outcomes), _groups(outcomes)
            if held is context and not groups:
                break
            joined = {path for group in groups for path in group}
            alone = [each for each in outcomes if not joined.intersection(each.paths)]
            if held is context:
                kept, units = alone, groups
            elif held.apart != context.apart:
                paths = [path for each in outcomes for path in each.paths]
                context, kept, units = held, [], of_one_graph(paths)
            else:
                context, kept, units = held, [], [*(each.paths for each in alone), *groups]
        return context, outcomes

    def _holding(self, context: Context, outcomes: Sequence[Outcome]) -> Context:
        """Return the context if what it assumes holds, else one of which it does."""
        edges = frozenset[Edge]().union(*{each.edges for each in outcomes})
        claims = Counter(space for each in outcomes for space in each.spaces)
        apart = context.apart.union(
            (space for space in self.satellites(context) if claims[space] > 1),
            *(each.borrowed for each in outcomes),
        )
        new = apart - context.apart
        for each in outcomes if new else ():
            if not new.isdisjoint({*each.spaces, *each.borrowed}):
                self.reasons.update(each.paths)
        if edges == context.edges and apart == context.apart:
            return context
        other = replace(context, edges=edges, apart=apart)
        same = apart == context.apart and self.parted(other) == self.parted(context)
        return context if same else other


def _sharing(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Yield outcomes, of which sets that are equal are one: most articles use the same words."""
    known = dict[frozenset[Any], frozenset[Any]]()
    for each in outcomes:
        yield replace(
            each,
            predicates=known.setdefault(each.predicates, each.predicates),
            classes=known.setdefault(each.classes, each.classes),
            nodes=known.setdefault(each.nodes, each.nodes),
            unresolved=known.setdefault(each.unresolved, each.unresolved),
            edges=known.setdefault(each.edges, each.edges),
        )


def _refusing(context: Context, door: Sequence[Finding]) -> "Common":
    """Tell of shapes that no engine can follow: of no article can anything be told then."""
    gate = _Common(context.frame(placed=True), (), door)
    found = {gate.told(each) for each in gate.unfollowed()}
    return gate.summary(found, dict.fromkeys(LAYERS[LAYERS.index("constraints") :], False))


def of_one_graph(articles: Iterable[str]) -> list[Unit]:
    """Return articles one by one, and together those that would be the same graph."""
    found = defaultdict[str, list[str]](list)
    for path in articles:
        found[graph_name(Path(path))].append(path)
    return [tuple(paths) for paths in found.values()]


def adding(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Yield the paths of articles that describe what is shared, if nothing is wrong with them.

    What they say of it, and what that leads to, is then shared, too.
    """
    for outcome in outcomes:
        if outcome.adds and not {*_EARLY, "names"}.intersection(dict(outcome.failed)):
            yield from outcome.paths


def _sampled(context: Context, units: Sequence[Unit], checking: Checking) -> Context:
    """Assume of all articles what holds of the first that can be read."""
    if context.edges or context.stopped:
        return context
    for outcome in checking(context, units[:3]):
        if not outcome.unread:
            return replace(context, edges=outcome.edges)
    return context


def _groups(outcomes: Sequence[Outcome]) -> list[Unit]:
    """Return the articles that have to be checked as one: they describe or name the same things.

    So do those that hold the same bytes, also if they cannot be read.
    """
    by_space = _by_space(outcomes)
    links = list(_alike(outcomes))
    for space, sharing in by_space.items():
        if len(sharing) > 1:
            links += _overlapping(space, sharing)
    for outcome in outcomes:
        for iri in outcome.unresolved:
            others = by_space.get(split(iri)[0], ())
            links += [(outcome, o) for o in others if o is not outcome and is_named(o, iri)]
    return _joined(links)


def _alike(outcomes: Iterable[Outcome]) -> Iterator[tuple[Outcome, Outcome]]:
    """Yield the pairs of articles that hold the same bytes."""
    first = dict[str, Outcome]()
    for outcome in outcomes:
        for each in filter(None, outcome.digests):
            other = first.setdefault(each, outcome)
            if other is not outcome:
                yield other, outcome


def _by_space(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    found = defaultdict[str, list[Outcome]](list)
    for outcome in outcomes:
        for space in outcome.spaces:
            found[space].append(outcome)
    return found


def _overlapping(space: str, sharing: Iterable[Outcome]) -> Iterator[tuple[Outcome, Outcome]]:
    """Yield the pairs of articles that describe a thing of the same name."""
    first = dict[bytes, Outcome]()
    for outcome in sharing:
        names = dict(outcome.full().names)[space]
        for at in range(0, len(names), HASH):
            other = first.setdefault(names[at : at + HASH], outcome)
            if other is not outcome:
                yield other, outcome


def _joined(links: Iterable[tuple[Outcome, Outcome]]) -> list[Unit]:
    """Join what is linked, whatever is between."""
    groups = dict[str, set[str]]()
    for one, other in links:
        both = {*one.paths, *other.paths}
        for path in tuple(both):
            both |= groups.get(path, set())
        groups |= dict.fromkeys(both, both)
    return sorted({tuple(sorted(group)) for group in groups.values()})


class Common(NamedTuple):
    """What was found of what all articles share, and how much that is."""

    findings: tuple[Finding, ...]
    failed: tuple[tuple[str, bool], ...]
    """The layers that have errors (True), or were left out for those of others (False)."""
    files: int
    triples: int
    statements: int
    shapes: int
    shapes_used: int
    reread: tuple[str, ...] = ()
    """The articles that were read again to tell of it."""


def common(context: Context, outcomes: Sequence[Outcome], door: Sequence[Finding]) -> Common:
    """Check what is shared, and by the rules that look from one article into another."""
    before = {layer for each in outcomes for layer, _ in each.failed}
    blocking = {layer for layer in before if layer not in _EARLY}
    if len(blocking) < len(before):
        blocking.add(_EARLY[-1])
    gate, findings, failed = findings_of(
        lambda placed: _Common(context.frame(placed=placed), outcomes, door),
        context.choices,
        blocking,
    )
    return gate.summary(findings, failed)


def is_unreached(context: Context, outcomes: Sequence[Outcome]) -> bool:
    """Tell whether rules find nothing that look from one article into another.

    If nothing was found before in what is shared, and only extracts have changed since, or there is
    an article more or less, then nothing is found in it now.
    """
    gate = _Common(context.frame(placed=False), outcomes, ())
    try:
        return not (gate.reads_extracts or gate.unjudged or gate.wide)
    except CommuniqueError:
        return False


def summed(shared: Common, outcomes: Sequence[Outcome], paths: Collection[str]) -> Report:
    """Sum up what was found of articles and of what they share, which are files of these paths."""
    return told(shared, tally(outcomes), outcomes, paths)


Tally = Counter[str]
"""What outcomes come to: sums by name, and how many of them each thing is true of."""
SUMS = ("files", "triples", "statements", "unread", "wanting")
SETS = ("predicates", "classes", "nodes", "unresolved", "edges", "failed")


def tally(outcomes: Iterable[Outcome]) -> Tally:
    """Count what is told of all outcomes together; of some, it can be added and taken away."""
    found, alike = Tally(), {name: Counter[Collection[object]]() for name in SETS}
    for each in outcomes:
        for name in SUMS:
            found[name] += getattr(each, name)
        for name, sets in alike.items():
            sets[getattr(each, name)] += 1
    for name, sets in alike.items():
        for one, times in sets.items():
            for thing in one:
                found[f"{name} {json.dumps(thing)}"] += times
    return found


def told(shared: Common, sums: Tally, faulty: Iterable[Outcome], paths: Collection[str]) -> Report:
    """Tell what was found of what articles share, and of those in which something was found."""
    left_out = _left_out(layer for layer, whole in shared.failed if whole)
    is_doubtful = sums["unread"] > 0 and sums["wanting"] > 0
    unchecked = left_out | ({"names"} if is_doubtful else set())
    unchecked |= {layer for layer, whole in shared.failed if not whole}
    unchecked |= {layer for layer in LAYERS if sums[f"failed {json.dumps((layer, False))}"]}
    found = [
        finding
        for each in faulty
        for finding in each.findings
        if finding.layer not in left_out
        and not (finding.layer == "names" and is_doubtful and each.wanting)
    ]
    return Report(
        files=shared.files + sums["files"],
        triples=shared.triples + sums["triples"],
        statements=shared.statements + sums["statements"],
        shapes=shared.shapes,
        shapes_used=shared.shapes_used,
        findings=tuple(sorted({*shared.findings, *_once(found, paths)})),
        unchecked=tuple(layer for layer in LAYERS if layer in unchecked),
    )


def _once(findings: Iterable[Finding], shared: Collection[str]) -> Iterator[Finding]:
    """Tell once, as the first did, what several articles find at one place of a shared file."""
    seen = set[tuple[str, Region, str, str]]()
    for each in sorted(findings):
        key = (each.file, each.region, each.rule.id, each.focus)
        if each.file not in shared or key not in seen:
            seen.add(key)
            yield each


def _left_out(failed: Iterable[str]) -> set[str]:
    """Return the layers that cannot be believed of articles where some fail for what is shared."""
    out, wrong = set[str](), set(failed)
    for layer in LAYERS:
        if (wrong | out) & {*NEEDS.get(layer, ())}:
            out.add(layer)
    return out


class _Elsewhere:
    """The names of what articles describe; those of a namespace are read once."""

    def __init__(self, articles: Mapping[str, Sequence[Outcome]]) -> None:
        self._articles = articles
        self._names = cache(self._read)

    def __contains__(self, iri: str) -> bool:
        return any(is_among(names, iri) for names in self._names(split(iri)[0]))

    def _read(self, space: str) -> list[bytes]:
        articles = self._articles.get(space, ())
        return [names for each in articles for at, names in each.full().names if at == space]


class _Described(Collection[str]):
    """The names of what is described by what is shared, which are listed, or by an article."""

    def __init__(self, shared: Collection[str], elsewhere: _Elsewhere) -> None:
        self._shared = shared
        self._elsewhere = elsewhere

    def __contains__(self, iri: object) -> bool:
        return iri in self._shared or (isinstance(iri, str) and iri in self._elsewhere)

    def __iter__(self) -> Iterator[str]:
        return iter(self._shared)

    def __len__(self) -> int:
        return len(self._shared)


class _Common(Gate):
    """What all articles share under check, with what their outcomes leave."""

    def __init__(self, frame: Frame, outcomes: Sequence[Outcome], door: Iterable[Finding]) -> None:
        context = frame.context
        super().__init__(
            context.root, context.choices, context.documents, door, placed=frame.placed
        )
        self._frame = frame
        self._outcomes = outcomes
        self._involved = Graphs()
        self._reread = set[str]()

    def summary(self, findings: Iterable[Finding], failed: Mapping[str, bool]) -> Common:
        """Sum up what was found of what is shared."""
        left_out = tuple(layer for layer, whole in failed.items() if not whole)
        report = self.report(set(findings), left_out)
        return Common(
            findings=report.findings,
            failed=tuple(failed.items()),
            files=report.files,
            triples=report.triples,
            statements=self._frame.statements(self._graphs.data),
            shapes=report.shapes,
            shapes_used=report.shapes_used,
            reread=tuple(sorted(self._reread)),
        )

    def check(self, layer: str) -> Iterator[Finding]:
        """Yield what one layer finds; of many articles that takes long."""
        alive()
        yield from super().check(layer)

    @cached_property
    def _graphs(self) -> Graphs:
        return self._frame.graphs

    @cached_property
    def _described(self) -> Collection[str]:
        return _Described(super()._described, self._elsewhere)

    @cached_property
    def _known_names(self) -> Collection[str]:
        return _Described(self._frame.names, self._elsewhere)

    @cached_property
    def _elsewhere(self) -> _Elsewhere:
        return _Elsewhere(self._articles)

    @cached_property
    def _judged(self) -> Shapes:
        """The shapes, their targets tried on all that is named anywhere."""
        each, asked = self._outcomes, self._frame.asked
        predicates: set[object] = {NamedNode(i) for outcome in each for i in outcome.predicates}
        types: set[object] = {NamedNode(iri) for outcome in each for iri in outcome.classes}
        types |= {quad.object for quad in asked if quad.predicate.value == TYPE}
        nodes: set[object] = {NamedNode(iri) for outcome in each for iri in outcome.nodes}
        nodes |= {term for quad in asked for term in (quad.subject, quad.object)}
        above: dict[object, list[object]] = {
            NamedNode(kind): [NamedNode(one) for one in upper]
            for kind, upper in self._frame.above.items()
        }
        predicates |= {quad.predicate for quad in asked}
        return judged(self._graphs.shapes, Things(predicates, nodes, types, above))

    @cached_property
    def _asked(self) -> list[Quad]:
        """What is shared, and the extracts of all articles."""
        found = list(self._frame.asked)
        for outcome in self._outcomes:
            extract = outcome.full().extract
            if extract:
                said = parse(zlib.decompress(extract), format=RdfFormat.N_TRIPLES)
                found += (each for each in said if isinstance(each, Quad))
        return found

    @cached_property
    def _claimed(self) -> frozenset[str]:
        return frozenset(space for each in self._outcomes for space in each.spaces)

    @cached_property
    def _mine(self) -> frozenset[str]:
        """The things that are judged here by all rules: not those of which an article is asked."""
        of_articles = {
            quad.subject.value
            for space, quads in self._frame.satellites.items()
            for quad in quads
            if space in self._claimed and isinstance(quad.subject, NamedNode)
        }
        return frozenset(self._frame.kinds.keys() - of_articles)

    def _constraints(self) -> Iterator[Fault]:
        frame, parts = self._frame, self._frame.parts
        yield from self.unjudged
        try:
            near = self._engine.results(self._judged_on, parts.near)
            wide = self.wide
        except CommuniqueError as error:
            yield from self.refused(error)
            return
        results = [each for each in renamed(near) if self._is_mine(each.focus)]
        results += renamed(wide)
        self._involved = self._of(results)
        self.__dict__.pop("_places", None)  # it knows of no article yet
        asked = [*frame.asked, *self._involved.asked]
        wording = Wording(store_of(asked), frame.shapes, self._vocabulary)
        yield from self._told(results, frame.judge.shapes, frame.rules, wording)

    @cached_property
    def wide(self) -> frozenset[Result]:
        """What rules find that look from one article into another."""
        parts = self._frame.parts
        if not parts.far:
            return frozenset()
        alive()
        return self._engine.results(self._asked, parts.wide, self._union)

    @cached_property
    def unjudged(self) -> list[Fault]:
        """What no shape is for."""
        mine = (quad for quad in self._in_data if self._is_mine(quad.subject))
        return list(unjudged(mine, self._union, self._frame.shapes))

    @property
    def reads_extracts(self) -> bool:
        """Whether what is shared is checked with extracts by more than rules that are far."""
        return self._are_near_reading or self._frame.holds_evidence

    @property
    def _are_near_reading(self) -> bool:
        """Whether rules of one article may come from shared things to an article."""
        parts = self._frame.parts
        return any(far.of_shared.is_far and not parts.is_wide(far.rule) for far in parts.far)

    @cached_property
    def _judged_on(self) -> list[Quad]:
        """What rules of one article are judged on for shared things.

        What is said of one article alone is judged with that, unless a rule may come to it.
        """
        frame = self._frame
        if self._are_near_reading:
            return self._asked
        satellites = frame.satellites.items()
        unclaimed = (quads for space, quads in satellites if space not in self._claimed)
        return [*frame.core, *(quad for quads in unclaimed for quad in quads)]

    def _is_mine(self, thing: Node) -> bool:
        return not isinstance(thing, NamedNode) or thing.value in self._mine

    def _of(self, results: Iterable[Result]) -> Graphs:
        """Read the articles again of whose things there is something to tell."""
        focuses = {each.focus for each in results}
        said = (quad.object for quad in self._asked if quad.subject in focuses)
        terms = (*focuses, *(each.value for each in results), *said)
        iris = {term.value for term in terms if isinstance(term, NamedNode)}
        return self._again(self._describing(iris - self._mine))

    def _describing(self, iris: Iterable[str]) -> Iterator[Outcome]:
        """Yield the outcomes of the articles that describe some things."""
        for iri in iris:
            others = self._articles.get(split(iri)[0], ())
            yield from (each for each in others if is_named(each, iri))

    def _again(self, outcomes: Iterable[Outcome]) -> Graphs:
        """Read some articles again."""
        paths = {path for each in outcomes for path in each.paths}
        self._reread |= paths
        found, _ = opened(self._root, sorted(paths))
        return graphs(found, placed=self._placed)

    @cached_property
    def _articles(self) -> dict[str, list[Outcome]]:
        return _by_space(self._outcomes)

    def told(self, found: Finding | Fault) -> Finding:
        """Return a fault as a finding; its thing is labelled as the article does that has it."""
        told = super().told(found)
        thing = "" if isinstance(found, Finding) else getattr(found.subject, "value", "")
        if told.label or thing not in self._frame.into:
            return told
        return replace(told, label=self._labels(thing))

    def _label(self, thing: str) -> str:
        """Return the label that an article has for a thing."""
        return Labels(store_of(self._again(self._describing([thing])).data)).found(thing)

    @cached_property
    def _labels(self) -> Callable[[str], str]:
        return cache(self._label)

    def _names(self) -> Iterator[Fault]:
        found = list(super()._names())
        spaces = {split(getattr(each, each.part).value)[0] for each in found}
        owners = (self._articles.get(space, ()) for space in spaces)
        near = [each for some in owners if len(some) <= _FEW for each in some]
        if not near:
            return iter(found)
        names = self._frame.names | dangling.described(self._again(near).data)
        quads = [*self._graphs.data, *self._graphs.shapes]
        return dangling.faults(quads, self._vocabulary, _Described(names, self._elsewhere))

    @cached_property
    def _places(self) -> Places:
        data = [*self._graphs.data, *self._involved.data, *self._graphs.shapes]
        return Places(data, {**self._graphs.files, **self._involved.files}, self._vocabulary)

    def _evidence(self) -> Iterator[Fault]:
        for each in super()._evidence():
            if isinstance(each.subject, NamedNode) and each.subject.value in self._mine:
                yield each
