"""Verifying with what this registry knows: its own receipt, its own served lists, its own word of pending.

All of it is evidence like any other: the verdict compares receipts with the chain and lists with signatures.
"""

from dataclasses import replace

from registry.domain.canonical import canonicalize
from registry.domain.errors import NotFound
from registry.domain.presented import Presented, Problem, read_presented
from registry.domain.slot import LIST_SIZE
from registry.domain.verdict import Verdict
from registry.service.proving import Receipts
from registry.service.statuses import StatusLists
from registry.service.verifying import Verifier, VerifyRequest
from registry.store_ports import Store


def verify_here(
    request: VerifyRequest, *, verifier: Verifier, receipts: Receipts, status_lists: StatusLists, store: Store
) -> Verdict:
    """Add what this registry knows of the credential to the request, and judge."""
    presented = read_presented(request.credential)
    return verifier.verify(
        _with_own_lists(_with_own_receipt(request, presented, receipts), presented, status_lists, store)
    )


def _with_own_receipt(request: VerifyRequest, presented: Presented, receipts: Receipts) -> VerifyRequest:
    if request.receipt is not None or isinstance(presented.leaf, Problem):
        return request
    try:
        receipt = receipts.of_leaf(presented.leaf)
    except NotFound as error:
        return replace(request, pending=error.code == "not-yet-anchored")
    return replace(request, receipt=canonicalize(receipt.to_json()))


def _with_own_lists(
    request: VerifyRequest, presented: Presented, status_lists: StatusLists, store: Store
) -> VerifyRequest:
    slot = presented.log_slot
    with store.read() as unit:
        ours = slot is not None and slot.log == unit.access.log().name
    if slot is None or not ours:
        return request
    served = []
    for purpose in slot.purposes:
        try:
            served.append(status_lists.serve(purpose, slot.slot // LIST_SIZE).content)
        except NotFound:
            continue
    return replace(request, status_lists=(*request.status_lists, *served))
