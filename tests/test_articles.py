"""Articles one at a time give the findings that all at once give."""

import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, Triple, parse, serialize

from communique import causes, concluding
from communique.corruption import World, mutants
from communique.findings import LAYERS, Finding, Report, fingerprints
from communique.intake import documents, listed
from communique.validation import Choices, whole
from conftest import Run

ID = "https://w3id.org/communique/id"
HEAD = f"""
PREFIX a1: <{ID}/a1/>
PREFIX a2: <{ID}/a2/>
PREFIX a3: <{ID}/a3/>
PREFIX actor: <{ID}/actor/>
PREFIX cmq: <https://w3id.org/communique/ns#>
PREFIX cmqv: <https://w3id.org/communique/vocab/>
PREFIX curated: <{ID}/curated/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX post: <{ID}/post/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX shape: <https://w3id.org/communique/shape/>
"""
CURATED = """
a1:u01 cmq:counterpartOf a2:u01 .
a2:s001 cmq:counterpartOf a2:s001a .
curated:f1 a cmq:Finding ; rdfs:label "one"@en ; cmq:about a1:s001 , a1:u01 .
curated:f2 a cmq:Finding ; rdfs:label "two"@en ; cmq:about a1:s001 , a3:s001a .
curated:f3 a cmq:Finding ; rdfs:label "three"@en ; cmq:about a3:s001 .
"""
TERMS = """
cmq:Finding a owl:Class ; rdfs:label "finding"@en .
cmq:about a owl:ObjectProperty ; rdfs:label "about"@en .
"""
SHAPES = """
shape:Finding a sh:NodeShape ; sh:targetClass cmq:Finding ;
  sh:property shape:Finding-about , shape:Finding-voice .
shape:Finding-about a sh:PropertyShape ; sh:path cmq:about ; sh:minCount 1 ;
  sh:message "A finding is about what is said."@en ;
  sh:or ( [ sh:class cmq:Statement ] [ sh:class cmq:Undertaking ] ) .
shape:Finding-voice a sh:PropertyShape ; sh:path ( cmq:about cmq:voice ) ; sh:class cmq:Actor ;
  sh:message "A finding is about the words of actors."@en .
shape:Counterpart a sh:NodeShape ; sh:targetSubjectsOf cmq:counterpartOf ;
  sh:property shape:Counterpart-known .
shape:Counterpart-known a sh:PropertyShape ; sh:minCount 1 ;
  sh:path ( cmq:counterpartOf [ sh:alternativePath ( rdfs:label cmq:force ) ] ) ;
  sh:message "A counterpart has a label, or a force."@en .
shape:State-heard a sh:NodeShape ; sh:targetClass cmq:State ; sh:property shape:State-heard-most .
shape:State-heard-most a sh:PropertyShape ; sh:minCount 1 ; sh:maxCount 3 ;
  sh:path [ sh:inversePath cmq:voice ] ; sh:message "A state is heard, and not too often."@en .
"""

PLAIN = Choices()
GIT = shutil.which("git") or "git"


@pytest.fixture
def small(project: Path) -> Path:
    """Return a project of three articles, with findings about one of them and about two."""
    (first,) = (project / "data" / "articles").glob("*.ttl")
    text = first.read_text(encoding="utf-8")
    for number in (2, 3):
        other = text.replace("a1:", f"a{number}:").replace("/a1/", f"/a{number}/")
        write(article(project, number), other)
    first.rename(article(project, 1))
    write(project / "data" / "curated.ttl", ttl(CURATED))
    write(project / "ontology" / "findings.ttl", ttl(TERMS))
    write(project / "shapes" / "findings.ttl", ttl(SHAPES))
    for path in [*(project / "queries").iterdir(), *(project / "tests" / "answers").iterdir()]:
        path.unlink()
    return project


def article(root: Path, number: int) -> Path:
    return root / "data" / "articles" / f"1933-11-{16 + number}-herring.ttl"


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def ttl(text: str) -> str:
    """Return Turtle with the prefixes that it needs."""
    used = set(re.findall(r"(?<![\w<:/])(\w+):", text))
    lines = [line for line in HEAD.strip().splitlines() if line.split()[1][:-1] in used]
    return "\n".join([*lines, text])


