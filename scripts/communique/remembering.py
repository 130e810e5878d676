"""Checking again only what changed: a run that asks its memory first (see concluding and memo).

The outcome of an article rests on the bytes of its files, on ontology and shapes, on how the
project is checked, on the tool, and on that part of what is shared that the article names. An
article with findings rests on all that is shared, since hints name what is closest.
"""

import json
import sys
from codecs import BOM_UTF8
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cache, cached_property
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from communique import resources
from communique.articles import Outcome
from communique.concluding import (
    Checking,
    Common,
    Run,
    Unit,
    is_unreached,
    of_one_graph,
    one_by_one,
)
from communique.findings import Finding, Report
from communique.frame import Context
from communique.intake import Document, admitted, content, is_article, listed
from communique.memo import Damaged, Memo, folder_of
from communique.stamps import Stamps, stamps, together
from communique.standing import Settled, Standing, common_of
from communique.strays import strays
from communique.validation import Choices


def report(
    root: Path,
    choices: Choices,
    folder: Path,
    checking: Checking | None,
    seen: Stamps | None = None,
) -> Report:
    """Check a project, and remember in a folder what comes of each article.

    What the system says of its files may have been `seen` before.
    """
    with closing(Memo(folder_of(root, folder))) as memo:
        seen = stamps(root) if seen is None else seen
        try:
            return _report(root, choices, memo, checking or one_by_one, seen)
        except Damaged:
            memo.clear()
            return _report(root, choices, memo, checking or one_by_one, seen)


def _report(root: Path, choices: Choices, memo: Memo, checking: Checking, seen: Stamps) -> Report:
    if not seen:
        listed(root)  # tells which folder is missing
    standing = Standing(root, choices, memo, seen, _how(root, choices))
    return standing.report(checking) or Remembered(standing, checking).report()


