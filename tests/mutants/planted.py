"""The bugs: each one a way in which a worker that looks right anchors twice, not at all, or believes what is not so."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One bug, planted by replacing a text that stands once in a file."""

    name: str
    bug: str
    file: str
    text: str
    instead: str
    killed_by: tuple[str, ...]
    """Tests, by their pytest ids, each of which must fail."""

    def plant(self, source: str) -> str:
        """Return the source with the bug in it. Raises ValueError when the place is not there, or not the only one."""
        if source.count(self.text) != 1:
            raise ValueError(
                f"{self.name}: expected the text once in {self.file}, found it {source.count(self.text)} times"
            )
        return source.replace(self.text, self.instead)


MUTANTS: Final[tuple[Mutant, ...]] = ()
