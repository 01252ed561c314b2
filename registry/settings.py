"""Settings: the one place that reads the environment. Variables are named `CREDROOT_<FIELD>`.

Secrets come from a file (`..._FILE`) or the environment, never from the command line, and are never written out.
docs/operating.md has the table; a test compares the two.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from registry.domain.errors import Malformed, Refused
from registry.domain.log_name import LogName
from registry.domain.slot import Purpose, parse_status_list_url, status_list_url
from registry.domain.upload_values import is_ascii_email

PREFIX: Final = "CREDROOT_"
GWEI: Final = 10**9
ETHER: Final = 10**18
_BIND: Final = re.compile(r"(?:\[(?P<ipv6>[0-9a-fA-F:.]+)\]|(?P<host>[^\s:\[\]/]+)):(?P<port>[0-9]{1,5})", re.ASCII)
_ANY_LOG: Final = LogName(chain_id=1, contract="0x" + "00" * 20, number=1)
MAX_PORT: Final = 65_535
MAX_SECRET_BYTES: Final = 4096
"""A password file holds a line; more is the wrong file."""


class Settings(BaseSettings):
    """What an operator may set, with the defaults that hold otherwise."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    database_url: str = "sqlite:///credroot.db"
    """Where the registry keeps everything: an SQLite file or a PostgreSQL database."""

    public_url: str = "http://localhost:8000"
    """The address under which the world reaches the service: it stands in credentials for ever."""

    rpc_urls: Annotated[tuple[str, ...], NoDecode] = ()
    """JSON-RPC endpoints of the chain, separated by commas; the first one chooses the block."""

    rpc_quorum: Annotated[int | None, Field(ge=1)] = None
    """How many of them must agree before an anchor, or the block of a light part, is final: more than half unless set."""

    public_rpc_url: Annotated[str | None, Field(pattern=r"^https?://\S+$")] = None
    """An Ethereum node that the verify page offers to visitors' browsers: it must answer pages of other origins (CORS)."""

    published_dir: Path = Path("published")
    """The folder of the published files: written by the worker, served by the service."""

    key_password: SecretStr | None = None
    """The password of the issuers' keys at rest."""

    key_password_file: Path | None = None
    """A file with that password in its first line."""

    ca_file: Path | None = None
    """Certificates to trust, beside the system's, for did:web documents, status lists and the mail server."""

    resolve_loopback: bool = False
    """Allow did:web documents and status lists on this machine, lists over http too: for development."""

    private_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Host names that may have addresses of a private network, separated by commas; all others must be public."""

    host: str = "127.0.0.1"
    """The address the service listens on."""

    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """The port the service listens on."""

    tls_certificate_file: Path | None = None
    """Serve https with this certificate chain."""

    tls_key_file: Path | None = None
    """The private key of that certificate."""

    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ("127.0.0.1", "::1")
    """Addresses or networks of proxies whose X-Forwarded-For names the visitor, separated by commas; empty for none."""

    mail_from: str = "no-reply@credroot.invalid"
    """The address that mails to earners come from; a mail server must be allowed to send for it."""

    mail_outbox_dir: Path = Path("outbox")
    """The folder that mails are written to, one .eml file each, unless a mail server is named."""

    smtp_host: str | None = None
    """The mail server that takes the mails to earners."""

    smtp_port: Annotated[int, Field(ge=1, le=MAX_PORT)] = 587
    """Its port: 587 for STARTTLS, 465 for TLS."""

    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """How it is spoken to; `none` for a server on this machine alone."""

    smtp_user: str | None = None
    """The name to sign in with there."""

    smtp_password_file: Path | None = None
    """A file with the password of that name in its first line."""

    font_dir: Path | None = None
    """A folder of fonts for certificates and pictures: `make fonts`. Without one only Latin, Greek and Cyrillic can be set."""

    max_upload_bytes: Annotated[int, Field(ge=1024)] = 64 * 1024 * 1024
    """The largest file of recipients: 64 MiB are more than the 250,000 rows that it may have."""

    vc_api_failure_status: Literal["200", "400"] = "200"
    """What the VC API answers a credential with that is not verified: 200 as VCALM has it, or 400 for test suites."""

    vc_api_bare: bool = False
    """Let the VC API answer an issued credential itself, with no `verifiableCredential` around it."""

    upload_processes: Annotated[int | None, Field(ge=0, le=256)] = None
    """Processes that judge and sign uploads, one for each core unless set; 0 or 1 leaves it to the service's own."""

    upload_executor: Literal["processes", "ray"] = "processes"
    """What these run in: processes of the service's own, or Ray on this machine (the extra `ray`)."""

    anchor_key_file: Path | None = None
    """The anchoring account's key: a version 3 keystore, or a bare key in a file nobody else may read."""

    anchor_key_password_file: Path | None = None
    """A file with the keystore's password in its first line."""

    signer_url: str | None = None
    """A remote signer in place of the key file: its JSON-RPC endpoint, or its route `.../eth1/sign/PUBLIC-KEY`."""

    signer_address: Annotated[str | None, Field(pattern=r"^0x[0-9a-fA-F]{40}$")] = None
    """The anchoring account's address, which a remote signer must sign for."""

    signer_ca_file: Path | None = None
    """Certificates that the remote signer's is checked with, in place of the system's."""

    signer_certificate_file: Path | None = None
    """The client certificate that is shown to the remote signer, with its chain."""

    signer_certificate_key_file: Path | None = None
    """The private key of that certificate."""

    promise_key_file: Path | None = None
    """The key that promises are signed with, in the forms of the anchoring account's; none are made without it."""

    promise_key_password_file: Path | None = None
    """A file with that keystore's password in its first line."""

    seal_after_seconds: Annotated[float, Field(ge=0)] = 3600.0
    """Seal an epoch when the oldest waiting credential or status change is this old."""

    seal_after_credentials: Annotated[int, Field(ge=1)] = 10_000
    """Seal an epoch when this many credentials wait."""

    poll_seconds: Annotated[float, Field(gt=0)] = 5.0
    """How long the worker waits between two looks at the chain."""

    max_fee_gwei: Annotated[float, Field(gt=0)] = 200.0
    """The most the worker offers for a unit of gas."""

    max_tip_gwei: Annotated[float, Field(gt=0)] = 5.0
    """The most of that it offers as a tip."""

    min_tip_gwei: Annotated[float, Field(ge=0)] = 0.05
    """The least tip the worker offers, whatever the market says."""

    max_anchor_ether: Annotated[Decimal, Field(gt=0)] = Decimal("0.05")
    """The most that one anchor may cost, its reverted transactions included."""

    daily_budget_ether: Annotated[Decimal, Field(gt=0)] = Decimal("0.5")
    """The most that all anchors may cost in any 24 hours, with what signed transactions may still cost."""

    balance_floor_anchors: Annotated[int, Field(ge=0)] = 20
    """Warn when the account cannot pay for so many anchors at the present price."""

    stuck_after_seconds: Annotated[float, Field(gt=0)] = 36.0
    """Look at a pending transaction's fees again after this long; 36 seconds are three blocks of Ethereum."""

    rpc_timeout_seconds: Annotated[float, Field(gt=0)] = 10.0
    """How long a node may take for one answer."""

    lease_seconds: Annotated[float, Field(gt=0)] = 60.0
    """How long a worker leads unless it renews its lease, which it does every quarter of that; then another one may."""

    finality_stalled_seconds: Annotated[float, Field(gt=0)] = 1800.0
    """Tell when a node's newest finalized block is older than this; on Ethereum it is a quarter of an hour old."""

    service_metrics_bind: str | None = None
    """Where the service tells its metrics, HOST:PORT, at `/metrics`: an address that the world does not reach."""

    worker_metrics_bind: str | None = None
    """Where the worker tells its metrics and its health, HOST:PORT, at `/metrics` and `/healthz`."""

    log_level: str = "info"
    """debug, info, warning or error."""

    @field_validator("rpc_urls", "private_hosts", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("public_url")
    @classmethod
    def _fit_for_credentials(cls, value: str) -> str:
        url = value.rstrip("/")
        # Status lists stand below it: what verifiers refuse there must not get into a credential.
        try:
            parse_status_list_url(status_list_url(f"{url}/status", log=_ANY_LOG, purpose=Purpose.REVOCATION, number=0))
        except Malformed as error:
            raise ValueError(error.message) from error
        return url

    @field_validator("service_metrics_bind", "worker_metrics_bind")
    @classmethod
    def _names_a_port(cls, value: str | None) -> str | None:
        try:
            if value is not None:
                bind_address(value)
        except Malformed as error:
            raise ValueError(error.message) from error
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not is_ascii_email(value):
            raise ValueError("expected an e-mail address")
        return value

    @model_validator(mode="after")
    def _mail_is_whole(self) -> Self:
        if (self.smtp_user is None) != (self.smtp_password_file is None):
            raise ValueError("CREDROOT_SMTP_USER and CREDROOT_SMTP_PASSWORD_FILE go together")
        if self.smtp_host is not None and "mail_from" not in self.model_fields_set:
            raise ValueError("CREDROOT_MAIL_FROM is missing: CREDROOT_SMTP_HOST must be allowed to send for it")
        return self

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if (self.tls_certificate_file is None) != (self.tls_key_file is None):
            raise ValueError("CREDROOT_TLS_CERTIFICATE_FILE and CREDROOT_TLS_KEY_FILE go together")
        if (self.signer_certificate_file is None) != (self.signer_certificate_key_file is None):
            raise ValueError("CREDROOT_SIGNER_CERTIFICATE_FILE and CREDROOT_SIGNER_CERTIFICATE_KEY_FILE go together")
        return self

    @model_validator(mode="after")
    def _quorum_can_be_met(self) -> Self:
        if len(set(self.rpc_urls)) < len(self.rpc_urls):
            raise ValueError("CREDROOT_RPC_URLS names a node twice: it would be two witnesses of one")
        if self.rpc_quorum is not None and self.rpc_urls and self.rpc_quorum > len(self.rpc_urls):
            raise ValueError(f"CREDROOT_RPC_QUORUM is above {len(self.rpc_urls)}, the number of CREDROOT_RPC_URLS")
        return self

    def quorum(self) -> int:
        """Return how many nodes must agree."""
        return self.rpc_quorum or len(self.rpc_urls) // 2 + 1

    def issuer_key_password(self) -> str:
        """Return the password of the issuers' keys.

        Raises Refused `password-missing` when none is set.
        """
        if self.key_password_file is not None:
            return read_secret(self.key_password_file)
        if self.key_password is not None:
            return self.key_password.get_secret_value()
        raise Refused("password-missing", "set CREDROOT_KEY_PASSWORD_FILE: it encrypts the issuers' keys")

    def anchor_key_password(self) -> str | None:
        """Return the keystore's password, or None when there is none to be read."""
        return None if self.anchor_key_password_file is None else read_secret(self.anchor_key_password_file)

    def smtp_password(self) -> str | None:
        """Return the mail server's password, or None when there is none to be read."""
        return None if self.smtp_password_file is None else read_secret(self.smtp_password_file)

    def promise_key_password(self) -> str | None:
        """Return the promise keystore's password, or None when there is none to be read."""
        return None if self.promise_key_password_file is None else read_secret(self.promise_key_password_file)


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises Malformed `malformed-settings` naming the variables, not their values.
    """
    return settings_of({})


def settings_of(variables: Mapping[str, str]) -> Settings:
    """Read the settings from variables by their full names, and from the environment what they do not say.

    Raises Malformed as `load_settings`.
    """
    given: dict[str, Any] = {name.removeprefix(PREFIX).lower(): value for name, value in variables.items()}
    try:
        return Settings(**given)
    except ValidationError as error:
        reasons = "; ".join(
            f"CREDROOT_{'_'.join(str(part) for part in item['loc']).upper() or '*'}: {item['msg']}"
            for item in error.errors()
        )
        raise Malformed("malformed-settings", reasons) from None


def bind_address(text: str) -> tuple[str, int]:
    """Read HOST:PORT, an IPv6 address in brackets. Raises Malformed `malformed-bind`."""
    found = _BIND.fullmatch(text)
    if found is None or int(found["port"]) > MAX_PORT:
        raise Malformed("malformed-bind", "expected HOST:PORT")
    return found["ipv6"] or found["host"], int(found["port"])


def read_secret(file: Path) -> str:
    """Read the first line of a secret's file.

    Raises Refused `secret-unreadable` when it is missing, empty or too large.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_SECRET_BYTES + 1)
    except OSError as error:
        raise Refused("secret-unreadable", f"{file}: {error.strerror}") from error
    line = content.split(b"\n", 1)[0].rstrip(b"\r")
    if not line or len(content) > MAX_SECRET_BYTES:
        raise Refused("secret-unreadable", f"{file}: expected one line of at most {MAX_SECRET_BYTES} bytes")
    return line.decode("utf-8", errors="surrogateescape")
