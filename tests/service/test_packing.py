"""Credentials that were packed come out as they went in, but for their ids."""

import pickle
from dataclasses import replace
from itertools import count
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.hashing import sha256
from registry.service.packing import pack, unpack
from registry.store_ports import NewCredential
from tests.store_samples import NOW, new_id

NUMBERS = st.integers(0, 3)
CREDENTIAL = NewCredential(
    id=new_id(),
    issuer_id=new_id(),
    achievement_id=new_id(),
    achievement_version=1,
    upload_id=new_id(),
    line=2,
    recipient_keys=(bytes(32),),
    document_id=new_id(),
    document=b"{}",
    did_document_sha256=sha256(b"did"),
    leaf=sha256(b"leaf"),
    slot=7,
    suspendable=False,
    duplicate_key=None,
    valid_from=NOW,
    valid_until=None,
    created_at=NOW,
)


def varied(number: int) -> NewCredential:
    """Make a credential of which some fields are like those of others, and some are not."""
    return replace(
        CREDENTIAL,
        line=2 + number,
        slot=number,
        document_id=UUID(int=number // 2),
        upload_id=None if number == 3 else CREDENTIAL.upload_id,
        recipient_keys=tuple(bytes([number]) for _ in range(number)),
        duplicate_key=None if number == 1 else bytes([number]),
        document=b"{%d}" % number,
    )


@given(st.lists(NUMBERS.map(varied), max_size=6))
def test_packing_changes_nothing_but_ids(credentials: list[NewCredential]) -> None:
    ids = count(1)

    sent = pickle.loads(pickle.dumps(pack(credentials)))  # noqa: S301 - our own bytes
    arrived = unpack(sent, new_id=lambda: UUID(int=next(ids)))

    assert arrived == [replace(one, id=UUID(int=number)) for number, one in enumerate(credentials, start=1)]


@pytest.mark.parametrize("rows", [1, 1_000])
def test_what_all_share_is_sent_once(rows: int) -> None:
    packed = pickle.dumps(pack([CREDENTIAL] * rows))

    assert len(packed) < 2_000
