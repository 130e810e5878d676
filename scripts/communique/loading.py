"""Fill a store on disk from any number of files, a batch at a time, and go on after a kill."""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from pyoxigraph import Quad, Store

from communique import ondisk, resources
from communique.errors import CommuniqueError
from communique.incoming import Incoming, Refused, digest, incoming, triples
from communique.inference import INFERRED, STEPS, entail
from communique.lines import count, visible
from communique.ondisk import DATA, Loaded, Manifest

_BATCH = 250_000
"""Triples that are kept in memory before they are written."""
_UNFINISHED = "bulk-*.sst"
"""What the engine leaves of a batch when it is killed."""


@dataclass(frozen=True)
class Outcome:
    """What a run has done: a store, what it holds, and how many files are new in it."""

    folder: Path
    manifest: Manifest
    added: int

    def __str__(self) -> str:
        """Sum up in one line."""
        made = self.manifest
        left = f"; {count(len(made.refused), 'file')} not loaded" if made.refused else ""
        return (
            f"{self.folder}: {count(len(made.files), 'file')} ({self.added:,} new), "
            f"{count(made.triples, 'triple')}, {made.inferred:,} more inferred; "
            f"{made.size:,} bytes, digest {made.digest[:16]}{left}"
        )


def places(folder: Path, root: Path | None, paths: Sequence[Path]) -> list[Path]:
    """Return where files are looked for: as told, or else where they were the last time."""
    if paths or root:
        return [*([root] if root else []), *paths]
    found = ondisk.journaled(folder)
    if found:
        return [Path(place) for place in found[0]]
    with suppress(CommuniqueError):
        return [Path(place) for place in ondisk.manifest_of(folder).places]
    return [resources.project()]


def differences(folder: Path, where: Sequence[Path]) -> list[str]:
    """Tell of each file how a store does not match it; a store that is damaged is an error."""
    with ondisk.locked(folder, alone=False):
        manifest = ondisk.manifest_of(folder)
        ondisk.refuse_damaged(folder, manifest, wholly=True)
    held = {file.path: file for file in manifest.files}
    here = {str(file.path): file for file in incoming(where)}
    told = {path: f"{visible(path)}: gone since it was loaded" for path in held if path not in here}
    for path, file in here.items():
        if path in manifest.refused:
            told[path] = manifest.refused[path]
        elif path not in held:
            told[path] = f"{file.where}: not loaded yet"
        elif _digest(file) != held[path].sha256:
            told[path] = f"{file.where}: changed since it was loaded"
    return [told[path] for path in sorted(told)]


def _digest(file: Incoming) -> str:
    try:
        return digest(file)
    except Refused:
        return ""


