"""Hostile files that are too large, or too odd, to be kept: each is made where it is needed."""

import os
import shutil
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

Maker = Callable[[Path, Path], None]
"""Makes a case at a path of a project; the second path is a file that nobody may read."""

_TRIPLE = "<urn:a> <urn:b> "
_HEADER = "#+ summary: What is asked?\n#+ tags: [test]\n"
_QUERY = "PREFIX sh: <http://www.w3.org/ns/shacl#>\n<urn:q> sh:select "
MAKERS: dict[str, Maker] = {}


def make(name: str, path: Path, secret: Path) -> None:
    """Make a case at a path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    MAKERS[name](path, secret)


def _text(name: str, text: Callable[[], str]) -> None:
    def maker(path: Path, _: Path) -> None:
        path.write_text(text(), "utf-8")

    MAKERS[name] = maker


def _case(name: str) -> Callable[[Maker], Maker]:
    def keep(maker: Maker) -> Maker:
        MAKERS[name] = maker
        return maker

    return keep


for _where in ("", "-shapes"):
    _text(f"brackets{_where}", lambda: _TRIPLE + "[<u:> " * 100_000)
    _text(f"parentheses{_where}", lambda: _TRIPLE + "(" * 100_000)
    _text(f"triple-terms{_where}", lambda: _TRIPLE + "<<(" * 20_000)
    _text(f"long-literal{_where}", lambda: f'{_TRIPLE}"{"a" * (2**20 + 1)}" .')
_text("brackets", lambda: _TRIPLE + "[ " * 100_000)
_text("brackets-shapes", lambda: _TRIPLE + "[ " * 100_000)
_text("brackets-n3", lambda: _TRIPLE + "{" * 100_000)
_text("mixed-brackets", lambda: _TRIPLE + "([" * 50_000)
_text("graph-brackets", lambda: "<urn:g> {" + "<urn:a> {" * 100_000)
_text("large-file", lambda: "# a comment of forty-two characters here..\n" * 500_000)
_text("large-shapes", lambda: "# a comment of forty-two characters here..\n" * 500_000)
_text("large-query", lambda: "# a comment of forty-two characters here..\n" * 500_000)
_text("crowded-file", lambda: "[]" * 5_000_000)
_text("many-strings", lambda: '"" ' * 5_000_000)
_text("long-iri", lambda: f"{_TRIPLE}<urn:{'a' * 10**6}> .")
_text("long-name", lambda: f"PREFIX a: <urn:>\n{_TRIPLE}a:{'a' * 10**6} .")
_text("long-number", lambda: f"{_TRIPLE}{'9' * 10**6} .")
_text("many-relative", lambda: "<a> <b> <c> .\n" * 100_000)
_text(
    "many-patterns",
    lambda: (
        "PREFIX sh: <http://www.w3.org/ns/shacl#>\n"
        + "".join(f'<urn:{n}> sh:pattern "^(a|b{n}|c)*(x{n}y|z)+$" .\n' for n in range(50_000))
    ),
)

_text(
    "deep-path",
    lambda: (
        "PREFIX sh: <http://www.w3.org/ns/shacl#>\n"
        + "".join(f"_:n{n} sh:inversePath _:n{n + 1} .\n" for n in range(20_000))
    ),
)
_text(
    "deep-list-of-lists",
    lambda: (
        "PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>\n"
        + "".join(f"_:n{n} rdf:first _:n{n + 1} ; rdf:rest () .\n" for n in range(20_000))
    ),
)

_BOMBS = {
    "braces": "{" * 5_000,
    "parentheses": "SELECT ?x { FILTER" + "(" * 10_000,
    "negations": "SELECT ?x { FILTER(" + "!" * 10_000 + "true) }",
    "sums": "SELECT ?x { FILTER(1" + "+1" * 7_000 + ") }",
    "unions": "SELECT ?x { {}" + " UNION {}" * 6_000 + " }",
    "paths": "SELECT ?x { ?x <urn:p>" + "/<urn:p>" * 5_000 + " ?y }",
    "large": "SELECT ?x { ?x ?y ?z } #" + "x" * 2**17,
}
for _name, _sparql in _BOMBS.items():
    _text(f"query-{_name}", lambda sparql=_sparql: _HEADER + sparql)  # type: ignore[misc]
    _text(f"select-{_name}", lambda sparql=_sparql: f'{_QUERY}"{sparql}" .')  # type: ignore[misc]
_text("header-brackets", lambda: f"#+ summary: {'[' * 30_000}\nASK {{}}\n")
_text("header-dashes", lambda: f"#+ {'- ' * 30_000}\nASK {{}}\n")


for _where in ("", "-shapes", "-query"):
    MAKERS[f"link{_where}"] = lambda path, secret: path.symlink_to(secret)
    MAKERS[f"folder{_where}"] = lambda path, _: path.mkdir()
    MAKERS[f"pipe{_where}"] = lambda path, _: os.mkfifo(path)
MAKERS["link-folder"] = lambda path, secret: path.symlink_to(secret.parent)
MAKERS["link-nowhere"] = lambda path, _: path.symlink_to("nowhere.ttl")
MAKERS["link-inside"] = lambda path, _: path.symlink_to("actors.ttl")


@_case("link-root-folder")
def _link_root_folder(path: Path, secret: Path) -> None:
    shutil.rmtree(path)
    path.symlink_to(secret.parent)


@_case("folder-missing")
def _folder_missing(path: Path, _: Path) -> None:
    shutil.rmtree(path)


@_case("socket")
def _socket(path: Path, _: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


@_case("name-not-utf-8")
def _name_not_utf_8(path: Path, _: Path) -> None:
    Path(os.fsdecode(os.fsencode(path) + b"/a\xffb.ttl")).write_text("")


@_case("name-forms")
def _name_forms(path: Path, _: Path) -> None:
    for name in ("caf\xe9.ttl", "cafe\u0301.ttl"):
        (path / name).write_text("")


@_case("deep-folders")
def _deep_folders(path: Path, _: Path) -> None:
    here = Path.cwd()
    os.chdir(path)
    try:
        with suppress(OSError):
            for _level in range(200):
                Path("d" * 40).mkdir()
                os.chdir("d" * 40)
    finally:
        os.chdir(here)
