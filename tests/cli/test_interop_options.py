"""The arguments of `credroot serve --interop`: read, refused, and written again for the process that takes over."""

import argparse
from http import HTTPStatus
from pathlib import Path

import pytest

from registry.domain.errors import Malformed
from registry.wiring.interop_options import (
    DEFAULT_PORT,
    InteropOptions,
    add_interop_arguments,
    forwarded,
    read_interop_options,
)


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_interop_arguments(parser)
    return parser.parse_args(arguments)


def test_nothing_is_asked_for_by_default() -> None:
    assert read_interop_options(parsed()) is None
    assert forwarded(parsed()) == []


def test_alone_it_is_a_server_on_loopback_that_answers_failures_with_400() -> None:
    options = read_interop_options(parsed("--interop"))

    assert options == InteropOptions()
    assert options is not None
    assert (options.host, options.port, options.failure_status) == ("127.0.0.1", DEFAULT_PORT, HTTPStatus.BAD_REQUEST)


def test_every_argument_has_its_place_and_is_handed_on() -> None:
    values = ("--host", "::1", "--port", "0", "--public-url", "https://interop.example/", "--keep", "folder")
    tls = ("--tls-cert", "a.pem", "--tls-key", "b.pem", "--ca-file", "c.pem")
    flags = ("--verify-200", "--bare", "--no-status", "--no-loopback")

    args = parsed("--interop", *values, *tls, *flags)

    assert read_interop_options(args) == InteropOptions(
        host="::1",
        port=0,
        public_url="https://interop.example",
        tls_certificate=Path("a.pem"),
        tls_key=Path("b.pem"),
        folder=Path("folder"),
        ca_file=Path("c.pem"),
        failure_status=HTTPStatus.OK,
        bare=True,
        with_status=False,
        loopback=False,
    )
    assert read_interop_options(parsed(*forwarded(args))) == read_interop_options(args)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--port", "5"),
        ("--bare",),
        ("--interop", "--port", "65536"),
        ("--interop", "--port", "x"),
        ("--interop", "--port", "-1"),
        ("--interop", "--tls-cert", "a.pem"),
        ("--interop", "--tls-key", "a.pem"),
        ("--interop", "--public-url", "ftp://interop.example"),
        ("--interop", "--public-url", "https://interop.example/?a=b"),
        ("--interop", "--public-url", "interop"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(Malformed) as caught:
        read_interop_options(parsed(*arguments))

    assert caught.value.code == "malformed-arguments"
