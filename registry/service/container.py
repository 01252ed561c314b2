"""The use cases and settings behind the web service, made once by the wiring."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from registry.chain_ports import PublishedSource
from registry.domain.evidence import KnownContract
from registry.ports import DidResolver, FileReader
from registry.service.certificates import Certificates
from registry.service.log_overview import LogOverviews
from registry.service.mailing import Mailer
from registry.service.proving import Receipts
from registry.service.resources import Resources
from registry.service.running import IssuingRunner
from registry.service.statuses import StatusLists
from registry.service.upload_pages import UploadPages
from registry.service.vc_api import VcApi
from registry.service.verifying import Verifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """The use cases and settings behind the web service."""

    resources: Resources
    receipts: Receipts
    certificates: Certificates
    status_lists: StatusLists
    runner: IssuingRunner
    verifier: Verifier
    did_resolver: DidResolver
    published_contract: KnownContract
    published: PublishedSource
    published_dir: Path
    log_overviews: LogOverviews
    max_upload_bytes: int
    upload_pages: UploadPages
    close_store: Callable[[], None]
    """Closes the database's connections."""
    file_reader: FileReader
    public_rpc_url: str | None = None
    """The Ethereum node that visitors' browsers are offered."""
    vc_api: VcApi = field(default_factory=VcApi)
    mailer: Mailer | None = None
    """None: this process hands over no mail."""

    def without_promises(self) -> Self:
        """Return the same, with no promises made."""
        return replace(self, resources=replace(self.resources, promise_signer=None))

    def wake_mailer(self) -> None:
        """Have a mail that was just ordered handed over."""
        if self.mailer is not None:
            self.mailer.wake()

    def close(self) -> None:
        """End what runs in the background, then close what was opened."""
        self.runner.close()
        if self.mailer is not None:
            self.mailer.close()
        self.close_store()
