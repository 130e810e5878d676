from pathlib import Path

import pytest

from communique import resources


def test_in_a_checkout_the_root_is_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "scripts" / "communique"
    package.mkdir(parents=True)
    monkeypatch.setattr(resources, "__file__", str(package / "resources.py"))

    assert resources.root() == tmp_path


def test_in_a_wheel_the_root_is_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ontology").mkdir()
    monkeypatch.setattr(resources, "__file__", str(tmp_path / "resources.py"))

    assert resources.root() == tmp_path


@pytest.mark.parametrize("folder", ["ontology", "data", "shapes", "queries", "tests/answers"])
def test_the_root_has_every_folder_that_the_commands_need(folder: str) -> None:
    assert (resources.root() / folder).is_dir()
