"""`credroot serve --interop` as a process: its instances printed, https with a given certificate, wrong use told."""

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest
import trustme

from registry.web.__main__ import _reachable
from registry.wiring.interop import INSTANCES
from tests.paths import REPO_ROOT

TIMEOUT_SECONDS: Final = 60.0
# Starting takes five, most of it to make seven keys; a machine that runs other test processes too may need many times that.
CREDENTIAL: Final = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "credentialSubject": {"id": "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"},
}


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Start the program; yield it and the lines that it printed until it was ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "registry.cli.main", "serve", "--interop", "--port", "0", *arguments],
        # None of the settings apply, so none is needed.
        env={name: value for name, value in os.environ.items() if not name.startswith("CREDROOT_")},
        cwd=REPO_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    watchdog = threading.Timer(TIMEOUT_SECONDS, process.kill)
    watchdog.start()
    try:
        lines = [process.stdout.readline() for _ in range(1 + len(INSTANCES))]
        watchdog.cancel()
        yield process, lines
    finally:
        watchdog.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(TIMEOUT_SECONDS)
        process.stdout.close()
        process.stderr.close()


def test_it_serves_https_and_prints_its_instances(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    chain, key, ca = tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "ca.pem"
    chain.write_bytes(b"".join(part.bytes() for part in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(str(key))
    authority.cert_pem.write_to_path(str(ca))

    arguments = ("--tls-cert", str(chain), "--tls-key", str(key), "--ca-file", str(ca))
    with started(*arguments) as (process, lines):
        base = re.search(r"listens on (https://127\.0\.0\.1:[0-9]+),", lines[0])
        assert base is not None, lines
        context = ssl.create_default_context(cafile=str(ca))
        with httpx.Client(verify=context, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
            for instance, line in zip(INSTANCES, lines[1:], strict=True):
                name, address, did = line.split()
                assert (name, did[:8]) == (instance.name, "did:key:")
                issued = client.post(address, json={"credential": {**CREDENTIAL, "issuer": did}})
                assert issued.status_code == 201, issued.text
                secured = issued.json()["verifiableCredential"]
                assert secured["credentialStatus"]["statusListCredential"].startswith(f"{base[1]}/status-lists/")
                checked = client.post(f"{base[1]}/credentials/verify", json={"verifiableCredential": secured})
                assert (checked.status_code, checked.json()["verified"]) == (200, True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_SECONDS) == 0


def test_a_certificate_that_is_none_is_told_in_one_line() -> None:
    with started("--tls-cert", "nothing.pem", "--tls-key", "nothing.pem") as (process, lines):
        assert process.wait(TIMEOUT_SECONDS) == 1
        assert process.stderr is not None
        errors = process.stderr.read()

    assert lines == [""] * len(lines)
    assert errors.startswith("certificate-unusable: ")
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("host", "told"), [("localhost", "localhost"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("::", "127.0.0.1")]
)
def test_the_address_is_one_that_this_machine_reaches(host: str, told: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert _reachable(host, listener) == f"{told}:{listener.getsockname()[1]}"


def test_its_options_are_nothing_without_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "registry.web", "--bare"], cwd=REPO_ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (1, "malformed-arguments: expected --interop beside --bare\n")
