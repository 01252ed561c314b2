"""What `credroot serve --interop` may be told: the arguments, and the options they become. Imports nothing heavy."""

import argparse
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from registry.domain.errors import Malformed

DEFAULT_PORT: Final = 8090

_FLAGS: Final = ("verify_200", "bare", "no_status", "no_loopback")
_VALUES: Final = ("host", "port", "public_url", "tls_cert", "tls_key", "keep", "ca_file")


@dataclass(frozen=True, slots=True, kw_only=True)
class InteropOptions:
    """How a server for interoperability tests runs."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    public_url: str | None = None
    """Where others reach it; None: where it listens."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    folder: Path | None = None
    """Where keys and status lists are kept; None: they are made anew at each start."""
    ca_file: Path | None = None
    """Certificates to trust beside the system's, when DID documents and status lists are fetched."""
    failure_status: HTTPStatus = HTTPStatus.BAD_REQUEST
    bare: bool = False
    with_status: bool = True
    loopback: bool = True
    """Fetch from this machine: test suites serve their documents there."""


def add_interop_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a server for interoperability tests."""
    group = parser.add_argument_group("interoperability tests")
    group.add_argument(
        "--interop",
        action="store_true",
        help="serve the VC API alone, for test suites: issuers of its own, no chain, no keys; none of the settings apply",
    )
    group.add_argument("--host", metavar="HOST", help="with --interop: the address to listen on (127.0.0.1)")
    group.add_argument(
        "--port", metavar="PORT", help=f"with --interop: the port to listen on ({DEFAULT_PORT}; 0 chooses one)"
    )
    group.add_argument("--public-url", metavar="URL", help="with --interop: where others reach it")
    group.add_argument("--tls-cert", metavar="FILE", help="with --interop: serve https with this certificate chain")
    group.add_argument("--tls-key", metavar="FILE", help="with --interop: the private key of that certificate")
    group.add_argument(
        "--keep", metavar="FOLDER", help="with --interop: keep keys and status lists there (new at each start)"
    )
    group.add_argument(
        "--ca-file", metavar="FILE", help="with --interop: trust these certificates when something is fetched"
    )
    group.add_argument(
        "--verify-200",
        action="store_true",
        help="with --interop: answer what is not verified with 200 and verified: false, as VCALM has it, and not with 400",
    )
    group.add_argument(
        "--bare", action="store_true", help="with --interop: answer an issued credential itself, with nothing around it"
    )
    group.add_argument(
        "--no-status", action="store_true", help="with --interop: add no status entry that was not asked for"
    )
    group.add_argument("--no-loopback", action="store_true", help="with --interop: fetch nothing from this machine")


def forwarded(args: argparse.Namespace) -> list[str]:
    """Write the arguments again, for the process that takes over."""
    words = ["--interop"] if args.interop else []
    for name in _VALUES:
        if (value := getattr(args, name)) is not None:
            words += [_option(name), value]
    return words + [_option(name) for name in _FLAGS if getattr(args, name)]


def read_interop_options(args: argparse.Namespace) -> InteropOptions | None:
    """Read the arguments; None when no such server is asked for.

    Raises Malformed `malformed-arguments`.
    """
    if not args.interop:
        if given := forwarded(args):
            raise Malformed("malformed-arguments", f"expected --interop beside {given[0]}")
        return None
    if (args.tls_cert is None) != (args.tls_key is None):
        raise Malformed("malformed-arguments", "--tls-cert and --tls-key go together")
    return InteropOptions(
        host=args.host or "127.0.0.1",
        port=_port(args.port),
        public_url=_public_url(args.public_url),
        tls_certificate=_path(args.tls_cert),
        tls_key=_path(args.tls_key),
        folder=_path(args.keep),
        ca_file=_path(args.ca_file),
        failure_status=HTTPStatus.OK if args.verify_200 else HTTPStatus.BAD_REQUEST,
        bare=args.bare,
        with_status=not args.no_status,
        loopback=not args.no_loopback,
    )


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _port(text: str | None) -> int:
    if text is None:
        return DEFAULT_PORT
    if not (text.isascii() and text.isdigit() and int(text) <= 65_535):
        raise Malformed("malformed-arguments", f"expected a port from 0 to 65535, got {text}")
    return int(text)


def _public_url(text: str | None) -> str | None:
    if text is None:
        return None
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise Malformed("malformed-arguments", f"expected a URL with http or https, got {text}")
    return text.rstrip("/")
