"""The accounts of one event side by side, issue by issue."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path

from pyoxigraph import NamedNode, Store

from communique.attribution import Attributions, Position, Route
from communique.dataset import Term, seen, select
from communique.errors import CommuniqueError
from communique.labels import Labels
from communique.namespaces import PREFIXES, shrink
from communique.sheets import Row, Section, Sheet, render
from communique.things import find

ONE_ONLY = "reported by one only"
ONE_ONLY_BROADLY = "by one only so broadly; another on what is narrower"
COUNTERPARTS = "counterparts"
UNJUDGED = "no relation judged"
SAME = "same"
SAME_MATTER = "same matter, different acts"
NOT_REPORTED = "not reported on its own word"
ELSEWHERE = "not in this account; said elsewhere, below"

_SEE = "see "
_NARROW = 28
_CMQV = PREFIXES["cmqv"]
_FULL = _CMQV + "full-text"
_PAIRWISE = tuple(
    _CMQV + kind for kind in ("same", "probably-same", "narrower", "conflict", "distinct")
)
_TOLD_ACROSS = (_CMQV + "conflict", _CMQV + "narrower")
_ASIDE = (_CMQV + "reported-by-one-only", _CMQV + "not-reported")

_EVENTS = "SELECT DISTINCT ?event WHERE { ?account cmq:ofOccasion ?event }"
_ACCOUNTS = """
SELECT DISTINCT ?account ?voice ?completeness ?source WHERE {
  ?account cmq:ofOccasion EVENT ; cmq:accountVoice ?voice ; cmq:completeness ?completeness ;
    cmq:knownThrough ?source .
}
"""
_TELLINGS = """
SELECT DISTINCT ?account ?told ?act ?force ?matter ?issue WHERE {
  ?told cmq:evidence ?span .
  FILTER NOT EXISTS { ?told cmq:attribution cmqv:presupposed }
  ?told cmq:relays* ?act .
  ?act cmq:force ?force ; cmq:content ?matter .
  OPTIONAL { ?matter cmq:executionOf?/cmq:issue ?issue }
  OPTIONAL { ?told cmq:channel ?account . ?account cmq:ofOccasion EVENT }
}
"""
_VOICES = "SELECT DISTINCT ?said ?voice WHERE { ?said cmq:voice ?voice }"
_FORCES = "SELECT DISTINCT ?said ?force WHERE { ?said cmq:force ?force }"
_NARROWER = "SELECT DISTINCT ?one ?other WHERE { ?other skos:broader+ ?one }"
_COUNTERPARTS = (
    "SELECT DISTINCT ?one ?other WHERE { ?one cmq:counterpartOf|^cmq:counterpartOf ?other }"
)
_FINDINGS = """
SELECT DISTINCT ?finding ?kind ?thing WHERE {
  ?finding cmq:kind ?kind ; cmq:about|cmq:comparedWith ?thing .
}
"""
_REASONS = """
SELECT DISTINCT ?finding ?certainty ?reason ?by ?day WHERE {
  ?finding rdfs:comment ?reason ; prov:wasAttributedTo ?by ; dcterms:date ?day .
  OPTIONAL { ?finding cmq:certainty ?certainty }
}
"""


@dataclass(frozen=True)
class Account:
    """One voice's account of the event, and how much of it is held."""

    iri: str
    voice: str
    completeness: str
    source: str


@dataclass(frozen=True)
class Telling:
    """One act that an account, or a statement outside every account, conveys."""

    account: str
    told: str
    act: str
    force: str
    matter: str
    issue: str

    @property
    def things(self) -> set[str]:
        """What a finding on this telling is about."""
        return {self.told, self.act, self.matter}


@dataclass(frozen=True)
class Finding:
    """A curator's judgement that two or more things stand in some relation."""

    iri: str
    kind: str
    about: frozenset[str]


