"""The worker's program: `python -m anchor_worker run | once | seal | status | doctor`.

Settings come from the environment (docs/worker.md); options override the two of sealing and the pause. Events are
JSON, one a line, on standard error. SIGTERM and SIGINT end `run` after the round in hand. Exit codes: 0 done, 1 refused,
3 the outside world failed, 64 usage.
"""

import argparse
import json
import logging
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

import structlog
from typing_extensions import override

from anchor_worker import status
from anchor_worker.doctor import finding
from anchor_worker.doctor.examination import examine
from anchor_worker.monitoring import monitored
from anchor_worker.wiring import build_sealer, opened_engine, opened_worker, read_log
from registry.adapters.allocator import give_memory_back
from registry.adapters.clock import SystemClock
from registry.adapters.collector import spare_the_collector
from registry.domain.errors import CredrootError, Unavailable
from registry.settings import Settings, load_settings

EXIT_DONE: Final = 0
EXIT_REFUSED: Final = 1
EXIT_UNAVAILABLE: Final = 3
EXIT_USAGE: Final = 64

log = structlog.get_logger("anchor_worker")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    options = _parser().parse_args(arguments)
    if options.command == "doctor":
        # Settings that cannot be read are a finding among others.
        return _examine(as_json=options.json)
    try:
        settings = _with_options(load_settings(), options)
        _configure_logging(settings.log_level)
        match options.command:
            case "run":
                _run(settings)
            case "once":
                with opened_worker(settings) as worker:
                    worker.lead()
                    worker.run_once()
            case "seal":
                _seal(settings)
            case _:
                _show_status(settings, as_json=options.json)
    except Unavailable as error:
        print(f"error: {error.message} [{error.code}]", file=sys.stderr)
        return EXIT_UNAVAILABLE
    except CredrootError as error:
        print(f"error: {error.message} [{error.code}]", file=sys.stderr)
        return EXIT_REFUSED
    return EXIT_DONE


def _run(settings: Settings) -> None:
    give_memory_back()
    with _stop_signals() as stopping, opened_worker(settings) as worker, monitored(settings) as pulse:
        spare_the_collector()
        log.info("worker_started", nodes=len(settings.rpc_urls), poll_seconds=settings.poll_seconds)
        while True:
            worker.run_once()
            pulse.beat(lease_token=worker.lease_token, quorum_disagreements=worker.quorum_disagreements)
            if select.select([stopping], [], [], settings.poll_seconds)[0]:
                break
    log.info("worker_stopped")


@contextmanager
def _stop_signals() -> Iterator[socket.socket]:
    """Yield a socket that becomes readable when the process is told to stop.

    A handler runs in the middle of anything, a lock held by the logger or an Event among it: it must take none.
    """
    reader, writer = socket.socketpair()
    with reader, writer:
        writer.settimeout(0)  # the interpreter writes to it, and must never wait
        handlers = {number: signal.signal(number, _do_nothing) for number in (signal.SIGTERM, signal.SIGINT)}
        before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield reader
        finally:
            signal.set_wakeup_fd(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    """Keep the signal from ending the process; the interpreter has written it to the socket."""


def _seal(settings: Settings) -> None:
    with opened_engine(settings) as engine:
        number = build_sealer(settings, engine, read_log(engine)).seal()
    print("nothing to seal" if number is None else f"sealed epoch {number}")


def _show_status(settings: Settings, *, as_json: bool) -> None:
    with opened_engine(settings) as engine:
        found = status.read_status(settings, engine, SystemClock())
    print(json.dumps(status.as_json(found), indent=2) if as_json else "\n".join(status.as_lines(found)))


def _examine(*, as_json: bool) -> int:
    """Show what the doctor found, and return the exit code it makes of that."""
    findings = examine()
    print(json.dumps(finding.as_json(findings), indent=2) if as_json else finding.as_table(findings))
    return finding.exit_code(findings)


def _with_options(settings: Settings, options: argparse.Namespace) -> Settings:
    given = {name: value for name in _OVERRIDES if (value := getattr(options, name, None)) is not None}
    return settings.model_copy(update=given)


_OVERRIDES: Final = ("seal_after_seconds", "seal_after_credentials", "poll_seconds")


class _Parser(argparse.ArgumentParser):
    @override
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(EXIT_USAGE, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m anchor_worker", description="Seal, anchor and publish the epochs of a credential registry."
    )
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    run = commands.add_parser("run", help="work until told to stop")
    once = commands.add_parser("once", help="do one round and end")
    commands.add_parser("seal", help="seal what waits now; a running worker anchors it")
    shown = commands.add_parser("status", help="show what waits and where the newest anchors stand")
    doctor = commands.add_parser("doctor", help="look at everything a registry needs, and say what to do")
    for command in (shown, doctor):
        command.add_argument("--json", action="store_true", help="write JSON, for programs")
    for command in (run, once):
        command.add_argument("--seal-after-seconds", type=_seconds, metavar="S", help="seal what has waited this long")
        command.add_argument("--seal-after-credentials", type=_count, metavar="N", help="seal when so many wait")
    run.add_argument("--poll-seconds", type=_pause, metavar="S", help="pause between two rounds")
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < threading.TIMEOUT_MAX:
        raise ValueError(text)
    return value


def _pause(text: str) -> float:
    value = _seconds(text)
    if value == 0:
        raise ValueError(text)
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def _configure_logging(level: str) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


if __name__ == "__main__":
    sys.exit(main())
