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
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"
RDFLIB = "text/turtle, application/x-turtle;q=0.9, */*;q=0.1"
PROTEGE = "application/rdf+xml, application/xml; q=0.7, text/xml; q=0.6, text/plain; q=0.1"
CURL = "*/*"
VERSIONED = {
    "ns": "releases/0.1.0/graphs/ontology.ttl",
    "vocab": "releases/0.1.0/graphs/vocab.ttl",
}


@dataclass(frozen=True)
class Rule:
    """One RewriteRule with the conditions before it."""

    conditions: tuple[re.Pattern[str], ...]
    pattern: re.Pattern[str]
    target: str
    flags: frozenset[str]


def rules() -> Iterator[Rule]:
    """Yield the rules of the file; a line that is not understood is an error."""
    waiting: list[re.Pattern[str]] = []
    for line in FILE.read_text(encoding="ascii").splitlines():
        name, *words = line.split() or ["#"]
        if name == "RewriteCond":
            variable, pattern, flags = words
            assert (variable, flags) == ("%{HTTP_ACCEPT}", "[NC]"), line
            waiting.append(re.compile(pattern, re.IGNORECASE))
        elif name == "RewriteRule":
            pattern, target, flags = words
            found = frozenset(flags.strip("[]").split(","))
            yield Rule(tuple(waiting), re.compile(pattern), target, found)
            waiting = []
        else:
            assert name in {"#", "Options", "RewriteEngine", "Header"}, line
    assert waiting == []


RULES = list(rules())


def redirect(iri: str, accept: str = BROWSER) -> tuple[int, str] | None:
    """Return the status and the address that a request for an IRI is answered with."""
    path = urldefrag(iri).url.removeprefix(BASE)
    rule = first(path, accept)
    if rule is None:
        return None
    (code,) = (flag for flag in rule.flags if flag.startswith("R="))
    address = re.sub(rule.pattern, rule.target.replace("$", "\\"), path)
    return int(code[2:]), address if "NE" in rule.flags else address.replace("#", "%23")


def first(path: str, accept: str) -> Rule | None:
    """Return the first rule that applies."""
    for rule in RULES:
        if rule.pattern.search(path) and all(c.search(accept) for c in rule.conditions):
            return rule
    return None


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


# The table: one row per kind of IRI. Without a second target it does not depend on the client.
TABLE = [
    ("", "", None),
    ("ns", "ns/", "dist/graphs/ontology.ttl"),
    ("ns#Statement", "ns/", "dist/graphs/ontology.ttl"),
    ("ns/0.1.0", "releases/0.1.0/ns/", "releases/0.1.0/graphs/ontology.ttl"),
    ("vocab", "vocab/", "dist/graphs/vocab.ttl"),
    ("vocab/", "vocab/", "dist/graphs/vocab.ttl"),
    ("vocab/forces", "vocab/#forces", "dist/graphs/vocab.ttl"),
    ("vocab/not-reported", "vocab/#not-reported", "dist/graphs/vocab.ttl"),
    ("vocab/canon-1", "vocab/#canon-1", "dist/graphs/vocab.ttl"),
    ("vocab/0.1.0", "releases/0.1.0/vocab/", "releases/0.1.0/graphs/vocab.ttl"),
    ("alignments", "dist/graphs/alignments.ttl", None),
    ("alignments/0.1.0", "releases/0.1.0/graphs/alignments.ttl", None),
    ("id/actor/kremlin", "id/actor/kremlin/", "dist/graphs/actors.ttl"),
    ("id/place/black-sea", "id/place/black-sea/", "dist/graphs/actors.ttl"),
    ("id/post/president-of-russia", "id/post/president-of-russia/", "dist/graphs/actors.ttl"),
    ("id/a1/s009", "id/a1/s009/", "dist/communique.nt"),
    ("id/a12/u01", "id/a12/u01/", "dist/communique.nt"),
    ("id/curated/f01", "id/curated/f01/", "dist/graphs/curated.ttl"),
    ("id/dataset/communique", "id/dataset/communique/", "dist/catalogue.ttl"),
    ("id/dataset/communique.nq", "id/dataset/communique.nq/", "dist/catalogue.ttl"),
    (
        "id/passage/ba01b1d8-581-818",
        "id/passage/ba01b1d8-581-818/",
        "dist/communique.nt",
    ),
    ("id/span/ba01b1d8-621-730", "id/span/ba01b1d8-621-730/", "dist/communique.nt"),
    ("graph/ontology", "dist/graphs/ontology.ttl", None),
    (
        "graph/source/2025-03-18-energy-halt",
        "dist/graphs/source/2025-03-18-energy-halt.ttl",
        None,
    ),
    ("shape/", "shape/", "dist/graphs/shapes.ttl"),
    ("shape/Statement", "shape/#Statement", "dist/graphs/shapes.ttl"),
    ("shape/Statement-voice", "shape/#Statement-voice", "dist/graphs/shapes.ttl"),
    ("dist/communique.nq", "dist/communique.nq", None),
    ("dist/graphs/actors.ttl", "dist/graphs/actors.ttl", None),
    ("dist/SHA256SUMS", "dist/SHA256SUMS", None),
]
each_row = pytest.mark.parametrize(("path", "page", "file"), TABLE, ids=[row[0] for row in TABLE])


