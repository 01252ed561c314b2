"""An import-linter contract that names what a package may import, instead of what it may not.

import-linter's own contracts list what is forbidden: a library nobody has thought of yet would pass. This one refuses
everything that is not listed. Inside the repository the whole chain of imports counts (a script that imports an allowed
adapter that imports the tables has imported the tables); of other distributions the package's own imports count.
"""

import sys

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from typing_extensions import override


class AllowedContract(Contract):
    """Refuse every import of `source` that `allowed` does not name; the standard library is always allowed.

    Options: `source`, a package or module; `allowed`, modules of the repository (with what is inside them) and names
    of other distributions' top-level packages.
    """

    type_name = "allowed"

    source = fields.StringField()
    allowed = fields.ListField(subfield=fields.StringField())

    @override
    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        source, allowed = str(self.source), [str(name) for name in _items(self.allowed)]
        own = {source} | (set() if graph.is_module_squashed(source) else graph.find_descendants(source))
        inside = {name for name in graph.modules if not graph.is_module_squashed(name)}
        reached: set[str] = set(own)
        for name in own:
            reached |= graph.find_upstream_modules(name)
        refused = [
            name
            for name in sorted(reached & inside)
            if not _covered(name, [source, *allowed]) and not _is_parent_of_allowed(name, [source, *allowed])
        ]
        for importer in sorted(own):
            for name in sorted(graph.find_modules_directly_imported_by(importer) - inside):
                top = name.split(".")[0]
                if top not in sys.stdlib_module_names and top not in allowed:
                    refused.append(f"{name} (by {importer})")
        return ContractCheck(kept=not refused, metadata={"refused": refused})

    @override
    def render_broken_contract(self, check: ContractCheck) -> None:
        for name in check.metadata["refused"]:
            output.print_error(f"{self.source} imports {name}, which its list does not name", bold=False)


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _covered(name: str, packages: list[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _is_parent_of_allowed(name: str, packages: list[str]) -> bool:
    # Importing registry.domain.leaf also runs registry/__init__.py, which may not import anything of its own.
    return any(package.startswith(f"{name}.") for package in packages)
