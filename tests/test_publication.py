"""What is published: every form of it says the same, its sums agree, and it appears at once."""

import fcntl
import hashlib
import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import (
    BlankNode,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
)

from communique import dataset, resources
from communique.description import DATASET, HOME, File
from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES
from communique.publication import Publication, compose, publish, quads_of
from communique.readback import canonical, check, values

DATA = """
PREFIX a1: <https://w3id.org/communique/id/a1/>
PREFIX actor: <https://w3id.org/communique/id/actor/>
PREFIX cmq: <https://w3id.org/communique/ns#>
PREFIX cmqv: <https://w3id.org/communique/vocab/>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX graph: <https://w3id.org/communique/graph/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
graph:ontology {
    <https://w3id.org/communique/ns> a owl:Ontology ;
        dcterms:issued "2031-02-03"^^xsd:date ;
        dcterms:license <https://creativecommons.org/licenses/by/4.0/> ;
        owl:versionInfo "7.8.9" .
    cmq:onBehalfOf owl:propertyChainAxiom ( cmq:inCapacity cmq:postIn ) .
    cmq:Statement a owl:Class ; rdfs:label "statement"@en , "d\u00e9claration"@fr .
}
graph:actors {
    actor:norvia a cmq:State ; rdfs:label "Norvia"@en ; cmq:code "03"^^xsd:integer .
    actor:estmark a cmq:State ; rdfs:label "Estmark"@en ; cmq:code 4 , "x" , actor:norvia .
}
graph:source\\/accord {
    a1:s001 a cmq:Statement ; cmq:voice actor:norvia ; cmq:force cmqv:assert ; cmq:relays a1:s001a .
    a1:s001a a cmq:Statement ; cmq:voice actor:norvia , actor:estmark ; cmq:force cmqv:agree ;
        cmq:content a1:u01 ;
        rdfs:comment "tab\\t \\"quoted\\" back\\\\slash\\nline \\u0001 \u202e"@en-gb .
    a1:u01 a cmq:Undertaking ; cmq:duration "P010D"^^xsd:dayTimeDuration ; cmq:open true ;
        cmq:firm "1"^^xsd:boolean ; cmq:share "1.50"^^xsd:decimal ; cmq:start 581 ; cmq:end -7 .
}
graph:inferred { a1:s001 cmq:relaysDeep a1:s001a . }
"""

EXPECTED = [
    "SHA256SUMS",
    "catalogue.ttl",
    "communique.jsonld",
    "communique.nq",
    "communique.nt",
    "communique.trig",
    "context.jsonld",
    "graphs/actors.ttl",
    "graphs/inferred.ttl",
    "graphs/meta.ttl",
    "graphs/ontology.ttl",
    "graphs/source/accord.ttl",
    "manifest.json",
]
FORMS = {".nq": "nquads", ".trig": "trig", ".nt": "nt", ".jsonld": "json-ld", ".ttl": "turtle"}


def parsed(data: str = DATA) -> list[Quad]:
    return list(parse(data, format=RdfFormat.TRIG))


@pytest.fixture(name="quads")
def _quads() -> list[Quad]:
    return parsed()


@pytest.fixture(name="made")
def _made(quads: list[Quad], tmp_path: Path) -> Publication:
    return publish(quads, tmp_path / "dist", read_back=False)


def names(folder: Path) -> list[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in files)


