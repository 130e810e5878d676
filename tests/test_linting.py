"""What is found in a stored question, where exactly, and that the stored ones are clean."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communique import resources
from communique.dangling import described
from communique.findings import Finding, Region
from communique.linting import Known, lint, stray_answers
from communique.namespaces import PREFIXES
from communique.vocabularies import vocabulary
from test_vocabularies import project

ROOT = resources.root()
GOOD = """\
#+ summary: Who says what about an issue?
#+ tags: [statements]
#+ params:
#+   issue: {type: iri, help: the issue}

PREFIX cmq: <https://w3id.org/communique/ns#>
PREFIX cmqv: <https://w3id.org/communique/vocab/>

SELECT ?voice ?sentence
WHERE {
  VALUES $issue { cmqv:energy-strikes }
  ?sentence cmq:voice ?voice .
  ?sentence cmq:content/cmq:issue $issue .
  OPTIONAL { ?voice cmq:organOf ?state }
  FILTER (?state != ?voice)
}
ORDER BY ?voice ?sentence
"""


@pytest.fixture(scope="module", name="known")
def _known() -> Known:
    ontology, data = project("ontology"), project("data")
    return Known(vocabulary(ontology), described([*ontology, *data]))


def found(text: str, known: Known, *, answered: bool = True) -> list[Finding]:
    return list(lint("queries/good.rq", text, known, answered=answered))


def pointed(text: str, region: Region) -> str:
    """Return what a region of a text is: within one line only."""
    assert region.line == region.end_line
    return text.split("\n")[region.line - 1][region.column - 1 : region.end_column - 1]


def test_a_good_question_has_no_finding(known: Known) -> None:
    assert found(GOOD, known) == []


@pytest.mark.parametrize("path", sorted((ROOT / "queries").glob("*.rq")), ids=lambda p: p.stem)
def test_a_stored_question_is_clean(path: Path, known: Known) -> None:
    text = path.read_text(encoding="utf-8")

    assert list(map(str, lint(f"queries/{path.name}", text, known))) == []


def test_every_answer_has_its_question() -> None:
    assert list(stray_answers(ROOT)) == []


DCT = "PREFIX dcterms: <http://purl.org/dc/terms/>\n"
CASES = {
    "no header": (
        GOOD[GOOD.index("PREFIX") :].replace("$issue", "?issue"),
        "query-header",
        "",
        "Begin with `#+ summary: ...?` and `#+ tags: [...]`",
    ),
    "header is not YAML": (
        GOOD.replace("tags: [statements]", "tags: [statements"),
        "query-header",
        "#+ params:",
        "Mend its #+ lines",
    ),
    "header without keys": (
        "#+ words\n" + GOOD[GOOD.index("PREFIX") :].replace("$issue", "?issue"),
        "query-header",
        "#+ words",
        "Write `#+ summary: ...`",
    ),
    "header too long": (
        GOOD.replace("?\n#+ tags", f" {'so ' * 3_000}?\n#+ tags"),
        "query-header",
        None,
        "Say less in it",
    ),
    "header that multiplies": (
        GOOD.replace("[statements]", f"[{'[' * 600}{']' * 600}]"),
        "query-header",
        None,
        "Say less in it, and without & and *",
    ),
    "unknown key": (
        GOOD.replace("#+ tags", "#+ sumary: x\n#+ tags"),
        "query-header-key",
        "sumary",
        "Did you mean summary?",
    ),
    "summary misspelt": (
        GOOD.replace("#+ summary", "#+ sumary"),
        "query-header-key",
        "sumary",
        "Did you mean summary?",
    ),
    "tags misspelt": (
        GOOD.replace("#+ tags", "#+ tgas"),
        "query-header-key",
        "tgas",
        "Did you mean tags?",
    ),
    "no summary": (
        GOOD.replace("#+ summary: Who says what about an issue?\n", ""),
        "query-summary",
        "#+ tags: [statements]",
        "Write `#+ summary: ...?`",
    ),
    "summary that asks nothing": (
        GOOD.replace("issue?", "issue."),
        "query-summary",
        "summary",
        "Write `#+ summary: ...?`",
    ),
    "no tag": (
        GOOD.replace("#+ tags: [statements]\n", ""),
        "query-tags",
        "#+ summary: Who says what about an issue?",
        "Write `#+ tags: [...]`",
    ),
    "tags that are no list": (
        GOOD.replace("[statements]", "statements"),
        "query-tags",
        "tags",
        "Write `#+ tags: [...]`",
    ),
    "parameter without its block": (
        GOOD.replace("VALUES $issue {", "VALUES ?issue {").replace("$issue", "?issue"),
        "query-parameter",
        "issue",
        "Write VALUES $issue { ... }",
    ),
    "parameter of no type": (
        GOOD.replace("type: iri, ", ""),
        "query-parameter",
        "issue",
        "Use one of iri, string, integer, decimal, date, duration, boolean",
    ),
    "block without its parameter": (
        GOOD.replace("#+ params:\n#+   issue: {type: iri, help: the issue}\n", ""),
        "query-parameter",
        "$issue",
        "Write `#+   issue: {type: iri}` below `#+ params:`",
    ),
    "given by nothing": (
        GOOD.replace("?sentence cmq:voice ?voice", "?sentence cmq:voice $speaker"),
        "query-given",
        "$speaker",
        "Write ?speaker",
    ),
    "VALUES before OPTIONAL": (
        GOOD.replace("  OPTIONAL", "  VALUES ?voice { UNDEF }\n  OPTIONAL"),
        "query-values-optional",
        "OPTIONAL",
        "Put VALUES, or a pattern that is not optional, somewhere else",
    ),
    "VALUES, a dot, OPTIONAL": (
        GOOD.replace("  OPTIONAL", "  VALUES (?voice ?state) { (UNDEF UNDEF) } . # no\n  OPTIONAL"),
        "query-values-optional",
        "OPTIONAL",
        "Put VALUES, or a pattern that is not optional, somewhere else",
    ),
    "prefix declared otherwise": (
        GOOD.replace("ns#>", "ns/>"),
        "prefix-otherwise",
        "cmq: <https://w3id.org/communique/ns/>",
        f"Write PREFIX cmq: <{PREFIXES['cmq']}>",
    ),
    "prefix of no table": (
        GOOD.replace("cmqv:", "voc:"),
        "prefix-unknown",
        "voc: <https://w3id.org/communique/vocab/>",
        "Write cmqv:, as everywhere",
    ),
    "prefix declared twice": (
        GOOD.replace("PREFIX cmqv", f"PREFIX cmq: <{PREFIXES['cmq']}>\nPREFIX cmqv"),
        "prefix-twice",
        f"cmq: <{PREFIXES['cmq']}>",
        "Declare cmq: once",
    ),
    "prefix that nothing uses": (
        GOOD.replace("\nSELECT", f"{DCT}\nSELECT"),
        "prefix-unused",
        "dcterms: <http://purl.org/dc/terms/>",
        "Leave it out",
    ),
    "prefix that is not declared": (
        GOOD.replace(f"PREFIX cmqv: <{PREFIXES['cmqv']}>\n", ""),
        "query-prefix-undeclared",
        "cmqv:",
        f"Add PREFIX cmqv: <{PREFIXES['cmqv']}>",
    ),
    "prefix that nobody knows": (
        GOOD.replace("cmqv:energy", "cqmv:energy").replace(
            "(?state", "(?state != cmqv:accept && ?state"
        ),
        "query-prefix-undeclared",
        "cqmv:",
        "Did you mean cmqv?",
    ),
    "property of no ontology": (
        GOOD.replace("cmq:organOf", "cmq:organof"),
        "query-term",
        "cmq:organof",
        "Did you mean cmq:organOf?",
    ),
    "concept of no scheme": (
        GOOD.replace("cmqv:energy-strikes", "cmqv:energy-strike"),
        "query-term",
        "cmqv:energy-strike",
        "Did you mean cmqv:energy-strikes?",
    ),
    "term in full": (
        GOOD.replace("cmq:organOf", f"<{PREFIXES['oa']}strat>"),
        "query-term",
        f"<{PREFIXES['oa']}strat>",
        "Did you mean oa:start?",
    ),
    "thing that nothing describes": (
        GOOD.replace("!= ?voice", f"!= <{PREFIXES['actor']}kremlim>"),
        "query-name",
        f"<{PREFIXES['actor']}kremlim>",
        "Did you mean actor:kremlin?",
    ),
    "SELECT *": (GOOD.replace("?voice ?sentence\nW", "*\nW"), "query-select-star", "*", None),
    "SELECT DISTINCT * within": (
        GOOD.replace("  OPTIONAL", "  { SELECT DISTINCT * { ?sentence a ?x } }\n  OPTIONAL"),
        "query-select-star",
        "*",
        "Name each column",
    ),
    "no order": (
        GOOD.replace("ORDER BY ?voice ?sentence\n", ""),
        "query-order",
        "SELECT",
        "End with ORDER BY ...",
    ),
    "order within only": (
        GOOD.replace("ORDER BY ?voice ?sentence\n", "").replace(
            "  OPTIONAL", "  { SELECT ?sentence { ?sentence a ?x } ORDER BY ?x }\n  OPTIONAL"
        ),
        "query-order",
        "SELECT",
        "End with ORDER BY ...",
    ),
    "order by what nothing binds": (
        GOOD.replace("ORDER BY ?voice ?sentence", "ORDER BY ?voice DESC(?sentense) LIMIT 9"),
        "query-order",
        "?sentense",
        "Did you mean ?sentence?",
    ),
    "order within by what nothing binds": (
        GOOD.replace(
            "  OPTIONAL", "  { SELECT ?sentence { ?sentence a ?x } ORDER BY ?zz }\n  OPTIONAL"
        ),
        "query-order",
        "?zz",
        "Order by a variable that a pattern binds",
    ),
    **{
        f"{call} varies": (GOOD.replace("?state !=", f"{call} !="), "query-varying", word, None)
        for call, word in {
            "RAND()": "RAND",
            "now ()": "now",
            "UUID()": "UUID",
            "STRUUID()": "STRUUID",
            "BNODE()": "BNODE",
            'BNODE("x")': "BNODE",
        }.items()
    },
    "not SPARQL": (GOOD.replace("WHERE", "WERE"), "query-syntax", "WERE", "Did you mean WHERE?"),
    "key left out": (
        GOOD.replace("ORDER BY ?voice ?sentence", "ORDER BY LIMIT 9"),
        "query-syntax",
        None,
        "Mend the query",
    ),
    "bracket left open": (GOOD.replace(")\n}\n", ")\n"), "query-syntax", "{", "Mend the query"),
    "bracket too many": (GOOD.replace("\n}\n", "\n]}\n"), "query-syntax", "]", "Mend the query"),
    "SERVICE": (
        GOOD.replace("OPTIONAL {", "SERVICE <https://x.example/> {"),
        "query-service",
        "SERVICE",
        None,
    ),
    "escape": (GOOD.replace("cmq:organOf", "cmq:\\u006frganOf"), "query-refused", None, None),
    "FROM": (
        GOOD.replace("\nWHERE", f"\nFROM <{PREFIXES['graph']}vocab>\nWHERE"),
        "query-from",
        "FROM",
        "Leave FROM out, or use GRAPH",
    ),
    "variable misspelt once": (
        GOOD.replace("FILTER (?state", "FILTER (?sentense").replace(" ?state }", " ?x }"),
        "query-variable",
        "?sentense",
        "Did you mean ?sentence?",
    ),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_one_fault_is_one_finding_at_its_place(name: str, known: Known) -> None:
    text, rule, at, hint = CASES[name]
    (finding,) = found(text, known)

    assert finding.rule.id == rule
    assert finding.rule.text.endswith(".")
    assert finding.layer == "queries"
    assert at is None or pointed(text, finding.region) == at
    assert at is None or finding.value == at
    assert hint in {None, finding.hint}
    assert finding.hint
    assert finding.message.endswith(".")
    assert finding.excerpt == text.split("\n")[finding.region.line - 1]


def test_where_the_engine_stops_reading_is_the_place(known: Known) -> None:
    text, _, _, _ = CASES["key left out"]
    (finding,) = found(text, known)

    assert finding.excerpt == "ORDER BY LIMIT 9"


def test_every_rule_has_a_case() -> None:
    import communique.linting as module

    rules = {rule.id for rule in vars(module).values() if type(rule).__name__ == "Rule"}

    assert rules - {case[1] for case in CASES.values()} == {"query-answer"}


def test_a_key_like_no_other_stands_for_none_that_is_missing(known: Known) -> None:
    text = GOOD.replace("#+ tags", "#+ xyzzy")

    assert {each.rule.id for each in found(text, known)} == {"query-header-key", "query-tags"}


def test_what_changes_data_is_refused(known: Known) -> None:
    text = "#+ summary: What?\n#+ tags: [x]\nDELETE WHERE { ?s ?p ?o }\n"
    (finding,) = found(text, known)

    assert finding.rule.id == "query-refused"


def test_a_question_without_its_answer_is_found(known: Known) -> None:
    (finding,) = found(GOOD, known, answered=False)

    assert (finding.rule.id, finding.hint) == ("query-answer", "Run communique test good --update")


def test_an_answer_without_its_question_is_found(tmp_path: Path) -> None:
    for file in ("queries/demands.rq", "tests/answers/demands.csv", "tests/answers/demand.csv"):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (finding,) = stray_answers(tmp_path)

    assert finding.file == "tests/answers/demand.csv"
    assert finding.hint == "Is it the answer to demands?"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FILTER", "# SELECT * FROM <x> cmq:nothing\n  FILTER"),
        ("FILTER (?state", 'FILTER ("SERVICE FROM SELECT * cmq:nothing $x" != ?voice && ?state'),
        ("OPTIONAL {", "OPTIONAL { _:b a cmq:Actor ."),
        ("?voice ?sentence\nW", "(COUNT(*) AS ?voices)\nW"),
        ("  OPTIONAL", "  VALUES ?voice { UNDEF }\n  ?voice a ?kind .\n  OPTIONAL"),
        ("FILTER (?state", 'FILTER (isBlank(?state) || "NOW()" != ?voice # RAND()\n && ?state'),
        ("Y ?voice ?sentence", "Y ?issue ?voice ?sentence"),
        ("Y ?voice ?sentence", "Y ?given ?voice ?sentence VALUES ?given { 1 2 }"),
        ("Y ?voice ?sentence", "Y (EXISTS { ?voice a ?kind } ) ?voice ?sentence LIMIT 9"),
        ("Y ?voice ?sentence", "Y STRLEN(STR(?voice)) ?sentence"),
    ],
    ids=[
        "comment",
        "string",
        "blank node",
        "COUNT(*)",
        "pattern between",
        "words of functions",
        "the other sign",
        "bound at the end",
        "bound in the order",
        "ordered by a value",
    ],
)
def test_what_only_looks_like_a_fault_is_none(old: str, new: str, known: Known) -> None:
    text = GOOD.replace(old, new)
    if "COUNT" in new:
        text = text.replace("ORDER BY ?voice ?sentence", "ORDER BY ?voices")

    assert text != GOOD
    assert found(text, known) == []


def test_a_question_of_yes_or_no_needs_no_order(known: Known) -> None:
    text = "#+ summary: Is there a thing?\n#+ tags: [x]\nASK { ?thing ?has ?it }\n"

    assert found(text, known) == []


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_lines_may_end_in_other_ways(end: str, known: Known) -> None:
    text, rule, _, _ = CASES["property of no ontology"]
    (plain,), (other,) = found(text, known), found(text.replace("\n", end), known)

    assert plain.rule.id == rule
    assert other == plain


def test_a_question_is_read_and_not_evaluated(known: Known) -> None:
    """Evaluated, these rows would be more than can be counted in a year."""
    values = " ".join(map(str, range(2_000)))
    blocks = "".join(f"VALUES ?x{n} {{ {values} }} " for n in range(5))
    text = f"#+ summary: How many?\n#+ tags: [x]\nASK {{ {blocks} FILTER(?x0 < 0) }}\n"

    assert found(text, known) == []


@given(st.text(alphabet="#+ {}[]()<>\"'?$:;.,\\\nabcSELECTFROMVALUES*tags", max_size=80))
def test_any_text_has_findings_and_no_error(text: str) -> None:
    known = Known(vocabulary([]), ())
    for finding in lint("queries/x.rq", text, known):
        lines = text.replace("\r", "\n").split("\n")
        assert 1 <= finding.region.line <= len(lines)
        assert finding.region.column <= len(lines[finding.region.line - 1]) + 1
