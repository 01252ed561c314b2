"""Write the pages of docs/ that are made from the code: `python -m tests.docs.generate` (`make generated`).

    docs/settings.md    from the fields of registry/settings.py and the sentences under them
    docs/routes.md      from the routers of registry/web
    docs/commands.md    from the arguments of each module of registry/cli and of the other programs
    docs/faults.md      from the tests of tests/faults

The help texts are not copied as argparse prints them: its layout differs between Python versions, a page may not.
"""

import argparse
import ast
import importlib
import importlib.util
import itertools
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol, cast

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

import registry.cli
from registry.settings import Settings
from tests.faults.page import faults_page
from tests.paths import REPO_ROOT

PROGRAMS: Final = (
    "registry.devchain.__main__",
    "anchor_worker.__main__",
    "scripts.answer_challenge",
    "scripts.audit_log",
    "scripts.audit_credential",
    "scripts.prove_fraud",
)
"""Modules with arguments of their own, in a function `_parser()`; `credroot devchain` hands over to the first."""

WARNING: Final = "<!-- Made by `make generated`; change the code, not this page. -->\n"
PAGES: Final = REPO_ROOT / "docs"
WEB: Final = REPO_ROOT / "registry" / "web"
METHODS: Final = frozenset({"get", "post", "put", "patch", "delete", "head"})


class Command(Protocol):
    """A module of registry/cli."""

    __name__: str

    def add_parser(self, subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
        """Add the command to the program's parser."""


def settings_page() -> str:
    """Return the table of settings."""
    sentences = _sentences_under_fields(REPO_ROOT / "registry" / "settings.py", class_name=Settings.__name__)
    prefix = Settings.model_config.get("env_prefix", "")
    rows = [
        f"| `{prefix}{name.upper()}` | {_default(field.default)} | {sentences[name]} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(
        [
            WARNING,
            "# Settings\n",
            "Read from the environment, once, when a process starts. Empty is not the same as absent.\n",
            "| variable | default | meaning |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def commands_page() -> str:
    """Return every command with its arguments."""
    program = argparse.ArgumentParser(prog="credroot")
    subparsers = program.add_subparsers()
    for command in cli_commands():
        command.add_parser(subparsers)
    commands = [parser for parser in subparsers.choices.values() if parser.add_help]
    parsers = [part for whole in commands for part in _with_subcommands(whole)]
    parsers += [part for whole in _programs() for part in _with_subcommands(whole)]
    sections = [_section(parser) for parser in sorted(parsers, key=lambda parser: parser.prog)]
    return "\n".join([WARNING, "# Commands\n", *sections])


def _programs() -> list[argparse.ArgumentParser]:
    present = [name for name in PROGRAMS if importlib.util.find_spec(name) is not None]
    return [importlib.import_module(name)._parser() for name in present]


def _with_subcommands(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for action in below:
        for choice in action._choices_actions:
            part = action.choices[choice.dest]
            part.description = part.description or f"{str(choice.help).capitalize()}."
    return [parser, *(part for action in below for part in action.choices.values())]


def cli_commands() -> list[Command]:
    """Return the modules of registry/cli that are commands."""
    names = sorted(found.name for found in pkgutil.iter_modules(registry.cli.__path__, "registry.cli."))
    modules = [importlib.import_module(name) for name in names if not name.endswith("__main__")]
    return [cast("Command", module) for module in modules if hasattr(module, "add_parser")]


def _sentences_under_fields(path: Path, *, class_name: str) -> dict[str, str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name)
    sentences: dict[str, str] = {}
    for field, below in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    sentences[field.target.id] = " ".join(text.split())
                case _:
                    raise SystemExit(f"{path}: the setting {field.target.id} says nothing of itself")
    return sentences


def _default(value: object) -> str:
    if value is None or value is PydanticUndefined or value == ():
        return "none"
    if isinstance(value, SecretStr):
        raise SystemExit("a secret has no default")
    return f"`{value}`"


def _section(parser: argparse.ArgumentParser) -> str:
    lines = [f"## {parser.prog}\n", f"{' '.join((parser.description or '').split())}\n"]
    silent = (argparse._HelpAction, argparse._SubParsersAction)
    actions = [action for action in parser._actions if not isinstance(action, silent)]
    if actions:
        lines += ["| argument | meaning |", "|---|---|", *(_argument_row(action, parser) for action in actions), ""]
    return "\n".join(lines)


def _argument_row(action: argparse.Action, parser: argparse.ArgumentParser) -> str:
    words = ", ".join(action.option_strings) or str(action.metavar or action.dest)
    if action.option_strings and action.nargs != 0:
        value = action.metavar or (
            "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()
        )
        words += f" {value if isinstance(value, str) else ' '.join(value)}"
    if not action.help:
        raise SystemExit(f"{parser.prog}: the argument {words} says nothing of itself")
    help_text = " ".join(parser._get_formatter()._expand_help(action).split()).removesuffix(".")
    needed = " Required." if action.required and action.option_strings else ""
    return f"| `{words}` | {help_text}.{needed} |"


def routes_page() -> str:
    """Return every route of the service, with the sentence under its function."""
    routes = sorted(
        (path, method, sentence) for file in sorted(WEB.rglob("*.py")) for method, path, sentence in _routes(file)
    )
    rows = [f"| `{method} {path}` | {sentence} |" for path, method, sentence in routes]
    heading = "# Routes\n\nThe whole description, with schemas and examples, is served as `/openapi.json`.\n"
    return "\n".join([WARNING, heading, "| route | what it does |", "|---|---|", *rows, ""])


def _routes(file: Path) -> Iterator[tuple[str, str, str]]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
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
                    yield method.upper(), f"{prefixes.get(router, '')}{rest}", _sentence_of(node, file)
                case _:
                    pass


def _sentence_of(function: ast.FunctionDef | ast.AsyncFunctionDef, file: Path) -> str:
    text = ast.get_docstring(function)
    if text is None:
        raise SystemExit(f"{file}: the route {function.name} says nothing of itself")
    return " ".join(text.split("\n\n")[0].split())


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


def main() -> None:
    """Write the pages."""
    for name, text in {
        "settings.md": settings_page(),
        "routes.md": routes_page(),
        "commands.md": commands_page(),
        "faults.md": WARNING + faults_page(),
    }.items():
        (PAGES / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
