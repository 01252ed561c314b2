"""What gas cost lately and what to offer: `eth_feeHistory` and the two suggestions."""

from collections.abc import Sequence

from eth.abc import BlockHeaderAPI
from eth.vm.forks.london.headers import calculate_expected_base_fee_per_gas

from registry.devchain.arguments import Arguments, read_quantity
from registry.devchain.blocks import require_block
from registry.devchain.chain import DevChain
from registry.devchain.errors import InvalidParameters
from registry.devchain.formats import effective_gas_price, mined_transactions
from registry.devchain.headers import base_fee_wei
from registry.devchain.json_values import JsonObject, quantity

HISTORY_LIMIT = 1024
# The execution API's limit of blocks in one answer.

PERCENTILES_LIMIT = 100
# go-ethereum's.

SUGGESTION_BLOCKS = 20
# As many recent blocks as go-ethereum's light oracle looks at, rounded up.

QUIET_TIP_WEI = 10**9
# Offered where no recent block has a transaction to learn from; an amount every public chain would take.


def suggest_tip(chain: DevChain) -> int:
    """Return the median tip of recent transactions."""
    head = chain.head().block_number
    tips = sorted(
        tip
        for number in range(max(0, head - SUGGESTION_BLOCKS + 1), head + 1)
        for tip, _ in _tips(chain, require_block(chain, number))
    )
    return tips[len(tips) // 2] if tips else QUIET_TIP_WEI


def suggest_gas_price(chain: DevChain) -> int:
    """Return the next block's base fee and the suggested tip together."""
    return next_base_fee(chain.head()) + suggest_tip(chain)


def next_base_fee(header: BlockHeaderAPI) -> int:
    """Return the base fee of the block after this one."""
    fee: int = calculate_expected_base_fee_per_gas(header)
    return fee


def fee_history(chain: DevChain, arguments: Arguments) -> JsonObject:
    """Return base fees, fullness and, where percentiles are given, tips of a range of blocks."""
    newest = require_block(chain, arguments.block(1))
    # `pending` is not in the history: it has no gas yet.
    last = min(newest.block_number, chain.head().block_number)
    count = min(_block_count(arguments.required(0)), last + 1)
    percentiles = _percentiles(arguments.optional(2))
    headers = [require_block(chain, number) for number in range(last - count + 1, last + 1)]
    fees = [base_fee_wei(header) for header in headers]
    history: JsonObject = {
        "oldestBlock": quantity(last - count + 1),
        "baseFeePerGas": [quantity(fee) for fee in [*fees, *(next_base_fee(header) for header in headers[-1:])]],
        "gasUsedRatio": [header.gas_used / header.gas_limit for header in headers],
    }
    if percentiles:
        history["reward"] = [
            [quantity(tip) for tip in _tips_at(_tips(chain, header), percentiles)] for header in headers
        ]
    return history


def _tips(chain: DevChain, header: BlockHeaderAPI) -> list[tuple[int, int]]:
    """Pair each transaction's tip with the gas it used."""
    if header.gas_used == 0:
        return []
    return [
        (effective_gas_price(mined.transaction, header) - base_fee_wei(header), mined.gas_used)
        for mined in mined_transactions(chain, header)
    ]


def _tips_at(tips: Sequence[tuple[int, int]], percentiles: Sequence[float]) -> list[int]:
    ordered = sorted(tips)
    total = sum(gas for _, gas in ordered)
    return [_tip_at(ordered, total * percentile / 100) for percentile in percentiles]


def _tip_at(ordered: Sequence[tuple[int, int]], threshold: float) -> int:
    """Return the tip at which the gas of the cheaper transactions reaches the threshold; 0 for an empty block."""
    so_far = 0
    for tip, gas in ordered:
        so_far += gas
        if so_far >= threshold:
            return tip
    return 0


def _block_count(value: object) -> int:
    # Some libraries send a JSON number here; go-ethereum takes both.
    count = value if isinstance(value, int) and not isinstance(value, bool) else read_quantity(value, bits=64)
    if count < 1:
        raise InvalidParameters("block count must be at least 1")
    return min(count, HISTORY_LIMIT)


def _percentiles(value: object) -> list[float]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > PERCENTILES_LIMIT:
        raise InvalidParameters(f"expected at most {PERCENTILES_LIMIT} reward percentiles")
    percentiles: list[float] = []
    for item in value:
        if isinstance(item, bool) or not isinstance(item, int | float) or not 0 <= item <= 100:
            raise InvalidParameters("a reward percentile must be a number from 0 to 100")
        if percentiles and item < percentiles[-1]:
            raise InvalidParameters("reward percentiles must not fall")
        percentiles.append(float(item))
    return percentiles
