import json
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store

from communique import compare, dataset
from communique.attribution import Attributions
from communique.labels import Labels
from communique.sheets import labels_of
from conftest import Run

_CALL = NamedNode("https://w3id.org/communique/id/a1/v066")
_PREFIXES = """
PREFIX a1: <https://w3id.org/communique/id/a1/>
PREFIX actor: <https://w3id.org/communique/id/actor/>
PREFIX cmq: <https://w3id.org/communique/ns#>
PREFIX cmqv: <https://w3id.org/communique/vocab/>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""
_TWO_ACCOUNTS = f"""{_PREFIXES}
cmqv:conflict skos:prefLabel "conflict"@en .
cmqv:narrower skos:prefLabel "narrower"@en .
cmqv:not-reported skos:prefLabel "not reported"@en .
cmqv:excerpt skos:prefLabel "excerpt"@en .
cmqv:assert skos:prefLabel "assert"@en .
cmqv:deny skos:prefLabel "deny"@en .
cmqv:herring skos:prefLabel "herring"@en .
cmqv:tariffs skos:prefLabel "tariffs"@en .
cmqv:eels skos:prefLabel "eels"@en ; skos:broader cmqv:tariffs .
actor:f rdfs:label "Freedonia"@en .
actor:s rdfs:label "Sylvania"@en .
a1:v01 a cmq:Event ; rdfs:label "dinner"@en .
a1:source a cmq:SourceDocument .
a1:p a cmq:Passage ; dcterms:identifier "S1" ; oa:hasSource a1:source .
a1:account-f a cmq:Account ; cmq:ofOccasion a1:v01 ; cmq:accountVoice actor:f ;
  cmq:completeness cmqv:full-text ; cmq:knownThrough a1:source .
a1:account-s a cmq:Account ; cmq:ofOccasion a1:v01 ; cmq:accountVoice actor:s ;
  cmq:completeness cmqv:excerpt ; cmq:knownThrough a1:source .
"""


def _says(number: int, account: str, force: str, matter: str, issue: str) -> str:
    return f"""
a1:s{number} a cmq:Statement ; cmq:voice actor:{account} ; cmq:force cmqv:{force} ;
  cmq:channel a1:account-{account} ; cmq:attribution cmqv:explicit ; cmq:content a1:{matter} ;
  cmq:evidence a1:span{number} .
a1:span{number} a cmq:Span ; cmq:within a1:p ; oa:start {number} ; oa:end {number + 5} .
a1:{matter} a cmq:Undertaking ; rdfs:label "{matter}"@en ; cmq:issue cmqv:{issue} .
"""


def _finds(kind: str, one: str, other: str) -> str:
    return f"""
a1:f01 a cmq:Finding ; rdfs:label "judged"@en ; cmq:kind cmqv:{kind} ;
  cmq:about a1:{one} , a1:{other} ; rdfs:comment "Because."@en ;
  prov:wasAttributedTo actor:f ; dcterms:date "2026-11-23" .
