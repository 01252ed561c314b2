"""What schemathesis must be told: how media types that it does not know are written."""

from typing import Any

import schemathesis


@schemathesis.serializer("application/jsonl")
def write_lines(_context: Any, value: Any) -> bytes:  # noqa: ANN401  # whatever was generated for a string
    """Write a body that is text already."""
    return value if isinstance(value, bytes) else str(value).encode()
