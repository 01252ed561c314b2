"""A request that is repeated is carried out once, and answered the same (the Idempotency-Key header).

The claim, the work and the answer are one transaction: a crash leaves all of them or none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from registry.domain.errors import Conflict
from registry.domain.hashing import Digest
from registry.service.resources import Resources
from registry.store_ports import IdempotencyAnswer, IdempotencyClaim, WriteStore

KEPT_FOR: Final = timedelta(days=2)
"""Longer than any client keeps trying, short enough that answers are not an archive of personal data."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """The caller's name for a request."""

    tenant: str
    """Who sent it: keys of two callers never meet."""
    key: str
    request_hash: Digest
    """Of method, path and body."""


def once(
    resources: Resources,
    request: RequestKey | None,
    action: Callable[[WriteStore], T],
    render: Callable[[T], IdempotencyAnswer],
) -> IdempotencyAnswer:
    """Carry out an action in one transaction, or answer what it was answered before.

    Raises Conflict `idempotency-key-reused` when the key came with another request, and whatever the action raises:
    then nothing was done and the key is free again.
    """
    with resources.store.write() as unit:
        if request is None:
            return render(action(unit))
        now = resources.clock.now()
        unit.access.forget_expired(now)
        earlier = unit.access.claim_request(
            IdempotencyClaim(
                tenant=request.tenant,
                key=request.key,
                request_hash=request.request_hash,
                created_at=now,
                expires_at=now + KEPT_FOR,
            )
        )
        if earlier is None:
            answer = render(action(unit))
            unit.access.keep_answer(request.tenant, request.key, answer)
            return answer
        if earlier.request_hash != request.request_hash:
            raise Conflict("idempotency-key-reused", "expected the same request as before under this Idempotency-Key")
        if earlier.answer is None:
            raise Conflict("idempotency-in-progress", "the request with this Idempotency-Key is being carried out")
        return earlier.answer
