"""What is remembered is believed only while all that it rests on is as it was."""

import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Quad, Store

from communique import concluding, remembering, standing
from communique.articles import Outcome
from communique.concluding import Run as Cold
from communique.concluding import Unit, one_by_one
from communique.engines import Result
from communique.fast import Fast
from communique.findings import Report
from communique.frame import Context
from communique.intake import listed
from communique.remembering import report
from communique.resources import FOLDERS
from communique.stamps import stamps
from communique.validation import Choices
from conftest import HERE, Run

FIRST = "1933-11-17-herring.ttl"
Edit = Callable[[Path], None]


class _Counting:
    """Checks units, and notes which."""

    def __init__(self) -> None:
        self.units = list[Unit]()

    def __call__(self, context: Context, units: Sequence[Unit]) -> Iterator[Outcome]:
        self.units += units
        return one_by_one(context, units)

    @property
    def names(self) -> set[str]:
        """The names of the files that were checked."""
        return {Path(path).name for unit in self.units for path in unit}


def _several(project: Path) -> Path:
    """Make four articles of the one of the tiny project."""
    first = project / "data" / "articles" / FIRST
    for number in (2, 3, 4):
        text = first.read_text("utf-8").replace("a1:", f"a{number}:")
        text = text.replace("/id/a1/", f"/id/a{number}/")
        first.with_name(f"{number}.ttl").write_text(text, "utf-8")
    return project


@pytest.fixture
def several(project: Path) -> Path:
    """Return a project of four articles."""
    return _several(project)


def _cold(project: Path) -> Report:
    return Cold(project, Choices(), listed(project)).report()


def _again(project: Path, folder: Path, choices: Choices | None = None) -> tuple[Report, set[str]]:
    counting = _Counting()
    told = report(project, choices or Choices(), folder, counting)
    return told, counting.names


def _replaced(file: str, old: str, new: str) -> Edit:
    def edit(project: Path) -> None:
        path = project / "data" / file
        if path.exists():
            path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")

    return edit


def _removed(project: Path) -> None:
    (project / "data" / "articles" / "3.ttl").unlink(missing_ok=True)


def _added(project: Path) -> None:
    first = project / "data" / "articles" / FIRST
    text = first.read_text("utf-8").replace("a1:", "a7:").replace("/id/a1/", "/id/a7/")
    first.with_name("7.ttl").write_text(text, "utf-8")


def _renamed(project: Path) -> None:
    path = project / "data" / "articles" / "3.ttl"
    if path.exists():
        path.rename(path.with_name("33.ttl"))


def _touched(project: Path) -> None:
    for path in (project / "data" / "articles").glob("4.ttl"):
        path.write_bytes(path.read_bytes())


def _of_one_size(project: Path) -> None:
    """Change a file, and leave its size and the time at which it was changed as they were."""
    path = project / "data" / "articles" / "2.ttl"
    was = path.stat()
    path.write_text(path.read_text("utf-8").replace("cmqv:assert", "cmqv:assret"), "utf-8")
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))


def _asking_more(project: Path) -> None:
    path = project / "shapes" / "thing.ttl"
    path.write_text(path.read_text("utf-8").replace("sh:IRI", "sh:BlankNode"), "utf-8")


def _spans(number: str, name: str) -> Edit:
    """Have an article describe something whose name is not of its own namespace."""

    def edit(project: Path) -> None:
        path = project / "data" / "articles" / f"{number}.ttl"
        if path.exists():
            thing = f"<https://w3id.org/communique/id/span/{name}> a cmq:Undertaking .\n"
            path.write_text(f"{path.read_text('utf-8')}\n{thing}", "utf-8")

    return edit


def _swapped(project: Path) -> None:
    """Have two things say what the other one said: the same names, by the same predicates."""
    path = project / "data" / "articles" / "2.ttl"
    text = path.read_text("utf-8").replace("cmqv:assert", "cmqv:a").replace("accept", "assert")
    path.write_text(text.replace("cmqv:a ", "cmqv:accept "), "utf-8")


def _without_thing(project: Path) -> None:
    path = project / "data" / "articles" / "2.ttl"
    path.write_text(path.read_text("utf-8").partition("\na2:u01\n")[0], "utf-8")


def _restored(project: Path) -> None:
    first = project / "data" / "articles" / FIRST
    text = first.read_text("utf-8").replace("a1:", "a2:").replace("/id/a1/", "/id/a2/")
    first.with_name("2.ttl").write_text(text, "utf-8")


