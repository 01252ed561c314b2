"""Files that mean harm, sent to a service: one clear answer each, and the process stays small and alive."""

import re
from pathlib import Path

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
            if answer.status_code == 200:
                said = {item["problem"]["code"] if item["verdict"] is None else READ for item in answer.json()}
            else:
                said = {answer.json()["code"]}
            expected = {READ if code in JUDGED else code for code in file.outcome.split()}
            if len(file.content) > MAX_PRESENTED_BYTES:
                expected = {"body-too-large"}
            # On a busy machine the limit of time speaks before the last of several was judged.
            told = said - {"too-little-time"}
            if answer.status_code >= 500 or not said or not told <= expected:
                wrong[file.name] = (answer.status_code, said, file.outcome)
        alive = client.get("/healthz").status_code
        peak = peak_bytes(service)

    assert wrong == {}
    assert alive == 200
    assert peak < MAX_PEAK_BYTES
