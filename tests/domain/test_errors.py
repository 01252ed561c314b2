"""Errors keep their class, code and facts on their way from another process."""

import pickle

import pytest

from registry.domain.errors import Conflict, CredrootError, Malformed, ProofMismatch, Unavailable
from registry.domain.upload_codes import Code, FileProblem


@pytest.mark.parametrize(
    "error",
    [
        Conflict("slot-taken", "expected a free slot"),
        Unavailable("key-locked", "the password does not open this key"),
        Malformed("malformed-date", "expected a day", where="award.date"),
        ProofMismatch("root-mismatch", "root", expected=b"\1", actual=b"\2"),
        FileProblem(Code.NUL_BYTE, line=3, value="x"),
    ],
)
def test_an_error_survives_being_sent(error: CredrootError) -> None:
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert type(arrived) is type(error)
    assert (arrived.code, arrived.message, str(arrived)) == (error.code, error.message, str(error))
    assert arrived.__dict__ == error.__dict__
