"""The gate lets good files in as they are, and says of the others what and where."""

import errno
import os
import re
import socket
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, parse

from communique import intake, resources
from communique.backtracking import problem
from communique.chains import Chains
from communique.errors import CommuniqueError
from communique.findings import Finding
from communique.intake import documents
from communique.namespaces import PREFIXES
from communique.prescan import DEEPEST, Scan, stretches, unescaped
from communique.refusals import Text
from communique.shapecode import BEGINNINGS, refusal_of
from conftest import HERE

_W3C = HERE.parent.parent / "shared" / "w3c"
_OF_W3C = {"relative-iri"}
"""The tests name each other relative to their own place, and the gate has no such place."""
_ODD_IRIS = {"maxLength-001.ttl", "minLength-001.ttl"}
"""These hold the IRI <a:b>, whose scheme nobody knows."""

_SHAPES_FORBID_TOO = {"bidi", "control-character"}


def _scanned(text: str, suffix: str = ".ttl") -> list[Finding]:
    return Scan(Text("data/x.ttl", text), suffix).findings()


def _places(findings: list[Finding]) -> list[str]:
    return [f"{each.region.line}:{each.region.column} {each.rule.id}" for each in findings]


# Good files


def test_every_file_of_this_repository_passes(checkout: Path) -> None:
    passed, findings = documents(checkout)
    folders = [checkout / folder for folder in resources.FOLDERS]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]

    assert list(map(str, findings)) == []
    assert {each.path for each in passed} == {
        path.relative_to(checkout).as_posix()
        for path in files
        if not any(part.startswith(".") for part in path.relative_to(checkout).parts)
    }
    assert all((checkout / each.path).read_bytes() == each.data for each in passed)
    assert all(each.text.encode() == each.data for each in passed)


@pytest.mark.parametrize("folder", ["tests/shapes", "tests/ontology", "tests/foreign"])
def test_the_fixtures_pass(checkout: Path, folder: str) -> None:
    files = sorted((checkout / folder).rglob("*.ttl"))
    found = {
        (path.name, finding.rule.id)
        for path in files
        for finding in _scanned(path.read_text("utf-8"))
        if not (path.name.endswith(".invalid.ttl") and finding.rule.id in _SHAPES_FORBID_TOO)
    }

    assert files
    assert found == set()


def test_the_cases_of_w3c_pass_but_for_their_relative_iris() -> None:
    if not _W3C.is_dir():
        pytest.skip("../shared is not here: the W3C's cases are not part of the repository")
    files = sorted(_W3C.rglob("*.ttl"))
    odd = [
        f"{path.name}: {finding}"
        for path in files
        for finding in _scanned(path.read_text("utf-8"))
        if finding.rule.id not in _OF_W3C | ({"iri-scheme"} if path.name in _ODD_IRIS else set())
    ]

    assert len(files) > 100
    assert odd == []


def test_the_gate_costs_a_blink(checkout: Path) -> None:
    """About 35 ms of one core; the limit leaves room for slow machines."""
    documents(checkout)
    begin = time.process_time()
    documents(checkout)

    assert time.process_time() - begin < 0.4


def test_the_documents_come_in_the_order_of_folders_and_paths(project: Path) -> None:
    passed, findings = documents(project)

    assert findings == []
    assert [each.path for each in passed] == [
        "ontology/alignments.ttl",
        "ontology/communique.ttl",
        "ontology/concepts.ttl",
        "data/actors.ttl",
        "data/articles/1933-11-17-herring.ttl",
        "shapes/statement.ttl",
        "shapes/thing.ttl",
        "queries/chain.rq",
        "queries/speaks-for.rq",
    ]


def test_a_byte_order_mark_is_told_and_taken_off(project: Path) -> None:
    path = project / "data" / "actors.ttl"
    plain = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + plain)
    passed, findings = documents(project, ("data",))

    assert passed[0].data == plain
    assert [(each.severity, each.rule.id) for each in findings] == [("warning", "bom")]


def test_the_other_syntaxes_are_accepted(project: Path) -> None:
    triple = "<urn:a> <urn:b> <urn:c> .\n"
    for name, text in (("a.nt", triple), ("b.nq", triple), ("c.trig", f"<urn:g> {{ {triple} }}")):
        (project / "data" / name).write_text(text)
    passed, findings = documents(project, ("data",))

    assert findings == []
    assert len(passed) == 5


