"""What stands beside a project's folders is told where it seems a part of it, and only there."""

from pathlib import Path

import pytest

from communique.strays import strays


def _write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("<urn:a:b> <urn:a:c> <urn:a:d> .\n")


@pytest.mark.parametrize(
    "place",
    [
        "tests/data/x.ttl",
        "docs/example.ttl",
        "dist/whole.nq",
        ".cache/x.ttl",
        ".x.ttl",
        "metadata/x.ttl",
        "examples/articles/x.ttl",
        "Data/notes.txt",
        "README.md",
    ],
)
def test_what_is_no_part_of_a_project_is_no_finding(project: Path, place: str) -> None:
    _write(project / place)

    assert list(strays(project)) == []


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        ("DATA/x.nt", "did you mean data?"),
        ("shape/deep/x.ttl", "did you mean shapes?"),
        ("ontologies/x.trig", "did you mean ontology?"),
        ("query/x.rq", "did you mean queries?"),
        ("articles/x.TTL", "did you mean data/articles?"),
        ("x.rq", "move it to ontology, data, shapes or queries"),
    ],
)
def test_what_seems_to_be_a_part_and_is_not_read_is_told(
    project: Path, place: str, hint: str
) -> None:
    _write(project / place)

    assert [(each.file, each.hint) for each in strays(project)] == [(place, hint)]


def test_no_link_is_followed(project: Path, tmp_path: Path) -> None:
    _write(tmp_path / "elsewhere" / "x.ttl")
    (project / "Data").symlink_to(tmp_path / "elsewhere")

    assert list(strays(project)) == []
