"""All articles together: a project is checked article by article, and what that leaves at the end.

What an article is checked beside is settled first: by what its things are joined with shared ones
decides which rules it can be judged by alone. Articles that name each other's things are checked
as one. What is left are the files that all share, and the rules that look into other articles.
"""

import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from communique.articles import Context, Frame, Outcome, check, is_named
from communique.dataset import graph_name
from communique.engines import Result
from communique.errors import CommuniqueError
from communique.faults import Fault
from communique.findings import LAYERS, Finding, Region, Report
from communique.graphs import ONE_GRAPH, Graphs, graphs
from communique.intake import content, is_article, opened
from communique.namespaces import split
from communique.parting import renamed
from communique.places import Places
from communique.reaching import TYPE
from communique.shapes import Shapes, Things, judged, unjudged
from communique.validation import NEEDS, Choices, Gate, findings_of, run, store_of
from communique.wording import Wording

Unit = tuple[str, ...]
"""The paths of an article, or of some that are checked as one."""
Checking = Callable[[Context, Sequence[Unit]], Iterable[Outcome]]
"""Checks some units, in any order."""
_EARLY = LAYERS[: LAYERS.index("names")]
_MOST_ROUNDS = 5


def one_by_one(context: Context, units: Sequence[Unit]) -> Iterator[Outcome]:
    """Check some units, each after the other."""
    for unit in units:
        yield check_files(context, unit)


def check_files(context: Context, unit: Unit) -> Outcome:
    """Open the files of a unit, and check it."""
    read, refused = list[tuple[str, bytes]](), list[Finding]()
    for path in unit:
        data, found = content(context.root, path)
        refused += found
        read += [] if data is None else [(path, data)]
    if refused:
        failed = (("encoding", True),)
        digests = ("",) * len(unit)
        return Outcome(unit, digests, tuple(sorted(refused)), failed, unread=True)
    return check(context, read)


def validate(
    root: Path,
    choices: Choices,
    listing: tuple[list[str], list[Finding]],
    checking: Checking = one_by_one,
) -> Report:
    """Check a project article by article; what is found is what `validation.validate` finds.

    The listing is what `intake.listed` returns.
    """
    names, refused = listing
    articles = [name for name in names if is_article(name)]
    found, at_the_door = opened(root, [name for name in names if not is_article(name)])
    clashing = _clashes(articles)
    door = [*refused, *at_the_door, *clashing]
    context = started(Context(root, tuple(found), choices), door)
    units = [(name,) for name in articles if name not in {each.file for each in clashing}]
    try:
        context, outcomes = settled(_sampled(context, units), units, checking)
    except CommuniqueError:
        report = _refusing(context, door)
        if not report.findings:
            raise
        return report
    return concluded(context, outcomes, door)


def _refusing(context: Context, door: Sequence[Finding]) -> Report:
    """Tell of shapes that no engine can follow: of no article can anything be told then."""
    gate = _Common(context.frame(placed=True), (), door)
    found = {gate.told(each) for each in gate.unfollowed()}
    return gate.summed(found, LAYERS[LAYERS.index("constraints") :])


def _clashes(articles: Iterable[str]) -> list[Finding]:
    """Tell of articles that would be the same graph as another one."""
    seen, found = dict[str, str](), list[Finding]()
    for path in articles:
        other = seen.setdefault(graph_name(Path(path)), path)
        if other != path:
            message = f"The file would be the same graph as {other}."
            hint = "Give it another name"
            found.append(Finding(path, Region(), ONE_GRAPH, message, "error", "syntax", hint=hint))
    return found


def started(context: Context, door: Sequence[Finding]) -> Context:
    """Look at what is shared as far as articles need it; note where it has errors."""
    gate = Gate(context.root, context.choices, context.documents, door, placed=False)
    _, failed = run(gate, context.choices.known, layers=_EARLY)
    return replace(context, stopped=frozenset(failed))


def _sampled(context: Context, units: Sequence[Unit]) -> Context:
    """Assume of all articles what holds of the first that can be read."""
    if context.edges or context.stopped:
        return context
    for unit in units[:3]:
        outcome = check_files(context, unit)
        if not outcome.unread:
            return replace(context, edges=outcome.edges)
    return context


