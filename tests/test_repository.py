"""The house rules that a test can check."""

import re
import shlex
import subprocess
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, Store, parse

from communique import dataset, turtle
from communique.cli import COMMANDS
from communique.labels import Labels
from communique.namespaces import BASE, PREFIXES, shrink
from conftest import HERE, Run

ROOT = HERE.parent
_QUERIES = sorted((ROOT / "queries").glob("*.rq"))
_ARTICLE = ROOT.parent / "shared" / "article" / "article.txt"
_LIST = {NamedNode(PREFIXES["rdf"] + name) for name in ("first", "rest")}
_PATH = {
    NamedNode(PREFIXES["sh"] + name)
    for name in (
        "alternativePath",
        "inversePath",
        "oneOrMorePath",
        "path",
        "zeroOrMorePath",
        "zeroOrOnePath",
    )
}
_VERSION_IRI = NamedNode(PREFIXES["owl"] + "versionIRI")
each_query = pytest.mark.parametrize("path", _QUERIES, ids=lambda path: path.stem)


@pytest.fixture(scope="module", name="store")
def _store() -> Store:
    return dataset.load(ROOT)


def _quads(*folders: str) -> list[Quad]:
    files = [path for folder in folders for path in dataset.turtle_files(ROOT / folder)]
    return [q for path in files for q in parse(path.read_bytes(), format=RdfFormat.TURTLE)]


