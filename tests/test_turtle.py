import errno
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse, serialize
from rdflib import Graph
from rdflib.compare import isomorphic

from communique import turtle
from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES

_HEAD = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
_MIXED = """
passage:ba01b1d8-1155-1200 cmq:start 1155 ; a cmq:Passage .
passage:ba01b1d8-581-818 a cmq:Passage ; cmq:start 581 .
cmq:voice a owl:ObjectProperty ; skos:definition "Who speaks."@en ; rdfs:label "voice"@en .
cmq:Statement a owl:Class ; rdfs:label "statement"@en .
<https://w3id.org/communique/ns> a owl:Ontology .
cmq:conveys owl:propertyChainAxiom ( cmq:relays cmq:content ) ; a owl:ObjectProperty .
shape:S sh:property shape:S-b , shape:S-a ; a sh:NodeShape .
shape:S-a a sh:PropertyShape ; sh:path ( [ sh:zeroOrMorePath cmq:relays ] cmq:evidence ) .
[] a owl:AllDisjointProperties ; owl:members ( cmq:fulfils cmq:breaches ) .
"""
_WRITTEN = """\
PREFIX cmq: <https://w3id.org/communique/ns#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX passage: <https://w3id.org/communique/id/passage/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX shape: <https://w3id.org/communique/shape/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

<https://w3id.org/communique/ns>
    a owl:Ontology ;
.

cmq:Statement
    a owl:Class ;
    rdfs:label "statement"@en ;
.

cmq:conveys
    a owl:ObjectProperty ;
    owl:propertyChainAxiom ( cmq:relays cmq:content ) ;
.

cmq:voice
    a owl:ObjectProperty ;
    rdfs:label "voice"@en ;
    skos:definition "Who speaks."@en ;
.

shape:S
    a sh:NodeShape ;
    sh:property
        shape:S-a ,
        shape:S-b ;
.

passage:ba01b1d8-581-818
    a cmq:Passage ;
    cmq:start 581 ;
.

passage:ba01b1d8-1155-1200
    a cmq:Passage ;
    cmq:start 1155 ;
.

shape:S-a
    a sh:PropertyShape ;
    sh:path ( [ sh:zeroOrMorePath cmq:relays ] cmq:evidence ) ;
.

[]
    a owl:AllDisjointProperties ;
    owl:members ( cmq:fulfils cmq:breaches ) ;
.
"""


def _formatted(body: str) -> str:
    return turtle.formatted(_HEAD + body)


def test_a_file_is_laid_out_by_the_house_rules() -> None:
    assert _formatted(_MIXED) == _WRITTEN


def test_what_is_formatted_stays_as_it_is() -> None:
    assert turtle.formatted(_WRITTEN) == _WRITTEN


def test_shuffled_input_gives_the_same_text() -> None:
    statements = [line for line in _MIXED.splitlines() if line]
    random.Random(7).shuffle(statements)

    assert _formatted("\n".join(statements)) == _WRITTEN


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_hash_seeds_do_not_change_the_text(seed: str) -> None:
    code = "import sys; from communique import turtle; print(turtle.formatted(sys.stdin.read()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=_HEAD + _MIXED,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )

    assert done.stdout == _WRITTEN + "\n"


@pytest.mark.parametrize(
    "literal",
    [
        "03",
        "-3",
        "3.50",
        "true",
        '"1"^^xsd:boolean',
        '"1.0e0"^^xsd:double',
        '"P30D"^^xsd:dayTimeDuration',
        '"2025-03-19"^^xsd:date',
        '"say \\"no\\""@en',
        '"back\\\\slash\\ttab"',
        '"\\u0001"',
    ],
)
def test_a_literal_keeps_its_form(literal: str) -> None:
    assert f"    cmq:value {literal} ;\n" in _formatted(f"cmq:a cmq:value {literal} .")


def test_a_text_of_several_lines_is_written_over_several_lines() -> None:
    assert 'cmq:value """SELECT "x"\nWHERE { }""" ;' in _formatted(
        'cmq:a cmq:value "SELECT \\"x\\"\\nWHERE { }" .'
    )


def test_a_long_list_has_one_member_a_line() -> None:
    members = [f"cmq:member{n:02}" for n in range(12)]
    text = _formatted(f"cmq:a cmq:list ( {' '.join(members)} ) .")

    assert "    cmq:list (\n        cmq:member00\n        cmq:member01\n" in text


