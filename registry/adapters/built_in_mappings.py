"""The column mappings that are built in: files of JSON beside this module, in the styles of well-known exports."""

from collections.abc import Mapping
from importlib.resources import files

from registry.domain.canonical import canonicalize, parse_object
from registry.domain.column_mapping import read_mapping


def load_built_in_mappings() -> Mapping[str, bytes]:
    """Return the JCS bytes of every mapping by its name. They are read and checked here, once."""
    folder = files("registry.adapters") / "mappings"
    documents = [parse_object(file.read_bytes()) for file in folder.iterdir() if file.name.endswith(".json")]
    return dict(sorted((read_mapping(document).name, canonicalize(document)) for document in documents))