def test_a_file_that_cannot_be_looked_at_is_a_finding(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = Path.lstat

    def refusing(path: Path) -> os.stat_result:
        if path.name == "actors.ttl":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return looked_at(path)

    monkeypatch.setattr(Path, "lstat", refusing)
    passed, findings = documents(project)

    assert "data/actors.ttl" not in [each.path for each in passed]
    assert [(each.file, each.rule.id) for each in findings] == [("data/actors.ttl", "unreadable")]


def test_a_missing_folder_is_said(project: Path) -> None:
    with pytest.raises(CommuniqueError, match=r"nowhere: no such folder\. Give --root"):
        documents(project, ("nowhere",))


# Limits


def test_sixty_four_brackets_pass_and_sixty_five_do_not() -> None:
    assert _scanned("<urn:a> <urn:b> " + "(" * DEEPEST + ")" * DEEPEST + " .") == []
    assert _places(_scanned("<urn:a> <urn:b> " + "(" * 65)) == ["1:81 nesting"]


def test_brackets_side_by_side_in_strings_and_in_names_do_not_nest() -> None:
    text = "<urn:a> <urn:b> [] , [] .\n" * 100
    quoted = '<urn:a> <urn:b> "' + "[" * 100 + '" . # ' + "[" * 100
    named = "PREFIX x: <urn:>\n" + r"x:a\( x:b x:c\( ." * 100

    assert _scanned(text + quoted + "\n" + named) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<urn:a> <urn:b> "{}" .', "1:17 literal-size"),
        ("<urn:a> <urn:b> '''{}''' .", "1:17 literal-size"),
    ],
)
def test_a_literal_of_a_mebibyte_passes_and_one_more_byte_does_not(text: str, found: str) -> None:
    assert _scanned(text.format("a" * 2**20)) == []
    assert _places(_scanned(text.format("a" * (2**20 + 1)))) == [found]
    assert _places(_scanned(text.format("\u00e9" * (2**19 + 1)))) == [found]


def test_a_hundred_digits_pass_and_one_more_does_not() -> None:
    typed = '<urn:a> <urn:b> "{}"^^<http://www.w3.org/2001/XMLSchema#integer> , {} .'

    assert _scanned(typed.format("9" * 100, "9" * 100)) == []
    assert [each.rule.id for each in _scanned(typed.format("9" * 101, "9" * 101))] == [
        "number-size",
        "number-size",
    ]


def test_an_exponent_is_for_doubles_and_floats() -> None:
    head = "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
    for kind in ("double", "float", "string"):
        assert _scanned(f'{head}<urn:a> <urn:b> "1e9"^^xsd:{kind} , 1e9 , "1e9" .') == []
    assert _places(_scanned(f'{head}<urn:a> <urn:b> "1e9"^^xsd:decimal .')) == [
        "2:17 number-exponent"
    ]


def test_a_file_of_20_mb_passes_and_one_more_byte_does_not(project: Path) -> None:
    path = project / "data" / "actors.ttl"
    path.write_bytes(b"#" * 20_000_000)
    passed, findings = documents(project, ("data",))
    assert len(passed[0].data) == 20_000_000
    assert findings == []

    path.write_bytes(b"#" * 20_000_001)
    passed, findings = documents(project, ("data",))
    assert [each.rule.id for each in findings] == ["file-size"]
    assert [each.path for each in passed] == ["data/articles/1933-11-17-herring.ttl"]


def test_a_project_of_too_many_bytes_is_read_up_to_the_limit(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "LARGEST_PROJECT", 2_000)
    passed, findings = documents(project)

    assert sum(len(each.data) for each in passed) <= 2_000
    assert [each.rule.id for each in findings] == ["total-size"]


def test_after_a_hundred_findings_the_rest_of_a_file_is_not_read() -> None:
    assert len(_scanned("<a> <b> <c> .\n" * 1_000)) == 100


# Places


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_place_is_counted_in_code_points_whatever_ends_the_lines(end: str) -> None:
    text = end.join(["# \U0001f600", '<urn:a> <urn:b> "\U0001f600" , <c> .', ""])

    assert _places(_scanned(text)) == ["2:23 relative-iri"]


def test_a_finding_shows_its_line_and_the_line_before() -> None:
    found = _scanned("<urn:a>\n  <urn:b>\n  <c> .\n")[0]

    assert (found.before, found.excerpt) == ("  <urn:b>", "  <c> .")
    assert (found.region.end_line, found.region.end_column) == (3, 6)


def test_each_fault_of_a_file_is_told_at_its_own_place() -> None:
    text = "<a> <urn:b> <javascript:x> ,\n <http://a b> , <http://a/\u200b> .\n"

    assert _places(_scanned(text)) == [
        "1:1 relative-iri",
        "1:13 iri-scheme",
        "2:2 iri-character",
        "2:17 invisible",
    ]


# Nothing but files of the project is opened


