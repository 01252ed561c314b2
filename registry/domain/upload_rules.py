"""What the issuer allows in an upload: known grades, languages, limits, and the day it is judged on."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from registry.domain.column_mapping import ColumnMapping

MAX_BYTES: Final = 128 * 1024 * 1024
"""About 600,000 ordinary rows: beyond that, a file is no cohort but a mistake."""
MAX_ROWS: Final = 250_000
"""Two lists of 131,072 credentials; it also bounds the digests kept to find duplicates (about 25 MB per 100,000)."""
MAX_FIELD_LENGTH: Final = 4_000
"""Characters of one cell: a page of narrative. Names and addresses have tighter bounds of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRules:
    """The choices of one upload."""

    today: date
    """The day of the issuer: nothing is issued after it."""
    grades: tuple[str, ...] | None = None
    """The achievement's grades, spelled exactly; None allows any."""
    score_minimum: Decimal | None = None
    score_maximum: Decimal | None = None
    locales: tuple[str, ...] | None = None
    """The known languages (BCP 47); None allows every language of ISO 639-1, in any script and region."""
    ignore_extra: bool = False
    """Pass over unknown columns instead of refusing the file."""
    allow_duplicates: bool = False
    """Accept recipients that stand there twice or already hold the credential, with a warning."""
    mapping: ColumnMapping | None = None
    """How the file's columns become those known here; None: they are."""
    max_bytes: int = MAX_BYTES
    max_rows: int = MAX_ROWS
    max_field_length: int = MAX_FIELD_LENGTH

    def __post_init__(self) -> None:
        """Check the limits."""
        if min(self.max_bytes, self.max_rows, self.max_field_length) < 1:
            raise ValueError("expected limits of at least 1")
