"""What is given to a question changes what is asked about, and never what is asked."""

import csv
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import Literal, NamedNode, QuerySolutions, Store
from rdflib import Graph

from communique import parameters, questions, resources, values
from communique.errors import CommuniqueError
from communique.parameters import Parameter
from communique.values import Value
from conftest import Run

_ASKED = """\
#+ summary: Who relays the voice?
#+ description: One row per relaying voice.
#+ tags: [attribution]
#+ params:
#+   voice: {type: iri, class: cmq:Actor, required: false, many: true, help: who is relayed}
#+   least: {type: integer, help: how many times at least}
#+   tone: {type: string, values: [plain, coded], help: in what tone}

PREFIX cmq: <https://w3id.org/communique/ns#>

SELECT ?outer $voice
WHERE {
  VALUES $voice { UNDEF }
  VALUES $least { 1 }
  VALUES $tone { "plain" }
  ?s cmq:voice ?outer .
  ?s cmq:relays/cmq:voice $voice .
  FILTER(1 >= $least)
}
ORDER BY ?outer $voice
"""
_KIND = {kind: Parameter("x", kind, many=True) for kind in parameters.KINDS}
_SIGNS = (
    r"""{ } ( ) < > " ' ''' \ \\ \" \' \n \t ; . , # : @en ^^ $x ?x UNDEF VALUES SELECT UNION"""
)
_ESCAPES = r"\u0022 \U00000022 \u007D \\u0022 \\\u0022 \u0022\u007d u U 00 07"
_NUMBERS = "1 -1 01 +0 1e9 0.5 .5 5. ٣ 2025-03-18 2025-02-30 P1D -PT0S PT2H P true false"
_NAMES = (
    "http://x/ https://x/a#b urn:x javascript:x file:///x <http://x/> actor:kremlin xsd: é 漢 😀"
)
_ODD = (
    "\0",
    "\x01",
    "\t",
    "\n",
    "\r",
    "\x0b",
    "\x0c",
    "\x1b",
    "\x7f",
    "\x85",
    "\xa0",
    "\u2028",
    "\u202e",
    "\ufeff",
    "\ufffe",
    "\ud800",
)
_INJECTION = ("} UNION { ?s ?p ?o", "} SERVICE <http://x/> {", "UNDEF } #", "", " ")
_FRAGMENTS = (*f"{_SIGNS} {_ESCAPES} {_NUMBERS} {_NAMES}".split(), *_ODD, *_INJECTION)
_EACH = 10_000
_REFUSALS: list[str] = []


def _hostile(seed: int) -> list[str]:
    """Make texts of what has a meaning to some parser, and of any character at all."""
    chance = random.Random(seed)
    made = dict.fromkeys(_FRAGMENTS)
    while len(made) < _EACH:
        parts = chance.choices(_FRAGMENTS, k=chance.randint(1, 8))
        if chance.random() < 0.2:
            parts.append(chr(chance.randrange(0x110000)))
        made["".join(parts)] = None
    return list(made)


def _read(parameter: Parameter, text: str) -> Value | None:
    """Return the value, or None if it is refused in one line."""
    read = values.iri if parameter.kind == "iri" else values.literal
    try:
        return read(parameter, text)
    except CommuniqueError as error:
        _REFUSALS.append(str(error))
        return None


def _query(kind: str) -> str:
    return f'SELECT $x {{ VALUES $x {{ "{kind}" }} FILTER(true || $x != "}} # VALUES $x {{ ") }}'


def _pyoxigraph(sparql: str) -> list[object]:
    answer = Store().query(sparql)
    assert isinstance(answer, QuerySolutions)
    return [row[0] for row in answer]


def _rdflib(sparql: str) -> list[tuple[str, str]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rdflib, "NORMALIZE_LITERALS", False)
        rows = [row for row in Graph().query(sparql) if isinstance(row, tuple)]
    return [(str(row[0]), str(getattr(row[0], "datatype", None) or "")) for row in rows]


def _as_rdflib(value: Value) -> tuple[str, str]:
    xsd_string = "http://www.w3.org/2001/XMLSchema#string"
    kind = value.datatype.value if isinstance(value, Literal) else ""
    return value.value, "" if kind == xsd_string else kind