@each_row
@pytest.mark.parametrize("accept", [BROWSER, CURL, ""], ids=["browser", "curl", "nothing"])
def test_a_reader_gets_the_page(path: str, page: str, file: str | None, accept: str) -> None:
    found = redirect(BASE + path, accept)

    assert found is not None
    assert (found[1], file is None or found[0] == 303) == (SITE + page, True)


@each_row
@pytest.mark.parametrize("accept", [RDFLIB, PROTEGE], ids=["turtle", "rdf-xml"])
def test_a_machine_gets_the_file(path: str, page: str, file: str | None, accept: str) -> None:
    found = redirect(BASE + path, accept)

    assert found is not None
    assert found[1] == SITE + (page if file is None else file)


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
@pytest.mark.parametrize("accept", [BROWSER, RDFLIB], ids=["browser", "turtle"])
def test_what_is_not_ours_is_not_redirected(path: str, accept: str) -> None:
    assert redirect(BASE + path, accept) is None


def test_everything_described_leads_to_a_file_that_describes_it(published: dict[str, str]) -> None:
    found = described()
    wrong = []
    for iri, files in found.items():
        _, address = redirect(iri, RDFLIB) or (0, "")
        path = address.removeprefix(SITE)
        whole = path == "dist/communique.nt" and f"\n<{iri}> " in published[path]
        if not whole and path not in files & set(published) and "/releases/" not in address:
            wrong.append((iri, path))

    assert len(found) > 500
    assert wrong == []


def test_every_file_that_a_machine_is_sent_to_is_published(published: dict[str, str]) -> None:
    latest = {file or page for _, page, file in TABLE if (file or page).startswith("dist/")}

    assert latest - set(published) <= {"dist/graphs/shapes.ttl"}


def test_each_version_iri_leads_to_that_version() -> None:
    for name, path in VERSIONED.items():
        stem = {"ns": "communique", "vocab": "concepts"}[name]
        graph = Graph().parse(ROOT / "ontology" / f"{stem}.ttl")
        (version,) = graph.objects(None, OWL.versionIRI)

        assert redirect(str(version), RDFLIB) == (303, SITE + path)


def test_every_namespace_of_ours_is_redirected() -> None:
    spaces = {name: iri for name, iri in PREFIXES.items() if iri.startswith(BASE)}
    lost = [name for name, iri in spaces.items() if redirect(f"{iri}x1") is None]

    assert lost == []


def test_every_rule_is_used_by_a_row_of_the_table() -> None:
    paths = [urldefrag(path).url for path, _, _ in TABLE]
    used = [first(path, accept) for path in paths for accept in (BROWSER, RDFLIB)]

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
