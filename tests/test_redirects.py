"""The redirects of w3id.org, read as the web server reads them."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urldefrag

import pytest
from rdflib import OWL, RDF, Graph, URIRef

from communique.dataset import load, sources
from communique.namespaces import BASE, PREFIXES
from communique.publication import compose, quads_of

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "w3id" / ".htaccess"
SITE = "https://communique-data.github.io/communique/"
VERSIONED = {
    "ns": "releases/0.1.0/graphs/ontology.ttl",
    "vocab": "releases/0.1.0/graphs/vocab.ttl",
}


@dataclass(frozen=True)
class Rule:
    """One RewriteRule."""

    pattern: re.Pattern[str]
    target: str
    flags: frozenset[str]


def rules() -> Iterator[Rule]:
    """Yield the rules of the file; a line that is not understood is an error."""
    for line in FILE.read_text(encoding="ascii").splitlines():
        name, *words = line.split() or ["#"]
        if name == "RewriteRule":
            pattern, target, flags = words
            yield Rule(re.compile(pattern), target, frozenset(flags.strip("[]").split(",")))
        else:
            assert name in {"#", "Options", "RewriteEngine", "Header"}, line


RULES = list(rules())


def redirect(iri: str) -> tuple[int, str] | None:
    """Return the status and the address that a request for an IRI is answered with."""
    path = urldefrag(iri).url.removeprefix(BASE)
    rule = first(path)
    if rule is None:
        return None
    (code,) = (flag for flag in rule.flags if flag.startswith("R="))
    return int(code[2:]), re.sub(rule.pattern, rule.target.replace("$", "\\"), path)


def first(path: str) -> Rule | None:
    """Return the first rule that applies."""
    return next((rule for rule in RULES if rule.pattern.search(path)), None)


def described() -> dict[str, set[str]]:
    """Return every IRI of ours that ontology and data describe, with the files that do so."""
    found: dict[str, set[str]] = defaultdict(set)
    for source in sources(ROOT):
        for subject in Graph().parse(source.path).subjects():
            if isinstance(subject, URIRef) and subject.startswith(BASE):
                found[str(subject)].add(f"dist/graphs/{source.graph}.ttl")
    return found


@pytest.fixture(scope="module")
def published() -> dict[str, str]:
    """Return the published files with their text."""
    files = compose(quads_of(ROOT, load(ROOT)), ROOT / "dist", read_back=False).files
    return {f"dist/{file.path}": file.data.decode() for file in files}


# The table: one row per kind of IRI.
TABLE = [
    ("", ""),
    ("ns", "dist/graphs/ontology.ttl"),
    ("ns#Statement", "dist/graphs/ontology.ttl"),
    ("ns/0.1.0", "releases/0.1.0/graphs/ontology.ttl"),
    ("vocab", "dist/graphs/vocab.ttl"),
    ("vocab/", "dist/graphs/vocab.ttl"),
    ("vocab/not-reported", "dist/graphs/vocab.ttl"),
    ("vocab/canon-1", "dist/graphs/vocab.ttl"),
    ("vocab/0.1.0", "releases/0.1.0/graphs/vocab.ttl"),
    ("alignments", "dist/graphs/alignments.ttl"),
    ("alignments/0.1.0", "releases/0.1.0/graphs/alignments.ttl"),
    ("id/actor/kremlin", "dist/graphs/actors.ttl"),
    ("id/place/black-sea", "dist/graphs/actors.ttl"),
    ("id/post/president-of-russia", "dist/graphs/actors.ttl"),
    ("id/a1/s009", "dist/communique.nt"),
    ("id/a12/u01", "dist/communique.nt"),
    ("id/curated/f01", "dist/graphs/curated.ttl"),
    ("id/dataset/communique", "dist/catalogue.ttl"),
    ("id/dataset/communique.nq", "dist/catalogue.ttl"),
    ("id/passage/ba01b1d8-581-818", "dist/communique.nt"),
    ("id/span/ba01b1d8-621-730", "dist/communique.nt"),
    ("graph/ontology", "dist/graphs/ontology.ttl"),
    ("graph/source/2025-03-18-energy-halt", "dist/graphs/source/2025-03-18-energy-halt.ttl"),
    ("shape/", "dist/graphs/shapes.ttl"),
    ("shape/Statement-voice", "dist/graphs/shapes.ttl"),
    ("dist/communique.nq", "dist/communique.nq"),
    ("dist/graphs/actors.ttl", "dist/graphs/actors.ttl"),
    ("dist/SHA256SUMS", "dist/SHA256SUMS"),
]


@pytest.mark.parametrize(("path", "file"), TABLE, ids=[row[0] for row in TABLE])
def test_an_iri_leads_to_its_file(path: str, file: str) -> None:
    code = 302 if path.startswith("dist/") else 303

    assert redirect(BASE + path) == (code, SITE + file)


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "ns/Statement",
        "ns/0.1",
        "ns/0.1.0/x",
        "vocab/a/b",
        "vocab/../id",
        "id/actor",
        "id/actor/",
        "id/actor/a/b",
        "id/actor/Kremlin%0d",
        "id/a0/s001",
        "id/robot/x",
        "graph/source/../actors",
        "graph/source/a/b",
        "dist/../secret",
        "dist/.htaccess",
        "dist//evil.example",
        "xns",
    ],
)
def test_what_is_not_ours_is_not_redirected(path: str) -> None:
    assert redirect(BASE + path) is None


def test_everything_described_leads_to_a_file_that_describes_it(published: dict[str, str]) -> None:
    found = described()
    wrong = []
    for iri, files in found.items():
        _, address = redirect(iri) or (0, "")
        path = address.removeprefix(SITE)
        whole = path == "dist/communique.nt" and f"\n<{iri}> " in published[path]
        if not whole and path not in files & set(published) and "/releases/" not in address:
            wrong.append((iri, path))

    assert len(found) > 500
    assert wrong == []


def test_every_file_that_one_is_sent_to_is_published(published: dict[str, str]) -> None:
    assert {file for _, file in TABLE if file.startswith("dist/")} <= set(published)


def test_each_version_iri_leads_to_that_version() -> None:
    for name, path in VERSIONED.items():
        stem = {"ns": "communique", "vocab": "concepts"}[name]
        graph = Graph().parse(ROOT / "ontology" / f"{stem}.ttl")
        (version,) = graph.objects(None, OWL.versionIRI)

        assert redirect(str(version)) == (303, SITE + path)


def test_every_namespace_of_ours_is_redirected() -> None:
    spaces = {name: iri for name, iri in PREFIXES.items() if iri.startswith(BASE)}
    lost = [name for name, iri in spaces.items() if redirect(f"{iri}x1") is None]

    assert lost == []


def test_every_rule_is_used_by_a_row_of_the_table() -> None:
    used = [first(urldefrag(path).url) for path, _ in TABLE]

    assert [rule.target for rule in RULES if rule not in used] == []


def test_every_rule_matches_whole_paths_and_ends_the_search_at_the_site() -> None:
    for rule in RULES:
        assert rule.pattern.pattern.startswith("^")
        assert rule.pattern.pattern.endswith("$")
        assert "L" in rule.flags
        assert rule.target.startswith(SITE)


def test_what_is_described_is_typed_in_the_published_whole(published: dict[str, str]) -> None:
    whole = published["dist/communique.nt"]

    assert f"<{BASE}id/a1/source> <{RDF.type}> <{BASE}ns#SourceDocument> ." in whole