def assert_agrees_with_its_sums(folder: Path) -> None:
    """Every file has the sums that the folder states, and the folder states those of every file."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    listed = {entry["path"]: (entry["sha256"], entry["bytes"]) for entry in manifest["files"]}
    held = {name: (folder / name).read_bytes() for name in names(folder)}
    actual = {name: (hashlib.sha256(data).hexdigest(), len(data)) for name, data in held.items()}
    sums = dict(line.split("  ")[::-1] for line in held["SHA256SUMS"].decode().splitlines())
    assert actual.pop("manifest.json")
    assert actual == listed
    assert sums == {name: listed[name][0] for name in listed if name != "SHA256SUMS"}


def lines(path: Path) -> set[str]:
    """Return what pyoxigraph reads in a file."""
    return canonical(oxigraph_quads(path))


def oxigraph_quads(path: Path) -> list[Quad]:
    form = RdfFormat.from_extension(path.suffix[1:])
    assert form
    return list(parse(path.read_bytes(), format=form))


@pytest.fixture(name="keep_lexical_forms")
def _keep_lexical_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)


def rdflib_quads(path: Path, *, through: str = "nquads") -> list[Quad]:
    """Return what rdflib reads in a file, written by rdflib in one form and read back by us."""
    found = rdflib.Dataset()
    found.parse(data=path.read_bytes(), format=FORMS[path.suffix])
    text = found.serialize(format=through, encoding="utf-8")
    form = {"nquads": RdfFormat.N_QUADS, "trig": RdfFormat.TRIG, "json-ld": RdfFormat.JSON_LD}
    default = NamedNode("urn:x-rdflib:default")
    quads = parse(text, format=form[through])
    return [Quad(*q.triple) if q.graph_name == default else q for q in quads]


# What is there


def test_all_files_are_there_and_agree_with_their_sums(made: Publication) -> None:
    assert names(made.out.resolve()) == EXPECTED
    assert_agrees_with_its_sums(made.out)


def test_the_usual_tool_confirms_the_sums(made: Publication) -> None:
    checked = subprocess.run(
        ["sha256sum", "-c", "--quiet", "SHA256SUMS"],  # noqa: S607 (wherever it is)
        cwd=made.out,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_summary_says_what_was_written(made: Publication) -> None:
    size = sum((made.out / name).stat().st_size for name in EXPECTED)

    assert str(made) == (
        f"{made.out}: 13 files, {size:,} bytes; {made.triples} triples, "
        f"version 7.8.9, canonical digest {made.digest[:16]}"
    )


def test_the_canonical_digest_is_that_of_the_sorted_canonical_quads(
    quads: list[Quad], made: Publication
) -> None:
    graph = NamedNode(PREFIXES["graph"] + "meta")
    meta = oxigraph_quads(made.out / "graphs/meta.ttl")
    whole = [*quads, *(Quad(q.subject, q.predicate, q.object, graph) for q in meta)]
    written = (made.out / "communique.nq").read_bytes()

    assert made.digest == hashlib.sha256(written).hexdigest()
    assert written.decode().split("\n")[:-1] == sorted(f"{line} ." for line in canonical(whole))


@pytest.mark.parametrize("name", ["communique.trig", "communique.jsonld"])
def test_every_form_is_the_same_dataset_to_the_letter(made: Publication, name: str) -> None:
    assert lines(made.out / name) == lines(made.out / "communique.nq")


@pytest.mark.parametrize("name", ["communique.nq", "communique.jsonld", "communique.nt"])
@pytest.mark.usefixtures("keep_lexical_forms")
def test_rdflib_reads_the_same_to_the_letter(made: Publication, name: str) -> None:
    assert canonical(rdflib_quads(made.out / name)) == lines(made.out / name)


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.endswith((".ttl", ".trig"))])
@pytest.mark.usefixtures("keep_lexical_forms")
def test_rdflib_reads_the_same_values(made: Publication, name: str) -> None:
    assert values(rdflib_quads(made.out / name)) == values(oxigraph_quads(made.out / name))


@pytest.mark.parametrize("form", ["trig", "json-ld"])
@pytest.mark.usefixtures("keep_lexical_forms")
def test_what_rdflib_writes_of_it_is_still_the_same(tmp_path: Path, form: str) -> None:
    """It is asked of "true" only: rdflib writes the boolean "1" as an integer in TriG."""
    publish(parsed(DATA.replace('"1"^^xsd:boolean', "true")), tmp_path / "dist")
    path = tmp_path / "dist" / "communique.nq"

    assert values(rdflib_quads(path, through=form)) == values(oxigraph_quads(path))


def test_each_graph_is_published_as_it_was_loaded(quads: list[Quad], made: Publication) -> None:
    for graph in {quad.graph_name for quad in quads}:
        assert isinstance(graph, NamedNode)
        name = graph.value.removeprefix(PREFIXES["graph"])
        loaded = (Quad(*quad.triple) for quad in quads if quad.graph_name == graph)

        assert lines(made.out / f"graphs/{name}.ttl") == canonical(loaded)


@pytest.mark.parametrize("form", ["nq", "nt", "trig", "jsonld"])
def test_numbers_and_durations_are_written_as_they_were(made: Publication, form: str) -> None:
    text = "".join(lines(made.out / f"communique.{form}"))

    assert all(f'"{value}"^^' in text for value in ("03", "P010D", "1", "1.50"))


def test_the_one_graph_of_n_triples_is_the_union(made: Publication) -> None:
    quads = parse((made.out / "communique.nq").read_bytes(), format=RdfFormat.N_QUADS)

    assert lines(made.out / "communique.nt") == {str(Quad(*q.triple)) for q in quads}


def test_trig_has_its_prefixes_in_order_and_each_graph_once(
    quads: list[Quad], made: Publication
) -> None:
    text = (made.out / "communique.trig").read_text("utf-8").splitlines()
    prefixes = [line for line in text if line.startswith("@prefix")]
    graphs = [line for line in text if line.endswith(" {")]

    assert prefixes == sorted(prefixes)
    assert len(graphs) == len(set(graphs)) == len({quad.graph_name for quad in quads}) + 1


def test_json_ld_reads_like_json(made: Publication) -> None:
    document = json.loads((made.out / "communique.jsonld").read_text("utf-8"))
    graphs = {graph["id"]: graph["@graph"] for graph in document["@graph"]}
    nodes = {node["id"]: node for node in graphs[PREFIXES["graph"] + "source/accord"]}

    assert nodes["a1:s001"] == {
        "id": "a1:s001",
        "type": "Statement",
        "force": "cmqv:assert",
        "relays": "a1:s001a",
        "voice": "actor:norvia",
    }
    assert nodes["a1:u01"] == {
        "id": "a1:u01",
        "type": "Undertaking",
        "duration": "P010D",
        "end": -7,
        "firm": "1",
        "open": True,
        "share": "1.50",
        "start": 581,
    }


def test_the_context_apart_is_the_one_inside(made: Publication) -> None:
    document = json.loads((made.out / "communique.jsonld").read_text("utf-8"))
    context = json.loads((made.out / "context.jsonld").read_text("utf-8"))

    assert context == {"@context": document["@context"]}


def test_readings_are_written_for_each_voice_of_an_innermost_statement(
    tmp_path: Path,
) -> None:
    relay = "cmq:relays a1:s001a"
    data = DATA.replace(relay, f"{relay} ; cmq:content a1:u01")
    publish(parsed(data), tmp_path / "dist", readings=True)
    found = (tmp_path / "dist" / "readings-rdf12.nt").read_text("utf-8")
    base = "https://w3id.org/communique/"
    reified = [line for line in found.splitlines(keepends=True) if "reifies" in line]

    assert f"<{base}id/a1/s001> <{base}ns#relays> <{base}id/a1/s001a> .\n" in found
    assert "".join(reified) == "".join(
        f"<{base}id/a1/s001a> <{PREFIXES['rdf']}reifies> <<( <{base}id/actor/{voice}> "
        f"<{base}vocab/agree> <{base}id/a1/u01> )>> .\n"
        for voice in ("estmark", "norvia")
    )


SHAPES = """
PREFIX graph: <https://w3id.org/communique/graph/>
PREFIX sh: <http://www.w3.org/ns/shacl#>
graph:shapes { <https://w3id.org/communique/shape/State> a sh:NodeShape . }
"""


def test_shapes_are_published_by_themselves(tmp_path: Path) -> None:
    made = publish(parsed(DATA + SHAPES), tmp_path / "dist")

    assert names(made.out.resolve()) == sorted([*EXPECTED, "graphs/shapes.ttl"])
    assert "NodeShape" in (made.out / "graphs/shapes.ttl").read_text("utf-8")
    assert b"NodeShape" not in (made.out / "communique.nq").read_bytes()


# The description


def catalogue(made: Publication) -> rdflib.Graph:
    return rdflib.Graph().parse(made.out / "catalogue.ttl")


def test_the_catalogue_has_size_and_digest_of_every_other_file(made: Publication) -> None:
    text, dcat, spdx = catalogue(made), rdflib.DCAT, rdflib.Namespace(PREFIXES["spdx"])
    stated = {}
    for file in text.objects(None, dcat.distribution):
        url, size = text.value(file, dcat.downloadURL), text.value(file, dcat.byteSize)
        digest = text.value(text.value(file, spdx.checksum), spdx.checksumValue)
        name = str(url).removeprefix("https://w3id.org/communique/dist/")
        stated[name] = (str(size), str(digest))
    files = {file.path: (str(len(file.data)), file.sha256) for file in made.files}

    assert stated == {
        name: files[name]
        for name in EXPECTED
        if name not in {"catalogue.ttl", "SHA256SUMS", "manifest.json"}
    }


def test_a_graph_is_a_dataset_of_its_own_and_the_whole_has_the_whole_files(
    made: Publication,
) -> None:
    text, dcat, whole = catalogue(made), rdflib.DCAT, rdflib.URIRef(DATASET)
    parts = set(text.objects(whole, rdflib.DCTERMS.hasPart))
    urls = {
        str(text.value(file, dcat.downloadURL)) for file in text.objects(whole, dcat.distribution)
    }

    assert {(part, rdflib.RDF.type, dcat.Dataset) in text for part in parts} == {True}
    assert not [url for url in urls if "/graphs/" in url]
    assert all(list(text.objects(part, dcat.distribution)) for part in parts)


def test_the_description_counts_what_is_there(quads: list[Quad], made: Publication) -> None:
    text = catalogue(made)
    void, graph = rdflib.Namespace(PREFIXES["void"]), PREFIXES["graph"]
    union = {quad.triple for quad in quads}
    states = {t.subject for t in union if t.object == NamedNode(PREFIXES["cmq"] + "State")}
    voices = [t for t in union if t.predicate == NamedNode(PREFIXES["cmq"] + "voice")]

    def count(subject: str, predicate: rdflib.URIRef) -> int:
        return int(str(text.value(rdflib.URIRef(subject), predicate)))

    assert count(DATASET, void.triples) == len(union)
    assert count(graph + "actors", void.triples) == 8
    assert count(HOME + "class-cmq-State", void.entities) == len(states) == 2
    assert count(HOME + "property-cmq-voice", void.triples) == len(voices) == 3


def test_the_description_takes_version_and_date_from_the_ontology(made: Publication) -> None:
    text, subject = catalogue(made), rdflib.URIRef(DATASET)

    assert (
        str(text.value(subject, rdflib.URIRef(PREFIXES["dcat"] + "version")))
        == made.version
        == "7.8.9"
    )
    assert str(text.value(subject, rdflib.DCTERMS.issued)) == "2031-02-03"


# Same input, same bytes


def test_the_order_of_loading_leaves_no_trace(quads: list[Quad], tmp_path: Path) -> None:
    digests = set()
    for seed in range(5):
        random.Random(seed).shuffle(quads)
        digests.add(compose(quads, tmp_path).files[-1].sha256)

    assert len(digests) == 1


def test_the_hash_seed_leaves_no_trace() -> None:
    code = (
        "import sys; from pathlib import Path; import pyoxigraph as o;"
        "from communique.publication import compose;"
        "quads = o.parse(sys.stdin.buffer.read(), format=o.RdfFormat.TRIG);"
        "print(compose(quads, Path('x'), readings=True).files[-1].sha256)"
    )
    printed = {run(code, DATA, PYTHONHASHSEED=seed).stdout for seed in ("0", "1", "4242")}

    assert len(printed) == 1
    assert len(printed.pop().strip()) == 64


def run(code: str, data: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        input=data,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | environment,
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )


# What is refused

TWINS = """
PREFIX graph: <https://w3id.org/communique/graph/>
GRAPH graph:a-b { <urn:s> <urn:p> 1 }
GRAPH graph:a\\/b { <urn:s> <urn:p> 1 }
"""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "nothing to publish"),
        (SHAPES, "nothing to publish"),
        ("<urn:s> <urn:p> 1 .", "is in no graph"),
        ("GRAPH <urn:g> { <urn:s> <urn:p> 1 }", "cannot name a file"),
        ("GRAPH <https://w3id.org/communique/graph/../x> { <urn:s> <urn:p> 1 }", "cannot name"),
        ("GRAPH <https://w3id.org/communique/graph/meta> { <urn:s> <urn:p> 1 }", "not graph:meta"),
        (
            TWINS,
            "share a file name",
        ),
        (
            "GRAPH <https://w3id.org/communique/graph/g> { _:a <urn:p> _:b . _:c <urn:p> _:b }",
            "a blank node is used twice",
        ),
    ],
)
def test_what_cannot_be_published_is_refused(tmp_path: Path, data: str, message: str) -> None:
    with pytest.raises(CommuniqueError, match=message):
        publish(parsed(data), tmp_path / "dist")
    assert list(tmp_path.iterdir()) == []


def test_a_triple_as_object_is_refused(quads: list[Quad], tmp_path: Path) -> None:
    node = NamedNode("urn:x")
    quads.append(Quad(node, node, Triple(node, node, node), quads[0].graph_name))

    with pytest.raises(CommuniqueError, match=r"Use plain RDF 1\.1"):
        publish(quads, tmp_path / "dist")


def test_a_form_that_says_something_else_is_refused(quads: list[Quad], tmp_path: Path) -> None:
    made = compose(quads, tmp_path)
    nt = next(file for file in made.files if file.path == "communique.nt")
    whole = list(parse(_data(made, "communique.nq"), format=RdfFormat.N_QUADS))
    less = File(nt.path, nt.media_type, nt.title, nt.data.partition(b"\n")[2], nt.triples)

    check([nt], whole)
    with pytest.raises(CommuniqueError, match=r"communique\.nt: what is read back is not"):
        check([less], whole)


def test_nothing_is_written_when_a_form_does_not_read_back(
    quads: list[Quad], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("communique.jsonld.documents", lambda _: (b"{}", b"{}"))

    with pytest.raises(CommuniqueError, match=r"communique\.jsonld: what is read back is not"):
        publish(quads, tmp_path / "dist")
    assert list(tmp_path.iterdir()) == []


def _data(made: Publication, name: str) -> bytes:
    return next(file.data for file in made.files if file.path == name)


@pytest.mark.parametrize("name", [".", "..", "/"])
def test_a_place_that_is_no_new_folder_is_refused(quads: list[Quad], name: str) -> None:
    with pytest.raises(CommuniqueError, match="not the name of a new folder"):
        publish(quads, Path(name))


def test_what_others_put_there_is_left_alone(quads: list[Quad], tmp_path: Path) -> None:
    full, file, link = tmp_path / "full", tmp_path / "file", tmp_path / "link"
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    file.write_text("mine")
    link.symlink_to(full)
    for place, message in (
        (full, "not published by this tool"),
        (file, "a file, not a folder"),
        (link, "a link to somewhere else"),
    ):
        with pytest.raises(CommuniqueError, match=message):
            publish(quads, place)
    assert names(tmp_path) == ["file", "full/mine.txt"]


# In one step


def test_an_empty_folder_becomes_the_published_one(quads: list[Quad], tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    publish(quads, tmp_path / "dist")

    assert_agrees_with_its_sums(tmp_path / "dist")


def test_publishing_the_same_again_changes_nothing(quads: list[Quad], made: Publication) -> None:
    before = made.out.readlink()
    publish(quads, made.out)

    assert made.out.readlink() == before
    assert len(releases(made.out)) == 1


def releases(out: Path) -> list[str]:
    home = out.parent / f".{out.name}-releases"
    return sorted(path.name for path in home.iterdir() if path.name != "lock")


def test_the_last_release_is_kept_and_those_before_are_not(tmp_path: Path) -> None:
    out = tmp_path / "dist"
    targets = []
    for label in ("one", "two", "three"):
        publish(parsed(DATA.replace("Norvia", label)), out)
        targets.append(out.readlink().name)

    assert releases(out) == sorted(targets[1:])
    assert "three" in (out / "graphs/actors.ttl").read_text("utf-8")


def test_a_release_that_somebody_changed_is_replaced(quads: list[Quad], made: Publication) -> None:
    (made.out / "graphs/actors.ttl").write_text("changed")
    publish(quads, made.out)

    assert_agrees_with_its_sums(made.out)


def test_two_publishers_do_not_meet(quads: list[Quad], made: Publication) -> None:
    home = made.out.parent / ".dist-releases"
    with (home / "lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(CommuniqueError, match="somebody is publishing there now"):
            publish(quads, made.out)


def test_what_an_interrupted_run_left_is_removed_after_a_day(
    quads: list[Quad], made: Publication
) -> None:
    home = made.out.parent / ".dist-releases"
    old, young = home / "stage-old", home / "stage-young"
    for stage in (old, young):
        stage.mkdir()
        (stage / "half.nq").write_text("half")
    two_days_ago = time.time() - 2 * 24 * 60 * 60
    os.utime(old, (two_days_ago, two_days_ago))
    publish(quads, made.out)

    assert [stage.exists() for stage in (old, young)] == [False, True]


LOOP = """
import pickle, sys
from pathlib import Path
from communique import staging
made = pickle.loads(sys.stdin.buffer.read())
print("ready", flush=True)
while True:
    for name, files in made:
        staging.put(files, Path(sys.argv[1]), name=name)
"""


def killed_after(delay: float, out: Path, made: bytes) -> None:
    """Put several publications in one place in turn, each anew, and be killed."""
    with subprocess.Popen(
        [sys.executable, "-c", LOOP, str(out)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdin
        assert child.stdout
        child.stdin.write(made)
        child.stdin.close()
        assert child.stdout.readline() == b"ready\n"
        time.sleep(delay)
        child.kill()
        assert child.wait() == -signal.SIGKILL


def test_a_killed_run_never_leaves_a_folder_that_disagrees_with_its_sums(
    quads: list[Quad], tmp_path: Path
) -> None:
    out = tmp_path / "dist"
    delays = random.Random(1)
    lands = ("Norvia", "Sudmark", "Wester", "Halden")
    made = [compose(parsed(DATA.replace("Norvia", land)), out).files for land in lands]
    named = [(files[-1].sha256[:16], {f.path: f.data for f in files}) for files in made]
    left = 0
    for _ in range(30):
        killed_after(delays.uniform(0.0, 0.08), out, pickle.dumps(named))
        if out.exists():
            assert_agrees_with_its_sums(out)
            left += 1
    publish(quads, out)

    assert left > 20
    assert len(set(releases(out))) > 2, "no run was killed while it wrote"
    assert_agrees_with_its_sums(out)


FULL = """
import resource, sys
from pathlib import Path
import pyoxigraph as o
from communique.errors import CommuniqueError
from communique.publication import publish
quads = list(o.parse(sys.stdin.buffer.read(), format=o.RdfFormat.TRIG))
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    publish(quads, Path({out!r}))
except CommuniqueError as error:
    print(error)
"""


def test_a_full_disk_leaves_what_was_published_before(made: Publication) -> None:
    before = {name: (made.out / name).read_bytes() for name in EXPECTED}
    other = DATA.replace("Norvia", "Sudmark")
    said = run(FULL.format(out=str(made.out)), other).stdout

    assert said.startswith(f"{made.out}: File too large. What was published before is unchanged")
    assert {name: (made.out / name).read_bytes() for name in EXPECTED} == before
    assert len(releases(made.out)) == 1


# The project's own data


def test_a_project_s_files_are_published_to_the_letter() -> None:
    root = resources.root()
    quads = quads_of(root, dataset.load(root, infer=False))
    for source in dataset.sources(root):
        said = canonical(parse(source.path.read_bytes(), format=RdfFormat.TURTLE))

        assert canonical(Quad(*q.triple) for q in quads if q.graph_name == source.iri) == said


@pytest.mark.parametrize("suffix", [".ttl", ".nt", ".nq", ".trig"])
def test_shapes_in_any_form_are_published(project: Path, suffix: str) -> None:
    shapes = NamedNode(PREFIXES["graph"] + "shapes")
    shutil.rmtree(project / "shapes")
    (project / "shapes" / "more").mkdir(parents=True)
    said = Triple(NamedNode("urn:s"), NamedNode("urn:p"), NamedNode("urn:o"))
    (project / "shapes" / "more" / f"one{suffix}").write_text(f"{said} .\n")
    (project / "shapes" / f".hidden{suffix}").write_text("no triple")
    quads = quads_of(project, dataset.load(project, infer=False))

    assert [quad.triple for quad in quads if quad.graph_name == shapes] == [said]


def test_a_project_without_shapes_is_published_without(project: Path) -> None:
    shutil.rmtree(project / "shapes")
    graphs = {quad.graph_name for quad in quads_of(project, dataset.load(project, infer=False))}

    assert NamedNode(PREFIXES["graph"] + "shapes") not in graphs
    assert graphs


def test_the_project_s_own_data_is_published_and_read_back(tmp_path: Path) -> None:
    root = resources.root()
    made = publish(quads_of(root, dataset.load(root)), tmp_path / "dist", readings=True)

    assert_agrees_with_its_sums(made.out)
    assert made.triples > 1000
    assert (made.out / "readings-rdf12.nt").stat().st_size > 0


def test_a_clique_of_blank_nodes_is_refused_before_it_is_canonicalised() -> None:
    nodes = [BlankNode() for _ in range(9)]
    graph, edge = NamedNode(PREFIXES["graph"] + "g"), NamedNode("urn:p")
    clique = [Quad(a, edge, b, graph) for a in nodes for b in nodes if a != b]

    with pytest.raises(CommuniqueError, match="a blank node is used twice"):
        compose(clique, Path("dist"))