def test_the_order_of_a_list_is_kept() -> None:
    assert "( cmq:z cmq:a )" in _formatted("cmq:s sh:path ( cmq:z cmq:a ) .")


def test_an_empty_list_is_an_empty_list() -> None:
    assert "cmq:list () ;" in _formatted("cmq:a cmq:list () .")


def test_a_comment_is_refused_with_its_place_and_never_lost() -> None:
    with pytest.raises(CommuniqueError, match=r"^f\.ttl:2:18: a comment, .* Say it in a triple"):
        turtle.formatted("\r\n<urn:a> a <urn:b># a remark\r\n .", where="f.ttl")


@pytest.mark.parametrize(
    "text",
    [
        '<urn:a#b> <urn:p#\\u0041> "#", \'#\', "\\"#", """a"\n#\n""", \'\'\'\'#\'\'\'@en .',
        "PREFIX actor: <https://w3id.org/communique/id/actor/>\nactor:a\\#b a actor:\\#x .",
        "<urn:a> <urn:p> ''''#'#''' , '\\\\' , \"'\" .",
    ],
)
def test_what_only_looks_like_a_comment_is_none(text: str) -> None:
    assert turtle.formatted(text)


_PIECES = st.sampled_from(
    ["<urn:a>", '"#"', "'''\n#'''", "'\\\\'", '"\\\\\\""', '"""\\""""', "<urn:#>", "# x\n"]
)


@settings(deadline=None)
@given(st.lists(_PIECES, max_size=8))
def test_just_the_files_with_comments_are_refused(pieces: list[str]) -> None:
    objects = "".join(each if each.startswith("# ") else f", {each} " for each in pieces)
    text = f"<urn:a> <urn:p> <urn:c> {objects} ."
    if "# x\n" in pieces:
        with pytest.raises(CommuniqueError, match="a comment"):
            turtle.formatted(text)
    else:
        assert turtle.formatted(text)


_IRIS = st.sampled_from(
    [NamedNode(PREFIXES["cmq"] + name) for name in ("a", "b10", "b9", "end.", "space%20")]
)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_LITERALS = st.one_of(
    st.builds(Literal, _TEXTS),
    st.builds(lambda text: Literal(text, language="en"), _TEXTS),
    st.builds(lambda text: Literal(text, datatype=NamedNode(PREFIXES["xsd"] + "integer")), _TEXTS),
)
_TRIPLES = st.lists(st.builds(Triple, _IRIS, _IRIS, st.one_of(_IRIS, _LITERALS)), min_size=1)


def _said(pairs: list[tuple[NamedNode, str]]) -> str:
    return f"[ {' ; '.join(f'{predicate} {term}' for predicate, term in pairs)} ]"


_TREES = st.recursive(
    st.one_of(_IRIS, _LITERALS).map(str),
    lambda inner: st.one_of(
        st.lists(st.tuples(_IRIS, inner), max_size=3).map(_said),
        st.lists(inner, max_size=4).map(lambda terms: f"( {' '.join(terms)} )"),
    ),
    max_leaves=12,
)
_SUBJECTS = st.one_of(_IRIS.map(str), st.just("[]"))


@settings(deadline=None)
@given(st.lists(st.tuples(_SUBJECTS, _IRIS, _TREES), min_size=1, max_size=6))
def test_any_nesting_of_blank_nodes_keeps_its_meaning_and_settles_at_once(
    said: list[tuple[str, NamedNode, str]],
) -> None:
    sentences = [f"{subject} {predicate} {term} .\n" for subject, predicate, term in said]
    text = "".join(sentences)
    once = turtle.formatted(text)

    assert turtle.formatted(once) == once
    assert turtle.formatted("".join(reversed(sentences))) == once
    assert isomorphic(_read(text), _read(once))


def _read(text: str) -> Graph:
    """Read a text with another parser, which does not judge the form of numbers."""
    triples = parse(text, format=RdfFormat.TURTLE)
    plain = [Triple(q.subject, q.predicate, _plain(q.object)) for q in triples]
    return Graph().parse(data=serialize(plain, format=RdfFormat.N_TRIPLES) or b"", format="nt")


def _plain(term: NamedNode | BlankNode | Literal | Triple) -> NamedNode | BlankNode | Literal:
    """Hide what rdflib would normalise: it compares values, and this test compares forms."""
    if isinstance(term, Literal):
        return Literal(f"{term.value}@{term.language}^^{term.datatype.value}")
    assert not isinstance(term, Triple)
    return term


