"""`python -m registry.web`: run the web service over http, or https when a certificate is set.

Uses the database, the chain and the published folder. Settings come from the environment (docs/operating.md). Prints one
line when it listens. SIGTERM and SIGINT end it after the requests in hand.
"""

import argparse
import logging
import socket
import sys
from typing import Final

import structlog
import uvicorn

from registry.domain.errors import CredrootError, Unavailable
from registry.settings import Settings, load_settings
from registry.web.app import create_app
from registry.wiring import build_container

GRACE_SECONDS: Final = 10
"""How long requests in hand may take after a signal; then their connections are closed."""


def main() -> int:
    """Serve until a signal comes, and return the exit code."""
    argparse.ArgumentParser(prog="credroot serve", description="Run the web service.").parse_args()
    try:
        settings = load_settings()
        _log_to_standard_error(settings.log_level)
        app = create_app(build_container(settings))
    except Unavailable as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return 3
    except CredrootError as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return 1
    config = uvicorn.Config(
        app,
        # The access log costs a quarter of the throughput, and addresses may hold what nobody else should read.
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=settings.tls_certificate_file,
        ssl_keyfile=settings.tls_key_file,
    )
    listener = _listen(settings)
    scheme = "http" if settings.tls_certificate_file is None else "https"
    host, port = listener.getsockname()[:2]
    print(f"credroot listens on {scheme}://{host}:{port} as {settings.public_url}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    listener.set_inheritable(True)
    return listener


def _log_to_standard_error(level: str) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping().get(level.upper(), 20)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


if __name__ == "__main__":
    sys.exit(main())