def add(path: Path, text: str) -> None:
    """Add triples to a file, with the prefixes that are missing there."""
    old = path.read_text(encoding="utf-8")
    lines = [line for line in ttl(text).splitlines() if line not in old.splitlines()]
    write(path, "\n".join([*(each for each in lines if each.startswith("PREFIX")), old, text]))


def swap(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    write(path, text.replace(old, new))


def both(root: Path, choices: Choices = PLAIN) -> tuple[Report, Report]:
    """Check everything at once, and articles one at a time."""
    return (
        whole(root, choices, listed(root)),
        concluding.Run(root, choices, listed(root)).report(),
    )


def agreed(root: Path, choices: Choices = PLAIN) -> Report:
    """Check that both ways agree, and return what was found one at a time.

    Where some layers are left out for all at once, more may be found one at a time: what is found
    all at once if no error leaves anything out.
    """
    at_once, one_by_one = both(root, choices)
    assert not set(at_once.findings) - set(one_by_one.findings)
    more = set(one_by_one.findings) - set(at_once.findings)
    assert {each.layer for each in more} <= set(at_once.unchecked)
    assert more <= (_all(root, choices) if more else set())
    assert one_by_one._replace(findings=()) == at_once._replace(findings=())
    return one_by_one


def _all(root: Path, choices: Choices) -> set[Finding]:
    known = choices.known
    while True:
        found = whole(root, choices._replace(known=known), listed(root)).findings
        names = frozenset(fingerprints(found).values())
        if names <= known:
            return set(found)
        known |= names


def rules(report: Report) -> set[tuple[str, str]]:
    return {(Path(each.file).name, each.rule.id) for each in report.findings}


def test_a_sound_project_of_three_articles_is_sound_both_ways(small: Path) -> None:
    report = agreed(small)

    assert (report.findings, report.unchecked) == ((), ())
    assert (report.statements, report.shapes_used) == (6, 5)


def described_in_one(root: Path, actor: str) -> None:
    """Let one article describe an actor, and another one name it."""
    add(article(root, 1), f'{actor} a cmq:State ; rdfs:label "Moravia"@en .')
    add(article(root, 2), f"a2:s001 cmq:voice {actor} .")


def spoil(path: Path) -> None:
    write(path, "a3:s001 a")


def link(path: Path, to: Path) -> None:
    path.unlink()
    path.symlink_to(to)


def disarm(path: Path) -> None:
    write(path, re.sub(r"sh:target\w+", "sh:group", path.read_text(encoding="utf-8")))


EDITS: dict[str, tuple[Callable[[Path], object], tuple[str, str] | None]] = {
    "an article relates its things to those of another": (
        lambda root: add(article(root, 1), "a1:s001 cmq:relays a2:s001a ."),
        None,
    ),
    "an article names what another one does not describe": (
        lambda root: add(article(root, 1), "a1:s001 cmq:relays a2:s9 ."),
        ("1933-11-17-herring.ttl", "unknown-name"),
    ),
    "the voice is what another article describes, and no actor": (
        lambda root: swap(article(root, 1), "cmq:voice actor:sylvania", f"cmq:voice <{ID}/a2/u01>"),
        ("1933-11-17-herring.ttl", "shape:Statement-voice"),
    ),
    "two articles describe one thing": (
        lambda root: add(article(root, 1), "a2:s001 cmq:force cmqv:accept ."),
        ("1933-11-17-herring.ttl", "added-elsewhere"),
    ),
    "an actor is described in an article, and another names it": (
        lambda root: described_in_one(root, "actor:moravia"),
        None,
    ),
    "an IRI of somebody else is described in an article, and another names it": (
        lambda root: described_in_one(root, "<https://example.org/x>"),
        None,
    ),
    "an article adds a class to a shared actor": (
        lambda root: add(article(root, 2), "actor:sylvania a cmq:Undertaking ."),
        ("1933-11-18-herring.ttl", "added-elsewhere"),
    ),
    "an article says what a shared concept is": (
        lambda root: add(article(root, 2), "cmqv:assert cmq:force a2:s001 ."),
        None,
    ),
    "an article has a class of its own": (
        lambda root: add(article(root, 2), 'a2:s1 a "Statement" , [] .'),
        ("1933-11-18-herring.ttl", "unjudged-thing"),
    ),
    "a file that all share labels what an article describes": (
        lambda root: add(root / "data" / "actors.ttl", 'a1:s001 rdfs:label "yes"@en .'),
        ("actors.ttl", "added-elsewhere"),
    ),
    "the curated file labels what an article describes": (
        lambda root: add(root / "data" / "curated.ttl", 'a3:s001 rdfs:label "yes"@en .'),
        ("curated.ttl", "label-voice"),
    ),
    "the curated file gives a class to what an article describes": (
        lambda root: add(root / "data" / "curated.ttl", "a3:s001a a cmq:Undertaking ."),
        None,
    ),
    "the curated file misspells what an article describes": (
        lambda root: swap(
            root / "data" / "curated.ttl", "cmq:about a3:s001 .", "cmq:about a3:s01 ."
        ),
        ("curated.ttl", "unknown-name"),
    ),
    "a finding about two articles, of which one has a wrong voice": (
        lambda root: swap(article(root, 3), "cmq:voice actor:freedonia", "cmq:voice cmqv:assert"),
        ("curated.ttl", "shape:Finding-voice"),
    ),
    "a counterpart in another article has no label": (
        lambda root: swap(article(root, 2), 'rdfs:label "lifting of the herring tariff"@en ;', ""),
        ("1933-11-17-herring.ttl", "shape:Counterpart-known"),
    ),
    "a state is heard too often in all articles together": (
        lambda root: add(article(root, 2), "a2:s001 cmq:voice actor:freedonia ."),
        ("actors.ttl", "shape:State-heard-most"),
    ),
    "the same bytes twice": (
        lambda root: write(article(root, 3), article(root, 2).read_text(encoding="utf-8")),
        ("1933-11-19-herring.ttl", "duplicate-file"),
    ),
    "the same bytes twice, which cannot be read": (
        lambda root: list(map(spoil, (article(root, 2), article(root, 3)))),
        ("1933-11-19-herring.ttl", "duplicate-file"),
    ),
    "the bytes of a file that all share": (
        lambda root: write(
            article(root, 3), (root / "data" / "actors.ttl").read_text(encoding="utf-8")
        ),
        ("1933-11-19-herring.ttl", "duplicate-file"),
    ),
    "two files of one name": (
        lambda root: write(
            article(root, 2).with_suffix(".nt"), f"<{ID}/a4/x> <{ID}/p> <{ID}/y> .\n"
        ),
        ("1933-11-18-herring.ttl", "one-graph"),
    ),
    "two files of one name, of which one cannot be opened": (
        lambda root: article(root, 2).with_suffix(".nt").write_bytes(b"\xff"),
        ("1933-11-18-herring.nt", "utf-8"),
    ),
    "an article that is no Turtle": (
        lambda root: write(article(root, 2), "a2:s001 a"),
        ("1933-11-18-herring.ttl", "syntax"),
    ),
    "an article that is not UTF-8": (
        lambda root: article(root, 2).write_bytes(b"\xff\xfe\x00"),
        ("1933-11-18-herring.ttl", "utf-8"),
    ),
    "an article with a NUL": (
        lambda root: swap(article(root, 2), "lifting", "lift\0ing"),
        ("1933-11-18-herring.ttl", "control-character"),
    ),
    "an article that holds nothing": (
        lambda root: write(article(root, 2), "# nothing\n"),
        ("1933-11-18-herring.ttl", "empty-file"),
    ),
    "an article with a huge literal": (
        lambda root: swap(article(root, 2), "lifting", "lifting " * 200_000),
        None,
    ),
    "an article that is a link": (
        lambda root: link(article(root, 2), article(root, 1)),
        ("1933-11-18-herring.ttl", "symlink"),
    ),
    "a shared file that is not UTF-8": (
        lambda root: (root / "data" / "more.ttl").write_bytes(b"\xff"),
        ("more.ttl", "utf-8"),
    ),
    "a shared file that is no Turtle": (
        lambda root: write(root / "data" / "actors.ttl", "actor:freedonia a"),
        ("actors.ttl", "syntax"),
    ),
    "a shared file with an unknown term": (
        lambda root: add(
            root / "data" / "actors.ttl", "actor:sylvania cmq:likes actor:freedonia ."
        ),
        ("actors.ttl", "unknown-term"),
    ),
    "shapes without targets": (
        lambda root: list(map(disarm, (root / "shapes").glob("*.ttl"))),
        ("statement.ttl", "unreached-shape"),
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_one_edit_is_told_the_same_way(name: str, small: Path) -> None:
    edit, expected = EDITS[name]
    edit(small)

    report = agreed(small)

    assert expected is None or expected in rules(report)


def test_what_is_left_at_the_end_is_checked_with_signs_of_life(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs = list[bool]()
    monkeypatch.setattr(concluding, "alive", lambda: signs.append(True))
    concluding.Run(small, PLAIN, listed(small)).report()

    assert len(signs) > len(LAYERS)


def test_an_article_that_cannot_be_read_leaves_the_others_checked(small: Path) -> None:
    write(article(small, 2), "a2:s001 a")
    swap(article(small, 3), "cmq:voice actor:sylvania ;", "")

    at_once, one_by_one = both(small)

    assert ("1933-11-19-herring.ttl", "shape:Statement-voice") in rules(one_by_one)
    assert ("1933-11-19-herring.ttl", "shape:Statement-voice") not in rules(at_once)


LOOKING = {
    "at everything that has a voice": """
        SELECT $this WHERE { $this a ?kind . ?a cmq:voice ?voice . ?b cmq:voice ?voice .
          FILTER(?a != ?b && ?a != $this && ?b != $this) }""",
    "by any predicate": """
        SELECT $this WHERE { $this ?any ?thing . ?other ?way ?thing . ?other cmq:relays ?third }""",
    "one way or the other": """
        SELECT $this WHERE { { ?other cmq:about $this } UNION { $this cmq:voice/^cmq:voice ?other }
          ?other rdfs:label ?label }""",
    "at what there is not": """
        SELECT $this WHERE { $this cmq:voice ?voice .
          FILTER NOT EXISTS { ?finding cmq:about/cmq:voice ?voice } }""",
    "at those of the same voice": """
        SELECT $this ?value WHERE { $this cmq:voice ?voice . ?value cmq:voice ?voice .
          FILTER(?value != $this) }""",
    "at how many there are": """
        SELECT $this (COUNT(?other) AS ?value) WHERE {
          $this cmq:voice ?voice . ?other cmq:voice ?voice } GROUP BY $this""",
    "from a name": f"""
        SELECT $this WHERE {{ $this cmq:force ?force . <{ID}/a2/s001> cmq:voice ?voice }}""",
}


@pytest.mark.parametrize("target", ["sh:targetClass cmq:Statement", "sh:targetClass cmq:State"])
@pytest.mark.parametrize("name", LOOKING)
def test_a_query_finds_the_same_wherever_it_looks(name: str, target: str, small: Path) -> None:
    query = " ".join(LOOKING[name].split())
    text = f"""
cmq: sh:declare [ sh:prefix "cmq" ; sh:namespace "https://w3id.org/communique/ns#"^^xsd:anyURI ] ,
  [ sh:prefix "rdfs" ; sh:namespace "http://www.w3.org/2000/01/rdf-schema#"^^xsd:anyURI ] .
shape:Looking a sh:NodeShape ; {target} ; sh:sparql [ a sh:SPARQLConstraint ;
  sh:message "Something is seen."@en ; sh:prefixes cmq: ; sh:select '''{query}''' ] .
"""
    declared = "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
    write(small / "shapes" / "looking.ttl", declared + ttl(text))
    add(article(small, 2), "a2:s001 cmq:voice actor:freedonia .")

    told = {each for each in agreed(small).findings if each.layer == "shapes"}

    assert not told - {each for each in told if each.rule.id == "misplaced"}


def test_a_project_in_one_namespace_is_checked_the_same_way(small: Path) -> None:
    for path in (small / "data").rglob("*.ttl"):
        text = re.sub(r"PREFIX a([123]): <.*>", rf"PREFIX a\1: <{ID}/all/>", path.read_text())
        write(path, re.sub(r"\ba([123]):(\w+)", r"a\1:n\1\2", text))

    assert not {each for each in agreed(small).findings if each.layer == "names"}
    add(small / "data" / "curated.ttl", "curated:f3 cmq:about a2:u0 .")
    agreed(small)
    swap(article(small, 2), "a2:n2s001a\n", "a2:n1s001a\n")
    agreed(small)


def triples(path: Path) -> set[Triple]:
    return {quad.triple for quad in parse(path.read_bytes(), format=RdfFormat.TURTLE)}


def put(path: Path, said: set[Triple]) -> None:
    spaces = dict(line.split()[1:3] for line in HEAD.strip().splitlines())
    text = "".join(map(str, said))
    used = {name[:-1]: iri[1:-1] for name, iri in spaces.items() if iri[:-1] in text}
    path.write_bytes(
        serialize(sorted(said, key=str), format=RdfFormat.TURTLE, prefixes=used) or b""
    )


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no finding stand for several: a cause is looked for in one article at a time."""
    monkeypatch.setattr(causes, "_FEWEST", 10**9)


@pytest.mark.usefixtures("apart")
@pytest.mark.parametrize("seed", range(6))
def test_corrupted_files_are_told_the_same_way(seed: int, small: Path) -> None:
    chance = random.Random(seed)
    files = sorted((small / "data").rglob("*.ttl"))
    before = {path: triples(path) for path in files}
    terms = set().union(*map(triples, (small / "ontology").glob("*.ttl")))
    for _ in range(6):
        for path in chance.sample(files, 2):
            around = terms.union(*(before[other] for other in files if other != path))
            changes = list(mutants(World(before[path], around), seed=seed, each=1))
            change = chance.choice(changes).change
            put(path, (before[path] - change.removed) | change.added)
        agreed(small)
        for path, said in before.items():
            put(path, said)


@pytest.mark.usefixtures("apart")
@pytest.mark.parametrize("seed", range(6))
def test_triples_that_are_moved_or_made_up_are_told_the_same_way(seed: int, small: Path) -> None:
    chance = random.Random(seed)
    files = sorted((small / "data").rglob("*.ttl"))
    before = {path: triples(path) for path in files}
    for _ in range(6):
        after = {path: set(said) for path, said in before.items()}
        for _ in range(chance.randrange(1, 4)):
            _edit(chance, after)
        for path, said in after.items():
            put(path, said)
        agreed(small)


def _edit(chance: random.Random, files: dict[Path, set[Triple]]) -> None:
    """Take a triple or a thing to another file, or add a triple of known terms."""
    known = sorted(set().union(*files.values()), key=str)
    one, other = chance.sample(sorted(files), 2)
    if chance.random() < 0.4 or not files[one]:
        subject, by, value = (chance.choice(known) for _ in range(3))
        files[one].add(Triple(subject.subject, by.predicate, value.object))
    else:
        thing = chance.choice(sorted(files[one], key=str)).subject
        of = {each for each in files[one] if each.subject == thing}
        moved = of if chance.random() < 0.5 else {min(of, key=str)}
        files[one] -= moved
        files[other] |= moved


def test_one_cause_in_several_articles_is_told_once_or_of_each_thing(small: Path) -> None:
    swap(small / "data" / "actors.ttl", "freedonia\n    a cmq:State", "freedonia\n    a org:Post")

    at_once, one_by_one = both(small)

    (told,) = (each for each in at_once.findings if each.rule.id == "shape:Statement-voice")
    assert (told.file, told.focus) == ("data/actors.ttl", "actor:freedonia")
    assert {each.file for each in one_by_one.findings if each.rule == told.rule} == {
        f"data/articles/{article(small, number).name}" for number in (1, 2, 3)
    }


def test_known_errors_leave_nothing_out(small: Path) -> None:
    add(small / "data" / "actors.ttl", "actor:sylvania cmq:likes actor:freedonia .")
    add(article(small, 2), "a2:s001 cmq:likes a2:s001a .")
    swap(article(small, 3), "cmq:voice actor:sylvania ;", "")
    found = whole(small, Choices(), listed(small)).findings
    known = frozenset(fingerprints(found).values())

    report = agreed(small, Choices(known=known))

    assert ("1933-11-19-herring.ttl", "shape:Statement-voice") in rules(report)
    assert agreed(small).unchecked != report.unchecked


def test_shapes_that_stand_in_judge_every_article(small: Path) -> None:
    judge = tuple(documents(small, ("shapes",))[0])
    swap(small / "shapes" / "statement.ttl", "sh:minCount 1 ;", "")
    swap(article(small, 3), "cmq:voice actor:sylvania ;", "")

    assert ("1933-11-19-herring.ttl", "shape:Statement-voice") not in rules(agreed(small))
    report = agreed(small, Choices(judge=judge))
    assert ("1933-11-19-herring.ttl", "shape:Statement-voice") in rules(report)


def test_the_other_engine_says_the_same(small: Path) -> None:
    swap(article(small, 3), "cmq:voice actor:freedonia", "cmq:voice cmqv:assert")

    assert agreed(small, Choices(engine="reference")).findings == agreed(small).findings


def test_what_a_range_brought_is_told_of_several_articles(small: Path, run: Run) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(
            [GIT, "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
            cwd=small,
            check=True,
            capture_output=True,
        )

    swap(article(small, 2), "cmq:voice actor:sylvania ;", "")
    write(small / "queries" / "all.rq", "SELECT ?thing { ?thing a ?class }\n")
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "Begin")
    swap(article(small, 3), "cmq:voice actor:sylvania ;", "")
    swap(article(small, 1), "cmq:voice actor:freedonia", "cmq:voice cmqv:assert")
    concise = ("validate", "--root", small, "--format", "concise", "--jobs", 1)

    changed = run(*map(str, concise), "--changed", "HEAD", "--shapes-from", "HEAD").output
    everything = run(*map(str, concise), "--shapes-from", "HEAD").output

    assert set(re.findall(r"^data/articles/1933-11-(\d+)", changed, re.MULTILINE)) == {"17", "19"}
    assert set(re.findall(r"^data/articles/1933-11-(\d+)", everything, re.MULTILINE)) == {
        "17",
        "18",
        "19",
    }


def test_a_baseline_holds_what_is_found_in_several_articles(
    small: Path, tmp_path: Path, run: Run
) -> None:
    for number in (1, 2, 3):
        swap(article(small, number), "cmq:voice actor:sylvania ;", "")
    known = tmp_path / "known.jsonl"
    options = ("validate", "--root", small, "--baseline", known)

    assert run(*options, "--update").exit_code == 0
    assert run(*options).exit_code == 0
    swap(article(small, 2), "cmq:voice actor:freedonia ;", "")
    assert "1933-11-18-herring.ttl" in run(*options).output


@pytest.mark.usefixtures("apart")
def test_planted_faults_of_a_corpus_are_told_the_same_way(checkout: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(checkout / "scripts")}
    program = (sys.executable, checkout / "benchmarks" / "corpus.py", "3", tmp_path / "three")
    subprocess.run((*program, "--faults", "1"), env=environment, check=True, capture_output=True)

    report = agreed(tmp_path / "three")

    assert len({each.file for each in report.findings if each.layer == "constraints"}) == 3
