"""What a program or an operator may meet has a word in the documentation: settings, states, checks, codes, routes."""

import importlib
import pkgutil
from enum import StrEnum
from typing import Final

import pytest

import registry.web.routers
from registry.settings import Settings
from tests.docs.generate import WARNING, commands_page, routes_page, settings_page
from tests.faults.page import faults_page
from tests.paths import REPO_ROOT

DOCS: Final = REPO_ROOT / "docs"

DOCUMENTED_ENUMS: Final = (
    ("registry.domain.check", "CheckId", "verdict.md"),
    ("registry.domain.check", "Result", "verdict.md"),
    ("registry.domain.check", "Reason", "verdict.md"),
    ("registry.domain.presented_files", "FileCode", "files.md"),
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


def test_the_page_of_faults_is_the_tests() -> None:
    assert page("faults.md") == WARNING + faults_page()


def test_operating_leads_to_the_pages_made_from_the_code() -> None:
    text = page("operating.md")

    assert "(settings.md)" in text
    assert "(routes.md)" in text
    assert "(commands.md)" in text


def test_the_page_of_routes_is_the_code_s() -> None:
    assert page("routes.md") == routes_page()


def test_the_page_of_routes_has_what_the_application_serves() -> None:
    text = page("routes.md")
    served = [
        f"`{method} {route.path}`"
        for module in pkgutil.iter_modules(registry.web.routers.__path__, "registry.web.routers.")
        for route in importlib.import_module(module.name).router.routes
        for method in route.methods
    ]

    assert len(served) > 20
    assert [route for route in served if route not in text] == []