@pytest.mark.parametrize("kind", parameters.KINDS)
def test_no_text_changes_the_query_and_each_value_comes_back_equal(kind: str) -> None:
    read = [_read(_KIND[kind], text) for text in _hostile(seed=len(kind))]
    kept = list(dict.fromkeys(value for value in read if value is not None))
    before = _query(kind)
    head, tail = before.split(f'"{kind}"')

    assert kept
    assert all(len(line.splitlines()) == 1 and "\x1b" not in line for line in _REFUSALS)
    for start in range(0, len(kept), 500):
        some = kept[start : start + 500]
        after = values.filled(before, {"x": some})
        assert after.startswith(head)
        assert after.endswith(tail)
        assert _pyoxigraph(after) == some
        assert _rdflib(after) == [_as_rdflib(value) for value in some]


@pytest.mark.parametrize("kind", parameters.KINDS)
def test_what_is_refused_is_what_the_type_excludes(kind: str) -> None:
    good = {
        "iri": ["http://example.org/a", "<urn:x>", "actor:nobody"],
        "string": ["", "}", "\\u0022", "\\", "UNDEF", "a\nb"],
        "integer": ["0", "-1", "+01", " 7 "],
        "decimal": ["0", "-1.50", ".5", "5."],
        "date": ["2024-02-29"],
        "duration": ["P1D", "-PT0S", "P1DT2H3M4.5S"],
        "boolean": ["true", "false"],
    }
    bad = {
        "iri": ["javascript:x", "file:///x", "http://x/>", "x", "nobody:x", "\ud800"],
        "string": ["\ud800", "x" * 65_537],
        "integer": ["", "1.0", "1e9", "٣", "9" * 101, "1}"],
        "decimal": ["", ".", "1e9", "NaN", "1" * 101],
        "date": ["2025-02-30", "2025-3-1", "today", "2025-03-18Z"],
        "duration": ["P", "PT", "1D", "P1Y", "P1DT"],
        "boolean": ["yes", "TRUE", "1"],
    }

    assert [text for text in good[kind] if _read(_KIND[kind], text) is None] == []
    assert [text for text in bad[kind] if _read(_KIND[kind], text) is not None] == []


@pytest.mark.parametrize(
    ("kind", "text", "lexical"),
    [
        ("integer", "+007", "7"),
        ("integer", "-0", "0"),
        ("decimal", "-01.50", "-1.5"),
        ("decimal", "-.0", "0"),
        ("decimal", "3.0", "3"),
        ("duration", "PT24H", "P1D"),
    ],
)
def test_a_number_or_a_duration_is_written_in_its_one_form(
    kind: str, text: str, lexical: str
) -> None:
    value = _read(_KIND[kind], text)

    assert value is not None
    assert value.value == lexical


def test_only_what_stands_between_the_braces_of_a_block_is_swapped() -> None:
    before = 'ASK { # VALUES $x { 1 }\n ?s ?p "VALUES $x { 2 }" . VALUES $x { 3 "}" } }'
    after = values.filled(before, {"x": [NamedNode("urn:x")]})

    assert after == 'ASK { # VALUES $x { 1 }\n ?s ?p "VALUES $x { 2 }" . VALUES $x { <urn:x> } }'


def test_every_block_of_a_parameter_is_filled() -> None:
    after = values.filled(
        "ASK { { VALUES $x {1} } UNION { VALUES $x {2} } }", {"x": [Literal("a")]}
    )

    assert after == 'ASK { { VALUES $x { "a" } } UNION { VALUES $x { "a" } } }'


@pytest.fixture(name="asked")
def _asked(project: Path) -> Path:
    (project / "queries" / "relayed.rq").write_text(_ASKED)
    return project


_BY_ANY_NAME = (
    "Freedonia",
    "freedonia",
    "FREEDONIA",
    "actor:freedonia",
    "https://w3id.org/communique/id/actor/freedonia",
    "<https://w3id.org/communique/id/actor/freedonia>",
    "Land of the Free",
)


@pytest.fixture(name="renamed")
def _renamed(asked: Path) -> Path:
    path = asked / "data" / "actors.ttl"
    text = path.read_text().replace(
        '    rdfs:label "Freedonia"@en ;',
        '    rdfs:label "Freedonia"@en ;\n    skos:altLabel "Land of the Free"@en , "twin"@en ;',
    )
    text = text.replace(
        '    rdfs:label "Sylvania"@en ;',
        '    rdfs:label "Sylvania"@en ;\n    skos:altLabel "twin"@en ;',
    )
    path.write_text("PREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n" + text)
    return asked


