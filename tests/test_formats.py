"""Answers as files: each format can be read back, and none does anything when it is opened."""

import csv
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from pyoxigraph import RdfFormat, parse
from rdflib import Graph
from rdflib.compare import isomorphic

from communique import answering, answers, codebook, dataset, questions, resources
from communique.errors import CommuniqueError
from communique.formats import FORMATS, Table, by_suffix
from communique.separated import as_csv, guarded
from conftest import Run

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_KINDS = """
SELECT ?voice ?number ?amount ?day ?truth ?text ?none {
  VALUES (?voice ?number ?amount ?day ?truth ?text) {
    (actor:sylvania 7 1.50 "2025-03-18"^^xsd:date true "=1+1")
  }
}
"""
_CONSTRUCT = "CONSTRUCT { ?s cmq:voice ?v . ?s rdfs:label 'x|y' } WHERE { ?s cmq:voice ?v }"

Ask = Callable[..., str]


@pytest.fixture(name="ask")
def _ask(project: Path) -> Ask:
    def asked(sparql: str, form: str, *, labels: bool | None = None, raw: bool = False) -> str:
        path = project / "ad-hoc.rq"
        path.write_text(sparql)
        found = answering.answered(project, str(path), form=form, labels=labels, raw=raw)
        assert isinstance(found, str)
        return found

    return asked


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_cell_that_a_spreadsheet_would_compute_gets_an_apostrophe(sign: str) -> None:
    table = guarded(Table(("a",), ((f"{sign}cmd|x",), (f"x{sign}",))))

    assert table.rows == ((f"'{sign}cmd|x",), (f"x{sign}",))


@pytest.mark.parametrize("number", ["-1", "+1.5", "-2e10", "0"])
def test_a_number_stays_a_number(number: str) -> None:
    assert guarded(Table(("a",), ((number,),))).rows == ((number,),)


@pytest.mark.parametrize("form", ["csv", "tsv"])
def test_csv_and_tsv_are_guarded_unless_raw(ask: Ask, form: str) -> None:
    delimiter = "," if form == "csv" else "\t"
    read = [
        list(csv.reader(io.StringIO(ask(_KINDS, form, raw=raw)), delimiter=delimiter))[1][5]
        for raw in (False, True)
    ]

    assert read == ["'=1+1", "=1+1"]


def test_stored_answers_are_not_guarded(project: Path) -> None:
    (project / "queries" / "odd.rq").write_text("SELECT ?a { BIND('=1' AS ?a) }")
    answers.update_all(project)

    assert (project / "tests" / "answers" / "odd.csv").read_text() == "a\n=1\n"


def test_json_lines_have_python_like_values(ask: Ask) -> None:
    assert json.loads(ask(_KINDS, "jsonl")) == {
        "voice": "https://w3id.org/communique/id/actor/sylvania",
        "number": 7,
        "amount": 1.5,
        "day": "2025-03-18",
        "truth": True,
        "text": "=1+1",
        "none": None,
    }


def test_json_lines_can_have_labels(ask: Ask) -> None:
    assert json.loads(ask(_KINDS, "jsonl", labels=True))["voice"] == "Sylvania"


def test_markdown_obeys_nothing_in_a_cell(ask: Ask) -> None:
    text = ask("SELECT ?a ?b { BIND('a|b\\n<b>*c*' AS ?a) BIND(actor:sylvania AS ?b) }", "md")

    assert text == "| a | b |\n| --- | --- |\n| a\\|b\\\\u{A}\\<b\\>\\*c\\* | Sylvania |\n"


@pytest.mark.parametrize(
    ("form", "as_rdflib"), [("ttl", "turtle"), ("nt", "nt"), ("jsonld", "json-ld")]
)
def test_triples_are_the_same_in_every_format(ask: Ask, form: str, as_rdflib: str) -> None:
    expected = Graph().parse(data=ask(_CONSTRUCT, "nt"), format="nt")

    assert len(expected) == 4
    assert isomorphic(Graph().parse(data=ask(_CONSTRUCT, form), format=as_rdflib), expected)


def test_turtle_is_in_canonical_form(ask: Ask) -> None:
    text = ask(_CONSTRUCT, "ttl")

    assert [line.split()[1] for line in text.splitlines() if line.startswith("PREFIX")] == [
        "a1:",
        "actor:",
        "cmq:",
        "rdfs:",
    ]
    assert "a1:s001\n    " in text


