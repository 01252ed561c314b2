"""`make serve`: a registry that is there again, with all it had, when it is started again."""

import json
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from registry.demo.stage import ports_of
from registry.domain.canonical import JsonObject, parse_object
from tests.paths import REPO_ROOT

SERVE = """
import sys
from pathlib import Path
from registry.demo.standing import serve
sys.exit(serve(Path(sys.argv[1]), ports=(int(sys.argv[2]), int(sys.argv[3]))))
"""
READY_SECONDS = 180


def free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


@contextmanager
def standing(folder: Path, ports: tuple[int, int]) -> Iterator["subprocess.Popen[str]"]:
    """Run the registry until the block is left, then end it as Ctrl-C does."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder), *map(str, ports)],
        cwd=REPO_ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        deadline = time.monotonic() + READY_SECONDS
        while not (line := process.stdout.readline()).startswith("try"):
            assert line, "ended before it was ready"
            assert time.monotonic() < deadline
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=READY_SECONDS)


def ask(folder: Path, port: int, path: str, *, body: JsonObject | None = None) -> JsonObject:
    key = (folder / "registry" / "admin-key").read_text(encoding="ascii").strip()
    context = ssl.create_default_context(cafile=str(folder / "registry" / "ca.pem"))
    answer = httpx.request(
        "GET" if body is None else "POST",
        f"https://localhost:{port}{path}",
        verify=context,
        headers={"Authorization": f"Bearer {key}"},
        trust_env=False,
        json=body,
    )
    answer.raise_for_status()
    return parse_object(answer.content)


def test_a_registry_of_ones_own_is_taken_up_again_with_all_it_had(tmp_path: Path) -> None:
    folder, ports = tmp_path / "serve", free_ports()

    with standing(folder, ports) as first:
        made = ask(folder, ports[1], "/v1/issuers", body={"slug": "poly", "name": "Poly"})
        log = ask(folder, ports[1], "/v1/log")["log"]
    with standing(folder, ports) as second:
        kept = ask(folder, ports[1], "/v1/issuers/poly")
        same_log = ask(folder, ports[1], "/v1/log")["log"]

    assert (first.returncode, second.returncode) == (0, 0)
    assert kept == made
    assert same_log == log


def test_the_registry_of_the_demonstration_comes_back_with_its_pages(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    shutil.copytree(demo, folder)
    chain_port, port = ports_of(folder) or (0, 0)
    # Where it was is where it comes back, whatever else it is told.
    with standing(folder, free_ports()):
        context = ssl.create_default_context(cafile=str(folder / "registry" / "ca.pem"))
        with httpx.Client(base_url=f"https://localhost:{port}", verify=context, trust_env=False) as client:
            log = client.get("/log", headers={"Accept": "text/html"})
            shared = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["shared"]
            credential = client.get(shared["url"], headers={"Accept": "text/html"})
            console = client.get("/console", headers={"Accept": "text/html"}, follow_redirects=True)
            chain = httpx.post(
                f"http://127.0.0.1:{chain_port}",
                json={"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []},
                trust_env=False,
            )

    assert (log.status_code, credential.status_code, console.status_code) == (200, 200, 200)
    assert shared["code"] in credential.text
    assert "1,000" in log.text
    assert int(chain.json()["result"], 16) > 2
