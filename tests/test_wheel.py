"""The wheel is what users install: it must work far from the checkout."""

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from conftest import HERE

ROOT = HERE.parent


@pytest.fixture(scope="module", name="wheel")
def _wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with the tools at hand: no isolation, so no network."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    subprocess.run(
        [*command, "--no-build-isolation", "--wheel-dir", str(out), str(ROOT)], check=True
    )
    [built] = out.glob("*.whl")
    return built


@pytest.fixture(scope="module", name="command")
def _command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment of its own that sees our libraries, not our code."""
    home = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    asked = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip())
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*install, "--no-deps", "--no-index", str(wheel)], check=True)
    (site / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return home / "bin" / "communique"


def _run(command: Path, *args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the installed command from an empty folder, in an empty environment."""
    return subprocess.run(
        [str(command), *args], cwd=cwd, capture_output=True, text=True, check=False, env={}
    )


def test_the_wheel_carries_what_the_checkout_has(wheel: Path) -> None:
    carried = set(zipfile.ZipFile(wheel).namelist())
    folders = ("ontology", "data", "shapes", "queries", "tests/answers")
    files = {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".ttl", ".rq", ".csv"}
    }

    assert {f"communique/{file}" for file in files} - carried == set()
    assert "communique/py.typed" in carried


def test_the_wheel_carries_no_stray_file(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    suffixes = {Path(name).suffix for name in names if ".dist-info/" not in name}

    assert suffixes <= {".csv", ".json", ".py", ".rq", ".ttl", ".typed"}


def test_the_installed_code_is_not_that_of_the_checkout(command: Path, tmp_path: Path) -> None:
    python = command.with_name("python")
    asked = [str(python), "-c", "import communique; print(communique.__file__)"]
    found = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=True, env={})

    assert str(ROOT) not in found.stdout


@pytest.mark.parametrize(
    ("args", "end"),
    [
        (("query",), "?\n"),
        (("test",), "all answered as stored.\n"),
        (("validate",), " 0 errors.\n"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_the_wheel_works_from_an_empty_folder(
    command: Path, tmp_path: Path, args: tuple[str, ...], end: str
) -> None:
    done = _run(command, *args, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(end)
    assert not list(tmp_path.iterdir())


def test_the_installed_command_knows_its_version(
    command: Path, wheel: Path, tmp_path: Path
) -> None:
    version = wheel.name.split("-")[1]

    assert _run(command, "--version", cwd=tmp_path).stdout.strip().endswith(version)
