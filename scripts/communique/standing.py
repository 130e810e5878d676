"""What stands of a project since all of it was checked, and need not be looked at again.

After an edit of a few articles the others are not opened, nor is read what is remembered of them.
What all of them come to is kept as sums: what the edited ones added is taken away, and what they
add now is put in its place. That holds only as long as they matter to others as they did before:
where it cannot be told from the few at hand, everything is looked through (see remembering).

What is kept hangs together: the head names the index by its digest, and the index the row of each
article. So a part that is older or newer than the others is not believed, nor one that is damaged.
The index is written once; what an edit changes in it is kept in the head, till it is too much.
"""

import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from communique.articles import HASH, Outcome, hashed
from communique.concluding import (
    SUMS,
    Checking,
    Common,
    Tally,
    adding,
    tally,
    told,
)
from communique.errors import CommuniqueError
from communique.excerpts import Recalled, Shelf
from communique.findings import Report
from communique.frame import Context
from communique.intake import Document, content, is_article
from communique.memo import Damaged, Memo, finding
from communique.namespaces import split
from communique.stamps import FOLDER, Stamps, is_sure, together
from communique.validation import Choices

_HEAD, _INDEX, _NAMES = "standing", "index", "names {}"
_UNKNOWN = "unresolved "
_BETWEEN = "\0"
"""No path holds it."""
_MOST_CHANGES = 256
"""With more of them the index is written anew."""
_FEW = 8
"""With no more edited articles, of what is shared is read what they come to."""
_MARK = 32
"""Letters at the beginning of a part of the names."""
_A_PART = 2048
"""Names in a part, about."""


@dataclass(frozen=True)
class _Head:
    """What holds of all articles together."""

    how: str
    """The digest of how it was checked, and of what stands beside the project's folders."""
    index: str
    """The digest of the index."""
    changes: dict[str, list[str]]
    """What the index would say of some things, had it been written since they changed."""
    base: str
    shared: str
    """The digests that the rows of outcomes bear (see memo.Row)."""
    edges: list[list[str]]
    apart: list[str]
    stopped: list[str]
    documents: list[str]
    """The paths of what is shared."""
    common: str
    """By which it is known what was found of that."""
    tally: dict[str, int]
    groups: list[str]
    """The articles that were checked with others, or for which something is apart."""
    faulty: list[str]
    """The units in which something was found, each as its paths."""
    crowded: list[str]
    """The namespaces in which several articles describe things."""
    parts: int
    """In how many parts the names in these are kept."""
    mark: str
    """With which each part begins."""


class _Index(NamedTuple):
    """What is known of each thing in the project's folders, by its path."""

    stamps: Stamps
    digests: dict[str, str]
    """Of what is in a file, if it was read."""
    seals: dict[str, str]
    """Of the row of its outcome, if it is an article."""


