"""From a block parameter to the block it names."""

from typing import assert_never

from eth.abc import BlockHeaderAPI

from registry.devchain.arguments import BlockHash, BlockReference, BlockTag
from registry.devchain.chain import DevChain
from registry.devchain.errors import BlockUnknown


def find_block(chain: DevChain, reference: BlockReference) -> BlockHeaderAPI | None:
    """Return the header of the named block, None if the chain has none; `pending` is the next one, still empty."""
    match reference:
        case BlockHash(value):
            return chain.header_by_hash(value)
        case BlockTag():
            return _tagged_block(chain, reference)
        case int():
            return chain.header_by_number(reference)
        case _:
            assert_never(reference)


def require_block(chain: DevChain, reference: BlockReference) -> BlockHeaderAPI:
    """Return the header of the named block.

    Raises BlockUnknown if the chain has none.
    """
    header = find_block(chain, reference)
    if header is None:
        raise BlockUnknown(named_by_hash=isinstance(reference, BlockHash))
    return header


def _tagged_block(chain: DevChain, tag: BlockTag) -> BlockHeaderAPI | None:
    match tag:
        case BlockTag.EARLIEST:
            return chain.header_by_number(0)
        case BlockTag.LATEST | BlockTag.SAFE | BlockTag.FINALIZED:
            return chain.head()
        case BlockTag.PENDING:
            return chain.pending_header()
        case _:
            assert_never(tag)
