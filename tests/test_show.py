import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import Store

from communique import dataset, show, things
from communique.attribution import Attributions
from communique.dataset import select
from communique.errors import CommuniqueError
from communique.labels import Labels
from communique.namespaces import shrink
from communique.sheets import Sheet, as_json, as_markdown, labels_of
from conftest import Run

_A1 = "https://w3id.org/communique/id/a1/"

Tables = dict[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def store(checkout: Path) -> Store:
    return dataset.union(dataset.load(checkout))


@pytest.fixture(scope="module")
def shown(store: Store) -> Callable[[str], Tables]:
    labels = Labels(store)

    def _shown(name: str) -> Tables:
        return _tables(show.about(store, things.find(store, name)), labels)

    return _shown


def _tables(sheet: Sheet, labels: Labels) -> Tables:
    return {
        section.title: [
            dict(zip(section.columns, (labels_of(value, labels) for value in row), strict=True))
            for row in section.rows
        ]
        for section in sheet.sections
    }


@pytest.mark.parametrize(
    ("name", "thing"),
    [
        ("S4", "passage:ba01b1d8-345-580"),
        ("s4", "passage:ba01b1d8-345-580"),
        ("S4 463-531", "span:ba01b1d8-463-531"),
    ],
)
def test_what_is_printed_as_a_position_can_be_shown(store: Store, name: str, thing: str) -> None:
    assert shrink(things.find(store, name).value) == thing


@pytest.mark.parametrize("name", ["S400", "S4 1-2", "S4 463", "S4 a-b"])
def test_a_position_that_is_not_there_is_no_thing(store: Store, name: str) -> None:
    with pytest.raises(CommuniqueError, match="no such thing"):
        things.find(store, name)


def test_a_matter_is_told_by_each_voice_with_its_force(shown: Callable[[str], Tables]) -> None:
    told = [(row["force"], row["path"]) for row in shown("a1:u009")["Who says so"]]

    assert told == [
        ("agree", "article ▸ Journalist ▸ Donald Trump and Vladimir Putin"),
        ("agree", "article ▸ Journalist ▸ Donald Trump and Vladimir Putin"),
        ("propose", "article ▸ Kremlin (scope uncertain) ▸ Donald Trump"),
        ("accept", "article ▸ Kremlin ▸ Vladimir Putin"),
        ("order", "article ▸ Kremlin ▸ Vladimir Putin"),
    ]


def test_an_order_that_was_given_is_not_shown_as_a_deed_done(
    shown: Callable[[str], Tables],
) -> None:
    told = shown("a1:u009")["Who says so"]

    assert {row["placed as"] for row in told} == {"the act: occurred"}


def test_what_is_told_comes_after_who_tells_it(shown: Callable[[str], Tables]) -> None:
    titles = list(shown("offensive in the Belgorod region"))

    assert titles.index("Who says so") < titles.index("As it is told")


def test_what_nobody_says_outright_is_said_to_stand_inside_something(
    store: Store, shown: Callable[[str], Tables]
) -> None:
    truce = things.find(store, "maritime ceasefire in the Black Sea")

    assert "Who says so" not in shown("a1:u016a")
    assert show.about(store, truce).notes == (
        "Nobody says this outright. It stands inside what refers to it.",
    )
    assert [row["path"] for row in shown("a1:u016a")["What refers to it"]] == [
        "article ▸ White House ▸ Donald Trump and Vladimir Putin"
    ]


def test_a_statement_has_its_paths_and_its_quoted_words(shown: Callable[[str], Tables]) -> None:
    told = shown("a1:s032")

    assert [row["position"] for row in told["Through whom"]] == ["S8 1429-1436", "S8 1429-1456"]
    assert [row["words"] for row in told["Words quoted"]] == ["“terrorist crimes”"]


def test_an_actor_has_posts_words_said_and_heard_and_what_would_bind_it(
    shown: Callable[[str], Tables],
) -> None:
    west, putin = shown("the West"), shown("Putin")

    assert [(row["saying"], row["path"]) for row in west["What is said to it"]] == [
        ("end of Western military aid to Ukraine", "article ▸ Kremlin"),
        ("end of Western intelligence for Ukraine", "article ▸ Kremlin"),
    ]
    assert {row["force"] for row in west["What would bind it"]} == {"demand"}
    assert [(row["post"], row["at"]) for row in putin["Posts"]] == [
        ("president of Russia", "Russia")
    ]
    assert ("joke", "article ▸ Vladimir Putin") in [
        (row["force"], row["path"]) for row in putin["What it says"]
    ]


def test_what_is_read_into_an_actor_is_told_as_a_reading(shown: Callable[[str], Tables]) -> None:
    refusals = [row for row in shown("Putin")["What it says"] if row["force"] == "refuse"]

    assert {row["path"] for row in refusals} == {
        "article ▸ Journalist (interpret) ▸ Vladimir Putin"
    }


def test_what_an_organ_says_is_not_put_into_the_mouth_of_the_state(
    shown: Callable[[str], Tables],
) -> None:
    assert {row["path"] for row in shown("Russia")["What it says"]} == {
        "article ▸ Journalist ▸ Russia",
        "article ▸ Russia",
    }


def test_findings_have_reason_author_and_day(shown: Callable[[str], Tables]) -> None:
    found = shown("a1:u009")["Findings about it"]

    assert len(found) > 3
    assert all(row["reason"] and row["by"] and row["day"] for row in found)


def test_a_role_that_only_follows_from_a_narrower_one_is_not_told(
    shown: Callable[[str], Tables],
) -> None:
    roles = [(row["matter"], row["as"]) for row in shown("Kremlin")["What is said of it"]]

    assert len(roles) == len(set(roles))
    assert ("installation of the letters ZVO", "agent") in roles
    assert ("installation of the letters ZVO", "participant") not in roles


def test_every_described_thing_can_be_shown(store: Store) -> None:
    labels = Labels(store)
    found = select(store, "SELECT DISTINCT ?x { ?x a/rdfs:subClassOf* cmq:Matter }")
    assert len(found) > 50
    for row in found[::9]:
        sheet = show.about(store, things.find(store, row["x"].value))
        assert json.loads(as_json(sheet, labels))["id"] == row["x"].value
        assert as_markdown(sheet, labels).startswith("# ")


def test_no_path_is_shown_that_the_graph_does_not_have(store: Store) -> None:
    attributions, labels = Attributions(store), Labels(store)
    ways = {
        (route.words, str(route.position))
        for said in attributions.known
        for route in attributions.routes(said)
    }
    for name in ("Kremlin", "Ukraine", "Donald Trump", "a1:v066", "a1:account-kremlin"):
        tables = _tables(show.about(store, things.find(store, name)), labels)
        rows = [row for table in tables.values() for row in table if row.get("path")]
        assert rows
        assert {(row["path"], row["position"]) for row in rows} <= ways


@pytest.mark.parametrize(
    "name",
    ["a1:u035", f"{_A1}u035", f"<{_A1}u035>", "u035", "End of Western military aid to Ukraine"],
)
def test_a_thing_is_found_by_iri_prefixed_name_id_or_label(store: Store, name: str) -> None:
    assert things.find(store, name).value == f"{_A1}u035"


def test_another_name_will_do(store: Store) -> None:
    assert things.find(store, "trump").value.endswith("/actor/donald-trump")


def test_a_thing_goes_before_a_term(store: Store) -> None:
    assert things.find(store, "x").value.endswith("/channel/x")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Kremln", "Did you mean Kremlin (actor:kremlin)?"),
        ("a1:u0355", "Did you mean a1:u035"),
        ("energy", "energy infrastructure"),
        ("zzzz", "Give an id or a label"),
        ("", "no name: no such thing"),
    ],
)
def test_an_unknown_name_gets_the_closest(store: Store, name: str, hint: str) -> None:
    with pytest.raises(CommuniqueError, match="no such thing") as caught:
        things.find(store, name)
    assert hint in str(caught.value)


