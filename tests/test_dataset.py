from pathlib import Path

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, DefaultGraph, NamedNode, Quad, Store

from communique import dataset
from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES


def _names(project: Path) -> set[str]:
    return {source.graph for source in dataset.sources(project)}


def test_each_file_is_one_named_graph(project: Path) -> None:
    expected = {"ontology", "vocab", "alignments", "actors", "source/1933-11-17-herring"}

    assert _names(project) == expected


def test_a_new_file_in_data_is_a_new_graph(project: Path) -> None:
    (project / "data" / "curated.ttl").write_text("<urn:a> <urn:b> <urn:c> .")

    assert "curated" in _names(project)


def test_a_triple_stays_in_the_graph_of_its_file(project: Path) -> None:
    store = dataset.load(project, infer=False)
    place = NamedNode(PREFIXES["actor"] + "freedonia")
    graphs = {quad.graph_name for quad in store.quads_for_pattern(place, None, None)}

    assert graphs == {dataset.graph_iri("actors")}


def test_questions_do_not_see_alignments(project: Path) -> None:
    union = dataset.union(dataset.load(project))
    foreign = NamedNode(PREFIXES["prov"] + "Agent")

    assert not list(union.quads_for_pattern(None, None, foreign))


def test_a_triple_in_two_files_is_one_triple_to_a_question(project: Path) -> None:
    copy = (project / "data" / "actors.ttl").read_text()
    (project / "data" / "again.ttl").write_text(copy)
    union = dataset.union(dataset.load(project, infer=False))

    assert len(dataset.select(union, "SELECT * { actor:freedonia a ?type }")) == 1


def test_questions_can_name_a_graph(project: Path) -> None:
    union = dataset.union(dataset.load(project))
    rows = dataset.select(union, "SELECT ?g { GRAPH ?g { ?s a cmq:Statement } }")

    assert {row["g"].value for row in rows} == {PREFIXES["graph"] + "source/1933-11-17-herring"}


def _content(store: Store) -> set[Quad]:
    """Return what a store holds, with names for its blank nodes that do not change."""
    held = Dataset(store)
    held.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return set(held)


@pytest.fixture(name="told_twice")
def _told_twice(project: Path) -> Path:
    """Return a project with blank nodes, with triples in two files, and with TriG and N-Quads."""
    graphs = "GRAPH <urn:g> { actor:freedonia a cmq:State ; cmq:p [ cmq:q 1 ] }"
    prefixes = f"PREFIX actor: <{PREFIXES['actor']}> PREFIX cmq: <{PREFIXES['cmq']}>"
    (project / "data" / "graphs.trig").write_text(f"{prefixes} {graphs}")
    (project / "data" / "quads.nq").write_text("_:a <urn:p> _:b <urn:h> .\n")
    (project / "data" / "again.ttl").write_bytes((project / "data" / "actors.ttl").read_bytes())
    return project


def test_what_is_read_in_one_go_is_the_union_of_all_files(told_twice: Path) -> None:
    assert _content(dataset.asked(told_twice, graphs=True)) == _content(
        dataset.union(dataset.load(told_twice))
    )


def test_without_graphs_the_default_graph_is_the_same(told_twice: Path) -> None:
    union = dataset.union(dataset.load(told_twice))
    for graph in list(union.named_graphs()):
        union.remove_graph(graph)
    bare = dataset.asked(told_twice)

    assert not list(bare.named_graphs())
    assert _content(bare) == _content(union)
    assert next(bare.quads_for_pattern(None, None, None, DefaultGraph()))


def test_unreadable_turtle_is_reported_with_file_line_and_column(project: Path) -> None:
    (project / "data" / "actors.ttl").write_text("<urn:a>\n    <urn:b> .\n")

    with pytest.raises(CommuniqueError, match=r"^data/actors\.ttl:2:13: not Turtle: .+\. Mend"):
        dataset.load(project)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"\xff\xfe<urn:a>", r":1:1"),
        (b"<urn:a> <urn:b> <urn:c>", r":1:24"),
        (b"<<<<<<< ours\n", r":1:"),
        (b"<a> <b> <c> .", r":1:1"),
    ],
    ids=["not UTF-8", "truncated", "merge marker", "relative IRI"],
)
def test_broken_bytes_are_reported_with_their_place(
    project: Path, content: bytes, place: str
) -> None:
    (project / "data" / "actors.ttl").write_bytes(content)

    for read in (dataset.load, dataset.asked):
        with pytest.raises(CommuniqueError, match=rf"^data/actors\.ttl{place}"):
            read(project)


@pytest.mark.parametrize("folder", ["ontology", "data"])
def test_a_folder_without_turtle_is_an_error(project: Path, folder: str) -> None:
    for path in (project / folder).rglob("*.ttl"):
        path.unlink()

    with pytest.raises(CommuniqueError, match=f"{folder}: no .ttl file in it"):
        dataset.load(project)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommuniqueError, match="ontology: no such folder"):
        dataset.load(tmp_path)


def test_a_file_that_cannot_be_opened_is_an_error(project: Path) -> None:
    (project / "data" / "actors.ttl").unlink()
    (project / "data" / "actors.ttl").mkdir()

    with pytest.raises(CommuniqueError, match=r"data/actors\.ttl: Is a directory"):
        dataset.load(project)


def test_n_triples_beside_turtle_are_loaded_as_a_graph_of_their_own(project: Path) -> None:
    (project / "data" / "more.nt").write_text("<urn:x:a> <urn:x:b> <urn:x:c> .\n")
    graph = dataset.graph_iri("more")

    assert dataset.extent(dataset.load(project), [graph]) == 1
