"""The page of rules names every rule that the gate has beside the shapes, with its sentence."""

import importlib
import pkgutil
from pathlib import Path

import communique
from communique.findings import Rule
from communique.refusals import RULES


def _rules() -> dict[str, str]:
    """Collect the rules that modules hold as constants."""
    found = {name: text for name, (_, text) in RULES.items()}
    for module in pkgutil.iter_modules(communique.__path__, "communique."):
        if not module.name.endswith("__main__"):
            held = vars(importlib.import_module(module.name)).values()
            found |= {rule.id: rule.text for rule in held if isinstance(rule, Rule)}
    return found


def test_the_page_tells_every_rule_in_its_own_sentence(checkout: Path) -> None:
    page = (checkout / "docs" / "rules.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]

    assert {row[0].strip("`"): row[1].replace("\\|", "|") for row in rows} == _rules()


def test_the_rules_of_a_table_are_in_alphabetical_order(checkout: Path) -> None:
    page = (checkout / "docs" / "rules.md").read_text()
    for table in page.split("\n## ")[1:]:
        names = [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")]

        assert names == sorted(names)
