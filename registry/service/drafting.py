"""Which rows can become credentials, without building a document for each.

Building and checking a document costs many times what judging its row costs, and nearly always finds what it found for
the row before. A document depends on its row in two ways: on which columns say something and on the grade (together
the row's *shape*: they decide which members there are), and on the texts, days and numbers that stand in them.

The rules of a document speak of members, so rows of one shape pass or fail them together, with these exceptions, which
speak of values. Each is asked of every row here, or cannot fail for a row that was judged:

    texts of characters that must not be signed    `check_characters` refuses all of them and more
    a name or identifier that is empty or long     asked: `_fits`
    an address that is no IRI                      `parse_web_address` asked `is_iri`
    an end before the beginning                    judged by days; the end of a day comes after its beginning
    a score that its description refuses           asked of the description
    credits                                        not negative, at most 15 digits, so a number of JSON

So one row of a shape is built in full. If that goes well, further rows of the shape that pass what is asked are
accepted; every other row is built in full. A test compares the two over invented rows.
"""

from typing import Final, TypeAlias

from registry.domain.errors import Malformed
from registry.domain.recipient import MAX_IDENTIFIER
from registry.domain.upload_judging import RecipientRow
from registry.service.issuing import Template
from registry.service.resources import SigningTools
from registry.service.rows import draft_refusal

MAX_SHAPES: Final = 10_000
"""Grades may be free text: the memory of what was proved is emptied when it grows beyond a megabyte."""

_Shape: TypeAlias = tuple[str | bool | None, ...]


class Drafts:
    """Proves that rows of one template can be drafted."""

    def __init__(self, tools: SigningTools, template: Template) -> None:
        self._tools = tools
        self._template = template
        self._scored = tuple(result for result in template.frozen.achievement.results if result.is_numeric)
        self._proved: set[_Shape] = set()

    def refusal(self, row: RecipientRow) -> Malformed | None:
        """Return why no credential can be made of a row, None when one can."""
        ordinary = self._is_ordinary(row)
        shape = _shape(row)
        if ordinary and shape in self._proved:
            return None
        error = draft_refusal(self._tools, self._template, row)
        if error is None and ordinary:
            if len(self._proved) >= MAX_SHAPES:
                self._proved.clear()
            self._proved.add(shape)
        return error

    def _is_ordinary(self, row: RecipientRow) -> bool:
        if not (_fits(row.recipient_name) and _fits(row.recipient_email) and _fits(row.recipient_id)):
            return False
        if row.score is None:
            return True
        score = f"{row.score:f}"
        return all(description.judge(score) is None for description in self._scored)


def _fits(text: str | None) -> bool:
    return text is None or (len(text) <= MAX_IDENTIFIER and not text.isspace())


def _shape(row: RecipientRow) -> _Shape:
    return (
        row.grade,
        row.recipient_email is None,
        row.recipient_id is None,
        row.expires_on is None,
        row.score is None,
        row.evidence_url is None,
        row.evidence_name is None,
        row.narrative is None,
        row.credits is None,
        row.activity_start is None,
        row.activity_end is None,
        row.external_ref is None,
    )