def _copied(project: Path) -> None:
    first = project / "data" / "articles" / FIRST
    (project / "data" / "articles" / "4.ttl").write_bytes(first.read_bytes())


_SPOILT = _replaced("articles/2.ttl", 'tariff"@en', 'tariff."@en')
_MENDED = _replaced("articles/2.ttl", 'tariff."@en', 'tariff"@en')
EDITS: dict[str, Edit] = {
    "another force": _replaced("articles/2.ttl", "cmqv:accept", "cmqv:assert"),
    "no voice": _replaced("articles/2.ttl", "    cmq:voice actor:sylvania ;\n", ""),
    "a shift of lines": _replaced("articles/2.ttl", "\na2:s001\n", "\n\na2:s001\n"),
    "not Turtle": _replaced("articles/3.ttl", "a cmq:Statement ;", "a cmq:Statement ;;; !"),
    "an unknown name": _replaced("articles/4.ttl", "actor:freedonia", "actor:fredonia"),
    "another article's thing": _replaced("articles/4.ttl", "content a4:u01", "content a2:u01"),
    "the thing of another": _replaced("articles/2.ttl", "a2:u01", "a4:u01"),
    "another label": _replaced("articles/2.ttl", "lifting of", "end of"),
    "a label that is a sentence": _SPOILT,
    "a label in no language": _replaced("articles/3.ttl", 'tariff"@en', 'tariff"'),
    "two forces": _replaced("articles/2.ttl", "cmqv:accept", "cmqv:accept , cmqv:assert"),
    "forces that change places": _swapped,
    "no class": _replaced("articles/2.ttl", "    a cmq:Undertaking ;\n", ""),
    "another class": _replaced("articles/2.ttl", "a cmq:Undertaking", "a cmq:Statement"),
    "a predicate of others": _replaced("articles/2.ttl", "rdfs:label", "rdfs:comment"),
    "a predicate more": _replaced("articles/2.ttl", "cmq:voice", "rdfs:comment 1 ; cmq:voice"),
    "nothing of a thing": _without_thing,
    "a thing without a name": _replaced("articles/2.ttl", "content a2:u01", "content []"),
    "what was there before": _restored,
    "an article less": _removed,
    "another name of a file": _renamed,
    "a file touched": _touched,
    "a file of one size and time": _of_one_size,
    "shapes that ask for more": _asking_more,
    "a span of one's own": _spans("2", "s9"),
    "a span of another's": _spans("3", "s9"),
    "the words of another": _copied,
    "an article more": _added,
    "another label of an actor": _replaced("actors.ttl", '"Freedonia"', '"Fredonia"'),
    "an actor without a type": _replaced("actors.ttl", "    a cmq:State ;\n", ""),
    "another name of an actor": _replaced("actors.ttl", "actor:freedonia\n", "actor:freedom\n"),
}


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(sorted(EDITS)), min_size=2, max_size=4))
def test_after_any_edits_it_finds_what_a_run_without_memory_finds(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = _several(Path(shutil.copytree(HERE / "project", Path(folder) / "project")))
        memory = Path(folder) / "memory"
        for name in ["", *names]:
            if name:
                EDITS[name](project)
            assert _again(project, memory)[0] == _cold(project), name


@pytest.mark.parametrize("name", sorted(EDITS.keys() - {"a file touched", "what was there before"}))
def test_each_edit_alone_changes_what_is_found_or_what_is_checked(
    several: Path, tmp_path: Path, name: str
) -> None:
    before, _ = _again(several, tmp_path / "memory")
    EDITS[name](several)
    told, names = _again(several, tmp_path / "memory")

    assert told == _cold(several)
    assert names or told != before


def test_without_a_change_nothing_is_checked_again(several: Path, tmp_path: Path) -> None:
    first, everything = _again(several, tmp_path)
    second, nothing = _again(several, tmp_path)

    assert everything == {FIRST, "2.ttl", "3.ttl", "4.ttl"}
    assert (second, nothing) == (first, set())


def test_one_edit_has_one_article_checked_again(several: Path, tmp_path: Path) -> None:
    _again(several, tmp_path)
    EDITS["another force"](several)

    assert _again(several, tmp_path)[1] == {"2.ttl"}


def test_after_one_edit_only_rules_are_asked_that_read_what_changed(
    several: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[int]()
    results = Fast.results

    def counting(
        self: Fast, data: Iterable[Quad], shapes: Iterable[Quad], store: Store | None = None
    ) -> frozenset[Result]:
        asked.append(len(list(shapes)))
        return results(self, data, shapes, store)

    monkeypatch.setattr(Fast, "results", counting)
    _again(several, tmp_path)
    asked.clear()
    EDITS["another label"](several)
    _again(several, tmp_path)
    assert asked == []

    EDITS["forces that change places"](several)
    assert _again(several, tmp_path)[1] == {"2.ttl"}
    (few,) = asked

    asked.clear()
    EDITS["no class"](several)
    assert _again(several, tmp_path)[0] == _cold(several)
    assert few < min(asked)


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """Return a copy of what the repository says."""
    for folder in (*FOLDERS, "tests/answers"):
        shutil.copytree(HERE.parent / folder, tmp_path / "ours" / folder, dirs_exist_ok=True)
    return tmp_path / "ours"


@pytest.mark.parametrize(
    ("old", "new", "layers"),
    [
        ("oa:end 224 ;", "oa:end 225 ;", {"evidence"}),
        ('"@en ;', ' too"@en ;', set()),
    ],
    ids=["a place", "a label"],
)
def test_each_layer_looks_at_what_an_edit_of_ours_has_changed(
    ours: Path, tmp_path: Path, old: str, new: str, layers: set[str]
) -> None:
    rules = ours / "shapes" / "digest-state.ttl"  # one of which finds what evidence shows
    named, between, rest = rules.read_text("utf-8").partition("shape:DigestState-hasState-named\n")
    assert between
    rules.write_text(named + rest.partition("\n.\n")[2], "utf-8")
    assert not _again(ours, tmp_path / "memory")[0].findings
    (article,) = (ours / "data" / "articles").glob("*.ttl")
    text = article.read_text("utf-8")
    article.write_text(text.replace(old, new, 1), "utf-8")
    told, _ = _again(ours, tmp_path / "memory")

    assert told == _cold(ours)
    assert {each.layer for each in told.findings} == layers


def test_what_is_found_by_few_rules_is_told_as_by_all(several: Path, tmp_path: Path) -> None:
    _again(several, tmp_path)
    EDITS["two forces"](several)
    told, names = _again(several, tmp_path)

    assert (told, names) == (_cold(several), {"2.ttl"})
    assert [each.rule.id for each in told.findings] == ["shape:Statement-force"]

    EDITS["another label"](several)
    assert _again(several, tmp_path) == (told, {"2.ttl"})

    EDITS["what was there before"](several)
    assert _again(several, tmp_path)[0] == _cold(several)


def test_after_one_edit_nothing_is_read_of_the_others(several: Path, tmp_path: Path) -> None:
    EDITS["no voice"](several)
    _again(several, tmp_path)
    with sqlite3.connect(_database(tmp_path)) as database:
        kept = "('data/articles/2.ttl', 'data/articles/3.ttl')"
        database.execute(f"DELETE FROM outcome WHERE paths NOT IN {kept}")  # noqa: S608
        database.execute(f"DELETE FROM detail WHERE paths NOT IN {kept}")  # noqa: S608
    database.close()
    _replaced("articles/3.ttl", "cmqv:accept", "cmqv:assert")(several)

    assert _again(several, tmp_path) == (_cold(several), {"3.ttl"})


OFTEN = """
PREFIX cmq: <https://w3id.org/communique/ns#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX shape: <https://w3id.org/communique/shape/>

shape:Statement-often a sh:NodeShape ; sh:targetClass cmq:Statement ; sh:property [
  sh:path ( cmq:voice [ sh:inversePath cmq:voice ] ) ; sh:maxCount 5 ;
  sh:message "Nobody has more than five statements, in all articles."@en ] .
"""


def _of_freedonia(number: int) -> Edit:
    """Have another voice in an article, which matters to a rule that looks into others."""
    return _replaced(f"articles/{number}.ttl", "voice actor:sylvania", "voice actor:freedonia")


def test_after_an_edit_that_matters_to_others_only_rules_that_look_there_are_asked(
    several: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (several / "shapes" / "often.ttl").write_text(OFTEN, "utf-8")
    before, _ = _again(several, tmp_path / "memory")
    wholly = list[bool]()
    common = concluding.common

    def counting(*given: Any) -> concluding.Common:  # noqa: ANN401  whatever it is given
        wholly.append(True)
        return common(*given)

    monkeypatch.setattr(concluding, "common", counting)
    _of_freedonia(2)(several)
    told, names = _again(several, tmp_path / "memory")
    assert (told, names, wholly) == (before, {"2.ttl"}, [])
    assert _again(several, tmp_path / "memory") == (told, set())
    assert told == _cold(several)

    wholly.clear()
    _of_freedonia(3)(several)
    told, names = _again(several, tmp_path / "memory")
    assert (names, wholly) == ({"3.ttl"}, [True])
    assert told == _cold(several)
    assert told.errors > before.errors


def test_what_rules_found_that_look_into_others_is_looked_for_anew(
    several: Path, tmp_path: Path
) -> None:
    (several / "shapes" / "often.ttl").write_text(OFTEN, "utf-8")
    found = list[int]()
    for edit in (_of_freedonia(2), _of_freedonia(3), _of_freedonia(4), EDITS["an article less"]):
        edit(several)
        told, _ = _again(several, tmp_path / "memory")
        assert told == _cold(several)
        found.append(told.errors)

    assert found[0] < found[1] < found[2]
    assert found[3] < found[2]


def test_a_hint_looks_into_an_article_that_is_new(several: Path, tmp_path: Path) -> None:
    seen = "actor:sylvania\n    rdfs:seeAlso a7:s002 ;"
    _replaced("actors.ttl", "actor:sylvania\n", f"{seen}\n")(several)
    actors = several / "data" / "actors.ttl"
    prefix = "PREFIX a7: <https://w3id.org/communique/id/a7/>\n"
    actors.write_text(prefix + actors.read_text("utf-8"), "utf-8")
    before, _ = _again(several, tmp_path / "memory")
    EDITS["an article more"](several)
    told, _ = _again(several, tmp_path / "memory")

    assert told == _cold(several)
    hints = [each.hint for report in (before, told) for each in report.findings]
    assert [hint.startswith("Did you mean a7:s001") for hint in hints] == [False, True]


def test_a_thing_that_no_shape_is_for_is_found_when_no_article_names_it_any_more(
    several: Path, tmp_path: Path
) -> None:
    (several / "shapes" / "often.ttl").write_text(OFTEN, "utf-8")
    things = several / "shapes" / "thing.ttl"
    text = things.read_text("utf-8").replace(",\n        org:Post ;", ";")
    aim = "sh:targetObjectsOf cmq:inCapacity ;"
    things.write_text(text.replace("sh:nodeKind", f"{aim} sh:nodeKind"), "utf-8")
    assert not _again(several, tmp_path / "memory")[0].errors
    for number in (FIRST.removesuffix(".ttl"), 2, 3, 4):
        _replaced(f"articles/{number}.ttl", "post:trade-envoy", "actor:sylvania")(several)
        told, _ = _again(several, tmp_path / "memory")
        assert told == _cold(several)

    assert told.errors == 1


def test_a_new_name_is_looked_for_among_those_of_all_others(several: Path, tmp_path: Path) -> None:
    for number in ("2", "3", "4"):
        _spans(number, f"t{number}")(several)
    _again(several, tmp_path)
    _spans("2", "s9")(several)
    first, alone = _again(several, tmp_path)
    assert (first, alone) == (_cold(several), {"2.ttl"})

    _spans("3", "s9")(several)
    then, together = _again(several, tmp_path)
    assert (then, together) == (_cold(several), {"2.ttl", "3.ttl"})
    assert then.errors > first.errors


@pytest.mark.parametrize("most", [1, 256])
def test_what_stands_is_kept_edit_by_edit_however_often_the_index_is_written(
    several: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(standing, "_MOST_CHANGES", most)
    _SPOILT(several)
    _replaced("articles/4.ttl", 'tariff"@en', 'tariff."@en')(several)  # errors of the same kind
    _again(several, tmp_path)
    monkeypatch.setattr(remembering, "Remembered", None)  # nothing else is looked through
    third = _replaced("articles/3.ttl", "lifting of", "end of")
    back = _replaced("articles/3.ttl", "end of", "lifting of")
    for edits in ([_MENDED], [third], [_SPOILT], [_MENDED, back]):
        for edit in edits:
            edit(several)
        now = _cold(several)
        assert _again(several, tmp_path)[0] == now
        assert _again(several, tmp_path) == (now, set())


@pytest.mark.parametrize("most", [0, 256])
def test_an_edit_during_the_check_of_another_is_seen_by_the_next_run(
    several: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(standing, "_MOST_CHANGES", most)
    _again(several, tmp_path)
    _replaced("articles/3.ttl", "lifting of", "end of")(several)

    def meanwhile(context: Context, units: Sequence[Unit]) -> Iterator[Outcome]:
        yield from one_by_one(context, units)
        _SPOILT(several)
        time.sleep(0.1)  # of younger files nothing is believed

    report(several, Choices(), tmp_path, meanwhile)

    assert _again(several, tmp_path)[0] == _cold(several)


def test_files_that_the_system_tells_nothing_of_are_read_each_time(
    several: Path, tmp_path: Path
) -> None:
    report(several, Choices(), tmp_path, one_by_one, {})
    _SPOILT(several)

    assert report(several, Choices(), tmp_path, one_by_one, {}) == _cold(several)


def test_files_that_were_looked_at_are_not_looked_at_again(
    several: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembering, "stamps", None)
    told = report(several, Choices(), tmp_path, one_by_one, stamps(several))

    assert told == _cold(several)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such a name")
def test_a_name_that_is_no_text_is_told_as_it_is_without_memory(
    several: Path, tmp_path: Path
) -> None:
    Path(os.fsdecode(os.fsencode(several / "ontology") + b"/c\xff.ttl")).write_text("x")

    assert _again(several, tmp_path)[0] == _cold(several)
    assert _again(several, tmp_path) == (_cold(several), set())


def test_a_file_that_is_written_anew_as_it_was_is_not_checked(
    several: Path, tmp_path: Path
) -> None:
    _again(several, tmp_path)
    path = several / "data" / "articles" / "2.ttl"
    path.write_bytes(path.read_bytes())

    assert _again(several, tmp_path)[1] == set()


@pytest.mark.parametrize("is_known", [False, True])
def test_an_edit_after_the_files_were_looked_at_is_seen_by_the_next_run(
    several: Path, tmp_path: Path, *, is_known: bool
) -> None:
    if is_known:
        _again(several, tmp_path)
    time.sleep(0.1)  # of younger files nothing is believed
    seen = stamps(several)
    EDITS["another force"](several)
    report(several, Choices(), tmp_path, one_by_one, seen)

    assert _again(several, tmp_path)[0] == _cold(several)


def test_of_the_registry_only_what_an_article_names_counts(several: Path, tmp_path: Path) -> None:
    _replaced("articles/2.ttl", "actor:freedonia", "actor:sylvania")(several)
    _again(several, tmp_path)
    EDITS["another label of an actor"](several)

    assert _again(several, tmp_path)[1] == {FIRST, "3.ttl", "4.ttl"}


def test_other_shapes_have_everything_checked(several: Path, tmp_path: Path) -> None:
    _again(several, tmp_path)
    path = several / "shapes" / "thing.ttl"
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")

    assert len(_again(several, tmp_path)[1]) == 4


def test_a_check_of_another_kind_is_not_the_one_that_is_remembered(
    several: Path, tmp_path: Path
) -> None:
    _again(several, tmp_path)

    assert len(_again(several, tmp_path, Choices(engine="reference"))[1]) == 4


def _database(folder: Path) -> Path:
    (found,) = folder.glob("*/validation.sqlite")
    return found


def _flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for at in range(4096, len(data), 97):
        data[at] ^= 0xFF
    path.write_bytes(data)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _forged(path: Path) -> None:
    """Say of a faulty article that nothing was found."""
    with sqlite3.connect(path) as database:
        database.execute("""UPDATE outcome SET light = replace(light, '"severity"', '"x"')""")
        database.execute("UPDATE content SET body = replace(body, 'error', 'warning')")
    database.close()


def _without_details(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM detail")
    database.close()


def _emptied(path: Path) -> None:
    """Leave rows without what they say."""
    with sqlite3.connect(path) as database:
        database.execute("UPDATE detail SET names = NULL, extract = NULL")
        database.execute("UPDATE outcome SET base = NULL WHERE paths LIKE '%3.ttl'")
        database.execute("UPDATE content SET body = NULL WHERE name = 'index'")
    database.close()


def _of_another_version(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()


def _without(kind: str) -> Callable[[Path], None]:
    """Take out all that is kept under some names."""

    def spoil(path: Path) -> None:
        with sqlite3.connect(path) as database:
            database.execute("DELETE FROM content WHERE name LIKE ?", (kind,))
            assert database.execute("SELECT changes()").fetchone() != (0,)
        database.close()

    return spoil


def _older(path: Path) -> None:
    """Put a part of an older memory in the place of a newer one, each of them whole."""
    with sqlite3.connect(path) as database:
        body = b"older " * 9
        seal = sha256(b"\0".join([b"index", body])).hexdigest()[:32]
        database.execute("UPDATE content SET body = ?, seal = ? WHERE name = 'index'", (body, seal))
    database.close()


@pytest.mark.parametrize(
    "edit", ["another label of an actor", "another force", "a span of one's own"]
)
@pytest.mark.parametrize(
    "spoil",
    [
        _flipped,
        _cut,
        _forged,
        _without_details,
        _emptied,
        _of_another_version,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("no database"),
        _without("shared %"),
        _without("names %"),
        _without("index"),
        _older,
    ],
    ids=[
        *(
            "flipped",
            "cut",
            "forged",
            "no details",
            "emptied",
            "another version",
            "empty",
            "foreign",
        ),
        *("no shared things", "no names", "no index", "older"),
    ],
)
def test_a_damaged_memory_is_made_again_and_never_believed(
    several: Path, tmp_path: Path, spoil: Callable[[Path], None], edit: str
) -> None:
    EDITS["no voice"](several)
    EDITS["a span of another's"](several)
    _spans("2", "t2")(several)
    folder = tmp_path / "memory"
    _again(several, folder)
    spoil(_database(folder))
    EDITS[edit](several)

    assert _again(several, folder)[0] == _cold(several)
    assert _again(several, folder) == (_cold(several), set())


def test_a_run_that_was_killed_leaves_what_it_had_checked(several: Path, tmp_path: Path) -> None:
    class Killed(Exception):  # noqa: N818  what a signal would do
        """The end of a run."""

    def ending(context: Context, units: Sequence[Unit]) -> Iterator[Outcome]:
        for done, outcome in enumerate(one_by_one(context, units)):
            if done == 2:
                raise Killed
            yield outcome

    with pytest.raises(Killed):
        report(several, Choices(), tmp_path, ending)

    assert _again(several, tmp_path)[1] == {"4.ttl"}


def test_a_run_beside_another_does_not_put_back_what_that_one_found(
    several: Path, tmp_path: Path
) -> None:
    _again(several, tmp_path)
    EDITS["another force"](several)

    def meanwhile(context: Context, units: Sequence[Unit]) -> Iterator[Outcome]:
        yield from one_by_one(context, units)
        _spans("4", "s9")(several)
        _again(several, tmp_path)

    report(several, Choices(), tmp_path, meanwhile)
    _spans("3", "s9")(several)

    assert _again(several, tmp_path)[0] == _cold(several)
    assert _again(several, tmp_path) == (_cold(several), set())


def test_the_memory_of_one_project_is_not_that_of_another(several: Path, tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    _again(several, folder)
    other = Path(shutil.copytree(several, tmp_path / "other"))
    EDITS["no voice"](other)

    assert _again(other, folder)[0] == _cold(other)
    assert _again(several, folder) == (_cold(several), set())


def test_the_command_remembers_where_it_is_told_to(several: Path, tmp_path: Path, run: Run) -> None:
    EDITS["no voice"](several)
    plain = run("validate", "--root", several)
    first = run("validate", "--root", several, "--cache", tmp_path / "memory")
    second = run("validate", "--root", several, "--cache", tmp_path / "memory")

    assert _database(tmp_path / "memory").is_file()
    assert plain.exit_code == first.exit_code == second.exit_code == 1
    assert plain.stdout == first.stdout == second.stdout


def test_a_memory_that_cannot_be_written_is_one_clear_line(
    several: Path, tmp_path: Path, run: Run
) -> None:
    (tmp_path / "file").write_text("")
    told = run("validate", "--root", several, "--cache", tmp_path / "file" / "memory")

    assert told.exit_code == 2
    assert told.stderr.count("\n") == 1
    assert "Give --cache another folder" in told.stderr


def test_a_project_that_is_not_there_is_one_clear_line(tmp_path: Path, run: Run) -> None:
    told = run("validate", "--root", tmp_path / "none", "--cache", tmp_path / "memory")

    assert told.exit_code == 2
    assert told.stderr.count("\n") == 1
    assert "no such folder" in told.stderr


def test_warnings_are_remembered_too(several: Path, tmp_path: Path) -> None:
    path = several / "data" / "articles" / "2.ttl"
    path.write_text("PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n" + path.read_text("utf-8"))
    first, _ = _again(several, tmp_path)
    second, nothing = _again(several, tmp_path)

    assert first.warnings == 1
    assert (second, nothing) == (first, set())
    assert first._replace(findings=()) == second._replace(findings=())
