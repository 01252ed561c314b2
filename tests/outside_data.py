"""Which tests read the data kept beside the repository (tests/paths.py: SHARED_DATA).

That data has licences of its own and is not copied in, so a clone elsewhere lacks it. Its tests are then left out one by
one and by name: the rest of their files still runs.
"""

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT_NAME: Final = "SHARED_DATA"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideReading:
    """What a test file does with the data outside."""

    at_import: bool
    """The file reads it when it is imported: none of its tests can run without it."""
    tests: frozenset[str]
    """Names of the test functions that reach it, through constants, fixtures or functions of the file."""


def outside_reading(path: Path) -> OutsideReading:
    """Find the tests of a file that reach SHARED_DATA, and whether importing the file already reads it."""
    text = path.read_text(encoding="utf-8")
    if ROOT_NAME not in text:
        return OutsideReading(at_import=False, tests=frozenset())
    statements = ast.parse(text).body
    reaching = _reaching_names(statements)
    return OutsideReading(
        at_import=any(_reads_at_import(statement, reaching) for statement in statements),
        tests=frozenset(name for name in reaching if name.startswith("test_")),
    )


def _reaching_names(statements: list[ast.stmt]) -> set[str]:
    reaching = {ROOT_NAME}
    while True:
        found = {
            name for statement in statements if _mentioned(statement) & reaching for name in _defined_names(statement)
        }
        if found <= reaching:
            return reaching
        reaching |= found


def _mentioned(statement: ast.AST) -> set[str]:
    names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    # A fixture is asked for by the name of an argument.
    return names | {node.arg for node in ast.walk(statement) if isinstance(node, ast.arg)}


def _defined_names(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
        case _:
            return set()


def _reads_at_import(statement: ast.stmt, reaching: set[str]) -> bool:
    match statement:
        case ast.Assign() | ast.AnnAssign():
            return _mentions_call(statement) and bool(_mentioned(statement) & reaching)
        case ast.FunctionDef(decorator_list=decorators) | ast.AsyncFunctionDef(decorator_list=decorators):
            # A function of the file, called for a test's parameters. (Path.glob of an absent folder is just empty.)
            calls = [node for decorator in decorators for node in ast.walk(decorator) if isinstance(node, ast.Call)]
            return any(isinstance(call.func, ast.Name) and call.func.id in reaching for call in calls)
        case _:
            return False


def _mentions_call(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.Call) for node in ast.walk(statement))
