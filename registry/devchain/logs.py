"""Searching event logs: `eth_getLogs` over one block or a bounded range of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from eth.abc import BlockHeaderAPI, LogAPI
from eth_typing import Address
from eth_utils.crypto import keccak

from registry.devchain.arguments import (
    BlockHash,
    BlockTag,
    read_address,
    read_block,
    read_hash,
    read_object,
)
from registry.devchain.blocks import require_block
from registry.devchain.chain import DevChain
from registry.devchain.errors import LIMIT_EXCEEDED, InvalidParameters, RpcError
from registry.devchain.formats import format_log, mined_transactions
from registry.devchain.json_values import JsonObject

BLOCK_RANGE_LIMIT = 10_000
# Public nodes allow between 500 and 10,000; reading so many headers takes about a second here.

RESULT_LIMIT = 10_000
# The usual limit of public nodes; about 6 MB of JSON.

TOPIC_POSITIONS = 4
# The EVM has LOG0 to LOG4.

ALTERNATIVES_LIMIT = 1_000
# Addresses or topics at one position, go-ethereum's limit.

_FILTER_FIELDS = frozenset(("address", "topics", "fromBlock", "toBlock", "blockHash"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Which logs are wanted; an empty set of alternatives stands for any."""

    addresses: frozenset[Address]
    topics: tuple[frozenset[int], ...]

    def may_be_in(self, header: BlockHeaderAPI) -> bool:
        """Say whether the header's Bloom filter allows a matching log; false is certain, true is not."""
        alternatives: list[Iterable[bytes]] = [self.addresses]
        alternatives.extend((topic.to_bytes(32, "big") for topic in wanted) for wanted in self.topics)
        groups = [list(group) for group in alternatives]
        return header.bloom != 0 and all(
            not group or any(_in_bloom(item, header.bloom) for item in group) for group in groups
        )

    def matches(self, log: LogAPI) -> bool:
        """Say whether a log is wanted."""
        if self.addresses and log.address not in self.addresses:
            return False
        if len(self.topics) > len(log.topics):
            return False
        pairs = zip(self.topics, log.topics, strict=False)
        return all(not wanted or topic in wanted for wanted, topic in pairs)


def search_logs(chain: DevChain, parameter: object) -> list[JsonObject]:
    """Return the logs that a filter object asks for, oldest first.

    Raises InvalidParameters for a malformed filter, RpcError (-32005) for a range or a result over the limit.
    """
    fields = read_object(parameter, allowed=_FILTER_FIELDS)
    wanted = LogFilter(addresses=_addresses(fields.get("address")), topics=_topics(fields.get("topics")))
    found: list[JsonObject] = []
    for header in _headers(chain, fields):
        if not wanted.may_be_in(header):
            continue
        for mined in mined_transactions(chain, header):
            positions = [place for place, log in enumerate(mined.receipt.logs) if wanted.matches(log)]
            found.extend(format_log(mined, place) for place in positions)
        if len(found) > RESULT_LIMIT:
            raise RpcError(LIMIT_EXCEEDED, f"query returned more than {RESULT_LIMIT} results")
    return found


def _headers(chain: DevChain, fields: dict[str, object]) -> Iterator[BlockHeaderAPI]:
    if fields.get("blockHash") is not None:
        if fields.get("fromBlock") is not None or fields.get("toBlock") is not None:
            raise InvalidParameters("cannot specify both blockHash and fromBlock/toBlock")
        yield require_block(chain, BlockHash(read_hash(fields["blockHash"])))
        return
    head = chain.head().block_number
    first = _bound(chain, fields.get("fromBlock"))
    # Later blocks have no logs yet: asking up to them is not an error.
    last = min(_bound(chain, fields.get("toBlock")), head)
    if fields.get("toBlock") is not None and first > _bound(chain, fields.get("toBlock")):
        raise InvalidParameters("invalid block range params")
    if last - first >= BLOCK_RANGE_LIMIT:
        raise RpcError(LIMIT_EXCEEDED, f"block range is limited to {BLOCK_RANGE_LIMIT} blocks")
    for number in range(first, last + 1):
        yield require_block(chain, number)


def _bound(chain: DevChain, value: object) -> int:
    reference = BlockTag.LATEST if value is None else read_block(value)
    if isinstance(reference, int) and not isinstance(reference, BlockTag):
        return reference
    return require_block(chain, reference).block_number


def _addresses(value: object) -> frozenset[Address]:
    if value is None:
        return frozenset()
    return frozenset(read_address(item) for item in _alternatives(value))


def _topics(value: object) -> tuple[frozenset[int], ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > TOPIC_POSITIONS:
        raise InvalidParameters(f"expected at most {TOPIC_POSITIONS} topics")
    return tuple(
        frozenset()
        if item is None
        else frozenset(int.from_bytes(read_hash(topic), "big") for topic in _alternatives(item) if topic is not None)
        for item in value
    )


def _alternatives(value: object) -> list[object]:
    items = value if isinstance(value, list) else [value]
    if len(items) > ALTERNATIVES_LIMIT:
        raise InvalidParameters(f"expected at most {ALTERNATIVES_LIMIT} alternatives")
    return items


def _in_bloom(item: bytes, bloom: int) -> bool:
    """Test the three bits of an item (Yellow Paper, section 4.3.1)."""
    digest = keccak(item)
    return all(bloom >> (int.from_bytes(digest[at : at + 2], "big") & 2047) & 1 for at in (0, 2, 4))
