"""docs/api.md says what the code does: roles, reasons, problem codes, and commands that name routes there are."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Final, cast

from registry.domain.assessment import ResultFault
from registry.service.container import Container
from registry.service.statuses import Reason
from registry.web.app import create_app
from registry.web.problems import _HTTP_CODES, INTERNAL_ERROR
from tests.paths import REPO_ROOT
from tests.web.route_matrix import ADMINS_ALONE, EVERY_KEY, MATRIX, NO_KEY, OWN_ALONE, OWN_KEYS

PAGE: Final = (REPO_ROOT / "docs" / "api.md").read_text(encoding="utf-8")
ERRORS: Final = frozenset({"Malformed", "Refused", "NotFound", "Conflict", "Forbidden", "Unavailable"})
PROBLEMS: Final = frozenset({"ClaimProblem", "FormProblem"})
ANSWERING: Final = (
    *("web/requests.py", "web/problems.py", "web/routers", "web/received_files.py", "service/verifying_files.py"),
    *(f"service/{name}.py" for name in ("access", "achievements", "addresses", "checking", "issuers", "issuing")),
    *(f"service/{name}.py" for name in ("approving", "mappings", "reissuing")),
    *(f"service/{name}.py" for name in ("once", "promising", "proving", "rows", "statuses", "uploads")),
    *(f"service/{name}.py" for name in ("claiming", "sharing")),
    *("web/rate_limit.py", "web/share_lookup.py", "web/pages", "web/holding.py"),
    *(f"service/{name}.py" for name in ("list_addresses", "vc_checking", "vc_issuing", "vc_presenting", "vc_statuses")),
    *(f"domain/{name}.py" for name in ("achievement", "assessment", "claims", "credential", "fields", "hashing")),
    *(f"domain/{name}.py" for name in ("canonical", "log_name", "recipient", "vc_form")),
    *(f"domain/{name}.py" for name in ("badge_form", "badge_results", "badge_shapes", "data_integrity")),
    *(f"domain/{name}.py" for name in ("language_value", "presentation_form", "related_resource", "status_entry")),
    *("domain/column_mapping.py", "domain/vc_preparing.py"),
    *(f"adapters/{name}.py" for name in ("expansion", "inline_contexts", "json_ld", "rdf_complexity")),
    *(f"adapters/{name}.py" for name in ("link_store", "mapping_store")),
    *(f"adapters/{name}.py" for name in ("access_store", "slot_store", "status_store", "upload_store")),
    *("adapters/database_errors.py", "domain/cryptosuites"),
)
"""What runs for a request before anything is answered; a verdict's codes stand in docs/verdict.md."""
NOT_ANSWERED: Final = frozenset(
    {
        "another-log",  # `credroot init` alone
        "signing-key-replaced",  # issuing in the background signs again
        "status-list-of-another-issuer",  # restoring alone
        "upload-moved-on",  # issuing in the background leaves it to another process
    }
)


def codes() -> Iterator[str]:
    for name in ANSWERING:
        path = REPO_ROOT / "registry" / name
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            yield from codes_of(file)
    yield from _HTTP_CODES.values()
    yield from (INTERNAL_ERROR, *ResultFault)


def codes_of(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        first = node.args[0] if node.args else None
        name = node.func.id
        named = {
            keyword.arg: keyword.value.value
            for keyword in node.keywords
            if isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str)
        }
        if name in {*ERRORS, "problem"} and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value
        elif name in PROBLEMS and "code" in named:
            yield named["code"]
        elif name in {"one_row", "change_one"} and "what" in named:
            yield f"{named['what']}-not-found"


def rows(heading: str) -> list[list[str]]:
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_code_that_a_route_answers_is_in_the_table() -> None:
    documented = {code for row in rows("Problems") for code in re.findall(r"`([a-z0-9-]+)`", row[1])}

    assert sorted(set(codes()) - NOT_ANSWERED - documented) == []


def test_every_reason_is_in_the_table() -> None:
    assert [row[0] for row in rows("Reasons")] == [f"`{reason}`" for reason in Reason]


def test_the_roles_are_the_matrix_s() -> None:
    documented = {row[0].strip("`"): tuple(cell == "yes" for cell in row[1:5]) for row in rows("Roles")}

    # no key, auditor, issuer (its own), admin
    expected = {route: (False, case.answers["auditor"] < 300, True, True) for route, case in MATRIX.items()}
    expected |= {route: (False, auditor, True, True) for route, auditor in OWN_KEYS.items()}
    expected |= dict.fromkeys(OWN_ALONE, (False, False, True, False))
    expected |= dict.fromkeys(ADMINS_ALONE, (False, False, False, True))
    expected |= dict.fromkeys(EVERY_KEY, (False, True, True, True))
    expected |= dict.fromkeys(NO_KEY, (True, True, True, True))
    assert documented == expected


def test_every_command_names_a_route_there_is() -> None:
    # Describing itself, the application uses nothing it was wired with but a limit.
    container = cast("Container", SimpleNamespace(max_upload_bytes=1))
    routes = [
        (method.upper(), re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))))
        for path, item in create_app(container).openapi()["paths"].items()
        for method in item
    ]
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    commands = [line for block in blocks for line in block.replace("\\\n", "").splitlines() if "curl" in line]

    assert len(commands) >= 8
    for command in commands:
        sends = "POST" if re.search(r"(-d|--data-binary|-X POST)", command) else "GET"
        found = re.search(r'"?\$BASE([^"\s?]+)', command)
        assert found is not None, command
        path = re.sub(r"\$\w+", "x", found[1])
        assert any(method == sends and pattern.fullmatch(path) for method, pattern in routes), command
