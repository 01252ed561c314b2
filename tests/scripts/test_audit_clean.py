"""What an audit finds nothing against, over a real chain and real published files."""

from pathlib import Path

from registry.domain.slot import Purpose
from tests.audit_case import AuditCase
from tests.audit_world import Node, run_script, serve_folder
from tests.devchain_process import run_devchain
from tests.epochs import build_world


def test_a_clean_log_is_clean(case: AuditCase) -> None:
    case.publish()

    done = case.run()

    assert done.exit_code == 0, done.text
    assert done.json["counts"] == {
        "epochs": 2,
        "published": 2,
        "batches": 3,
        "credentials": 4,
        # Five an epoch, three batches, one list.
        "rootsRebuilt": 14,
        "findings": {},
    }
    assert done.text.splitlines()[-1].startswith("CLEAN")
    assert done.errors == ""


def test_two_audits_at_one_block_write_the_same_bytes(case: AuditCase) -> None:
    case.publish()
    case.edit_manifest(2, lambda manifest: manifest.update(root="ab" * 32))
    block = case.node.head()

    first = case.run("--at-block", block)
    case.node.mine()
    second = case.run("--at-block", block)

    assert first.exit_code == 1
    assert first.content == second.content
    assert first.text == second.text


def test_published_over_http_equals_the_folder(case: AuditCase) -> None:
    case.publish()
    (case.epoch(1) / "batch-1.bin").unlink()
    block = case.node.head()

    with serve_folder(case.published) as url:
        served = case.run("--at-block", block, published=url)
    read = case.run("--at-block", block)

    assert read.found == {"batch-missing": 1}
    assert served.content == read.content


def test_the_program_runs_as_a_module_too(case: AuditCase) -> None:
    case.publish()

    done = run_script(
        "audit_log", "--rpc", case.node.url, "--log", case.world.log, "--published", case.published, module=True
    )

    assert done.exit_code == 0, done.text


def test_a_log_without_epochs_is_clean(node: Node, tmp_path: Path) -> None:
    world = build_world(node.open_log())
    folder = world.publish(tmp_path)

    done = run_script("audit_log", "--rpc", node.url, "--log", world.log, "--published", folder)

    assert done.exit_code == 0, done.text


def test_a_repeated_root_with_its_manifest_repeated_is_clean(case: AuditCase) -> None:
    case.repeat_epoch()
    case.publish()

    done = case.audit()

    assert (done.exit_code, done.found) == (0, {})


def test_a_lifted_suspension_is_no_finding(case: AuditCase) -> None:
    one = case.world.issue("Eda", suspendable=True)
    case.world.mark(one, Purpose.SUSPENSION)
    case.world.seal()
    case.world.mark(one, Purpose.SUSPENSION, value=False)
    case.world.seal()
    case.publish()

    assert case.audit().exit_code == 0


def test_an_epoch_beyond_the_block_read_is_ignored(case: AuditCase) -> None:
    block = case.node.head()
    case.world.issue("Later")
    case.world.seal()
    case.publish()

    done = case.audit("--at-block", block)

    assert (done.exit_code, done.json["counts"]["epochs"]) == (0, 2)


def test_a_wrong_block_of_deployment_only_costs_time(case: AuditCase) -> None:
    case.publish()
    file = case.published / "log.json"
    file.write_bytes(file.read_bytes().replace(b'"deployBlock":0', b'"deployBlock":%d' % case.node.head()))

    assert case.audit().exit_code == 0


def test_a_chain_in_a_process_of_its_own_is_audited(case: AuditCase) -> None:
    case.publish()

    # Another chain of the same id, without this log: what it says is about itself.
    with run_devchain(block_interval=0) as other:
        done = case.audit("--at-block", 0, published=case.published)
        elsewhere = run_script("audit_log", "--rpc", other.url, "--log", case.world.log, "--published", case.published)

    assert done.exit_code == 1
    assert elsewhere.exit_code == 1
    assert "contract-differs" in elsewhere.text
