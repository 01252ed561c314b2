"""What a program or an operator may meet has a word in the documentation: settings, states, checks, codes, routes."""

import ast
import importlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

import pytest

from registry.settings import Settings
from tests.docs.generate import commands_page, settings_page
from tests.paths import REPO_ROOT

DOCS: Final = REPO_ROOT / "docs"
WEB: Final = REPO_ROOT / "registry" / "web"
METHODS: Final = frozenset({"get", "post", "put", "patch", "delete", "head"})

DOCUMENTED_ENUMS: Final = (
    ("registry.domain.check", "CheckId", "verdict.md"),
    ("registry.domain.check", "Result", "verdict.md"),
    ("registry.domain.check", "Reason", "verdict.md"),
    ("registry.domain.upload_codes", "Code", "csv.md"),
    ("registry.store_ports.uploads", "UploadState", "operating.md"),
    ("registry.store_ports.access", "Role", "operating.md"),
    ("anchor_worker.machine", "Phase", "worker.md"),
    ("anchor_worker.machine", "Reason", "worker.md"),
)


def page(name: str) -> str:
    """Return the text of a page; a page that is absent documents nothing."""
    path = DOCS / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def all_pages() -> str:
    """Return every page and the README as one text."""
    return "\n".join(path.read_text(encoding="utf-8") for path in [REPO_ROOT / "README.md", *sorted(DOCS.glob("*.md"))])


@pytest.mark.parametrize(("module", "name", "where"), DOCUMENTED_ENUMS, ids=str)
def test_every_code_stands_in_its_page(module: str, name: str, where: str) -> None:
    codes: type[StrEnum] = getattr(importlib.import_module(module), name)
    text = page(where)

    assert [code.value for code in codes if f"`{code.value}`" not in text] == []


def test_the_page_of_settings_is_the_code_s() -> None:
    assert page("settings.md") == settings_page()
    assert page("settings.md").count("\n| `CREDROOT_") == len(Settings.model_fields)


def test_the_page_of_commands_is_the_code_s() -> None:
    assert page("commands.md") == commands_page()


def test_operating_leads_to_the_settings_and_the_commands() -> None:
    text = page("operating.md")

    assert "(settings.md)" in text
    assert "(commands.md)" in text


def test_every_route_is_documented() -> None:
    text = all_pages()

    assert [route for path in sorted(WEB.rglob("*.py")) for route in _routes(path) if f"`{route}" not in text] == []


def test_routes_are_found_where_they_are_declared(tmp_path: Path) -> None:
    module = tmp_path / "planted.py"
    module.write_text(
        'router = APIRouter(prefix="/v1/issuers")\n'
        '@router.get("/{issuer_id}")\ndef read() -> None: ...\n'
        '@router.post("")\nasync def create() -> None: ...\n',
        encoding="utf-8",
    )

    assert list(_routes(module)) == ["GET /v1/issuers/{issuer_id}", "POST /v1/issuers"]


def _routes(path: Path) -> Iterator[str]:
    """Yield `METHOD /path` of each route that a module declares with a router's decorator."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prefixes = dict(_router_prefixes(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            match decorator:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id=router), attr=method),
                    args=[ast.Constant(value=str(rest)), *_],
                ) if method in METHODS:
                    yield f"{method.upper()} {prefixes.get(router, '')}{rest}"
                case _:
                    pass


def _router_prefixes(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(keywords=keywords)):
                yield from (
                    (name, keyword.value.value)
                    for keyword in keywords
                    if keyword.arg == "prefix"
                    and isinstance(keyword.value, ast.Constant)
                    and isinstance(keyword.value.value, str)
                )
            case _:
                pass