def compare(  # noqa: PLR0913  one parameter for each option
    root: Path,
    event: str | None,
    *,
    form: str,
    between: Sequence[str] = (),
    on_disk: Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> str:
    """Put the accounts of an event side by side; without a name, of the only one with accounts.

    Only the accounts `between` whose voices is compared are taken, where some are named.
    With a store `on_disk` see `dataset.seen`.
    """
    with seen(root, on_disk, tell) as store:
        chosen = frozenset(find(store, name).value for name in between)
        sheet = side_by_side(store, _event(store, event), between=chosen)
        return render(sheet, Labels(store), form=form)


def side_by_side(store: Store, event: NamedNode, *, between: frozenset[str] = frozenset()) -> Sheet:
    """Say of each issue what each account has on it, and how what they have is related."""
    return _Comparison(store, event, between).sheet()


def _event(store: Store, name: str | None) -> NamedNode:
    events = sorted(row["event"].value for row in select(store, _EVENTS))
    known = ", ".join(map(shrink, events))
    if not events:
        raise CommuniqueError("compare: the dataset has no account of any event. Add accounts")
    if name is None and len(events) > 1:
        raise CommuniqueError(f"compare: several events have accounts. Give one of {known}")
    found = NamedNode(events[0]) if name is None else find(store, name)
    if found.value not in events:
        raise CommuniqueError(f"{name}: no account tells of it. Give one of {known}")
    return found


class _Comparison:
    """What is needed to compare the accounts of one event."""

    def __init__(self, store: Store, event: NamedNode, between: frozenset[str]) -> None:
        self._event = event
        self._labels = Labels(store)
        self._attributions = Attributions(store)
        self._accounts = [
            Account(*(row[name].value for name in ("account", "voice", "completeness", "source")))
            for row in select(store, _ACCOUNTS.replace("EVENT", str(event)))
        ]
        self._accounts.sort(key=lambda account: (self._labels.of(account.voice), account.iri))
        tellings = [_telling(row) for row in select(store, _TELLINGS.replace("EVENT", str(event)))]
        self._left_out = [a for a in self._accounts if between and not between & {a.voice, a.iri}]
        self._accounts = [a for a in self._accounts if a not in self._left_out]
        if between:
            self._refuse_none(between)
        kept = {account.iri for account in self._accounts}
        self._inside = [telling for telling in tellings if telling.account in kept]
        self._outside = [telling for telling in tellings if not telling.account]
        self._voices = _gathered(select(store, _VOICES), "said", "voice")
        self._force = _gathered(select(store, _FORCES), "said", "force")
        self._narrower = _gathered(select(store, _NARROWER), "one", "other")
        self._counterparts = _gathered(select(store, _COUNTERPARTS), "one", "other")
        about = _gathered(select(store, _FINDINGS), "finding", "thing")
        kinds = {row["finding"].value: row["kind"].value for row in select(store, _FINDINGS)}
        self._findings = [
            Finding(iri, kind, frozenset(about[iri])) for iri, kind in sorted(kinds.items())
        ]
        self._reasons = {row["finding"].value: row for row in select(store, _REASONS)}

    def _refuse_none(self, between: frozenset[str]) -> None:
        """Refuse who has no account, and an account alone."""
        every = [*self._accounts, *self._left_out]
        voices = ", ".join(sorted({self._labels.of(account.voice) for account in every}))
        for each in sorted(between):
            if not any(each in {account.voice, account.iri} for account in every):
                raise CommuniqueError(f"{self._labels.of(each)}: has no account. Give {voices}")
        if len(self._accounts) < 2:  # noqa: PLR2004  it takes two to be compared
            raise CommuniqueError(f"compare: one account alone. Give another of {voices}")

    def sheet(self) -> Sheet:
        """Put matrix, accounts, what is said elsewhere, and findings together."""
        headings = self._headings()
        by_issue = self._rows("issue")
        alone = self._rows("matter")
        columns = (*headings, "relation", "findings")
        sections = [
            Section("Issue by issue", ("issue", *columns), tuple(by_issue), _NARROW),
            Section("Matters without an issue", ("matter", *columns), tuple(alone), _NARROW),
            Section(
                "Said outside these accounts on the same issues",
                ("issue", "force", "matter", "path", "position"),
                tuple(self._elsewhere()),
            ),
            Section(
                "Accounts",
                ("account", "voice", "held", "known through"),
                tuple(self._held()),
            ),
            Section(
                "Findings",
                ("id", "finding", "kind", "certainty", "reason", "by", "day"),
                tuple(self._judged([*by_issue, *alone])),
            ),
        ]
        return Sheet(
            self._event,
            "accounts side by side",
            tuple(section for section in sections if section.rows),
            tuple(self._notes()),
        )

    def _notes(self) -> Iterator[str]:
        if self._left_out:
            names = ", ".join(self._labels.of(account.voice) for account in self._left_out)
            yield f"Left out here: {names}. What is said of one only is said of those compared."
        partly = [a for a in self._accounts if a.completeness != _FULL]
        if partly:
            names = ", ".join(self._labels.of(account.voice) for account in partly)
            yield (
                f"A blank is silence in what is held. Not held in full: {names}. What they are "
                "silent on here is unknown; it is not a no."
            )
        yield (
            "Each entry says what is done to a matter, by whom if not by the account's own voice, "
            "what about, and where the text has it. What is only taken for granted is left out. "
            f"“{ONE_ONLY.capitalize()}” is said of the accounts as they are held. "
            f"“{NOT_REPORTED.capitalize()}” stands only under an account held in full, and does "
            "not say that its text does not report it as another's word."
        )

    def _headings(self) -> list[str]:
        """Name the accounts by their voices; two of one voice by their own labels."""
        voices = [self._labels.of(account.voice) for account in self._accounts]
        own = [self._labels.of(account.iri) for account in self._accounts]
        return [
            voice if voices.count(voice) == 1 else name
            for voice, name in zip(voices, own, strict=True)
        ]

    def _rows(self, key: str) -> list[Row]:
        """Return the rows of issues, or those of matters that touch none."""
        rows: dict[str, list[Telling]] = defaultdict(list)
        for telling in self._inside:
            if (key == "issue") == bool(telling.issue):
                rows[telling.issue or telling.matter].append(telling)
        ordered = sorted(rows.items(), key=lambda pair: (self._first(pair[1]), pair[0]))
        return [self._row(thing, tellings) for thing, tellings in ordered]

    def _row(self, thing: str, tellings: list[Telling]) -> Row:
        held = {
            account.iri: [t for t in tellings if t.account == account.iri]
            for account in self._accounts
        }
        cells = [self._cell(account, thing, held[account.iri]) for account in self._accounts]
        taken_up = [some for some in held.values() if some]
        relations, findings = self._relations(taken_up)
        if relations == [ONE_ONLY] and any(cell.startswith(_SEE) for cell in cells):
            relations = [ONE_ONLY_BROADLY]
        outside = self._against_others(tellings)
        relations += outside
        findings |= self._asides(tellings) | set(outside.values())
        return (
            NamedNode(thing),
            *cells,
            "; ".join(relations),
            ", ".join(shrink(iri) for iri in sorted(findings)),
        )

    def _cell(self, account: Account, thing: str, tellings: list[Telling]) -> str:
        if tellings:
            return "; ".join(self._entries(tellings))
        near = self._narrower.get(thing, set())
        named = {t.issue for t in self._inside if t.account == account.iri} & near
        if named:
            return f"{_SEE}{', '.join(sorted(map(self._labels.of, named)))}"
        if account.completeness != _FULL:
            return ""
        said = [t for t in self._outside if {t.issue, t.matter} & {thing, *near}]
        if any(account.voice in self._voices.get(t.told, set()) for t in said):
            return ELSEWHERE
        return NOT_REPORTED

    def _entries(self, tellings: list[Telling]) -> Iterator[str]:
        """Yield what an account has on an issue: each act once, with all its positions."""
        found: dict[str, list[str]] = {}
        for telling in sorted(tellings, key=lambda telling: self._first([telling])):
            for route in self._routes(telling):
                found.setdefault(self._entry(telling), []).append(str(route.position))
        for entry, positions in found.items():
            yield f"{entry} [{', '.join(dict.fromkeys(positions))}]"

    def _entry(self, telling: Telling) -> str:
        """Name the act, how and whose it is if another's, its matter, and doubts."""
        own = self._voices.get(telling.told, set()) == self._voices.get(telling.act, set())
        by = "" if own else f", by {self._attributions.by(telling.act)}"
        how = self._force.get(telling.told, set()) - {_CMQV + "assert", telling.force}
        telling_so = "".join(f"{self._labels.of(force)}: " for force in sorted(how))
        doubts = dict.fromkeys(
            doubt
            for said in (telling.told, telling.act)
            for doubt in self._attributions.doubts(said)
        )
        note = f" ({', '.join(doubts)})" if doubts else ""
        force, matter = self._labels.of(telling.force), self._labels.of(telling.matter)
        return f"{telling_so}{force}{by}: {matter}{note}"

    def _relations(self, taken_up: list[list[Telling]]) -> tuple[list[str], set[str]]:
        """Return how the accounts that take an issue up are related, and who judged it."""
        if len(taken_up) == 1:
            return [ONE_ONLY], set()
        found: dict[str, None] = {}
        findings: set[str] = set()
        for one, other in combinations(taken_up, 2):
            names = ""
            if len(taken_up) > 2:  # noqa: PLR2004  of two it is plain which they are
                names = f"{self._voice(one[0])} and {self._voice(other[0])}: "
            relations = dict(self._pairwise(one, other))
            findings |= {finding for finding in relations.values() if finding}
            for relation in relations or {UNJUDGED: ""}:
                found[names + relation] = None
        return list(found), findings

    def _pairwise(self, one: list[Telling], other: list[Telling]) -> Iterator[tuple[str, str]]:
        """Yield relations between what two accounts have, each with the finding, if any."""
        shared = {t.matter for t in one} & {t.matter for t in other}
        if shared:
            acts = [
                {(t.force, t.act, t.matter) for t in some if t.matter in shared}
                for some in (one, other)
            ]
            yield (SAME if acts[0] == acts[1] else SAME_MATTER), ""
        for ours, theirs in product(one, other):
            if ours.matter == theirs.matter:
                continue
            judged = self._between(ours.things, theirs.things)
            yield from judged
            if theirs.matter in self._counterparts.get(ours.matter, set()) and not judged:
                yield COUNTERPARTS, ""

    def _between(self, ours: set[str], theirs: set[str]) -> list[tuple[str, str]]:
        return [
            (self._labels.of(finding.kind), finding.iri)
            for finding in self._findings
            if finding.kind in _PAIRWISE and finding.about & ours and finding.about & theirs
        ]

    def _against_others(self, tellings: list[Telling]) -> dict[str, str]:
        """Return how an issue collides with what is said outside the accounts, by what finding."""
        ours = {thing for telling in tellings for thing in telling.things}
        inside = {thing for telling in self._inside for thing in telling.things}
        theirs = {thing for telling in self._outside for thing in telling.things} - inside
        told = {self._labels.of(kind) for kind in _TOLD_ACROSS}
        return {
            f"{relation} with what is said outside": finding
            for relation, finding in self._between(ours, theirs)
            if relation in told
        }

    def _asides(self, tellings: list[Telling]) -> set[str]:
        """Return findings on silence that touch what a row holds and who gives an account."""
        things = {thing for telling in tellings for thing in telling.things}
        voices = {a.voice for a in self._accounts} | {a.iri for a in self._accounts}
        return {
            finding.iri
            for finding in self._findings
            if finding.kind in _ASIDE and finding.about & things and finding.about & voices
        }

    def _elsewhere(self) -> Iterator[Row]:
        issues = {telling.issue for telling in self._inside if telling.issue}
        found = [telling for telling in self._outside if telling.issue in issues]
        for telling in sorted(found, key=lambda t: (self._first([t]), t.issue)):
            for route in self._routes(telling):
                yield (
                    NamedNode(telling.issue),
                    NamedNode(telling.force),
                    NamedNode(telling.matter),
                    route.words,
                    str(route.position),
                )

    def _held(self) -> Iterator[Row]:
        for account in self._accounts:
            yield tuple(
                NamedNode(iri)
                for iri in (account.iri, account.voice, account.completeness, account.source)
            )

    def _judged(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the findings that the rows name, and those on the accounts themselves."""
        named = {name for row in rows for name in str(row[-1]).split(", ") if name}
        accounts = {account.iri for account in self._accounts}
        for finding in self._findings:
            if shrink(finding.iri) in named or finding.about & accounts:
                row = self._reasons.get(finding.iri, {})
                kind = NamedNode(finding.kind)
                rest = (row.get(name) for name in ("certainty", "reason", "by", "day"))
                yield shrink(finding.iri), NamedNode(finding.iri), kind, *rest

    def _routes(self, telling: Telling) -> list[Route]:
        """Return the ways to an act that begin with the statement that tells it."""
        routes = self._attributions.routes(telling.act)
        return [route for route in routes if route.statements[0] == telling.told]

    def _first(self, tellings: Iterable[Telling]) -> tuple[Position, ...]:
        return tuple(
            sorted(route.position for telling in tellings for route in self._routes(telling))[:1]
        )

    def _voice(self, telling: Telling) -> str:
        return next(
            self._labels.of(account.voice)
            for account in self._accounts
            if account.iri == telling.account
        )


def _telling(row: dict[str, Term]) -> Telling:
    names = ("account", "told", "act", "force", "matter", "issue")
    return Telling(*(row[name].value if name in row else "" for name in names))


def _gathered(rows: Iterable[dict[str, Term]], key: str, column: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        found[row[key].value].add(row[column].value)
    return found