@given(_TRIPLES)
def test_any_graph_is_written_without_loss_and_once_for_all(triples: list[Triple]) -> None:
    text = (serialize(triples, format=RdfFormat.TURTLE) or b"").decode()
    once = turtle.formatted(text)
    read = {quad.triple for quad in parse(once, format=RdfFormat.TURTLE)}

    assert read == set(triples)
    assert turtle.formatted(once) == once


@given(st.recursive(_IRIS, lambda inner: st.lists(inner, max_size=4), max_leaves=12))
def test_any_nesting_of_lists_settles_at_once(nested: object) -> None:
    once = _formatted(f"cmq:a cmq:list ( {_as_turtle(nested)} ) .")

    assert turtle.formatted(once) == once


def _as_turtle(nested: object) -> str:
    if isinstance(nested, list):
        return f"( {' '.join(_as_turtle(each) for each in nested)} )"
    return str(nested)


def test_a_formatter_that_changed_the_meaning_would_be_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turtle, "_quoted", lambda _value: '"other"')

    with pytest.raises(AssertionError, match="would mean something else"):
        _formatted('cmq:a cmq:b "this" .')


def test_ten_blank_siblings_settle_at_once() -> None:
    siblings = " , ".join(f"[ cmq:value {n} ]" for n in range(12))
    once = _formatted(f"cmq:a cmq:b {siblings} .")

    assert turtle.formatted(once) == once


def test_blank_node_labels_do_not_matter() -> None:
    one = f"cmq:a cmq:b {BlankNode('x')} . {BlankNode('x')} cmq:value 1 ."
    two = f"{BlankNode('b0')} cmq:value 1 . cmq:a cmq:b {BlankNode('b0')} ."

    assert _formatted(one) == _formatted(two)


def test_blank_nodes_that_nest_too_deep_are_an_error() -> None:
    deep = "[ cmq:b " * 5_000 + "1" + " ]" * 5_000

    with pytest.raises(CommuniqueError, match="nest deeper than 64"):
        _formatted(f"cmq:a cmq:b {deep} .")


def test_a_list_of_five_thousand_is_no_deep_nesting() -> None:
    members = " ".join(str(n) for n in range(5_000))

    assert _formatted(f"cmq:a cmq:list ( {members} ) .").count("\n") > 5_000


# Files

