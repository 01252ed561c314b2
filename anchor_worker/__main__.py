"""The worker's program: `python -m anchor_worker run | once | seal | status`.

Settings come from the environment (docs/worker.md); options override the two of sealing and the pause. Events are
JSON, one a line, on standard error. SIGTERM and SIGINT end `run` after the round in hand. Exit codes: 0 done, 1 refused,
3 the outside world failed, 64 usage.
"""

import argparse
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
from sqlalchemy import Engine
from typing_extensions import override

from anchor_worker.final_store import SqlFinalAnchors
from anchor_worker.leader import present_leader
from anchor_worker.machine import Phase
from anchor_worker.obstacles import Reason
from anchor_worker.wiring import build_sealer, opened_engine, opened_worker, read_log
from registry.adapters.allocator import give_memory_back
from registry.adapters.clock import SystemClock
from registry.adapters.collector import spare_the_collector
from registry.adapters.sql_store import SqlStore
from registry.domain.errors import CredrootError, Unavailable
from registry.settings import Settings, load_settings
from registry.store_ports import ReadStore

EXIT_DONE: Final = 0
EXIT_REFUSED: Final = 1
EXIT_UNAVAILABLE: Final = 3
EXIT_USAGE: Final = 64

SHOWN_EPOCHS: Final = 10
"""What fits a screen; the published files have the rest."""

log = structlog.get_logger("anchor_worker")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    options = _parser().parse_args(arguments)
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
                print("\n".join(_status_lines(settings)))
    except Unavailable as error:
        print(f"error: {error.message} [{error.code}]", file=sys.stderr)
        return EXIT_UNAVAILABLE
    except CredrootError as error:
        print(f"error: {error.message} [{error.code}]", file=sys.stderr)
        return EXIT_REFUSED
    return EXIT_DONE


def _run(settings: Settings) -> None:
    give_memory_back()
    with _stop_signals() as stopping, opened_worker(settings) as worker:
        spare_the_collector()
        log.info("worker_started", nodes=len(settings.rpc_urls), poll_seconds=settings.poll_seconds)
        while True:
            worker.run_once()
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


def _status_lines(settings: Settings) -> list[str]:
    with opened_engine(settings) as engine, SqlStore(engine).read() as unit:
        waiting = unit.epochs.waiting()
        newest, owed = unit.epochs.newest(), unit.promises.owed()
        lines = [
            f"log       {unit.access.log().name}",
            _leader_line(engine),
            f"waiting   {waiting.credentials} credentials, {waiting.status_changes} status changes",
        ]
        lines += [
            f"halted    {Reason.FINAL_MISMATCH}: {each.detail}, seen {each.seen_at:%Y-%m-%d %H:%M:%S} UTC"
            for each in SqlFinalAnchors(engine, clock=SystemClock()).mismatches()
        ]
        if owed is not None:
            lines.append(f"promised  epoch {owed.through}, the first deadline {owed.deadline:%Y-%m-%d %H:%M:%S} UTC")
        last = 0 if newest is None else newest.number
        shown = range(last, max(last - SHOWN_EPOCHS, 0), -1)
        return lines + [_epoch_line(unit, number) for number in shown]


def _leader_line(engine: Engine) -> str:
    leader = present_leader(engine, clock=SystemClock())
    return f"leader    {f'{leader.holder}, until {leader.until:%Y-%m-%d %H:%M:%S} UTC' if leader else 'nobody'}"


def _epoch_line(unit: ReadStore, number: int) -> str:
    epoch, anchor = unit.epochs.get(number), unit.epochs.anchor(number)
    where = "" if anchor.block_number is None else f"  block {anchor.block_number}"
    published = "  published" if epoch.published_at is not None else ""
    reason = f"  {anchor.blocked_reason}" if anchor.state.value == Phase.BLOCKED.value else ""
    return f"epoch {number}  {anchor.state}  sealed {epoch.sealed_at:%Y-%m-%d %H:%M:%S} UTC{where}{published}{reason}"


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
    commands.add_parser("status", help="show what waits and where the newest anchors stand")
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