def test_triples_with_blank_nodes_are_still_turtle(ask: Ask) -> None:
    sparql = "CONSTRUCT { _:a <urn:p> _:b . _:b <urn:p> _:a } WHERE { }"

    assert len(Graph().parse(data=ask(sparql, "ttl"), format="turtle")) == 2


def test_describe_is_answered_in_triples(ask: Ask) -> None:
    triples = list(parse(ask("DESCRIBE actor:sylvania", "nt").encode(), format=RdfFormat.N_TRIPLES))

    assert {str(triple.subject) for triple in triples} == {
        "<https://w3id.org/communique/id/actor/sylvania>"
    }


@pytest.mark.parametrize("form", ["table", "csv", "tsv", "md", "jsonl", "json"])
def test_a_triple_in_a_cell_can_be_had_in_every_format(ask: Ask, form: str) -> None:
    text = ask("SELECT (TRIPLE(a1:s001, cmq:voice, actor:sylvania) AS ?t) {}", form)

    assert "sylvania" in text.lower()


def test_a_workbook_takes_a_triple_in_a_cell(run: Run, project: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.xlsx"
    sparql = "SELECT (TRIPLE(a1:s001, cmq:voice, 'x'@en) AS ?t) {}"
    result = run("query", "-", "-o", out, "--root", project, text=sparql)

    assert result.exit_code == 0, result.output
    assert _sheets(out)["Results"][1] == ["<<( a1:s001 voice x )>>"]


def test_construct_can_be_had_as_rows(ask: Ask) -> None:
    rows = list(csv.DictReader(io.StringIO(ask(_CONSTRUCT, "csv", labels=True))))

    assert {"subject": "a1:s001", "predicate": "voice", "object": "Sylvania"} in rows


@pytest.mark.parametrize(
    ("sparql", "form", "message"),
    [
        (_KINDS, "ttl", "answers with rows, not with triples. Use --format csv"),
        ("ASK { }", "nt", "answers with rows, not with triples"),
        (_CONSTRUCT, "json", "answers with triples. Use --format jsonld"),
    ],
)
def test_a_format_that_cannot_hold_the_answer_is_refused(
    ask: Ask, sparql: str, form: str, message: str
) -> None:
    with pytest.raises(CommuniqueError, match=message):
        ask(sparql, form)


def test_the_name_of_the_file_chooses_the_format(run: Run, project: Path, tmp_path: Path) -> None:
    out = tmp_path / "chain.md"
    run("query", "chain", "-o", out, "--root", project)

    assert out.read_text().startswith("| voice | relayed |\n")
    assert by_suffix(Path("a.docx")) is None


def test_every_format_is_offered_by_the_command(run: Run) -> None:
    text = "".join(run("query", "--help").stdout.split())

    assert f"[{'|'.join(FORMATS)}]" in text


# Workbooks


@pytest.fixture(name="book")
def _book(run: Run, project: Path, tmp_path: Path) -> Path:
    (project / "queries" / "kinds.rq").write_text(
        f"#+ summary: Which kinds of values are there?\n#+ description: number counts.\n{_KINDS}"
    )
    path = tmp_path / "kinds.xlsx"
    result = run("query", "kinds", "-o", path, "--root", project)
    assert result.exit_code == 0, result.output
    return path


def _sheets(path: Path) -> dict[str, list[list[str | None]]]:
    """Read a workbook by its parts, as no library of ours wrote them."""
    with zipfile.ZipFile(path) as parts:
        texts = [
            "".join(each.itertext())
            for each in ET.fromstring(parts.read("xl/sharedStrings.xml"))  # noqa: S314  ours
        ]
        names = [
            each.attrib["name"]
            for each in ET.fromstring(parts.read("xl/workbook.xml")).iter(f"{_MAIN}sheet")  # noqa: S314  ours
        ]
        sheets = [
            ET.fromstring(parts.read(f"xl/worksheets/sheet{n}.xml"))  # noqa: S314  ours
            for n in range(1, len(names) + 1)
        ]
    return {
        name: [[_cell(cell, texts) for cell in row] for row in sheet.iter(f"{_MAIN}row")]
        for name, sheet in zip(names, sheets, strict=True)
    }


def _cell(cell: ET.Element, texts: list[str]) -> str | None:
    value = cell.findtext(f"{_MAIN}v")
    assert cell.find(f"{_MAIN}f") is None, "a formula"
    return texts[int(value)] if cell.get("t") == "s" and value is not None else value


def test_a_workbook_has_the_rows_with_labels_and_iris_and_no_formula(book: Path) -> None:
    head, row = _sheets(book)["Results"]

    assert head == ["voice", "number", "amount", "day", "truth", "text", "none", "voice IRI"]
    assert row == [
        "Sylvania",
        "7",
        "1.5",
        "45734",  # days since 1899-12-30
        "1",
        "=1+1",
        "https://w3id.org/communique/id/actor/sylvania",
    ]


def test_a_workbook_explains_every_column(book: Path) -> None:
    lines = _sheets(book)["Codebook"]

    assert [line[0] for line in lines[1:]] == [
        *("voice", "voice IRI", "number", "amount", "day", "truth", "text", "none")
    ]
    assert lines[3][1] == "number counts."


def test_a_workbook_tells_source_version_and_licence(
    run: Run, checkout: Path, tmp_path: Path
) -> None:
    path = tmp_path / "demands.xlsx"
    run("query", "demands", "--format", "xlsx", "-o", path, "--root", checkout)
    told = {str(line[0]): str(line[1]) for line in _sheets(path)["Source"]}

    assert told["question"] == "Which demands does the Russian side make, on whom, and about what?"
    assert told["version"].count(".") == 2
    assert "https://creativecommons.org/licenses/by/4.0/" in told["licence"]
    assert "/source" in told["source"]
    assert "VALUES $side" in told["query"]


def test_a_workbook_is_the_same_for_the_same_answer(
    run: Run, project: Path, tmp_path: Path
) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        run("query", "chain", "-o", tmp_path / name, "--root", project)

    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_libreoffice_opens_a_workbook(book: Path, tmp_path: Path) -> None:
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not installed: the workbook is read by its parts only")
    home = f"-env:UserInstallation=file://{tmp_path / 'office'}"
    command = [office, home, "--headless", "--convert-to", "csv", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(book)], check=True, capture_output=True, timeout=120)
    head, row = csv.reader((tmp_path / "kinds.csv").read_text().splitlines())

    assert (head[0], row[0], row[3], row[5]) == ("voice", "Sylvania", "2025-03-18", "=1+1")