def _tracked() -> list[Path]:
    """List the files that are, or are about to be, in the repository."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing says which files are tracked")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in done.stdout.split("\0") if (path := ROOT / name).is_file()]


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace")


def _ours(term: object, prefix: str) -> str | None:
    """Return the name of a term of ours in this namespace."""
    iri = term.value if isinstance(term, NamedNode) else ""
    return shrink(iri) if iri.startswith(PREFIXES[prefix]) and iri != PREFIXES[prefix] else None


def _names_in(quads: Iterable[Quad], *prefixes: str) -> set[str]:
    terms = {term for q in quads for term in (q.subject, q.predicate, q.object)}
    return {name for term in terms for prefix in prefixes if (name := _ours(term, prefix))}


def _names_in_queries(*prefixes: str) -> set[str]:
    pattern = re.compile(rf"\b(?:{'|'.join(prefixes)}):[A-Za-z][\w-]*")
    return {name for path in _QUERIES for name in pattern.findall(path.read_text("utf-8"))}


# Turtle


@pytest.mark.parametrize("path", turtle.project_files(ROOT), ids=lambda path: path.name)
def test_every_turtle_file_is_in_canonical_form(path: Path) -> None:
    before, after = turtle.format_file(path)

    assert before == after


def test_no_blank_node_but_in_lists_and_paths() -> None:
    quads = _quads("ontology", "data", "shapes")
    members = {q.subject for q in quads if q.predicate in _LIST | _PATH}
    blank = [q for q in quads if isinstance(q.object, BlankNode) and q.object not in members]
    roots = [q for q in quads if isinstance(q.subject, BlankNode) and q.subject not in members]

    assert [str(quad) for quad in blank + roots] == []


def test_what_is_said_of_our_terms_is_said_of_declared_terms() -> None:
    subjects = {q.subject for q in _quads("ontology")}
    declared = {name for term in subjects for p in ("cmq", "cmqv") if (name := _ours(term, p))}
    said = [q for q in _quads("data", "shapes", "ontology") if q.predicate != _VERSION_IRI]
    used = _names_in(said, "cmq", "cmqv")
    used |= _names_in_queries("cmq", "cmqv")

    assert sorted(used - declared) == []


def test_every_thing_that_is_named_is_described() -> None:
    quads = _quads("ontology", "data")
    described = {q.subject for q in quads}
    named = {q.object for q in quads if isinstance(q.object, NamedNode)}
    ours = {term for term in named if term.value.startswith(f"{BASE}id/")}

    assert sorted(shrink(term.value) for term in ours - described) == []


def test_every_term_is_used_in_a_question_or_a_shape() -> None:
    kinds = {"owl:Class", "owl:ObjectProperty", "owl:DatatypeProperty"}
    ontology = _quads("ontology")
    retired = {q.subject for q in ontology if shrink(q.predicate.value) == "owl:deprecated"}
    terms = {
        name
        for q in ontology
        if isinstance(q.object, NamedNode) and shrink(q.object.value) in kinds
        if q.subject not in retired and (name := _ours(q.subject, "cmq"))
    }
    used = _names_in(_quads("shapes"), "cmq") | _names_in_queries("cmq")

    assert sorted(terms - used) == []


def test_no_two_things_have_the_same_label() -> None:
    store = Store()
    store.extend(_quads("data"))
    store.extend(parse((ROOT / "ontology" / "concepts.ttl").read_bytes(), format=RdfFormat.TURTLE))
    labels = Labels(store)
    bearers: dict[str, set[str]] = defaultdict(set)
    for iri in {q.subject.value for q in store if isinstance(q.subject, NamedNode)}:
        bearers[labels.of(iri)].add(shrink(iri))

    assert {label: sorted(who) for label, who in bearers.items() if len(who) > 1} == {}


# Questions


@each_query
def test_a_question_has_a_kebab_case_name(path: Path) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", path.stem)


# Documents


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_in_the_readme(name: str) -> None:
    assert f"communique {name}" in (ROOT / "README.md").read_text("utf-8")


def _shown() -> list[tuple[str, str]]:
    """List the commands of ours in the README, with what it says they print."""
    text = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    steps = [step for block in blocks for step in re.split(r"^\$ ", block, flags=re.MULTILINE)]
    pairs = [(first, rest) for first, _, rest in (step.partition("\n") for step in steps)]
    return [(command, output) for command, output in pairs if command.startswith("communique")]


@pytest.mark.parametrize(("command", "output"), _shown(), ids=lambda text: text.split("\n")[0])
def test_the_readme_shows_what_a_command_prints(
    run: Run, command: str, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    args = shlex.split(command)[1:]
    if any(arg.startswith("../shared") for arg in args) and not _ARTICLE.is_file():
        pytest.skip("../shared is not here: the article may not be in the repository")
    monkeypatch.chdir(ROOT if any(arg.startswith("../") for arg in args) else tmp_path)
    pattern = re.escape(output.strip()).replace(r"\.\.\.", r"[\s\S]*")

    printed = run(*args).output.strip()

    assert re.fullmatch(pattern, printed), f"it prints:\n{printed}"


def test_one_version_is_named_everywhere(store: Store) -> None:
    version = NamedNode(PREFIXES["owl"] + "versionInfo")
    versions = {str(q.object) for q in store.quads_for_pattern(None, version, None)}
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))["version"]

    assert versions == {f'"{citation}"'}
    assert f"[{citation}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_lock_file_names_no_index_and_hashes_everything() -> None:
    text = (ROOT / "requirements.lock").read_text("utf-8")
    pinned = re.findall(r"^[\w.-]+==\S+ (?:; .* )?(\\)$", text, flags=re.MULTILINE)

    assert not re.search(r"^\s*-[-\w]*(index|find-links)|://", text, flags=re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^[\w.-]+", text, flags=re.MULTILINE)) > 0


def test_the_lock_file_fulfils_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    text = (ROOT / "requirements.lock").read_text("utf-8")
    pins = re.findall(r"^([\w.-]+)==(\S+)", text, flags=re.MULTILINE)
    pinned = {canonicalize_name(name): version for name, version in pins}
    asked = [Requirement(line) for line in _asked(project)]

    assert [
        str(a) for a in asked if pinned.get(canonicalize_name(a.name), "") not in a.specifier
    ] == []


def _asked(project: dict[str, Any]) -> list[str]:
    return [*project["dependencies"], *project["optional-dependencies"]["dev"]]


# What never enters the repository


def test_no_machine_path_is_in_a_file() -> None:
    machine = re.compile(r"(?<![\w.~])/(?:work|root|home|tmp|Users)/\w")
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in _tracked()
        if path != Path(__file__)
        for match in machine.finditer(_text(path))
    ]

    assert found == []


def _runs(text: str, length: int) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def test_no_run_of_twelve_words_of_the_article_is_in_a_file() -> None:
    if not _ARTICLE.is_file():
        pytest.skip("../shared is not here: the article may not be in the repository")
    article = _runs(_text(_ARTICLE), 12)
    found = {
        str(path.relative_to(ROOT)): " ".join(run)
        for path in _tracked()
        for run in _runs(_text(path), 12) & article
    }

    assert article
    assert found == {}