class Remembered(Run):
    """A run that believes what it remembers, as far as nothing changed on which that rests."""

    def __init__(self, standing: Standing, checking: Checking = one_by_one) -> None:
        """Take a project with its memory, and who checks."""
        self._standing = standing
        self._memo = standing.memo
        self._kept = standing.memo.outcomes()
        self._digests = dict[str, str]()
        super().__init__(standing.root, standing.choices, listed(standing.root), checking)

    def opened(self, names: Sequence[str]) -> tuple[list[Document], list[Finding]]:
        """Open the files that are shared; what has passed the first gate once is not held up."""
        passed = self._memo.get("passed")
        known = set(map(str, passed)) if isinstance(passed, list) else set[str]()
        found, findings, new = list[Document](), list[Finding](), list[str]()
        for name in names:
            data, refused = content(self.root, name)
            key = _digest(name.encode(), data or b"")
            self._digests[name] = sha256(data or b"").hexdigest()
            if data is None:
                findings += refused
            elif key in known:
                found.append(Document(name, data.decode(), data))
                new.append(key)
            else:
                document, refused = admitted(name, data)
                findings += refused
                found += [document] if document else []
                new += [key] if document and not refused else []
        if sorted(new) != sorted(known):
            self._memo.put("passed", sorted(new))
        return found, sorted(findings)

    @cached_property
    def _base(self) -> str:
        """The digest of what all outcomes rest on: ontology, shapes, choices, tool."""
        judging = [each for each in self.shared if each.path.startswith(("ontology/", "shapes/"))]
        return _digest(_judging(self.choices).encode(), *_parts(judging))

    @cached_property
    def _shared(self) -> str:
        """The digest of all that is shared, and of the base."""
        door = (json.dumps(each.plain()).encode() for each in self.door)
        return _digest(self._base.encode(), *_parts(self.shared), *door)

    def share(self, paths: Sequence[str]) -> set[str]:
        """Take some articles in among what is shared, which is then something else."""
        added = super().share(paths)
        if added:
            self.__dict__.pop("_shared", None)
            self.__dict__.pop("_copies", None)
        return added

    def started(self) -> Context:
        """Look at what is shared, unless it was looked at as it is."""
        said = self._memo.get("started")
        if isinstance(said, dict) and said["shared"] == self._shared and self._still_apart(said):
            self.reasons.update(said["reasons"])
            return Context(
                self.root,
                self.shared,
                self.choices,
                edges=frozenset((by, start, end) for by, start, end in said["edges"]),
                apart=frozenset(said["apart"]),
                stopped=frozenset(said["stopped"]),
            )
        context = super().started()
        edges = said["edges"] if isinstance(said, dict) else ()
        return replace(context, edges=frozenset((by, start, end) for by, start, end in edges))

    def _still_apart(self, said: Mapping[str, Mapping[str, str]]) -> bool:
        """Tell whether the articles for which something was apart are as they were."""
        units = (set(unit) for unit in of_one_graph(self._paths))
        beside = set().union(*(unit for unit in units if not unit.isdisjoint(said["reasons"])))
        return beside == said["reasons"].keys() and all(
            _held(self.root, path) == digest for path, digest in said["reasons"].items()
        )

    def check(self, context: Context, units: Sequence[Unit]) -> Iterator[Outcome]:
        """Yield what is remembered of units and still holds, and check the others."""
        base, wanted = self._resting(context), list[Unit]()
        taken = dict[Unit, str]()
        for unit in units:
            stamps = self._stamps(unit)
            kept = self._remembered(context, unit, stamps, base)
            if kept:
                yield kept
            else:
                wanted.append(unit)
                taken[unit] = stamps
        for outcome in super().check(context, wanted):
            key = "\n".join(outcome.paths)
            if not all(outcome.digests):
                yield outcome
                continue
            row = self._memo.keep(key, taken[outcome.paths], base, self._shared, outcome)
            self._kept[key] = row
            yield self._memo.read(key, row.light) or outcome  # without what takes most memory

    def _stamps(self, unit: Unit) -> str:
        return together(self._standing.stamps, unit)

    def _remembered(self, context: Context, unit: Unit, stamps: str, base: str) -> Outcome | None:
        key = "\n".join(unit)
        row = self._kept.get(key)
        if row is None or row[1] != base:
            return None
        outcome = self._memo.read(key, row[3])
        if outcome is None:
            return None
        try:
            if (not stamps or row[0] != stamps) and not _is_same(self.root, outcome):
                return None
            if row[2] != self._shared and not self._stands_beside(context, outcome):
                return None
            if (row[0], row[2]) != (stamps, self._shared):
                self._kept[key] = self._memo.keep(key, stamps, base, self._shared, outcome.full())
        except Damaged:
            return None
        return outcome

    def _stands_beside(self, context: Context, outcome: Outcome) -> bool:
        """Tell whether an outcome stands beside what is shared, though that has changed."""
        return self._copies.isdisjoint(outcome.digests) and _names_the_same(context, outcome)

    @cached_property
    def _copies(self) -> frozenset[str]:
        """The digests of files that say what a file says that is shared."""
        said = (each.data.removeprefix(BOM_UTF8) for each in self.shared)
        return frozenset(
            sha256(mark + each).hexdigest() for each in said for mark in (b"", BOM_UTF8)
        )

    def _resting(self, context: Context) -> str:
        """Return the digest of what outcomes rest on beside their files, and what is shared."""
        apart = (each.encode() for each in sorted(context.apart))
        stopped = (each.encode() for each in sorted(context.stopped))
        return _digest(self._base.encode(), self.parted(context).encode(), *apart, b"", *stopped)

    def settled(self, context: Context, outcomes: Sequence[Outcome], found: Common) -> None:
        """Remember what was found to hold of all articles, and forget those that are gone."""
        digests = dict(pair for o in outcomes for pair in zip(o.paths, o.digests, strict=True))
        said = {
            "shared": self._shared,
            "edges": sorted(context.edges),
            "apart": sorted(context.apart),
            "stopped": sorted(context.stopped),
            "reasons": {path: digests[path] for path in sorted(self.reasons)},
        }
        if said != self._memo.get("started"):
            self._memo.put("started", said)
        here, units = set(self._paths), {each.paths for each in outcomes}
        paths = {key: tuple(key.split("\n")) for key in self._kept}
        self._memo.drop(
            key
            for key, unit in paths.items()
            if not here.issuperset(unit) or (len(unit) > 1 and unit not in units)
        )
        common = self._memo.get("common")
        is_whole = all(all(each.digests) for each in outcomes) and not any(
            is_article(each.path) for each in self.shared
        )
        if is_whole and isinstance(common, dict) and common_of(common["common"]) == found:
            base = self._resting(context)
            rests = Settled(context, base, self._shared, common["key"])
            seals = {key: row.seal for key, row in self._kept.items()}
            self._standing.write(rests, outcomes, seals, self._digests, self.reasons)
        else:
            self._standing.forget()

    def satellites(self, context: Context) -> Collection[str]:
        """Return the namespaces of which something is said, remembered with what is shared."""
        return self._told("satellites", context, super().satellites)

    def parted(self, context: Context) -> str:
        """Tell how the rules are parted, remembered with what is shared and assumed."""
        find = super().parted
        return "".join(self._told("parted", context, lambda of: [_digest(find(of).encode())]))

    def _told(
        self, name: str, context: Context, find: Callable[[Context], Iterable[str]]
    ) -> list[str]:
        """Return what is remembered of a context, or find it."""
        parts = (*map("\t".join, sorted(context.edges)), "", *sorted(context.apart))
        key = _digest(self._shared.encode(), *(part.encode() for part in parts))
        said = self._memo.get(name)
        if isinstance(said, list) and said[:1] == [key]:
            return [str(each) for each in said[1:]]
        found = sorted(find(context))
        self._memo.put(name, [key, *found])
        return found

    def common(self, context: Context, outcomes: Sequence[Outcome]) -> Common:
        """Check what is left for all together, unless nothing of it changed."""
        rest, said = self._left(context, outcomes), self._memo.get("common")
        others = sorted((each.extracted, each.spaces) for each in outcomes)
        key = _digest(rest.encode(), json.dumps(others).encode())
        if isinstance(said, dict) and said["rest"] == rest and self._stands(said, outcomes):
            common = common_of(said["common"])
            if said["key"] == key:
                return common
            if _is_unreached(common, context, outcomes):
                self._memo.put("common", {**said, "key": key})
                return common
        common = super().common(context, outcomes)
        files = {each.file for each in common.findings if is_article(each.file)}
        files.update(common.reread)
        digests = {
            path: digest
            for each in outcomes
            for path, digest in zip(each.paths, each.digests, strict=True)
            if path in files
        }
        if files == digests.keys():
            told = {"key": key, "rest": rest, "common": _plain(common), "digests": digests}
            self._memo.put("common", told)
        return common

    def _left(self, context: Context, outcomes: Sequence[Outcome]) -> str:
        """Return the digest of what the check of all together rests on, beside the extracts."""
        sets = ("predicates", "classes", "nodes", "answered", "unresolved")
        unions = (frozenset[str]().union(*{getattr(o, each) for o in outcomes}) for each in sets)
        queries = (each.data for each in self.shared if each.path.endswith(".rq"))
        claimed = {space for each in outcomes for space in each.spaces}
        return _digest(
            self._resting(context).encode(),
            self._shared.encode(),
            *queries,
            json.dumps([sorted(each) for each in unions]).encode(),
            _beside(self.root).encode(),
            json.dumps(sorted({each.failed for each in outcomes})).encode(),
            json.dumps(sorted(claimed.intersection(self.satellites(context)))).encode(),
        )

    def _stands(self, said: Mapping[str, Mapping[str, str]], outcomes: Iterable[Outcome]) -> bool:
        """Tell whether the articles in which something was found for all are as they were."""
        left = dict(said["digests"])
        for each in outcomes if left else ():
            for path, digest in zip(each.paths, each.digests, strict=True):
                if left.get(path, digest) != digest:
                    return False
        return True


