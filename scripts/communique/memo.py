"""What validation remembers of a project: a file of SQLite that is no source of anything.

Each row bears a digest of itself. What is damaged or of another version is not believed: it is
made again (see remembering and standing).
"""

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from communique.articles import Outcome
from communique.errors import CommuniqueError
from communique.findings import Finding, Region, Rule

_FORMAT = 8
_FILE = "validation.sqlite"
_SETS = ("predicates", "classes", "nodes", "edges")
"""What many articles have in common: it is kept once."""
_LIGHT = (
    *("digests", "failed", "triples", "statements", "spaces", "unresolved", "answered"),
    *("borrowed", "unread", "extracted", "part", "files", "adds", "wanting"),
)
_TABLES = """
CREATE TABLE outcome (
  paths TEXT PRIMARY KEY, stamps TEXT, base TEXT, shared TEXT, light TEXT, seal TEXT
) WITHOUT ROWID;
CREATE TABLE detail (
  paths TEXT PRIMARY KEY, sizes TEXT, names BLOB, outside BLOB, extract BLOB, marks BLOB, seal TEXT
);
CREATE TABLE content (name TEXT PRIMARY KEY, body BLOB, seal TEXT);
"""


def folder_of(root: Path, home: Path) -> Path:
    """Return the folder in which what is remembered of a project is kept."""
    return home / sha256(str(root.resolve()).encode()).hexdigest()[:16]


class Row(NamedTuple):
    """What is looked through of an outcome: that on which it rests, and what it tells of itself."""

    stamps: str
    """What the system says of its files."""
    base: str
    """The digest of what it rests on beside its files, and what is shared."""
    shared: str
    """The digest of all that is shared."""
    light: str
    """The outcome without its details, as JSON."""
    seal: str