def test_only_regular_files_of_the_project_are_opened(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.ttl"
    secret.write_text("<urn:a> <urn:b> <urn:c> .")
    (project / "data" / "link.ttl").symlink_to(secret)
    (project / "data" / "folder").symlink_to(tmp_path)
    os.mkfifo(project / "data" / "pipe.ttl")
    (project / "data" / "other.jsonld").write_text("{}")
    opened: list[str] = []
    real = os.open

    def spy(path: str, flags: int) -> int:
        opened.append(Path(path).relative_to(project).as_posix())
        return real(path, flags)

    monkeypatch.setattr(os, "open", spy)
    passed, findings = documents(project)

    assert opened == [each.path for each in passed]
    assert sorted(each.rule.id for each in findings) == [
        "not-a-file",
        "not-accepted",
        "symlink",
        "symlink",
    ]


def test_a_file_that_becomes_a_link_while_it_is_looked_at_is_not_followed(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, secret = project / "data" / "actors.ttl", tmp_path / "secret.ttl"
    secret.write_text("<urn:a> <urn:b> <urn:secret> .")
    real = os.open

    def swap(name: str, flags: int) -> int:
        if Path(name) == path and not path.is_symlink():
            path.unlink()
            path.symlink_to(secret)
        return real(name, flags)

    monkeypatch.setattr(os, "open", swap)
    passed, findings = documents(project, ("data",))

    assert [each.rule.id for each in findings] == ["symlink"]
    assert all("secret" not in each.text for each in passed)


def test_no_connection_is_made(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(socket, "socket", refuse)
    (project / "data" / "x.ttl").write_text(
        "<urn:a> <http://www.w3.org/2002/07/owl#imports> <http://localhost/> ."
    )

    assert [each.rule.id for each in documents(project)[1]] == ["imports"]


# Any input

_SIGNS = st.lists(
    st.sampled_from([*"<>\"'[](){}#\\ \n\r\t.;,:@^=~|a1e-", "prefix ", "base ", "<urn:a> ", '"""']),
    max_size=60,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(
    data=st.one_of(st.binary(max_size=200), _SIGNS.map(str.encode)),
    suffix=st.sampled_from(
        ["ontology/x.ttl", "data/x.trig", "data/x.nt", "shapes/x.nq", "queries/x.rq"]
    ),
)
def test_any_bytes_pass_or_are_told_of_at_a_place_that_is_there(
    data: bytes, suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("any")
    path = root / suffix
    path.parent.mkdir()
    path.write_bytes(data)
    passed, findings = documents(root, (path.parent.name,))
    lines = re.split(r"\r\n|\n|\r", data.decode(errors="replace"))

    assert bool(passed) != any(each.severity == "error" for each in findings)
    for each in findings:
        region = each.region
        assert 1 <= region.line <= region.end_line <= len(lines)
        assert 1 <= region.column <= len(lines[region.line - 1]) + 1
        assert (region.line, region.column) <= (region.end_line, region.end_column)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "PREFIX x: <urn:x:> ",
                "@prefix y: <urn:y:> . ",
                "prefix#c\nz:#d\n<urn:z:> ",
                "@prefix :<urn:> .",
                "<urn:a> ",
                "x:a ",
                "y:prefix ",
                ":b ",
                "a ",
                '"prefix q: <r> " ',
                "'''prefix w:'''@en ",
                "1.5 ",
                ". ",
                "; ",
                ", ",
                "[ ",
                "] ",
                "( ",
                ") ",
                "# prefix k: <urn:k>\n",
            ]
        ),
        max_size=14,
    ).map("".join)
)
def test_the_prefixes_found_are_those_that_the_parser_finds(text: str) -> None:
    scan = Scan(Text("x", text), ".ttl")
    parser = parse(text.encode(), format=RdfFormat.TURTLE)
    try:
        list(parser)
    except SyntaxError:
        return

    assert scan.findings() == []
    assert scan.prefixes == parser.prefixes


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_a_string_stands_for_what_the_parser_reads(value: str) -> None:
    escaped = value.encode("unicode_escape").decode().replace('"', '\\"')
    written = re.sub(r"(?<!\\)((?:\\\\)*)\\x", r"\1\\u00", escaped)
    text = f'<urn:a> <urn:b> "{written}" .'
    parsed = next(iter(parse(text.encode(), format=RdfFormat.TURTLE))).object
    spans = [text[start:end] for start, end in stretches(text)]

    assert unescaped(written) == value
    assert getattr(parsed, "value", None) == value
    assert spans == ["<urn:a>", "<urn:b>", f'"{written}"']


# Patterns and queries


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z]+(-[a-z]+)*$",
        r"^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})$",
        r"^\d+\.\d+\.\d+\.\d+$",
        "^(foo|bar)+$",
        "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$",
        "^(([a-z]+)=([0-9]+);)*$",
        r"^(?:[01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$",
        "^(?!x).*$",
    ],
)
def test_a_pattern_that_is_read_in_one_pass_is_let_in(pattern: str) -> None:
    assert problem(pattern) == ""


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^(a+)+$", "a" * 22 + "b"),
        ("^(a|a)+$", "a" * 22 + "b"),
        ("^(a|aa)+$", "a" * 28 + "b"),
        (r"^(\w+\s?)*$", "a" * 22 + "!"),
        ("^(x+x+)+y$", "x" * 21),
        ("^(a?){20}a{20}b$", "a" * 40),
    ],
)
def test_a_pattern_that_takes_for_ever_is_not(pattern: str, text: str) -> None:
    """The engine's own time says that these are bad: it doubles with each letter."""
    begin = time.process_time()
    re.match(pattern, text)
    taken = time.process_time() - begin

    assert problem(pattern)
    assert taken > 0.01


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(["a", "b", "[ab]", ".", "(", ")", "|", "*", "+", "?", "{2,3}", r"\d", "-"]),
        max_size=12,
    ).map("".join)
)
def test_a_pattern_that_is_let_in_is_matched_quickly(pattern: str) -> None:
    """On the texts that make repeated letters repeat most."""
    try:
        compiled = re.compile(f"^(?:{pattern})$")
    except re.error:
        return
    if problem(pattern):
        return
    for text in ("a" * 60, "ab" * 30, "aab" * 20, "-1" * 30):
        begin = time.process_time()
        compiled.match(text + "!")
        assert time.process_time() - begin < 1


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "SELECT * { ",
                "?s ?p ?o . ",
                "} ",
                "{ ",
                "FILTER(1 < 2) ",
                "SERVICE <urn:s> ",
                "service ?x ",
                '"service" ',
                "# service\n",
                r"\u0053ERVICE ",
                "INSERT ",
                "LOAD <urn:a> ",
                "'''",
                "<urn:a> ",
            ]
        ),
        max_size=12,
    ).map("".join)
)
def test_a_query_is_refused_just_if_the_guard_refuses_it(sparql: str) -> None:
    from communique.guard import check

    try:
        check(sparql, where="query")
    except CommuniqueError:
        assert refusal_of(sparql) is not None
    else:
        assert refusal_of(sparql) is None


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(["first", "rest"]), st.integers(0, 6)),
        max_size=10,
    )
)
def test_a_list_is_refused_just_if_it_leads_back_to_itself(
    steps: list[tuple[int, str, int]],
) -> None:
    chains = Chains()
    for start, name, end in steps:
        predicate = NamedNode(PREFIXES["rdf"] + name)
        chains.take(Quad(BlankNode(f"n{start}"), predicate, BlankNode(f"n{end}")))
    reached = {(start, end) for start, _, end in steps}
    for _ in range(7):
        reached |= {(a, d) for a, b in reached for c, d in reached if b == c}

    assert bool(list(chains.faults())) == any(start == end for start, end in reached)


