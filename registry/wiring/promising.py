"""The promise key, for the service that signs with it."""

from registry.adapters.artifacts import FRAUD_COURT, load_artifact
from registry.ports import PromiseSigner
from registry.settings import Settings
from registry.wiring.recursion import kept_recursion_limit


def open_promise_signer(settings: Settings) -> PromiseSigner | None:
    """Return what promises are signed with, None when no key is set.

    Raises NotFound, Refused and Malformed as `load_account`.
    """
    if settings.promise_key_file is None:
        return None
    # The libraries take a second to import: a registry that makes no promises does not pay for it.
    with kept_recursion_limit():
        from registry.adapters.account_key import load_account  # noqa: PLC0415
        from registry.adapters.promise_signatures import PromiseKey  # noqa: PLC0415

    account = load_account(settings.promise_key_file, password=settings.promise_key_password())
    return PromiseKey(account, court=load_artifact(FRAUD_COURT).address)
