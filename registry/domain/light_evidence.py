"""Chain evidence out of a receipt alone: its light part, at a block that the verifier knows (protocol section 7).

That the block is final, and of the log's chain, is the verifier's word: a header names no chain. What the light part
does not prove under that block is not known, neither for nor against the credential.
"""

from registry.domain.check import Reason
from registry.domain.errors import Malformed, ProofMismatch
from registry.domain.evidence import ChainBlock, ChainEvidence
from registry.domain.light_proof import BLOCK_DIFFERS, LightQuestion, prove_state
from registry.domain.log_name import LogName
from registry.domain.patricia import Keccak
from registry.domain.problem import Found, Problem
from registry.domain.receipt import ReceiptParts


def read_light(
    parts: Found[ReceiptParts] | None, *, log: LogName, block_hash: bytes, code_hash: bytes, keccak: Keccak
) -> Found[ChainEvidence]:
    """Return what a receipt's light part proves of the credential's log, or why it proves nothing."""
    if parts is None or isinstance(parts, Problem):
        return Problem(code=Reason.LIGHT_MISSING, message="there is no receipt with a light part")
    question = LightQuestion(
        log=log, anchor_epoch=parts.anchor.epoch, status_epoch=light_status_epoch(parts), code_hash=code_hash
    )
    try:
        light = parts.parse_light()
        if light is None:
            return Problem(code=Reason.LIGHT_MISSING, message="the receipt has no light part")
        state = prove_state(light, question, block_hash=block_hash, keccak=keccak)
    except Malformed as error:
        return Problem(code=Reason.LIGHT_MALFORMED, message=error.message)
    except ProofMismatch as error:
        return Problem(code=Reason.LIGHT_MISMATCH, message=_describe(error))
    return ChainEvidence(
        block=ChainBlock(
            chain_id=log.chain_id, number=state.header.number, hash=block_hash, time=state.header.time, final=True
        ),
        log=log,
        code_hash=state.code_hash,
        latest_epoch=state.latest_epoch,
        roots={epoch: root for epoch, root in state.roots.items() if epoch <= state.latest_epoch},
        anchored_at=state.anchored_at,
    )


def _describe(error: ProofMismatch) -> str:
    if error.code != BLOCK_DIFFERS:
        return error.message
    # In the spelling of explorers and nodes: somebody will look it up.
    return f"its light part is of block 0x{error.actual.hex()}, the one named is 0x{error.expected.hex()}"


def light_status_epoch(parts: ReceiptParts) -> int:
    """Return the epoch whose root a light part proves besides the anchor's: the first status proof's.

    Where there is none that can be read it is the anchor's too.
    """
    try:
        return next((proof.epoch for proof in parts.parse_status()), parts.anchor.epoch)
    except Malformed:
        return parts.anchor.epoch
