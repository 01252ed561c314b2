"""Reading what a process tells at `/metrics`, as Prometheus would."""

import json
import subprocess
import time
from typing import Final, TypeAlias

import httpx
from prometheus_client.parser import text_string_to_metric_families

SCRAPE_SECONDS: Final = 30.0

Samples: TypeAlias = dict[str, dict[tuple[tuple[str, str], ...], float]]


def scrape(port: int) -> Samples:
    """Return every sample by its name, then by its labels."""
    answer = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=SCRAPE_SECONDS)
    answer.raise_for_status()
    samples: Samples = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            samples.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return samples


def wait_for(port: int, name: str) -> Samples:
    """Scrape until a sample is there: the first look at the chain takes a moment."""
    deadline = time.monotonic() + SCRAPE_SECONDS
    while name not in (told := scrape(port)):
        if time.monotonic() > deadline:
            message = f"{name} was never told, only {sorted(told)}"
            raise TimeoutError(message)
    return told


def health(port: int) -> int:
    """Return the status of `/healthz`."""
    return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False, timeout=SCRAPE_SECONDS).status_code


def port_told(process: "subprocess.Popen[str]") -> int:
    """Read a process's events up to the one that says where it tells its metrics."""
    if process.stderr is None:
        message = "the process was started without a pipe"
        raise RuntimeError(message)
    for line in process.stderr:
        event = json.loads(line)
        if event["event"] == "metrics_served":
            return int(event["port"])
    message = "the process ended before it served metrics"
    raise RuntimeError(message)