def _plain(common: Common) -> dict[str, object]:
    return {**common._asdict(), "findings": [each.plain() for each in common.findings]}


def _is_unreached(common: Common, context: Context, outcomes: Sequence[Outcome]) -> bool:
    """Tell whether other extracts and articles change nothing of what was found of all together.

    They may where something was found: hints and labels are those of articles.
    """
    if any(each.layer != "queries" for each in common.findings):
        return False
    if dict(common.failed).get("constraints") is False:
        return True  # they were not looked at, and are not now
    return is_unreached(context, outcomes)


def _names_the_same(context: Context, outcome: Outcome) -> bool:
    """Tell whether what an article names of what is shared is as it was when it was checked."""
    if outcome.findings:
        return False
    frame = context.frame(placed=False)
    return frame.part(outcome.full().outside, outcome.spaces) == outcome.part


def _is_same(root: Path, outcome: Outcome) -> bool:
    """Tell whether files hold what they held, whatever the system says of them."""
    return tuple(_held(root, path) for path in outcome.paths) == outcome.digests


def _held(root: Path, path: str) -> str:
    """Return the digest of what a file holds."""
    return sha256(content(root, path)[0] or b"").hexdigest()


def _how(root: Path, choices: Choices) -> str:
    """Tell one way to check a project from another, and what stands beside its folders."""
    return _digest(_judging(choices).encode(), _beside(root).encode())


def _judging(choices: Choices) -> str:
    """Return the digest of the tool, and of how a project is checked by it."""
    copy = content(choices.copy.parent, choices.copy.name)[0] if choices.copy else b""
    return _digest(
        _tool().encode(),
        choices.engine.encode(),
        copy or b"",
        *_parts(choices.judge),
        b"",
        *_parts(choices.former),
        b"",
        *(name.encode() for name in sorted(choices.known)),
    )


def _beside(root: Path) -> str:
    """Tell which answers are stored, and what stands in the project's folder that nothing reads."""
    answers = sorted(path.name for path in resources.answers(root).glob("*.csv"))
    return json.dumps([answers, [each.plain() for each in strays(root)]])


def _parts(documents: Iterable[Document]) -> Iterator[bytes]:
    return (part for each in documents for part in (each.path.encode(), each.data))


@cache
def _tool() -> str:
    """Tell this tool from another: its version, its files, and its engines."""
    files = [*Path(__file__).parent.rglob("*.py")]
    for engine in ("pyoxigraph", "shacl", "pyshacl"):
        found = find_spec(engine)
        files += [Path(found.origin)] if found and found.origin else []
    stats = sorted((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files)
    return json.dumps([resources.version(), sys.version, stats])


def _digest(*parts: bytes) -> str:
    """Return the SHA-256 of some parts, which cannot be taken for others that are put together."""
    found = sha256()
    for part in parts:
        found.update(len(part).to_bytes(8) + part)
    return found.hexdigest()
