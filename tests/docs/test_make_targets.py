"""Every target that the help names or that is declared phony has a rule: `make` does nothing, quietly, without one."""

import re

from tests.paths import REPO_ROOT

MAKEFILE = (REPO_ROOT / "Makefile").read_text(encoding="utf-8")
INCLUDED = (REPO_ROOT / "contracts" / "contracts.mk").read_text(encoding="utf-8")


def targets_with_a_rule() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", f"{MAKEFILE}\n{INCLUDED}", re.MULTILINE))


def test_every_phony_target_has_a_rule() -> None:
    lines = re.findall(r"^\.PHONY: (.*)$", f"{MAKEFILE}\n{INCLUDED}", re.MULTILINE)
    phony = {name for line in lines for name in line.split()}

    assert len(phony) > 30
    assert phony - targets_with_a_rule() == set()


def test_every_target_of_the_help_has_a_rule() -> None:
    told = set(re.findall(r"^#   make ([a-z][a-z-]*) ", MAKEFILE, re.MULTILINE))

    assert len(told) > 15
    assert told - targets_with_a_rule() == set()