@pytest.mark.parametrize(("deep", "refused"), [(64, False), (65, True)])
def test_a_path_is_sixty_four_deep_at_most(deep: int, *, refused: bool) -> None:
    chains = Chains()
    for number in reversed(range(deep)):
        ends = BlankNode(f"n{number}"), BlankNode(f"n{number + 1}")
        chains.take(Quad(ends[0], NamedNode(PREFIXES["sh"] + "inversePath"), ends[1]))

    assert bool(list(chains.faults())) == refused


def test_a_long_list_is_not_deep() -> None:
    chains = Chains()
    for number in range(5_000):
        ends = BlankNode(f"n{number}"), BlankNode(f"n{number + 1}")
        chains.take(Quad(ends[0], NamedNode(PREFIXES["rdf"] + "rest"), ends[1]))

    assert list(chains.faults()) == []


def test_what_is_watched_for_is_every_beginning_of_a_term_that_is_judged() -> None:
    assert "http://www.w3.org/ns/shacl#" in BEGINNINGS
    assert "http://www.w3.org/ns/shacl#sel" in BEGINNINGS
    assert "http://www.w3.org/ns/shacl#property" not in BEGINNINGS


def test_articles_that_others_have_listed_are_judged_by_their_names() -> None:
    names = [f"data/articles/{name}" for name in ("b.ttl", "B.ttl", "c.txt", "d\u202e.ttl", "e.nq")]
    passed, found = intake.named(names)

    assert passed == ["data/articles/B.ttl", "data/articles/e.nq"]
    assert [each.rule.id for each in found] == ["file-name", "not-accepted", "file-name"]
