"""Pages of an upload's rows: judged once, judged again when the register says something else, bounded."""

from typing import Final

import pytest
from sqlalchemy import delete

from registry.adapters import tables
from registry.domain.upload_codes import FileProblem
from registry.service.upload_pages import MAX_KEPT, Rows, UploadPages
from registry.store_ports import AchievementRecord, IssuerRecord, UploadRecord
from tests.registry_world import MAX_UPLOAD_BYTES, World

LIMIT: Final = 2
CONTENT: Final = b"recipient_email,recipient_name,issued_on,grade\r\n" + b"".join(
    b"%c@example.org,%c,2026-05-29,%c\r\n" % (each, each, b"AF"[each % 2]) for each in b"abcdef"
)


def lines(pages: UploadPages, issuer: IssuerRecord, record: UploadRecord, rows: Rows, *, after: int = 0) -> list[int]:
    return [row.line for row in pages.page(issuer, record, rows, after=after, limit=LIMIT)]


def lose(world: World, record: UploadRecord) -> None:
    """Take an upload's content out of the database: who judges it now finds nothing."""
    with world.engine.begin() as connection:
        connection.execute(delete(tables.upload_chunk).where(tables.upload_chunk.c.upload_id == record.id))


def test_rows_come_a_page_at_a_time_and_by_kind(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    pages = UploadPages(world.resources, max_bytes=MAX_UPLOAD_BYTES)
    record = world.upload(issuer, achievement, CONTENT)

    assert lines(pages, issuer, record, Rows.ALL) == [2, 3]
    assert lines(pages, issuer, record, Rows.ALL, after=3) == [4, 5]
    assert lines(pages, issuer, record, Rows.ALL, after=6) == [7]
    assert lines(pages, issuer, record, Rows.ERRORS) == [2, 4]
    assert lines(pages, issuer, record, Rows.FINDINGS, after=4) == [6]
    assert lines(pages, issuer, record, Rows.FINDINGS, after=6) == []


def test_a_page_is_judged_once_while_nothing_is_issued(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    pages = UploadPages(world.resources, max_bytes=MAX_UPLOAD_BYTES)
    record = world.upload(issuer, achievement, CONTENT)
    first = pages.page(issuer, record, Rows.ALL, after=0, limit=LIMIT)

    lose(world, record)

    assert pages.page(issuer, record, Rows.ALL, after=0, limit=LIMIT) == first


def test_a_page_is_judged_again_when_somebody_of_it_got_a_credential(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    pages = UploadPages(world.resources, max_bytes=MAX_UPLOAD_BYTES)
    record = world.upload(issuer, achievement, CONTENT)

    before = lines(pages, issuer, record, Rows.ERRORS, after=2)
    world.issue(issuer, achievement, "b@example.org")
    after = lines(pages, issuer, record, Rows.ERRORS, after=2)

    assert (before, after) == ([4, 6], [3, 4])


def test_pages_that_nobody_asks_for_any_more_make_room(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    pages = UploadPages(world.resources, max_bytes=MAX_UPLOAD_BYTES)
    old, record = (world.upload(issuer, achievement, CONTENT) for _ in range(2))
    lines(pages, issuer, old, Rows.ALL)
    for after in range(MAX_KEPT):
        lines(pages, issuer, record, Rows.ALL, after=after)

    lose(world, old)
    lose(world, record)

    assert lines(pages, issuer, record, Rows.ALL) == [2, 3]
    with pytest.raises(FileProblem):
        lines(pages, issuer, old, Rows.ALL)
