"""What the pages and the API share of verifying files: by which policy this service judges them, and with what it knows."""

import time

from fastapi import Request

from registry.domain.errors import NotFound
from registry.domain.evidence import Policy
from registry.domain.log_name import LogName
from registry.domain.verdict import Verdict
from registry.service.checking import OwnWord, verify_here
from registry.service.container import Container
from registry.service.verifying import VerifyRequest
from registry.service.verifying_files import Judged, verify_files
from registry.web.received_files import Received
from registry.web.requests import container_of
from registry.web.share_lookup import limited_lookup


def judge_received(request: Request, received: Received) -> tuple[Judged, ...]:
    """Judge every credential of what was sent as this service does.

    Raises Malformed as `verify_files`, TooOften for an address that tried too many short codes.
    """
    container = container_of(request)
    own = own_word(container)

    def judge(asked: VerifyRequest) -> Verdict:
        return verify_here(asked, verifier=container.verifier, own=own)

    return verify_files(
        received.files,
        links=received.links,
        reader=container.file_reader,
        shared=limited_lookup(request),
        policy=_policy(container),
        judge=judge,
        seconds=time.monotonic,
    )


def own_word(container: Container) -> OwnWord:
    """Return what this registry can say of a credential itself."""
    return OwnWord(
        store=container.resources.store,
        clock=container.resources.clock,
        receipts=container.receipts,
        status_lists=container.status_lists,
    )


def _policy(container: Container) -> Policy:
    """This service trusts its own log, and recognises nobody above others."""
    log = _own_log(container)
    trusted = frozenset[LogName]() if log is None else frozenset({log})
    return Policy(published_contract=container.published_contract, trusted_logs=trusted)


def _own_log(container: Container) -> LogName | None:
    with container.resources.store.read() as unit:
        try:
            return unit.access.log().name
        except NotFound:
            return None