def test_a_name_of_several_things_is_refused_with_their_ids(project: Path) -> None:
    path = project / "data" / "actors.ttl"
    path.write_text(path.read_text().replace('"Sylvania"@en', '"Freedonia"@en'))
    store = dataset.union(dataset.load(project))

    with pytest.raises(CommuniqueError, match="several things") as caught:
        things.find(store, "Freedonia")
    assert "actor:freedonia, actor:sylvania" in str(caught.value)


def test_the_command_shows_a_table_markdown_and_json(run: Run, project: Path) -> None:
    args = ["show", "a1:u01", "--root", str(project)]
    table, page, data = (run(*args, "--format", form) for form in ("table", "md", "json"))

    assert (table.exit_code, page.exit_code, data.exit_code) == (0, 0, 0)
    assert table.stdout.startswith("lifting of the herring tariff  (a1:u01, undertaking)\n")
    assert page.stdout.startswith("# lifting of the herring tariff\n")
    assert json.loads(data.stdout)["label"] == "lifting of the herring tariff"


def test_the_command_says_in_one_line_that_there_is_no_such_thing(run: Run, project: Path) -> None:
    result = run("show", "Fredonia", "--root", project)

    assert (result.exit_code, result.stderr) == (
        2,
        "Error: Fredonia: no such thing. Did you mean Freedonia (actor:freedonia)?\n",
    )


def test_what_would_steer_a_page_or_a_terminal_is_shown(run: Run, project: Path) -> None:
    path = project / "data" / "actors.ttl"
    path.write_text(path.read_text().replace('"Sylvania"@en', '"S|<b>\\u001B[2J"@en'))
    args = ["show", "actor:sylvania", "--root", str(project)]

    assert run(*args).stdout.startswith("S|<b>\\u{1B}[2J  (actor:sylvania, ")
    page = run(*args, "--format", "md").stdout
    assert page.startswith("# S\\|&lt;b>\\\\u{1B}\\[2J\n")
