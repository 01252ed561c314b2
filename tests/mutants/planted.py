"""The bugs: each one a way in which a worker that looks right anchors twice, not at all, or believes what is not so."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One bug, planted by replacing a text that stands once in a file."""

    name: str
    bug: str
    file: str
    text: str
    instead: str
    killed_by: tuple[str, ...]
    """Tests, by their pytest ids, each of which must fail."""

    def plant(self, source: str) -> str:
        """Return the source with the bug in it. Raises ValueError when the place is not there, or not the only one."""
        if source.count(self.text) != 1:
            raise ValueError(
                f"{self.name}: expected the text once in {self.file}, found it {source.count(self.text)} times"
            )
        return source.replace(self.text, self.instead)


def _worker(file: str, test: str, case: str | None = None) -> str:
    return f"tests/anchor_worker/{file}::{test}" + ("" if case is None else f"[{case}]")


_NONCES: Final = (
    Mutant(
        name="pending-nonce",
        bug="the next nonce is asked of the pool, where a transaction may be forgotten",
        file="anchor_worker/observer.py",
        text="nonce_latest=self._nonce(at)",
        instead='nonce_latest=self._nonce("pending")',
        killed_by=(
            _worker("test_worker_on_anvil.py", "test_a_nonce_is_the_next_by_the_blocks_whatever_waits_in_the_pool"),
        ),
    ),
    Mutant(
        name="new-nonce-on-error",
        bug="a transaction that a node refused is replaced under another nonce: both may be mined",
        file="anchor_worker/machine.py",
        text="sign = Sign(nonce=newest.nonce, fees",
        instead="sign = Sign(nonce=newest.nonce + (newest.refusal is not None), fees",
        killed_by=(_worker("test_machine.py", "test_an_attempt_refused_as_too_cheap_is_replaced_at_once"),),
    ),
    Mutant(
        name="signed-nonce-released",
        bug="a transaction that failed in a block that may vanish gives its nonce up, and may be mined all the same",
        file="anchor_worker/machine.py",
        text="    failed = _failed_for_good(state, observation)\n",
        instead=(
            "    reverted = [each.place for each in observation.sightings if each.is_canonical and not each.succeeded]\n"
            "    failed = reverted[0] if state.attempts and reverted else None\n"
        ),
        killed_by=(
            _worker("test_machine_money.py", "test_no_second_nonce_while_anything_under_the_first_could_count"),
            _worker("test_machine.py", "test_a_revert_that_a_reorganisation_takes_back_is_sent_again"),
        ),
    ),
    Mutant(
        name="own-history-forgotten",
        bug="a node that lags behind our own anchors is asked for the nonce, and gives a used one",
        file="anchor_worker/machine.py",
        text="if nonce < state.nonce_floor or not settled:",
        instead="if not settled:",
        killed_by=(_worker("test_machine.py", "test_no_nonce_is_chosen_while_it_could_be_a_used_one"),),
    ),
)

_SENDING: Final = (
    Mutant(
        name="send-before-commit",
        bug="a transaction is sent before it is stored: a crash in between leaves one that nobody knows",
        file="anchor_worker/cycle.py",
        text="                signed = self._sender.sign(stored.state, action)\n",
        instead=(
            "                signed = self._sender.sign(stored.state, action)\n"
            "                self._sender.send(signed.raw)\n"
        ),
        killed_by=(_worker("test_worker_on_devchain.py", "test_what_a_node_is_told_was_stored_before", "sqlite"),),
    ),
    Mutant(
        name="resent-with-fresh-bytes",
        bug="a transaction that the node does not have is signed anew in place of being sent again",
        file="anchor_worker/machine.py",
        text="refused = newest.refusal is Refusal.UNDERPRICED and not observation.pooled",
        instead="refused = not observation.pooled",
        killed_by=(
            _worker("test_machine.py", "test_an_attempt_the_node_does_not_have_is_sent_again_with_the_same_bytes"),
        ),
    ),
    Mutant(
        name="bump-of-one-fee",
        bug="a replacement raises the whole fee and not the tip, and no node takes it",
        file="anchor_worker/fees.py",
        text="tip_wei = max(offer.tip_wei, _raised(fees.tip_wei))",
        instead="tip_wei = max(offer.tip_wei, fees.tip_wei)",
        killed_by=(_worker("test_fees.py", "test_a_replacement_raises_both_fees_by_an_eighth_or_is_not_made"),),
    ),
    Mutant(
        name="one-refusal-for-all",
        bug="one node's refusal counts though another, whose answer was lost, may have taken the transaction",
        file="anchor_worker/sender.py",
        text="if len(refused) == len(deliveries):",
        instead="if refused:",
        killed_by=(_worker("test_sender.py", "test_a_refusal_counts_only_when_every_node_refuses"),),
    ),
    Mutant(
        name="signer-believed",
        bug="what a signer gives back is not compared with what it was asked to sign",
        file="registry/adapters/transactions.py",
        text="    check_signed(raw, transaction, sender=signer.address)\n",
        instead="",
        killed_by=("tests/adapters/test_remote_signer.py::test_a_signer_that_changes_a_field_is_found_out",),
    ),
    Mutant(
        name="budget-not-reserved",
        bug="signed transactions that are in no block yet are not counted in the day's budget",
        file="anchor_worker/spending.py",
        text="reserved_wei=_reserved_wei(connection, besides=besides))",
        instead="reserved_wei=0)",
        killed_by=(
            _worker(
                "test_spending_store.py",
                "test_what_another_anchor_may_still_cost_is_reserved_at_its_dearest_attempt_alone",
                "sqlite",
            ),
        ),
    ),
)