"""


def _matrix(store: Store, event: NamedNode) -> dict[str, dict[str, str]]:
    labels, sheet = Labels(store), compare.side_by_side(store, event)
    section = sheet.sections[0]
    assert section.title == "Issue by issue"
    rows = [[labels_of(value, labels) for value in row] for row in section.rows]
    return {row[0]: dict(zip(section.columns, row, strict=True)) for row in rows}


def _invented(*turtle: str) -> dict[str, dict[str, str]]:
    store = Store()
    store.load("".join([_TWO_ACCOUNTS, *turtle]).encode(), format=RdfFormat.TURTLE)
    return _matrix(store, NamedNode("https://w3id.org/communique/id/a1/v01"))


@pytest.fixture(scope="module")
def store(checkout: Path) -> Store:
    return dataset.union(dataset.load(checkout))


@pytest.fixture(scope="module")
def call(store: Store) -> dict[str, dict[str, str]]:
    return _matrix(store, _CALL)


def test_one_matter_under_different_acts_is_not_called_agreement(
    call: dict[str, dict[str, str]],
) -> None:
    row = call["strikes on energy infrastructure"]

    assert row["relation"] == "same matter, different acts"
    assert row["Journalist"] == (
        "agree, by Donald Trump and Vladimir Putin: halt of strikes on energy infrastructure "
        "[S1 0-62, S4 345-422]"
    )
    assert "(scope uncertain) [S4 424-456]" in row["Kremlin"]
    assert row["White House"] == ""


def test_the_sea_truce_is_reported_by_the_white_house_only_and_unknown_of_the_kremlin(
    call: dict[str, dict[str, str]],
) -> None:
    row = call["maritime ceasefire"]

    assert (row["relation"], row["Kremlin"]) == ("reported by one only", "")
    assert "curated:f04" in row["findings"].split(", ")


def test_a_relation_that_a_curator_judged_names_the_finding(
    call: dict[str, dict[str, str]],
) -> None:
    row = call["comprehensive ceasefire"]

    assert row["relation"] == "probably the same"
    assert "a1:f22" in row["findings"].split(", ")


def test_silence_is_a_blank_under_every_account_not_held_in_full(
    call: dict[str, dict[str, str]],
) -> None:
    silent = {"Kremlin", "Russian government", "White House"}
    cells = [row[voice] for row in call.values() for voice in silent]

    assert "" in cells
    assert not any(cell.startswith("not ") for cell in cells)


def test_what_was_said_elsewhere_is_not_called_unreported(
    call: dict[str, dict[str, str]],
) -> None:
    assert call["ceasefire"]["Journalist"] == "not in this account; said elsewhere, below"
    assert call["mobilisation"]["Journalist"] == "not reported on its own word"


def test_a_repeated_demand_is_told_with_who_repeats_it_and_how_sure_that_is(
    call: dict[str, dict[str, str]],
) -> None:
    assert call["control of a ceasefire"]["Kremlin"] == (
        "reiterate: demand, by Vladimir Putin: effective control on the front lines "
        "(possible reading) [S8 1260-1320]"
    )


def test_what_is_only_taken_for_granted_is_left_out(call: dict[str, dict[str, str]]) -> None:
    assert all("presupposed" not in cell for row in call.values() for cell in row.values())


def test_every_position_in_the_matrix_is_one_of_the_voice_that_it_stands_under(
    store: Store, call: dict[str, dict[str, str]]
) -> None:
    attributions = Attributions(store)
    voices: dict[str, set[str]] = {}
    for said in attributions.known:
        for route in attributions.routes(said):
            voices.setdefault(str(route.position), set()).add(attributions.by(route.statements[0]))
    checked = 0
    for row in call.values():
        for voice in ("Journalist", "Kremlin", "Russian government", "White House"):
            for cell in row[voice].split("[")[1:]:
                for position in cell.split("]")[0].split(", "):
                    assert voice in voices[position]
                    checked += 1
    assert checked > 20


def test_the_same_act_in_two_accounts_is_the_same() -> None:
    relays = """
a1:s9 a cmq:Statement ; cmq:voice actor:f , actor:s ; cmq:force cmqv:assert ; cmq:content a1:u .
a1:u a cmq:Undertaking ; rdfs:label "u"@en ; cmq:issue cmqv:herring .
"""
    told = "".join(
        f"""
a1:t{at} a cmq:Statement ; cmq:voice actor:{voice} ; cmq:force cmqv:assert ; cmq:relays a1:s9 ;
  cmq:channel a1:account-{voice} ; cmq:attribution cmqv:explicit ; cmq:evidence a1:e{at} .