@pytest.mark.parametrize("text", _BY_ANY_NAME)
def test_a_thing_is_given_by_any_of_its_names(run: Run, renamed: Path, text: str) -> None:
    result = run(
        "query", "relayed", "--voice", text, "--format", "csv", "--labels", "--root", renamed
    )

    assert (result.exit_code, result.stdout) == (0, "outer,voice\nSylvania,Freedonia\n")


def test_another_thing_gets_another_answer(run: Run, asked: Path) -> None:
    result = run("query", "relayed", "--voice", "Sylvania", "--format", "csv", "--root", asked)

    assert (result.exit_code, result.stdout) == (0, "outer,voice\n")


def test_an_option_that_can_be_repeated_takes_a_list(run: Run, asked: Path) -> None:
    voices = ("--voice", "Sylvania", "--voice=Freedonia")
    result = run("query", *voices, "relayed", "--format", "csv", "--labels", "--root", asked)

    assert result.stdout == "outer,voice\nSylvania,Freedonia\n"


def test_the_final_query_is_shown(run: Run, asked: Path) -> None:
    result = run("query", "relayed", "--least", "2", "--voice", "UNDEF", "--show", "--root", asked)
    integer = "<http://www.w3.org/2001/XMLSchema#integer>"

    assert result.stdout == _ASKED.replace("$least { 1 }", f'$least {{ "2"^^{integer} }}')


def test_what_is_shown_needs_no_other_prefix(run: Run, asked: Path) -> None:
    result = run("query", "-", "--show", "--root", asked, text="ASK { a1:s001 a cmq:Statement }")

    assert result.stdout == (
        "PREFIX a1: <https://w3id.org/communique/id/a1/>\n"
        "PREFIX cmq: <https://w3id.org/communique/ns#>\n"
        "ASK { a1:s001 a cmq:Statement }\n"
    )


_REFUSED = {
    "misspelt label": (
        ("--voice", "Fredonia"),
        "voice 'Fredonia': nothing of that name among cmq:Actor. Did you mean Freedonia?",
    ),
    "misspelt prefixed name": (
        ("--voice", "actor:fredonia"),
        "voice 'actor:fredonia': nothing of that name among cmq:Actor. Did you mean Freedonia?",
    ),
    "thing of another class": (
        ("--voice", "herring"),
        "voice 'herring': nothing of that name among cmq:Actor. Press Tab, or see --help",
    ),
    "name of two things": (
        ("--voice", "Twin"),
        (
            "voice 'Twin': more than one thing. "
            "Say which: actor:freedonia (Freedonia) or actor:sylvania (Sylvania)"
        ),
    ),
    "misspelt option": (
        ("--vioce", "Freedonia"),
        "--vioce: no such option of relayed. Did you mean --voice?",
    ),
    "option like no other": (
        ("--zzz", "Freedonia"),
        "--zzz: no such option of relayed. See --help",
    ),
    "two values for one": (
        ("--least", "1", "--least", "2"),
        "least '1, 2': takes one value. Give one",
    ),
    "required left open": (
        ("--least", "UNDEF"),
        "least 'UNDEF': cannot be left open. Give a value",
    ),
    "wrong type": (("--least", "two"), "least 'two': not of type integer. Write 42"),
    "not in the list": (
        ("--tone", "plane"),
        "tone 'plane': not in its list. Did you mean plain?",
    ),
}


@pytest.mark.parametrize("case", sorted(_REFUSED))
def test_a_wrong_value_is_one_clear_line_and_exit_code_2(
    run: Run, renamed: Path, case: str
) -> None:
    args, line = _REFUSED[case]
    result = run("query", "relayed", *args, "--root", renamed)

    assert (result.exit_code, result.stderr, result.stdout) == (2, f"Error: {line}\n", "")


def test_a_misspelt_question_is_found_out_before_its_options(run: Run, asked: Path) -> None:
    result = run("query", "relayde", "--voice", "Freedonia", "--root", asked)

    assert (result.exit_code, result.stderr) == (
        2,
        "Error: relayde: no such question. Did you mean relayed?\n",
    )