def settled(
    context: Context, units: Sequence[Unit], checking: Checking
) -> tuple[Context, list[Outcome]]:
    """Check units until what was assumed of them holds, and those that belong together are one."""
    kept = list[Outcome]()
    for _ in range(_MOST_ROUNDS):
        outcomes = sorted([*kept, *checking(context, units)], key=lambda each: each.paths)
        held, groups = _holding(context, outcomes), _groups(outcomes)
        if held is context and not groups:
            return context, outcomes
        joined = {path for group in groups for path in group}
        if held is context:
            kept = [each for each in outcomes if not joined.intersection(each.paths)]
            units = groups
        else:
            alone = [each.paths for each in outcomes if not joined.intersection(each.paths)]
            context, kept, units = held, [], [*alone, *groups]
    return context, sorted([*kept, *checking(context, units)], key=lambda each: each.paths)


def _holding(context: Context, outcomes: Sequence[Outcome]) -> Context:
    """Return the context if what it assumes holds of all articles, else one of which it does."""
    edges = context.edges.union(*(each.edges for each in outcomes))
    claims = Counter(space for each in outcomes for space, _ in each.names)
    satellites = context.frame(placed=False).satellites
    apart = {space for space in satellites if claims[space] > 1}
    apart |= context.apart.union(*(each.borrowed for each in outcomes))
    if edges == context.edges and apart == context.apart:
        return context
    other = replace(context, edges=edges, apart=frozenset(apart))
    same = apart == context.apart and (
        other.frame(placed=False).parts.named == context.frame(placed=False).parts.named
    )
    return context if same else other


def _groups(outcomes: Sequence[Outcome]) -> list[Unit]:
    """Return the articles that have to be checked as one: they describe or name the same things."""
    by_space = _by_space(outcomes)
    links = list[tuple[Outcome, Outcome]]()
    for space, sharing in by_space.items():
        if len(sharing) > 1:
            links += _overlapping(space, sharing)
    for outcome in outcomes:
        for iri in outcome.unresolved:
            others = by_space.get(split(iri)[0], ())
            links += [(outcome, o) for o in others if o is not outcome and is_named(o, iri)]
    return _joined(links)


