"""The fault matrix: every fault with its number, tied to the tests that inject it; docs/faults.md is made of it.

    @fault(7, "The answer is lost after the node took the transaction", injected="...", expected="...")
    def test_...(world: World) -> None:

A fault with several tests has its words at one of them; the others are marked `also(7)`.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FunctionType
from typing import Final, TypeVar

import tests.faults

LAST_KNOWN: Final = 44
"""The faults that the design names; what was found later is numbered on from here."""

NOT_INJECTED: Final[dict[int, str]] = {}
"""Faults that cannot be injected here, with the reason."""

_NUMBERS: Final = "fault_numbers"
_WORDS: Final = "fault_words"
_Test = TypeVar("_Test", bound=Callable[..., object])


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is said of a fault."""

    number: int
    happens: str
    injected: str
    expected: str


@dataclass(slots=True, kw_only=True)
class Fault:
    """A fault and the tests that show what comes of it."""

    words: Words
    tests: list[FunctionType] = field(default_factory=list)

    @property
    def databases(self) -> str:
        """Name the databases that its tests run on: all that take a world run on both."""
        both = any({"world", "database_url"} & set(_arguments(test)) for test in self.tests)
        return "SQLite, PostgreSQL" if both else "SQLite"


def fault(number: int, happens: str, *, injected: str, expected: str) -> Callable[[_Test], _Test]:
    """Tie a test to a fault and say what the fault is."""
    words = Words(number=number, happens=happens, injected=injected, expected=expected)

    def mark(test: _Test) -> _Test:
        setattr(test, _WORDS, (*getattr(test, _WORDS, ()), words))
        return also(number)(test)

    return mark


def also(number: int) -> Callable[[_Test], _Test]:
    """Tie one more test to a fault."""

    def mark(test: _Test) -> _Test:
        setattr(test, _NUMBERS, (*getattr(test, _NUMBERS, ()), number))
        return test

    return mark


def all_faults() -> list[Fault]:
    """Return every fault in the order of its number, from the tests of this folder. Raises ValueError for two of one."""
    tests = list(_tests())
    faults: dict[int, Fault] = {}
    for test in tests:
        for words in getattr(test, _WORDS, ()):
            if words.number in faults:
                raise ValueError(f"fault {words.number} is described twice")
            faults[words.number] = Fault(words=words)
    for test in tests:
        for number in getattr(test, _NUMBERS, ()):
            faults[number].tests.append(test)
    return [faults[number] for number in sorted(faults)]


def _tests() -> Iterator[FunctionType]:
    for module in sorted(found.name for found in pkgutil.iter_modules(tests.faults.__path__, "tests.faults.")):
        if module.rpartition(".")[2].startswith("test_"):
            yield from (
                value for value in vars(importlib.import_module(module)).values() if getattr(value, _NUMBERS, ())
            )


def _arguments(test: FunctionType) -> tuple[str, ...]:
    code = test.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
