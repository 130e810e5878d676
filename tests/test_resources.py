from pathlib import Path

import pytest

from communique import resources


def test_in_a_checkout_the_root_is_the_repository(checkout: Path) -> None:
    assert resources.root() == checkout


def test_in_a_wheel_the_root_is_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ontology").mkdir()
    monkeypatch.setattr(resources, "files", lambda _package: tmp_path)

    assert resources.root() == tmp_path