class Memo:
    """The memory of one project."""

    def __init__(self, folder: Path) -> None:
        """Open what is remembered, or begin anew where that cannot be believed."""
        self._path = folder / _FILE
        self._sets = dict[str, frozenset[object]]()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._database = self._opened()
        except (OSError, sqlite3.Error) as error:
            raise CommuniqueError(f"{folder}: {error}. Give --cache another folder") from error

    def _opened(self) -> sqlite3.Connection:
        for _ in range(2):
            database = sqlite3.connect(self._path, isolation_level=None, timeout=10)
            with suppress(sqlite3.DatabaseError):
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("PRAGMA synchronous = NORMAL")
                version = database.execute("PRAGMA user_version").fetchone()[0]
                if version == _FORMAT:
                    database.execute("SELECT paths, light FROM outcome LIMIT 1").fetchone()
                    return database
                if version == 0 and not database.execute("SELECT 1 FROM sqlite_master").fetchone():
                    database.executescript(f"{_TABLES}PRAGMA user_version = {_FORMAT};")
                    return database
            database.close()
            self._forget()
        raise CommuniqueError(f"{self._path}: no memory can be made. Give --cache another folder")

    def _forget(self) -> None:
        for path in self._path.parent.glob(f"{_FILE}*"):
            path.unlink()

    def get(self, name: str) -> object:
        """Return what was put under a name, or None."""
        with suppress(ValueError):
            return json.loads(self.part(name) or b"null")
        return None

    def put(self, name: str, value: object) -> None:
        """Remember something that JSON can say."""
        self.put_part(name, json.dumps(value).encode())

    def part(self, name: str) -> bytes | None:
        """Return the bytes that were put under a name, or None."""
        with suppress(sqlite3.DatabaseError, TypeError):
            row = self._database.execute(
                "SELECT body, seal FROM content WHERE name = ?", (name,)
            ).fetchone()
            if row and row[1] == _seal(name, bytes(row[0])):
                return bytes(row[0])
        return None

    def put_part(self, name: str, body: bytes) -> None:
        """Remember some bytes."""
        self._write(
            "INSERT OR REPLACE INTO content VALUES (?, ?, ?)", name, body, _seal(name, body)
        )

    def forget(self, name: str) -> None:
        """Forget what was put under a name."""
        self._write("DELETE FROM content WHERE name = ?", name)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Write all that is written meanwhile, or nothing of it."""
        self._write("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.rollback()
            raise
        self._write("COMMIT")

    def outcomes(self) -> dict[str, Row]:
        """Return what is kept of all outcomes, by their paths."""
        found = {}
        with suppress(sqlite3.DatabaseError):
            for paths, *rest in self._database.execute("SELECT * FROM outcome"):
                if rest[-1] == _seal(paths, *rest[:-1]):
                    found[paths] = Row(*rest)
        return found

    def outcome(self, paths: str, seal: str) -> Outcome | None:
        """Return the outcome that was kept with a seal, or None."""
        with suppress(sqlite3.DatabaseError):
            row = self._database.execute(
                "SELECT stamps, base, shared, light, seal FROM outcome WHERE paths = ?", (paths,)
            ).fetchone()
            if row and row[-1] == seal == _seal(paths, *row[:-1]):
                return self.read(paths, row[3])
        return None

    def keep(self, paths: str, stamps: str, base: str, shared: str, outcome: Outcome) -> Row:
        """Remember an outcome."""
        light = _light(outcome, self._kept_sets(outcome))
        row = (paths, stamps, base, shared, light)
        detail = (
            paths,
            json.dumps([[space, len(names)] for space, names in outcome.names]),
            b"".join(names for _, names in outcome.names),
            zlib.compress("\n".join(sorted(outcome.outside)).encode(), 1),
            outcome.extract,
            outcome.marks,
        )
        kept = Row(*row[1:], _seal(*row))
        with nullcontext() if self._database.in_transaction else self.at_once():
            self._write(
                "INSERT OR REPLACE INTO detail VALUES (?, ?, ?, ?, ?, ?, ?)",
                *detail,
                _seal(*detail),
            )
            self._write("INSERT OR REPLACE INTO outcome VALUES (?, ?, ?, ?, ?, ?)", paths, *kept)
        return kept

    def drop(self, gone: Iterable[str]) -> None:
        """Forget outcomes."""
        for paths in gone:
            self._write("DELETE FROM outcome WHERE paths = ?", paths)
            self._write("DELETE FROM detail WHERE paths = ?", paths)

    def clear(self) -> None:
        """Forget everything."""
        self._sets.clear()
        with self.at_once():
            for table in ("outcome", "detail", "content"):
                self._write(f"DELETE FROM {table}")  # noqa: S608  our own names

    def _write(self, sql: str, *values: object) -> None:
        try:
            self._database.execute(sql, values)
        except sqlite3.Error as error:
            raise CommuniqueError(
                f"{self._path}: {error}. Remove it, or give --cache another folder"
            ) from error

    def _kept_sets(self, outcome: Outcome) -> dict[str, str]:
        """Keep what many outcomes have in common; return the names under which it is kept."""
        found = {}
        for name in _SETS:
            value = sorted(getattr(outcome, name))
            found[name] = sha256(json.dumps(value).encode()).hexdigest()[:32]
            if found[name] not in self._sets:
                self.put(found[name], value)
                self._sets[found[name]] = getattr(outcome, name)
        return found

    def read(self, paths: str, light: str) -> Outcome | None:
        """Return an outcome, whose details are looked up when they are asked for."""
        said, sets = json.loads(light), dict[str, Any]()
        for name in _SETS:
            found = self._set(said.pop(name))
            if found is None:
                return None
            sets[name] = found
        said["findings"] = tuple(map(finding, said["findings"]))
        for name in ("unresolved", "answered", "borrowed"):
            said[name] = frozenset(said[name])
        said["digests"], said["spaces"] = tuple(said["digests"]), tuple(said["spaces"])
        said["failed"] = tuple((layer, whole) for layer, whole in said["failed"])
        unit = tuple(paths.split("\n"))
        outcome = Outcome(paths=unit, **said, **sets)
        return replace(outcome, more=partial(self._whole, paths, outcome))

    def _set(self, name: str) -> frozenset[object] | None:
        if name not in self._sets:
            value = self.get(name)
            if not isinstance(value, list):
                return None
            self._sets[name] = frozenset(
                tuple(each) if isinstance(each, list) else each for each in value
            )
        return self._sets[name]

    def _whole(self, paths: str, outcome: Outcome) -> Outcome:
        """Add the details to an outcome; damage is an error, since it was believed before."""
        with suppress(sqlite3.DatabaseError, ValueError, zlib.error):
            row = self._database.execute(
                "SELECT * FROM detail WHERE paths = ?", (paths,)
            ).fetchone()
            if row and row[-1] == _seal(*row[:-1]):
                _, sizes, names, outside, extract, marks, _ = row
                return replace(
                    outcome,
                    names=tuple(_divided(names, json.loads(sizes))),
                    outside=frozenset(zlib.decompress(outside).decode().split("\n")) - {""},
                    extract=extract,
                    marks=marks,
                )
        raise Damaged(paths)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


class Damaged(Exception):  # noqa: N818  who asks forgets it and begins again
    """A part of the memory is not what was written."""


def _divided(names: bytes, sizes: Iterable[tuple[str, int]]) -> Iterator[tuple[str, bytes]]:
    """Yield the names of each namespace, which were put together."""
    at = 0
    for space, size in sizes:
        yield space, names[at : at + size]
        at += size


def _seal(*parts: object) -> str:
    whole = b"\0".join(part if isinstance(part, bytes) else str(part).encode() for part in parts)
    return sha256(whole).hexdigest()[:32]


def finding(said: Mapping[str, object]) -> Finding:
    """Return a finding that was written as JSON."""
    region, rule = said["region"], said["rule"]
    if not isinstance(region, dict) or not isinstance(rule, dict):
        raise TypeError(said)
    rest = {name: value for name, value in said.items() if name not in {"region", "rule"}}
    return Finding(region=Region(**region), rule=Rule(**rule), **rest)  # type: ignore[arg-type]


def _light(outcome: Outcome, sets: Mapping[str, str]) -> str:
    said = {name: getattr(outcome, name) for name in _LIGHT}
    said |= {name: sorted(said[name]) for name in ("unresolved", "answered", "borrowed")}
    return json.dumps({**said, **sets, "findings": [each.plain() for each in outcome.findings]})