_BELIEVING: Final = (
    Mutant(
        name="no-reorg-check",
        bug="where an anchor was mined once is not looked at again until it is final",
        file="anchor_worker/machine.py",
        text="    place = _place_of_event(state, observation)\n",
        instead="    place = state.place or _place_of_event(state, observation)\n",
        killed_by=(
            _worker("test_machine.py", "test_a_block_that_is_not_on_the_chain_proves_nothing"),
            _worker("test_machine.py", "test_a_reorganisation_that_moves_the_transaction_changes_the_place_only"),
        ),
    ),
    Mutant(
        name="receipt-from-an-orphan",
        bug="a transaction receipt is believed without asking whether its block is on the chain",
        file="anchor_worker/observer.py",
        text='canonical_hash=None if block is None else read_hash(read_member(block, "hash"), where="block hash")',
        instead='canonical_hash=read_hash(read_member(receipt, "blockHash"), where="block hash")',
        killed_by=(_worker("test_lying_nodes.py", "test_a_transaction_receipt_of_an_orphaned_block_is_not_believed"),),
    ),
    Mutant(
        name="status-without-event",
        bug="a transaction that succeeded is an anchor, whatever it did",
        file="anchor_worker/machine.py",
        text="if seen.is_canonical and seen.succeeded and exact:",
        instead="if seen.is_canonical and seen.succeeded:",
        killed_by=(_worker("test_machine.py", "test_success_is_the_exact_event"),),
    ),
    Mutant(
        name="finality-by-count",
        bug="a block is final when two others stand on it, whatever the chain says",
        file="anchor_worker/observer.py",
        text="finalized = standing.finalized",
        instead="finalized = standing.head - 2",
        killed_by=(
            _worker(
                "test_lagging_nodes.py", "test_without_a_finalized_block_an_anchor_stays_mined_and_that_is_told", "null"
            ),
        ),
    ),
    Mutant(
        name="mined-is-final",
        bug="an anchor is final, and published, as soon as it is mined",
        file="anchor_worker/machine.py",
        text="phase=Phase.FINAL if final else Phase.MINED",
        instead="phase=Phase.FINAL if final or place else Phase.MINED",
        killed_by=(_worker("test_worker_on_anvil.py", "test_nothing_is_published_before_it_is_final"),),
    ),
    Mutant(
        name="first-provider-believed",
        bug="what ends, stops or commits an anchor is not put to the vote",
        file="anchor_worker/quorum.py",
        text="return self.state.phase in {Phase.FINAL, Phase.BLOCKED} or self.nonce is not None or self.gives_up",
        instead="return False",
        killed_by=(
            _worker(
                "test_quorum.py",
                "test_one_of_three_that_lies_makes_nothing_final_and_prevents_nothing",
                "finalizing_the_head-read first",
            ),
        ),
    ),
    Mutant(
        name="foreign-nonce-by-one-word",
        bug="that somebody else used the nonce is believed though two nodes contradict each other",
        file="anchor_worker/quorum.py",
        text="        Reason.FOREIGN_NONCE,\n",
        instead="",
        killed_by=(
            _worker(
                "test_quorum.py",
                "test_a_nonce_that_one_of_two_calls_used_while_the_other_waits_for_a_block_is_not_foreign",
            ),
        ),
    ),
    Mutant(
        name="newest-attempt-watched",
        bug="only the newest transaction is looked for, though each of them may be the one mined",
        file="anchor_worker/observer.py",
        text="for attempt in state.attempts]",
        instead="for attempt in state.attempts[-1:]]",
        killed_by=(
            _worker(
                "test_money_on_anvil.py", "test_an_older_attempt_that_failed_in_place_of_the_newest_is_noticed_too"
            ),
        ),
    ),
    Mutant(
        name="adoption-off",
        bug="our root under our epoch, by a transaction without record, is waited for until the end of days",
        file="anchor_worker/observer.py",
        text="if chain_root == state.root and not",
        instead="if chain_root == ZERO_DIGEST and not",
        killed_by=(
            _worker("test_worker_on_devchain.py", "test_a_database_restored_from_a_backup_adopts_what_is_on_chain"),
        ),
    ),
    Mutant(
        name="final-mismatch-ignored",
        bug="the worker goes on though the chain no longer has an anchor that was final",
        file="anchor_worker/cycle.py",
        text="denied = None if obstacle is None else Distrust(obstacle=obstacle)",
        instead="denied = None",
        killed_by=(
            _worker(
                "test_final_watch.py", "test_a_reorganisation_below_finality_stops_the_worker_and_rewrites_nothing"
            ),
        ),
    ),
    Mutant(
        name="light-part-of-another-block",
        bug="a light part is believed whatever block it is of",
        file="registry/domain/light_proof.py",
        text="if actual != block_hash:",
        instead="if not actual:",
        killed_by=("tests/domain/test_verdict_light.py::test_another_block_says_nothing",),
    ),
)