_CANONICAL = "PREFIX cmq: <https://w3id.org/communique/ns#>\n\ncmq:a\n    cmq:b cmq:c ;\n.\n"
_LOOSE = "PREFIX cmq: <https://w3id.org/communique/ns#>\ncmq:a cmq:b cmq:c ."
_MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    "content",
    [
        _LOOSE.encode(),
        _MARK + _LOOSE.encode(),
        _LOOSE.replace("\n", "\r\n").encode(),
        _MARK + _CANONICAL.encode(),
        _CANONICAL.replace("\n", "\r\n").encode(),
    ],
)
def test_a_byte_order_mark_and_other_line_ends_are_taken_away(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "x.ttl"
    path.write_bytes(content)

    assert turtle.rewrite([path], check=True) == [path]
    assert path.read_bytes() == content
    assert turtle.rewrite([path], check=False) == [path]
    assert path.read_bytes() == _CANONICAL.encode()


def test_a_carriage_return_within_a_text_stays(tmp_path: Path) -> None:
    path = tmp_path / "x.ttl"
    path.write_bytes(b'<urn:a> <urn:b> """one\r\ntwo""" .\r\n')
    turtle.rewrite([path], check=False)

    assert path.read_bytes() == b'<urn:a>\n    <urn:b> """one\\r\ntwo""" ;\n.\n'


def test_queries_are_tidied_with_the_turtle(tmp_path: Path) -> None:
    path = tmp_path / "queries" / "x.rq"
    path.parent.mkdir()
    path.write_bytes(_MARK + b"#+ summary: Who?\r\nselect * {\r\n?s ?p ?o}\r\n")

    assert turtle.chosen(tmp_path, []) == [path]
    assert turtle.rewrite([path], check=False) == [path]
    assert path.read_text() == "#+ summary: Who?\n\nSELECT * {\n  ?s ?p ?o }\n"


@pytest.mark.parametrize("suffix", [".nt", ".nq", ".trig"])
def test_what_is_not_turtle_is_never_written_as_turtle(tmp_path: Path, suffix: str) -> None:
    path, beside = tmp_path / "data" / f"x{suffix}", tmp_path / "data" / "x.ttl"
    path.parent.mkdir()
    for each in (path, beside):
        each.write_text("<urn:a> <urn:b> <urn:c> .\n")

    assert turtle.chosen(tmp_path, []) == turtle.chosen(tmp_path, [path.parent]) == [beside]
    with pytest.raises(CommuniqueError, match=r"Give \.ttl or \.rq files"):
        turtle.rewrite(turtle.chosen(tmp_path, [path, beside]), check=False)
    assert path.read_text() == beside.read_text() == "<urn:a> <urn:b> <urn:c> .\n"


def test_a_file_keeps_its_mode_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "x.ttl"
    path.write_text(_LOOSE)
    path.chmod(0o640)
    turtle.rewrite([path], check=False)

    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.ttl"
    path.write_text(_LOOSE)

    def _full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", _full)

    with pytest.raises(CommuniqueError, match=r"No space left on device\. It is as it was"):
        turtle.rewrite([path], check=False)
    assert path.read_text() == _LOOSE
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_written_where_one_file_cannot_be_formatted(tmp_path: Path) -> None:
    good, bad = tmp_path / "a.ttl", tmp_path / "b.ttl"
    good.write_text(_LOOSE)
    bad.write_text("nonsense")

    with pytest.raises(CommuniqueError, match=r"b\.ttl:1:\d+: not Turtle"):
        turtle.rewrite([good, bad], check=False)
    assert good.read_text() == _LOOSE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<urn:a> <urn:b> " + "[ <urn:b> " * 500, r"x\.ttl:1:\d+: Brackets nest deeper than 64"),
        ("<urn:a> <urn:b> " + "<<( <urn:a> <urn:b> " * 30_000, r"x\.ttl:1:\d+: .*triple"),
        ("<urn:a> <urn:b> <urn:c> .\n<<<<<<< ours\n", r"x\.ttl:2:1: "),
        ("<a> <b> <c> .\n" * 200 + "<urn:a> <urn:b> " + "[" * 9_999, r"x\.ttl:\d+:\d+: .*IRI"),
    ],
    ids=["brackets", "triples", "merge", "hidden"],
)
def test_what_no_parser_should_see_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "x.ttl"
    path.write_text(text)

    with pytest.raises(CommuniqueError, match=message):
        turtle.rewrite([path], check=True)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "secret", tmp_path / "x.ttl"
    target.write_text(_LOOSE)
    link.symlink_to(target)

    with pytest.raises(CommuniqueError, match=r"x\.ttl: a link\. Give the file itself"):
        turtle.rewrite([link], check=False)
    assert target.read_text() == _LOOSE


@pytest.mark.parametrize("given", [[], ["empty"]])
def test_no_files_are_an_error(tmp_path: Path, given: list[str]) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(CommuniqueError, match=r"no \.ttl or \.rq file in it"):
        turtle.chosen(tmp_path, [tmp_path / name for name in given])


_FOREIGN = """\
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX toll: <https://example.org/toll/>

toll:a
    rdfs:seeAlso toll:b ;
.
"""
_FOREIGN_ONTOLOGY = """
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX vann: <http://purl.org/vocab/vann/>
<https://example.org/toll> a owl:Ontology ;
  vann:preferredNamespacePrefix "toll" ;
  vann:preferredNamespaceUri "https://example.org/toll/" .
"""


@pytest.fixture(name="foreign")
def _foreign(tmp_path: Path) -> Path:
    for name in ("ontology", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "ontology" / "toll.ttl").write_text(_FOREIGN_ONTOLOGY)
    return tmp_path / "data" / "x.ttl"


def test_a_project_of_other_people_is_written_with_its_own_prefixes(foreign: Path) -> None:
    foreign.write_text(
        "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
        "<https://example.org/toll/a> rdfs:seeAlso <https://example.org/toll/b> ."
    )
    turtle.rewrite([foreign], check=False)

    assert foreign.read_text() == _FOREIGN
    assert turtle.rewrite([foreign], check=True) == []


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("toll: <https://example.org/tolls/>", r"Make it <https://example\.org/toll/>"),
        ("tax: <https://example.org/tax/>", "Add it to the ontology by sh:declare"),
        ("dct: <http://purl.org/dc/terms/>", "Write dcterms:"),
    ],
)
def test_prefixes_of_other_people_follow_one_table_too(
    foreign: Path, prefix: str, message: str
) -> None:
    foreign.write_text(f"PREFIX {prefix}\n<urn:a> a <urn:b> .")

    with pytest.raises(CommuniqueError, match=message):
        turtle.rewrite([foreign], check=True)
