"""The compose file and its image: as far as they can be checked with no engine to run them."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import yaml
from sqlalchemy import make_url

from registry.settings import PREFIX, Settings, bind_address, settings_of
from tests.deploy.test_units import parse
from tests.paths import REPO_ROOT

FOLDER: Final = REPO_ROOT / "docs" / "deploy" / "compose"
OURS: Final = ("service", "worker")
REQUIRED: Final = re.compile(r"\$\{(\w+):\?[^}]+\}")
GIVEN: Final = {
    "CREDROOT_PUBLIC_URL": "https://registry.example",
    "CREDROOT_RPC_URLS": "https://one.example/key,https://two.example/key",
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:  # Any: whatever YAML holds
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yml").read_text(encoding="utf-8"))
    return loaded


def environment(document: dict[str, Any], name: str) -> dict[str, str]:
    """Return a container's variables, with what the operator gives put in."""
    return {
        variable: REQUIRED.sub(lambda found: GIVEN[found[1]], value)
        for variable, value in document["services"][name]["environment"].items()
    }


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting_and_can_be_read(document: dict[str, Any], name: str) -> None:
    given = environment(document, name)

    settings = settings_of(given)

    assert [each for each in given if each.removeprefix(PREFIX).lower() not in Settings.model_fields] == []
    assert make_url(settings.database_url).host in document["services"]
    assert make_url(settings.database_url).password is None


@pytest.mark.parametrize("name", OURS)
def test_the_command_is_one_of_ours_and_its_image_ends_on_sigterm(document: dict[str, Any], name: str) -> None:
    parse(document["services"][name]["command"])

    assert "STOPSIGNAL SIGTERM" in (FOLDER / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*OURS, "database"])
def test_secrets_are_files_that_are_declared_and_mounted(document: dict[str, Any], name: str) -> None:
    container = document["services"][name]
    named = set(re.findall(r"/run/secrets/([\w.-]+)", str(container["environment"])))

    assert named == set(container["secrets"]) != set()
    assert named <= set(document["secrets"])
    assert not any(key.endswith("PASSWORD") for key in container["environment"])


def test_every_secret_is_used_and_comes_from_a_file(document: dict[str, Any]) -> None:
    used = {secret for container in document["services"].values() for secret in container["secrets"]}

    assert used == set(document["secrets"])
    assert all(set(secret) == {"file"} for secret in document["secrets"].values())


@pytest.mark.parametrize("name", OURS)
def test_a_container_is_read_only_without_rights_and_nobody(document: dict[str, Any], name: str) -> None:
    container = document["services"][name]

    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container["user"] == "10001:10001"
    assert container["depends_on"] == {"database": {"condition": "service_healthy"}}


def test_health_is_asked_where_it_is_told(document: dict[str, Any]) -> None:
    asked = {}
    for name in OURS:
        (url,) = re.findall(r"http://[^']+", document["services"][name]["healthcheck"]["test"][-1])
        asked[name] = urlsplit(url)
    service, worker = (settings_of(environment(document, name)) for name in OURS)

    assert (asked["service"].port, asked["service"].path) == (service.port, "/readyz")
    assert worker.worker_metrics_bind is not None
    assert (asked["worker"].port, asked["worker"].path) == (bind_address(worker.worker_metrics_bind)[1], "/healthz")
    assert document["services"]["database"]["healthcheck"]["test"][1] == "pg_isready"


def test_nothing_is_open_to_the_world_but_through_a_proxy(document: dict[str, Any]) -> None:
    ports = [port for container in document["services"].values() for port in container.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert document["networks"]["inside"] == {"internal": True}
    assert document["services"]["database"]["networks"] == ["inside"]


def test_volumes_are_declared_and_only_the_worker_writes_published_files(document: dict[str, Any]) -> None:
    mounts = {name: container["volumes"] for name, container in document["services"].items()}
    sources = {mount.split(":")[0] for each in mounts.values() for mount in each}

    assert sources == set(document["volumes"])
    assert mounts["service"] == ["published:/srv/published:ro"]
    assert mounts["worker"] == ["published:/srv/published"]
    assert settings_of(environment(document, "worker")).published_dir.as_posix() == "/srv/published"


def test_the_image_is_made_of_what_is_locked_and_of_files_that_are_there(document: dict[str, Any]) -> None:
    text = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
    copied = [line.split()[1:-1] for line in text.splitlines() if line.startswith("COPY ") and "--from" not in line]
    installs = [line for line in text.splitlines() if "pip install" in line]
    build = document["services"]["service"]["build"]

    assert all((REPO_ROOT / source).exists() for sources in copied for source in sources)
    assert all("--require-hashes" in line or "--no-index" in line for line in installs)
    assert len(installs) == 3
    # What the builder is not shown cannot be copied.
    shown = (FOLDER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert {source for sources in copied for source in sources} == {each[1:] for each in shown if each.startswith("!")}
    assert (FOLDER / build["context"]).resolve() == REPO_ROOT
    assert (REPO_ROOT / build["dockerfile"]).is_file()
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE) == ["10001:10001"]
