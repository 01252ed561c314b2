"""The audit trail's chain: written, read, and broken at exactly the entry that was touched."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.audit_trail import (
    BEFORE_THE_FIRST,
    AuditAction,
    AuditEntry,
    AuditLine,
    AuditLink,
    AuditNote,
    chain_note,
    check_trail,
    parse_line,
    write_line,
)
from registry.domain.canonical import JsonObject, canonicalize, parse_object
from registry.domain.errors import Malformed
from registry.domain.hashing import sha256

AT = datetime(2026, 5, 29, 12, 0, 0, 123_456, tzinfo=UTC)


def trail(count: int) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for number in range(count):
        note = AuditNote(
            at=AT + timedelta(seconds=number),
            actor="issuer:0197f3a0-0000-7000-8000-000000000001",
            issuer=None if number % 3 == 0 else f"issuer-{number % 3}",
            action=list(AuditAction)[number % len(AuditAction)],
            subject=f"subject-{number}",
            details={"rowsOk": number, "skipBad": True, "code": "x"},
        )
        entries.append(chain_note(note, after=entries[-1].link if entries else None))
    return entries


def test_the_hash_is_that_of_the_canonical_words_and_of_the_hash_before() -> None:
    first, second = trail(2)

    said: JsonObject = {
        "number": 2,
        "at": "2026-05-29T12:00:01Z",
        "actor": second.actor,
        "issuer": second.issuer,
        "action": str(list(AuditAction)[1]),
        "subject": "subject-1",
        "details": {"rowsOk": 1, "skipBad": True, "code": "x"},
        "previous": first.hash.hex(),
    }
    assert second.hash == sha256(canonicalize(said))
    assert first.previous == BEFORE_THE_FIRST


def test_an_empty_trail_holds() -> None:
    report = check_trail([])

    assert (report.entries, report.head, report.broken) == (0, BEFORE_THE_FIRST, None)


def test_a_trail_holds_with_entries_withheld() -> None:
    entries = trail(9)
    shown: list[AuditLine] = [entry if entry.issuer == "issuer-1" else entry.link for entry in entries]

    for lines in (entries, shown):
        report = check_trail(lines)
        assert (report.entries, report.head, report.broken, report.reason) == (9, entries[-1].hash, None, "")


@given(
    count=st.integers(min_value=1, max_value=8),
    at=st.integers(min_value=0, max_value=7),
    change=st.sampled_from(["actor", "issuer", "action", "subject", "details", "at", "hash", "previous"]),
)
def test_a_changed_entry_is_the_first_that_does_not_hold(count: int, at: int, change: str) -> None:
    entries, at = trail(count), min(at, count - 1)
    others: dict[str, object] = {
        "details": {"rowsOk": -1},
        "at": AT + timedelta(days=1),
        "hash": sha256(b"x"),
        "previous": sha256(b"x"),
    }
    entries[at] = replace(entries[at], **{change: others.get(change, "somebody else")})  # type: ignore[arg-type]

    report = check_trail(entries)

    assert (report.broken, report.entries) == (at + 1, at)


@pytest.mark.parametrize("at", [0, 2, 4])
def test_an_entry_that_was_left_out_put_in_or_written_anew_breaks_the_trail_there(at: int) -> None:
    entries = trail(6)
    left_out = [*entries[:at], *entries[at + 1 :]]
    doubled = [*entries[: at + 1], *entries[at:]]
    # Whoever rewrites an entry with its hash has to rewrite all that follow.
    forged = replace(entries[at], subject="somebody else")
    rewritten: Sequence[AuditEntry] = [
        *entries[:at],
        replace(forged, hash=forged.computed_hash),
        *entries[at + 1 :],
    ]

    assert check_trail(left_out).broken == at + 1
    assert check_trail(doubled).broken == at + 2
    assert check_trail(rewritten).broken == at + 2


def test_lines_are_read_back_as_they_were_written() -> None:
    entries = trail(5)
    lines: list[AuditLine] = [*entries, *(entry.link for entry in entries)]

    assert [parse_line(write_line(line)) for line in lines] == lines


def test_a_withheld_line_says_nothing_but_its_place() -> None:
    (entry,) = trail(1)

    members = parse_object(write_line(entry.link))

    assert members == {"number": 1, "previous": "00" * 32, "hash": entry.hash.hex()}
    assert isinstance(parse_line(write_line(entry.link)), AuditLink)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"number": 0}, "malformed-integer"),
        ({"hash": "00"}, "malformed-digest"),
        ({"previous": None}, "malformed-digest"),
        ({"details": []}, "malformed-object"),
        ({"at": "2026-05-29"}, "malformed-time"),
        ({"actor": ""}, "malformed-string"),
        ({"issuer": 1}, "malformed-string"),
        ({"more": 1}, "unknown-member"),
        ({"number": None}, "malformed-integer"),
    ],
)
def test_what_is_no_line_is_refused(change: dict[str, object], code: str) -> None:
    members = {**parse_object(write_line(trail(2)[1])), **change}

    with pytest.raises(Malformed) as refused:
        parse_line(canonicalize(members))  # type: ignore[arg-type]  # what it refuses

    assert refused.value.code == code


def test_a_line_that_lacks_something_is_refused() -> None:
    members = parse_object(write_line(trail(1)[0]))
    del members["actor"]

    with pytest.raises(Malformed, match="actor"):
        parse_line(canonicalize(members))
