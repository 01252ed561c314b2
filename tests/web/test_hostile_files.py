"""Files that mean harm, sent to a service: one clear answer each, and the process stays small and alive."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from registry.web.limits import MAX_PRESENTED_BYTES
from tests.hostile_files import NOT_JSON, OTHER, READ, hostile_files
from tests.web.test_process import Running, Site, running

MAX_PEAK_BYTES = 300 * 1_000_000
TIMEOUT_SECONDS = 120.0
JUDGED = {READ, NOT_JSON, OTHER}
"""What is read is judged; all else is refused."""


def peak_bytes(process: Running) -> int:
    status = Path(f"/proc/{process.process.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]  # Linux tells it of every process


def file_answers(answer: httpx.Response) -> list[dict[str, Any]]:
    """Return what was said of each credential; nothing where the whole file was refused."""
    said: list[dict[str, Any]] = answer.json() if answer.status_code == 200 else []
    return said


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.initialise()
    return site


def test_a_service_answers_every_hostile_file_clearly_and_stays_small(site: Site) -> None:
    wrong = {}
    with (
        running(site) as service,
        httpx.Client(base_url=service.urls[0], trust_env=False, timeout=TIMEOUT_SECONDS) as client,
    ):
        for file in hostile_files():
            answer = client.post("/v1/verify/file", content=file.content, params={"name": file.name})
            said = {item["problem"]["code"] if item["verdict"] is None else READ for item in file_answers(answer)} or {
                answer.json()["code"]
            }
            expected = {READ if code in JUDGED else code for code in file.outcome.split()}
            if len(file.content) > MAX_PRESENTED_BYTES:
                expected = {"body-too-large"}
            if answer.status_code >= 500 or said != expected:
                wrong[file.name] = (answer.status_code, said, file.outcome)
        alive = client.get("/healthz").status_code
        peak = peak_bytes(service)

    assert wrong == {}
    assert alive == 200
    assert peak < MAX_PEAK_BYTES