def load(
    folder: Path,
    where: Sequence[Path],
    *,
    progress: Callable[[str], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Make a store of the files in some places, or bring one up to date that is there.

    A file that cannot be loaded is in the manifest with the reason, and the others are loaded.
    `tell` hears why a store has to be built anew.
    """
    files = incoming(where)
    if not ondisk.is_ours(folder):
        raise CommuniqueError(
            f"{folder}: not empty, and no store of this tool. Choose another folder"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ondisk.locked(folder, alone=True), ondisk.told_in_a_line(folder):
            return _Job(folder, where, progress, tell).run(files)
    except OSError as error:
        raise CommuniqueError(
            f"{folder}: {error.strerror or error}. Mend that and run it again: it goes on from here"
        ) from error


class _Job:
    """One run."""

    def __init__(
        self,
        folder: Path,
        where: Sequence[Path],
        progress: Callable[[str], None],
        tell: Callable[[str], None],
    ) -> None:
        self._folder = folder
        self._where = tuple(str(place.absolute()) for place in where)
        self._progress = progress
        self._tell = tell
        self._begun = time.monotonic()
        self._files = 0
        self._triples = 0
        self._added: list[Loaded] = []
        self._refused: dict[str, str] = {}

    def run(self, files: list[Incoming]) -> Outcome:
        """Load what is not loaded yet; derive; write the manifest."""
        manifest, before = self._before()
        kept = self._kept(before, files)
        held = {file.path for file in kept}
        due = [file for file in files if str(file.path) not in held]
        if manifest and kept and not due:
            return self._unchanged(manifest, kept)
        if not kept:
            shutil.rmtree(self._folder / DATA, ignore_errors=True)
        ondisk.begin(self._folder, self._where, kept)
        for path in (self._folder / DATA).glob(_UNFINISHED):
            path.unlink()
        self._files = len(files)
        inferred = self._fill(due)
        made = Manifest(
            places=self._where,
            files=tuple(sorted([*kept, *self._added], key=lambda file: file.path)),
            refused=self._refused,
            inferred=inferred,
            parts=ondisk.parts(self._folder),
            version=resources.version(),
        )
        ondisk.finish(self._folder, made)
        return Outcome(self._folder, made, len(self._added))

    def _before(self) -> tuple[Manifest | None, list[Loaded]]:
        """Return what is in the store as far as it can be believed."""
        found = ondisk.journaled(self._folder)
        if found:
            return None, found[1]
        if not (self._folder / ondisk.MANIFEST).exists():
            return None, []
        try:
            manifest = ondisk.manifest_of(self._folder)
            ondisk.refuse_damaged(self._folder, manifest)
        except CommuniqueError as error:
            self._tell(f"Note: {str(error).partition('. Run')[0]}: it is built anew.")
            return None, []
        return manifest, list(manifest.files)

    def _kept(self, before: list[Loaded], files: list[Incoming]) -> list[Loaded]:
        """Return what need not be loaded again: all, or nothing if a file is not as it was.

        What a file added cannot be told from what others say, too, once it is in the store.
        """
        here = {str(file.path): file for file in files}
        kept = [now for file in before if (now := _as_before(file, here.get(file.path)))]
        if len(kept) == len(before):
            return kept
        what = count(len(before) - len(kept), "file")
        self._tell(f"Note: {what} changed or gone since {self._folder} was loaded: built anew.")
        return []

    def _unchanged(self, manifest: Manifest, kept: list[Loaded]) -> Outcome:
        """Note the times of files that were written again and say the same."""
        now = replace(manifest, files=tuple(kept), places=self._where)
        if now != manifest:
            ondisk.finish(self._folder, now)
        return Outcome(self._folder, now, 0)

    def _fill(self, due: list[Incoming]) -> int:
        """Put files into the store, and what follows from all; return how much follows."""
        store = Store(str(self._folder / DATA))
        _forget_inferred(store)
        batch: list[Quad] = []
        whole: list[Loaded] = []
        for file in due:
            try:
                loaded = _described(file)
                quads = triples(file, loaded.sha256)
                first = list(islice(quads, _BATCH))
                if len(first) < _BATCH:
                    batch += first
                    whole.append(replace(loaded, triples=len(first)))
                else:
                    self._write(store, iter(first), quads, loaded)
            except Refused as error:
                self._refused[str(file.path)] = f"{file.where}{error.place}: {error}"
            if len(batch) >= _BATCH:
                self._write_all(store, batch, whole)
        self._write_all(store, batch, whole)
        self._progress("Working out what follows ...")
        entail(store)
        store.flush()
        return sum(1 for _ in store.quads_for_pattern(None, None, None, INFERRED))

    def _write(
        self, store: Store, first: Iterator[Quad], rest: Iterator[Quad], loaded: Loaded
    ) -> None:
        """Write one large file, all of it or nothing."""
        quads = _Counting(chain(first, rest))
        store.bulk_extend(_twice(quads))
        self._note([replace(loaded, triples=quads.count)])

    def _write_all(self, store: Store, batch: list[Quad], whole: list[Loaded]) -> None:
        """Write a batch of files, all of it or nothing."""
        store.bulk_extend(_twice(batch))
        self._note(whole)
        batch.clear()
        whole.clear()

    def _note(self, loaded: list[Loaded]) -> None:
        """Note in the journal what is in the store."""
        ondisk.note(self._folder, loaded)
        self._added += loaded
        self._triples += sum(file.triples for file in loaded)
        rate = self._triples / (time.monotonic() - self._begun)
        self._progress(
            f"{len(self._added):,} of {count(self._files, 'file')}, "
            f"{count(self._triples, 'triple')}, {rate:,.0f} a second"
        )


class _Counting(Iterator[Quad]):
    """Counts what it passes on."""

    def __init__(self, quads: Iterator[Quad]) -> None:
        self._quads = quads
        self.count = 0

    def __next__(self) -> Quad:
        quad = next(self._quads)
        self.count += 1
        return quad


def _twice(quads: Iterable[Quad]) -> Iterator[Quad]:
    """Yield what `dataset.union` makes: each triple in its graph, and for all questions."""
    for quad in quads:
        yield quad
        yield Quad(quad.subject, quad.predicate, quad.object)


def _forget_inferred(store: Store) -> None:
    """Take out what was derived from less than there will be."""
    for quad in store.quads_for_pattern(None, None, None, INFERRED):
        store.remove(Quad(quad.subject, quad.predicate, quad.object))
        store.remove(quad)
    for graph in (INFERRED, STEPS):
        store.remove_graph(graph)


def _described(file: Incoming) -> Loaded:
    """Return what a file is, without its triples."""
    try:
        status = file.path.stat()
    except OSError as error:
        raise Refused(f"{error.strerror}. Check the file") from error
    sha256 = digest(file)
    return Loaded(
        path=str(file.path),
        graph=file.graph.value,
        size=status.st_size,
        modified=status.st_mtime_ns,
        sha256=sha256,
        triples=0,
    )


def _as_before(file: Loaded, here: Incoming | None) -> Loaded | None:
    """Return a file with the time that it has now, if it says what it said."""
    if here is None or here.graph.value != file.graph:
        return None
    if ondisk.is_as_it_was(file):
        return file
    try:
        now = replace(_described(here), triples=file.triples)
    except Refused:
        return None
    return now if now.sha256 == file.sha256 else None
