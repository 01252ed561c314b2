"""What the pages and the API share of verifying files: by which policy this service judges them, and with what it knows."""

from collections.abc import Sequence

from registry.domain.errors import NotFound
from registry.domain.evidence import Policy
from registry.domain.log_name import LogName
from registry.domain.verdict import Verdict
from registry.service.checking import OwnWord, verify_here
from registry.service.container import Container
from registry.service.verifying import VerifyRequest
from registry.service.verifying_files import Judged, PresentedFile, verify_files


def judge_files(container: Container, files: Sequence[PresentedFile], *, links: Sequence[str]) -> tuple[Judged, ...]:
    """Judge every credential of some files and links as this service does. Raises Malformed as `verify_files`."""
    own = own_word(container)

    def judge(request: VerifyRequest) -> Verdict:
        return verify_here(request, verifier=container.verifier, own=own)

    return verify_files(
        files,
        links=links,
        reader=container.file_reader,
        shared=container.shared,
        policy=_policy(container),
        judge=judge,
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