a1:e{at} a cmq:Span ; cmq:within a1:p ; oa:start {at} ; oa:end {at + 1} .
"""
        for at, voice in enumerate("fs")
    )

    assert _invented(relays, told)["herring"]["relation"] == "same"


@pytest.mark.parametrize("kind", ["conflict", "narrower"])
def test_a_finding_on_both_accounts_is_their_relation(kind: str) -> None:
    row = _invented(
        _says(1, "f", "assert", "u1", "herring"),
        _says(2, "s", "deny", "u2", "herring"),
        _finds(kind, "u1", "u2"),
    )["herring"]

    assert (row["relation"], row["findings"]) == (kind, "a1:f01")


def test_a_finding_on_one_account_alone_is_no_relation() -> None:
    row = _invented(
        _says(1, "f", "assert", "u1", "herring"),
        _says(2, "s", "deny", "u2", "herring"),
        _finds("conflict", "u1", "s1"),
    )["herring"]

    assert row["relation"] == "no relation judged"


def test_counterparts_are_told_as_such() -> None:
    row = _invented(
        _says(1, "f", "assert", "u1", "herring"),
        _says(2, "s", "deny", "u2", "herring"),
        "a1:u2 cmq:counterpartOf a1:u1 .",
    )["herring"]

    assert row["relation"] == "counterparts"


def test_not_reported_stands_only_under_an_account_held_in_full() -> None:
    rows = _invented(
        _says(1, "f", "assert", "u1", "herring"), _says(2, "s", "deny", "u2", "tariffs")
    )

    assert rows["tariffs"]["Freedonia"] == "not reported on its own word"
    assert rows["herring"]["Sylvania"] == ""


def test_a_narrower_issue_is_pointed_at_and_a_broader_one_is_not() -> None:
    rows = _invented(_says(1, "f", "assert", "u1", "eels"), _says(2, "s", "deny", "u2", "tariffs"))
    broader = _invented(
        _says(1, "f", "assert", "u1", "tariffs"), _says(2, "s", "deny", "u2", "eels")
    )

    assert rows["tariffs"]["Freedonia"] == "see eels"
    assert broader["eels"]["Freedonia"] == "not reported on its own word"


def test_the_command_compares_the_only_event_with_accounts(run: Run, checkout: Path) -> None:
    result = run("compare", "--format", "json", "--root", checkout)
    told = json.loads(result.stdout)

    assert (result.exit_code, told["id"]) == (0, _CALL.value)
    assert "What they are silent on here is unknown; it is not a no." in told["notes"][0]


@pytest.mark.parametrize("form", ["table", "md"])
def test_the_command_writes_tables(run: Run, checkout: Path, form: str) -> None:
    result = run("compare", "a1:v066", "--format", form, "--root", checkout)

    assert result.exit_code == 0
    assert "reported by one only" in result.stdout


def test_an_event_without_accounts_is_refused_with_those_that_have_them(
    run: Run, checkout: Path
) -> None:
    result = run("compare", "shelling of Kyiv", "--root", checkout)

    assert (result.exit_code, result.stderr) == (
        2,
        "Error: shelling of Kyiv: no account tells of it. Give one of a1:v066\n",
    )


def test_a_dataset_without_accounts_is_refused(run: Run, project: Path) -> None:
    result = run("compare", "--root", project)

    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


def test_only_the_accounts_that_are_named_are_compared(run: Run, checkout: Path) -> None:
    between = ["--between", "White House", "--between", "Kremlin"]
    result = run("compare", *between, "--format", "json", "--root", checkout)
    sheet = json.loads(result.stdout)
    rows = sheet["sections"]["Issue by issue"]

    assert result.exit_code == 0
    assert {account["voice"]["label"] for account in sheet["sections"]["Accounts"]} == {
        "White House",
        "Kremlin",
    }
    assert all({"issue", "Kremlin", "White House", "relation", "findings"} == set(r) for r in rows)
    assert all(row["Kremlin"] or row["White House"] for row in rows)
    assert sheet["notes"][0] == (
        "Left out here: Journalist, Russian government. "
        "What is said of one only is said of those compared."
    )


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (["Kremlin"], "compare: one account alone. Give another of Journalist, "),
        (["Kremlin", "Ukraine"], "Ukraine: has no account. Give Journalist, Kremlin, "),
        (["Kremlin", "Nobody at all"], "Nobody at all: no such thing. "),
    ],
)
def test_who_cannot_be_compared_is_one_line(
    run: Run, checkout: Path, names: list[str], line: str
) -> None:
    between = [text for name in names for text in ("--between", name)]
    result = run("compare", *between, "--root", checkout)

    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith(f"Error: {line}")


def test_what_another_has_on_something_narrower_is_not_told_by_one_only(store: Store) -> None:
    row = _matrix(store, _CALL)["settlement of the conflict"]

    assert row["Journalist"] == "see comprehensive ceasefire"
    assert row["White House"] == "see comprehensive ceasefire, lasting peace"
    assert row["relation"] == compare.ONE_ONLY_BROADLY