class Standing:
    """What stands of a project, and what is written of it."""

    def __init__(self, root: Path, choices: Choices, memo: Memo, stamps: Stamps, how: str) -> None:
        """Take a project as it is, its memory, and the digest of how it is checked."""
        self.root = root
        self.choices = choices
        self.memo = memo
        self.stamps = stamps
        self._how = how

    @cached_property
    def _head(self) -> _Head | None:
        said = self.memo.get(_HEAD)
        head = _Head(**said) if isinstance(said, dict) else None
        return head if head and head.how == self._how else None

    @cached_property
    def _index(self) -> _Index:
        body = self.memo.part(_INDEX) or b""
        if self._head is None or sha256(body).hexdigest() != self._head.index:
            return _Index({}, {}, {})
        told = os.fsdecode(body).split(_BETWEEN)
        count = len(told) // 4
        paths, *columns = (told[at * count : (at + 1) * count] for at in range(4))
        index = [dict(zip(paths, column, strict=True)) for column in columns]
        for path, row in self._head.changes.items():
            for column, said in zip(index, row, strict=True):
                column[path] = said
        return _Index(*index)

    @cached_property
    def _common(self) -> tuple[Common, Mapping[str, str]] | None:
        said = self.memo.get("common")
        if self._head is None or not isinstance(said, dict) or said["key"] != self._head.common:
            return None
        return common_of(said["common"]), said["digests"]

    def report(self, checking: Checking) -> Report | None:
        """Return what a check of everything would find, or None if that cannot be told."""
        head, changed = self._head, self._changed()
        if head is None or changed is None or self._common is None:
            return None
        common, involved = self._common
        edited = {path for path, digest in changed.items() if digest != self._index.digests[path]}
        if not edited.isdisjoint({*head.groups, *involved}) or not all(map(is_article, edited)):
            return None
        new = self._checked(head, sorted(edited), checking) if edited else ()
        left = self._kept(unit for unit in head.faulty if unit not in edited)
        if new is None or left is None:
            return None
        with self.memo.at_once():
            is_current = self.memo.get(_HEAD) == vars(head)
            after = self._after(head, new) if is_current else None
            if after is None:
                return None
            if new or any(self.stamps[path] != self._index.stamps[path] for path in changed):
                self._amend(after, changed)
        return told(common, Tally(after.tally), [*left, *new], head.documents)

    def _changed(self) -> dict[str, str] | None:
        """Return the digests of files that may have changed.

        None is returned if there are other files, or if nothing is known of any.
        """
        known = self._index
        if not known.stamps or known.stamps.keys() != self.stamps.keys():
            return None
        found = {path for path, _ in self.stamps.items() - known.stamps.items()}
        found |= {path for path, stamp in self.stamps.items() if not is_sure(stamp)}
        found -= {path for path in found if self.stamps[path] == known.stamps[path] == FOLDER}
        if any(self.stamps[p][0] != known.stamps[p][0] or not known.digests[p] for p in found):
            return None
        return {path: sha256(content(self.root, path)[0] or b"").hexdigest() for path in found}

    def _checked(
        self, head: _Head, paths: Sequence[str], checking: Checking
    ) -> list[Outcome] | None:
        """Check articles that were edited, beside what is shared as it was."""
        try:
            context = self._context(head, paths)
            found = list(checking(context, [(path,) for path in paths])) if context else []
        except (CommuniqueError, Damaged):
            return None
        return found if context and all(all(each.digests) for each in found) else None

    def _context(self, head: _Head, edited: Sequence[str]) -> Context | None:
        """Return what is shared, unless it has changed meanwhile: in part, if few were edited."""
        shelf = Shelf(self.memo, head.mark)
        if len(edited) > _FEW or not shelf.is_filled:
            return self._read(head, head.documents)
        texts = (content(self.root, path)[0] or b"" for path in edited)
        if any(shelf.holds(text.decode("utf-8-sig", "replace")) for text in texts):
            return None
        judging = [path for path in head.documents if path.startswith(("ontology/", "shapes/"))]
        first = self._read(head, judging)
        return first and Recalled(
            **{each.name: getattr(first, each.name) for each in fields(first)},
            shelf=shelf,
            marks=self._marks(edited),
            read=lambda: self._whole(head),
        )

    def _marks(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Return what stands for articles as they were, of those in which nothing was found."""
        kept = [each.full() for each in self._kept(paths) or ()]
        return {each.paths[0]: each.marks for each in kept if not each.findings and not each.failed}

    def _whole(self, head: _Head) -> Context:
        found = self._read(head, head.documents)
        if found is None:
            raise Damaged(_INDEX)
        return found

    def _read(self, head: _Head, paths: Iterable[str]) -> Context | None:
        documents = list[Document]()
        for path in paths:
            data = content(self.root, path)[0] or b""
            if sha256(data).hexdigest() != self._index.digests[path]:
                return None
            text = data.decode("utf-8-sig")
            documents.append(Document(path, text, text.encode()))
        return Context(
            self.root,
            tuple(documents),
            self.choices,
            edges=frozenset((by, start, end) for by, start, end in head.edges),
            apart=frozenset(head.apart),
            stopped=frozenset(head.stopped),
        )

    def _kept(self, units: Iterable[str]) -> list[Outcome] | None:
        """Return the outcomes of some units, or None if one of them is not what was written."""
        found = list[Outcome]()
        for unit in units:
            kept = self.memo.outcome(unit, self._index.seals[unit.split("\n", 1)[0]])
            if kept is None:
                return None
            found.append(kept)
        return found

    def _after(self, head: _Head, new: Sequence[Outcome]) -> _Head | None:
        """Put outcomes in the place of former ones, and return what holds then.

        None is returned where they matter to others in another way than before.
        """
        old = self._kept(each.paths[0] for each in new)
        try:
            pairs = [(was.full(), now) for was, now in zip(old or (), new, strict=True)]
        except (Damaged, ValueError):
            return None
        for each in new:
            path = each.paths[0]
            known = together(self.stamps, [path])
            row = self.memo.keep(path, known, head.base, head.shared, each)
            self._index.digests[path], self._index.seals[path] = each.digests[0], row.seal
        sums = Tally(head.tally)
        sums.subtract(tally(was for was, _ in pairs))
        sums.update(tally(new))
        is_as_before = (
            all(_matters_alike(was, now, head) for was, now in pairs)
            and _things(sums) == _things(Tally(head.tally))
            and not _is_alike(self._index, new)
            and self._renamed(head, pairs)
        )
        if not is_as_before:
            return None
        edited = {each.paths[0] for each in new}
        faulty = {each for each in head.faulty if each not in edited}
        faulty |= {each.paths[0] for each in new if each.findings}
        return replace(head, tally=dict(+sums), faulty=sorted(faulty))

    def _renamed(self, head: _Head, pairs: Iterable[tuple[Outcome, Outcome]]) -> bool:
        """Note other names of what is described; tell whether nobody else has or wants them."""
        lost, gained = set[bytes](), list[tuple[str, bytes]]()
        for was, now in pairs:
            before, after = _names(was), _names(now)
            lost |= {name for space, name in before - after if space in head.crowded}
            gained += after - before
        things = [each for each in head.tally if each.startswith(_UNKNOWN)]
        unknown = [json.loads(each.removeprefix(_UNKNOWN)) for each in things]
        wanted = {(split(iri)[0], hashed(iri)) for iri in unknown}
        if not wanted.isdisjoint(gained):
            return False
        new = [name for space, name in gained if space in head.crowded]
        if not lost and not new:
            return True
        parts = self._parts(head, [*lost, *new])
        if parts is None:
            return False
        for name in lost:
            parts[_part(name, head.parts)].discard(name)
        for name in new:
            if name in parts[_part(name, head.parts)]:
                return False
            parts[_part(name, head.parts)].add(name)
        self._write_parts(head, parts)
        return True

    def _parts(self, head: _Head, names: Iterable[bytes]) -> dict[int, set[bytes]] | None:
        """Read the parts in which some names are kept, or None if they are not what was written."""
        found = dict[int, set[bytes]]()
        for at in {_part(name, head.parts) for name in names}:
            body = self.memo.part(_NAMES.format(at))
            if body is None or body[:_MARK] != head.mark.encode():
                return None
            found[at] = {body[i : i + HASH] for i in range(_MARK, len(body), HASH)}
        return found

    def _write_parts(self, head: _Head, parts: Mapping[int, Collection[bytes]]) -> None:
        for at, names in parts.items():
            body = head.mark.encode() + b"".join(sorted(names))
            self.memo.put_part(_NAMES.format(at), body)

    def _amend(self, head: _Head, paths: Iterable[str]) -> None:
        """Write what holds, and what some things are that may have changed."""
        index = self._index._replace(stamps=self.stamps)
        changes = head.changes | {path: [each[path] for each in index] for path in paths}
        if len(changes) > _MOST_CHANGES:
            self._write(head, index)
        else:
            self.memo.put(_HEAD, vars(replace(head, changes=changes)))

    def _write(self, head: _Head, index: _Index) -> None:
        """Write what holds, and what each thing in the project's folders is."""
        told = (each.get(path, "") for each in index for path in index.stamps)
        body = os.fsencode(_BETWEEN.join((*index.stamps, *told)))
        self.memo.put_part(_INDEX, body)
        self.memo.put(_HEAD, vars(replace(head, index=sha256(body).hexdigest(), changes={})))

    def write(
        self,
        settled: "Settled",
        outcomes: Iterable[Outcome],
        seals: Mapping[str, str],
        files: Mapping[str, str],
        reasons: Iterable[str],
    ) -> None:
        """Write what a check of everything came to; the next one begins with that.

        `seals` are those of the rows of outcomes, `files` the digests of what articles share,
        `reasons` the articles for which something is apart.
        """
        found = list(outcomes)
        claims = Counter(space for each in found for space in each.spaces)
        crowded = {space for space, times in claims.items() if times > 1}
        digests, sealed = dict(files), dict[str, str]()
        for each in found:
            digests |= zip(each.paths, each.digests, strict=True)
            sealed |= dict.fromkeys(each.paths, seals["\n".join(each.paths)])
        context = settled.context
        head = _Head(
            how=self._how,
            index="",
            changes={},
            base=settled.base,
            shared=settled.shared,
            common=settled.common,
            edges=sorted(map(list, context.edges)),
            apart=sorted(context.apart),
            stopped=sorted(context.stopped),
            documents=[document.path for document in context.documents],
            tally=dict(tally(found)),
            groups=sorted({*reasons, *(p for each in found if each.paths[1:] for p in each.paths)}),
            faulty=["\n".join(each.paths) for each in found if each.findings],
            crowded=sorted(crowded),
            parts=0,
            mark=sha256(f"{settled.base} {settled.shared}".encode()).hexdigest()[:_MARK],
        )
        parts = _parted(found, crowded)
        with self.memo.at_once():
            self._write_parts(head, dict(enumerate(parts)))
            self._write(replace(head, parts=len(parts)), _Index(self.stamps, digests, sealed))
        shelf = Shelf(self.memo, head.mark)
        if not shelf.is_filled:
            shelf.fill(context.frame(placed=False))

    def forget(self) -> None:
        """Let nothing stand."""
        self.memo.forget(_HEAD)


class Settled(NamedTuple):
    """What a check of everything rested on."""

    context: Context
    base: str
    shared: str
    """The digests that rows bear (see memo.Row)."""
    common: str
    """The key of what was found of what articles share."""


def common_of(said: Mapping[str, Any]) -> Common:
    """Return what was found of what articles share, written as JSON."""
    return Common(
        **{
            **said,
            "findings": tuple(map(finding, said["findings"])),
            "failed": tuple((layer, whole) for layer, whole in said["failed"]),
            "reread": tuple(said["reread"]),
        }
    )


def _matters_alike(was: Outcome, now: Outcome, head: _Head) -> bool:
    """Tell whether an article is to all others what it was."""
    return (
        was.spaces == now.spaces
        and was.answered == now.answered
        and was.extracted == now.extracted
        and now.borrowed.issubset(head.apart)
        and not list(adding([now]))
    )


def _things(sums: Tally) -> set[str]:
    """Return what holds of any article."""
    return {name for name, times in sums.items() if times > 0 and name not in SUMS}


def _is_alike(index: _Index, new: Iterable[Outcome]) -> bool:
    """Tell whether an article holds the bytes of another."""
    held = Counter(index.digests.values())
    return any(held[digest] > 1 for each in new for digest in each.digests)


def _names(outcome: Outcome) -> set[tuple[str, bytes]]:
    """Return the hashes of the names of what an article describes, by namespace."""
    return {
        (space, names[at : at + HASH])
        for space, names in outcome.names
        for at in range(0, len(names), HASH)
    }


def _parted(outcomes: Iterable[Outcome], crowded: Collection[str]) -> list[list[bytes]]:
    """Put the names of some namespaces into parts, in which one is found without the others."""
    found = [b"".join(n for s, n in each.full().names if s in crowded) for each in outcomes]
    count = max(1, sum(map(len, found)) // (HASH * _A_PART))
    parts: list[list[bytes]] = [[] for _ in range(count)]
    for names in found:
        for at in range(0, len(names), HASH):
            name = names[at : at + HASH]
            parts[_part(name, count)].append(name)
    return parts


def _part(name: bytes, parts: int) -> int:
    return int.from_bytes(name) % parts
