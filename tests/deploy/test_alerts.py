"""The alert file: every metric it asks for is told by a real process, and every alert has its page in the runbook."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from structlog.testing import capture_logs

from anchor_worker.monitoring import monitored
from anchor_worker.obstacles import Reason
from anchor_worker.readings import OUTCOMES
from registry.web.app import create_app
from registry.web.metering import Metering, ServiceCollector
from tests.anchor_worker.scraping import Samples, wait_for
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, site_on_anvil
from tests.anvil import run_anvil
from tests.paths import REPO_ROOT
from tests.registry_world import migrated_world
from tests.web_server import serve

pytestmark = pytest.mark.chain

ALERTS: Final = REPO_ROOT / "docs" / "deploy" / "alerts.yml"
RUNBOOK: Final = REPO_ROOT / "docs" / "runbook.md"
METRIC: Final = re.compile(r"\bcredroot_[a-z0-9_]+")
SELECTOR: Final = re.compile(r'(credroot_[a-z0-9_]+)\{(\w+)(=~|!=|=)"([^"]*)"\}')
FUNCTIONS: Final = {"max", "min", "sum", "rate", "increase", "absent", "time", "histogram_quantile", "by", "or"}
RANGE: Final = re.compile(r"\[\d+[mhd]\]")


def rules() -> list[dict[str, Any]]:  # Any: whatever YAML holds
    document = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """Give every sample that a worker and a service tell, both of them real."""
    folder: Path = tmp_path_factory.mktemp("told")
    with run_anvil(*ANVIL_ARGUMENTS) as node, site_on_anvil(node.url, folder) as site:
        settings = site.settings.model_copy(update={"worker_metrics_bind": "127.0.0.1:0"})
        with capture_logs() as events, monitored(settings):
            port = next(int(event["port"]) for event in events if event["event"] == "metrics_served")
            worker = wait_for(port, "credroot_account_balance_wei")
    return {**service_samples(tmp_path_factory.mktemp("service")), **worker}


def service_samples(folder: Path) -> Samples:
    metering = Metering()
    samples: Samples = {}
    with migrated_world(folder) as world:
        metering.registry.register(ServiceCollector(world.container))
        with serve(create_app(world.container, metering)) as client:
            client.get("/healthz")
        for family in metering.registry.collect():
            for sample in family.samples:
                samples.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return samples


def test_the_file_is_made_as_prometheus_reads_it() -> None:
    document = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))

    assert set(document) == {"groups"}
    for group in document["groups"]:
        assert set(group) == {"name", "rules"}
        for rule in group["rules"]:
            assert (
                {"alert", "expr", "labels", "annotations"}
                <= set(rule)
                <= {"alert", "expr", "for", "labels", "annotations"}
            )
            assert rule["labels"]["severity"] in {"page", "ticket"}
            assert set(rule["annotations"]) == {"summary", "runbook"}
            assert rule["expr"].count("(") == rule["expr"].count(")")
            assert re.fullmatch(r"\d+[smh]", rule.get("for", "1m"))
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) > 15


def test_every_metric_that_an_alert_names_is_told(told: Samples) -> None:
    missing = {
        (rule["alert"], metric) for rule in rules() for metric in METRIC.findall(rule["expr"]) if metric not in told
    }

    assert missing == set()
    assert all(METRIC.search(rule["expr"]) for rule in rules())


def test_every_label_that_an_alert_names_is_told_with_that_value(told: Samples) -> None:
    closed = {"reason": {reason.value for reason in Reason}, "answer": set(OUTCOMES), "status": {"5xx"}}
    for rule in rules():
        for metric, label, operator, value in SELECTOR.findall(rule["expr"]):
            values = {dict(labels)[label] for labels in told[metric]} | closed.get(label, set())
            wanted = set(value.split("|")) if operator == "=~" else {value}
            assert wanted <= values, (rule["alert"], metric, label)


def test_expressions_hold_no_word_that_is_not_prometheus_s() -> None:
    for rule in rules():
        bare = RANGE.sub("", re.sub(r"\{[^}]*\}", "", METRIC.sub("", rule["expr"])))
        grouped = re.sub(r"by \([\w, ]+\)", "by", bare)
        assert set(re.findall(r"[a-z_]+", grouped)) <= FUNCTIONS, rule["alert"]


def test_every_alert_has_its_paragraph_and_points_to_it() -> None:
    text = RUNBOOK.read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (Credroot\w+)\n\n(.+?)(?=\n## |\Z)", text, re.MULTILINE | re.DOTALL))

    assert set(sections) == {rule["alert"] for rule in rules()}
    assert [name for name, words in sections.items() if len(words) < 120] == []
    for rule in rules():
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"


def test_nothing_that_is_told_is_about_people_or_grows_without_bound(told: Samples) -> None:
    labels = {label for samples in told.values() for labels in samples for label, _ in labels}
    ours = {name for name in told if name.startswith("credroot_")}

    assert labels <= {
        "state",
        "reason",
        "stage",
        "answer",
        "block",
        "node",
        "version",
        "route",
        "method",
        "status",
        "word",
        "le",
        "implementation",
        "major",
        "minor",
        "patchlevel",
    }
    units = ("_total", "_seconds", "_wei", "_blocks", "_block", "_bucket", "_count", "_sum", "_created", "_info")
    counted = {name for name in ours if not name.endswith(units)}
    assert counted == {
        "credroot_account_nonce",
        "credroot_anchor_next_nonce",
        "credroot_anchors",
        "credroot_anchors_blocked",
        "credroot_chain_epochs",
        "credroot_database_up",
        "credroot_final_mismatches",
        "credroot_newest_epoch",
        "credroot_node_up",
        "credroot_open_anchor_attempts",
        "credroot_open_attempts",
        "credroot_uploads",
        "credroot_waiting_credentials",
        "credroot_waiting_status_changes",
        "credroot_worker_is_leader",
    }


def test_every_metric_has_its_line_in_the_page(told: Samples) -> None:
    page = (REPO_ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    parts = ("_bucket", "_count", "_sum", "_created")
    ours = {name for name in told if name.startswith("credroot_") and not name.endswith(parts)}

    assert sorted(name for name in ours if f"`{name}" not in page) == []
