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

    Options: `source`, a package or module, in parentheses when it may be absent; `allowed`, modules of the repository
    (with what is inside them) and names of other distributions' top-level packages.
    """

    type_name = "allowed"

    source = fields.StringField()
    allowed = fields.ListField(subfield=fields.StringField())

    @override
    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        source = str(self.source).strip("()")
        if source not in graph.modules:
            optional = str(self.source).startswith("(")
            return ContractCheck(kept=optional, metadata={"findings": [f"{source} does not exist"]})
        allowed = [str(name) for name in _items(self.allowed)]
        own = {source} | graph.find_descendants(source)
        refused = [*_refused_inside(graph, own, [source, *allowed]), *_refused_outside(graph, own, allowed)]
        findings = [f"{source} imports {name}, which its list does not name" for name in refused]
        return ContractCheck(kept=not findings, metadata={"findings": findings})

    @override
    def render_broken_contract(self, check: ContractCheck) -> None:
        for finding in check.metadata["findings"]:
            output.print_error(finding, bold=False)


def _refused_inside(graph: ImportGraph, own: set[str], allowed: list[str]) -> list[str]:
    reached = set(own).union(*(graph.find_upstream_modules(name) for name in own))
    return [
        name
        for name in sorted(reached)
        if not graph.is_module_squashed(name) and not _covered(name, allowed) and not _is_parent(name, allowed)
    ]


def _refused_outside(graph: ImportGraph, own: set[str], allowed: list[str]) -> list[str]:
    return [
        f"{name} (by {importer})"
        for importer in sorted(own)
        for name in sorted(graph.find_modules_directly_imported_by(importer))
        if graph.is_module_squashed(name) and name.split(".")[0] not in {*sys.stdlib_module_names, *allowed}
    ]


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _covered(name: str, packages: list[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _is_parent(name: str, packages: list[str]) -> bool:
    # Importing registry.domain.leaf also runs registry/__init__.py, which may not import anything of its own.
    return any(package.startswith(f"{name}.") for package in packages)
