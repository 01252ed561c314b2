"""Lock files name the extras that are asked for.

pip before 23.3 looks for the newest version of a package that is asked for with an extra, unless the pin names the extra
too: a lock file without it stops installing on the day a newer version comes out.
"""

import re
from collections import defaultdict
from importlib import metadata
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.paths import REPO_ROOT

LOCKED: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[([^]]+)\])?==", re.MULTILINE)


def _locked_extras() -> dict[str, set[str]]:
    text = (REPO_ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    return {canonicalize_name(name): set(extras.split(",")) - {""} for name, extras in LOCKED.findall(text)}


def test_every_extra_that_is_asked_for_is_named_in_the_lock_file() -> None:
    locked = _locked_extras()
    asked: dict[str, set[str]] = defaultdict(set)

    for name, extras in locked.items():
        for text in metadata.distribution(name).requires or []:
            requirement = Requirement(text)
            if requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in {"", *extras}):
                asked[canonicalize_name(requirement.name)] |= requirement.extras

    assert asked["coverage"] == {"toml"}, "pytest-cov no longer asks for it: this test has lost its subject"
    assert {name: extras - locked[name] for name, extras in asked.items() if extras - locked[name]} == {}