def test_a_text_too_long_for_a_cell_is_refused_and_not_cut(project: Path) -> None:
    path = project / "long.rq"
    path.write_text(f"SELECT ?a {{ BIND('{'x' * 32_768}' AS ?a) }}")

    with pytest.raises(CommuniqueError, match="a text longer than a cell holds"):
        answering.answered(project, str(path), form="xlsx", labels=None)


def test_every_column_of_every_question_is_explained(checkout: Path) -> None:
    store = dataset.union(dataset.load(checkout))
    silent = [
        f"{question.name} {entry.column}"
        for question in questions.questions(resources.root())
        for entry in codebook.codebook(store, question, questions.columns(question))
        if not (entry.meaning or entry.definition)
    ]

    assert silent == []


@pytest.mark.parametrize("form", [_CONSTRUCT, "DESCRIBE actor:sylvania"])
def test_the_columns_of_triples_are_explained_as_parts_of_triples(project: Path, form: str) -> None:
    (project / "queries" / "odd.rq").write_text(f"PREFIX cmq: <urn:select> {form}")
    question = questions.find(project, "odd")
    store = dataset.union(dataset.load(project))
    entries = codebook.codebook(store, question, questions.columns(question))

    assert [(entry.column, entry.term) for entry in entries] == [
        ("subject", "rdf:subject"),
        ("predicate", "rdf:predicate"),
        ("object", "rdf:object"),
    ]
    assert all(entry.meaning and "RDF triple" in entry.definition for entry in entries)


def test_a_column_is_explained_by_its_question_and_by_its_term(checkout: Path) -> None:
    store = dataset.union(dataset.load(checkout))
    question = questions.find(checkout, "demands")
    [entry] = codebook.codebook(store, question, ("addressee",))

    assert "addressee is empty where nobody is addressed." in entry.meaning
    assert entry.term == "cmq:addressee"
    assert entry.definition.endswith(".")


def test_csv_ends_lines_with_a_line_feed() -> None:
    assert as_csv(Table(("a", "b"), (("1", ""),))) == "a,b\n1,\n"