def test_help_tells_what_a_question_can_be_asked_about(run: Run, asked: Path) -> None:
    text = " ".join(run("query", "relayed", "--help", "--root", asked).stdout.split())

    assert "Who relays the voice? One row per relaying voice. Columns: outer, voice" in text
    assert "--voice ACTOR Who is relayed [default: any; can be repeated]" in text
    assert "--least INTEGER How many times at least [default: 1]" in text
    assert '--tone [plain|coded] In what tone [default: "plain"]' in text


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("#+ params: voice", "params has no names"),
        ("#+ params:\n#+   voice: iri", "parameter voice: has no type"),
        ("#+ params:\n#+   voice: {type: iir}", "type iir. Use one of iri, string"),
        ("#+ params:\n#+   voice: {type: iri, clas: x}", "key clas is not known. Did you mean cl"),
        ("#+ params:\n#+   voice: {type: iri, class: no:X}", "class no:X has no known prefix"),
        ("#+ params:\n#+   vioce: {type: iri}", r"has no block. Write VALUES \$vioce"),
        ("#+ params:\n#+   1: {type: iri}", "parameter 1: not a name"),
    ],
)
def test_a_header_that_declares_nonsense_is_an_error(header: str, message: str) -> None:
    with pytest.raises(CommuniqueError, match=message):
        questions.parse(Path("x.rq"), f"{header}\nASK {{ VALUES $voice {{ UNDEF }} }}")


def _completed(project: Path, *words: str) -> list[str]:
    """Return what a shell is offered, as a shell asks for it."""
    environment = {
        **os.environ,
        "_COMMUNIQUE_COMPLETE": "zsh_complete",
        "COMP_WORDS": " ".join(["communique", "query", "--root", str(project), *words]),
        "COMP_CWORD": str(len(words) + 3),
    }
    code = (
        "import sys; from communique.cli import main; main(prog_name='communique');"
        "print([m for m in ('rdflib', 'pyshacl', 'reasonable') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    return [f"{name} | {told}" for name, told in zip(lines[1::3], lines[2::3], strict=True)]


def test_a_shell_is_offered_questions_options_and_values(asked: Path) -> None:
    assert _completed(asked, "rel") == ["relayed | Who relays the voice?"]
    assert _completed(asked, "relayed", "--vo") == [
        "--voice | Who is relayed  [default: any; can be repeated]"
    ]
    assert _completed(asked, "relayed", "--voice", "freedonian") == [
        "freedonian-trade-office | Freedonian Trade Office"
    ]
    assert _completed(asked, "relayed", "--tone", "c") == ["coded | _"]


_HEAVY = {"rdflib", "pyshacl", "reasonable", "SPARQLWrapper", "yaml"}
_WITHOUT_ENGINE = _HEAVY | {"pyoxigraph"}


@pytest.mark.parametrize(
    ("words", "shunned", "told"),
    [
        ((), _WITHOUT_ENGINE, "Which demands does the Russian side make"),
        (("query", "deman"), _WITHOUT_ENGINE, "demands-by-addressee"),
        (("query", "demands", "--si"), _WITHOUT_ENGINE, "--side"),
        (("query", "demands", "--side", "krem"), _HEAVY, "kremlin"),
    ],
    ids=["list", "question", "parameter", "value"],
)
def test_the_list_and_completion_load_no_heavy_library(
    words: tuple[str, ...], shunned: set[str], told: str
) -> None:
    completion = {
        "_COMMUNIQUE_COMPLETE": "zsh_complete",
        "COMP_WORDS": " ".join(["communique", *words]),
        "COMP_CWORD": str(len(words)),
    }
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "from communique.cli import main\n"
        "main(prog_name='communique')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *([] if words else ["query"])],
        env=os.environ | (completion if words else {}),
        capture_output=True,
        text=True,
        check=True,
    )

    assert told in done.stdout
    assert "communique.cli" in done.stderr.split()
    assert not shunned & set(done.stderr.split())


def test_no_stored_question_has_a_parameter_named_like_an_option() -> None:
    from communique.commands.query import query

    options = {name for each in query.params for name in each.opts}
    taken = [
        f"{question.name} --{parameter.name}"
        for question in questions.questions(resources.root())
        for parameter in question.parameters
        if f"--{parameter.name}" in options
    ]

    assert taken == []


@pytest.mark.parametrize("question", ["demands", "demands-by-addressee"])
@pytest.mark.parametrize(("addressee", "rows"), [("the West", 2), ("Ukraine", 2), ("Russia", 0)])
def test_demands_can_be_asked_of_one_addressee(
    run: Run, checkout: Path, question: str, addressee: str, rows: int
) -> None:
    asked = ("query", question, "--format", "csv", "--labels", "--root", checkout)
    found = list(csv.DictReader(run(*asked, "--addressee", addressee).stdout.splitlines()))
    every = list(csv.DictReader(run(*asked).stdout.splitlines()))

    assert len(found) == rows
    assert found == [row for row in every if row["addressee"] == addressee]
