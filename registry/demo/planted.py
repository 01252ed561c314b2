"""A registry that cheats, four times: what its auditor must find.

epoch 1  honest: two credentials, one of them revoked
epoch 2  the revoked credential's bit is 0 again, and a slot of epoch 1 is filled a second time
epoch 3  anchored, never published
epoch 4  its root commits to one entry more than its files show
"""

import secrets
from pathlib import Path

from registry.demo.rogue import RogueLog
from registry.domain.batch import Entry
from registry.domain.did import did_key, did_key_document
from registry.domain.hashing import Digest
from registry.domain.multikey import PublicKey
from registry.domain.status_tree import EMPTY_LIST, write_bit

REVOKED_SLOT = 7


def plant_frauds(log: RogueLog, folder: Path, *, public_key: PublicKey) -> None:
    """Anchor the four epochs and publish three of them."""
    document = did_key_document(did_key(public_key))
    revoked = write_bit(EMPTY_LIST, REVOKED_SLOT, value=True)
    first = log.seal([_entry(REVOKED_SLOT), _entry(8)], document=document, bits=revoked)
    second = log.seal([_entry(8), _entry(9)], document=document)
    log.seal([_entry(10)], document=document)
    open_part = [_entry(11), _entry(12)]
    fourth = log.seal([*open_part, _entry(13)], document=document, shown=open_part)
    log.publish(folder, [first, second, fourth])


def _entry(slot: int) -> Entry:
    return Entry(leaf=Digest(secrets.token_bytes(32)), slot=slot)