def _by_space(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    found = defaultdict[str, list[Outcome]](list)
    for outcome in outcomes:
        for space, _ in outcome.names:
            found[space].append(outcome)
    return found


def _overlapping(space: str, sharing: Iterable[Outcome]) -> Iterator[tuple[Outcome, Outcome]]:
    """Yield the pairs of articles that describe a thing of the same name."""
    first = dict[bytes, Outcome]()
    for outcome in sharing:
        names = dict(outcome.names)[space]
        for at in range(0, len(names), 8):
            other = first.setdefault(names[at : at + 8], outcome)
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


def concluded(context: Context, outcomes: Sequence[Outcome], door: Sequence[Finding]) -> Report:
    """Check what is left, and sum up."""
    before = {layer for each in outcomes for layer, _ in each.failed}
    blocking = {layer for layer in before if layer not in _EARLY}
    if len(blocking) < len(before):
        blocking.add(_EARLY[-1])
    gate, findings, failed = findings_of(
        lambda placed: _Common(context.frame(placed=placed), outcomes, door),
        context.choices,
        blocking,
    )
    left_out = _left_out(failed)
    unread = any(each.unread for each in outcomes)
    doubtful = {each.paths for each in outcomes if unread and each.unresolved}
    unchecked = left_out | {layer for layer, whole in failed.items() if not whole}
    unchecked |= {layer for each in outcomes for layer, whole in each.failed if not whole}
    unchecked |= {"names"} if doubtful else set()
    told = [
        finding
        for each in outcomes
        for finding in each.findings
        if finding.layer not in left_out
        and (finding.layer != "names" or each.paths not in doubtful)
    ]
    findings |= set(_once(told))
    ordered = tuple(layer for layer in LAYERS if layer in unchecked)
    return gate.summed(findings, ordered)


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Tell once, as the first did, what several articles find at one place of a shared file."""
    seen = set[tuple[str, Region, str, str]]()
    for each in sorted(findings):
        key = (each.file, each.region, each.rule.id, each.focus)
        if is_article(each.file) or key not in seen:
            seen.add(key)
            yield each


def _left_out(failed: Mapping[str, bool]) -> set[str]:
    """Return the layers that cannot be believed of articles where some fail for what is shared."""
    out = set[str]()
    for layer in LAYERS:
        if {*failed, *out} & {*NEEDS.get(layer, ())}:
            out.add(layer)
    return out


class _Described(Collection[str]):
    """The names of what is described by what is shared, which are listed, or by an article."""

    def __init__(self, shared: Collection[str], outcomes: Sequence[Outcome]) -> None:
        self._shared = shared
        self._by_space = _by_space(outcomes)

    def __contains__(self, iri: object) -> bool:
        if iri in self._shared:
            return True
        others = self._by_space.get(split(iri)[0], ()) if isinstance(iri, str) else ()
        return any(is_named(each, str(iri)) for each in others)

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

    def summed(self, findings: set[Finding], unchecked: tuple[str, ...]) -> Report:
        """Sum up what was checked of all articles and of what they share."""
        report, each = self.report(findings, unchecked), self._outcomes
        return replace(
            report,
            files=report.files + sum(len(outcome.paths) for outcome in each if not outcome.unread),
            triples=report.triples + sum(outcome.triples for outcome in each),
            statements=self._frame.statements(self._graphs.data)
            + sum(outcome.statements for outcome in each),
        )

    @cached_property
    def _graphs(self) -> Graphs:
        return self._frame.graphs

    @cached_property
    def _described(self) -> Collection[str]:
        return _Described(super()._described, self._outcomes)

    @cached_property
    def _known_names(self) -> Collection[str]:
        return _Described(self._frame.names, self._outcomes)

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
            if outcome.extract:
                text = zlib.decompress(outcome.extract)
                found += (
                    Quad(each.subject, each.predicate, each.object)
                    for each in parse(text, format=RdfFormat.N_TRIPLES)
                )
        return found

    @cached_property
    def _claimed(self) -> frozenset[str]:
        return frozenset(space for each in self._outcomes for space, _ in each.names)

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
        yield from unjudged(self._in_data, self._union, frame.shapes)
        near = self._engine.results(self._shared, parts.near)
        results = [each for each in renamed(near) if self._is_mine(each)]
        if parts.far:
            results += renamed(self._engine.results(self._asked, parts.wide))
        self._involved = self._of(results)
        self.__dict__.pop("_places", None)  # it knows of no article yet
        asked = [*frame.asked, *self._involved.asked]
        wording = Wording(store_of(asked), frame.shapes, self._vocabulary)
        yield from self._told(results, frame.judge.shapes, frame.rules, wording)

    @cached_property
    def _shared(self) -> list[Quad]:
        """What rules of one article are judged on for shared things."""
        needed = any(each.of_shared.is_far for each in self._frame.parts.far)
        return self._asked if needed else self._frame.asked

    def _is_mine(self, result: Result) -> bool:
        focus = result.focus
        return not isinstance(focus, NamedNode) or focus.value in self._mine

    def _of(self, results: Iterable[Result]) -> Graphs:
        """Read the articles again of whose things there is something to tell."""
        iris = {each.focus.value for each in results if isinstance(each.focus, NamedNode)}
        by_space = _by_space(self._outcomes)
        paths = {
            path
            for iri in iris
            if iri not in self._mine
            for outcome in by_space.get(split(iri)[0], ())
            if is_named(outcome, iri)
            for path in outcome.paths
        }
        found, _ = opened(self._root, sorted(paths))
        return graphs(found, placed=self._placed)

    @cached_property
    def _places(self) -> Places:
        data = [*self._graphs.data, *self._involved.data, *self._graphs.shapes]
        return Places(data, {**self._graphs.files, **self._involved.files}, self._vocabulary)

    def _evidence(self) -> Iterator[Fault]:
        for each in super()._evidence():
            if isinstance(each.subject, NamedNode) and each.subject.value in self._mine:
                yield each