_SHARING: Final = (
    Mutant(
        name="lease-without-fence",
        bug="a worker that lost the lease goes on writing",
        file="anchor_worker/leader.py",
        text="        reason = self._why_not(connection, term)\n",
        instead="        reason = None\n",
        killed_by=(_worker("test_leader.py", "test_another_token_or_holder_in_the_row_fences"),),
    ),
    Mutant(
        name="anchor-overwritten",
        bug="an anchor is stored over what another worker made of it meanwhile",
        file="anchor_worker/store.py",
        text=".where(anchor.c.epoch == state.epoch, anchor.c.version == stored.version)",
        instead=".where(anchor.c.epoch == state.epoch)",
        killed_by=(
            _worker("test_anchor_store.py", "test_a_change_that_loses_the_comparison_leaves_no_event", "sqlite"),
        ),
    ),
    Mutant(
        name="claimed-twice",
        bug="whether a credential still waits is not looked at when it is put into a batch",
        file="registry/adapters/sealing_store.py",
        text="        if waited != batch.count:\n",
        instead="        if waited > batch.count:\n",
        killed_by=(
            _worker("test_batching.py", "test_a_credential_that_does_not_wait_is_in_no_second_batch", "sqlite"),
        ),
    ),
    Mutant(
        name="claims-not-skipped",
        bug="a builder waits for what another one has in its hands",
        file="registry/adapters/sealing_store.py",
        text=".with_for_update(skip_locked=True)",
        instead=".with_for_update()",
        killed_by=(_worker("test_batching.py", "test_two_builders_at_once_take_different_credentials"),),
    ),
    Mutant(
        name="promised-batch-left-out",
        bug="a batch with a promised credential takes its turn, and the promise is broken",
        file="anchor_worker/sealing.py",
        text="promised = epochs.promised_batches(number)",
        instead="promised: frozenset[UUID] = frozenset()",
        killed_by=(
            _worker("test_batching.py", "test_a_promise_takes_the_batch_of_its_credential_into_the_epoch", "sqlite"),
        ),
    ),
    Mutant(
        name="number-check-off",
        bug="an epoch is sealed under a number that the chain has given away",
        file="anchor_worker/numbering.py",
        text="if epochs >= number:",
        instead="if epochs > number:",
        killed_by=(_worker("test_numbering.py", "test_a_chain_that_knows_more_keeps_everything_waiting"),),
    ),
    Mutant(
        name="published-in-vain",
        bug="an epoch is noted as published though its files could not be written",
        file="anchor_worker/publishing.py",
        text='raise Unavailable("published-unwritable", f"{self._folder}: {error.strerror}") from error',
        instead="del error",
        killed_by=(
            _worker(
                "test_publishing.py", "test_a_folder_that_cannot_be_written_leaves_the_epoch_unpublished", "sqlite"
            ),
        ),
    ),
)

MUTANTS: Final[tuple[Mutant, ...]] = (*_NONCES, *_SENDING, *_BELIEVING, *_SHARING)
