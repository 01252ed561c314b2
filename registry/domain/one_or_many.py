"""Values of which there may be one or many: JSON-LD writes a single one without its list."""

from registry.domain.canonical import JsonObject, JsonValue


def as_items(value: JsonValue) -> list[JsonValue]:
    """Return the items of a value."""
    return value if isinstance(value, list) else [value]


def as_objects(value: JsonValue) -> list[JsonObject]:
    """Return the objects of a value, each at its place: an empty object stands for what is none."""
    return [item if isinstance(item, dict) else {} for item in as_items(value)]


def objects_of(value: JsonValue) -> list[JsonObject]:
    """Return the objects of a value; what is none is left out."""
    return [item for item in as_items(value) if isinstance(item, dict)]


def texts_of(value: JsonValue) -> list[str]:
    """Return the strings of a value; what is none is left out."""
    return [item for item in as_items(value) if isinstance(item, str)]
