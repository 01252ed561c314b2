"""What must hold of a fleet in the end: nothing waits, and database, chain and published files say the same."""

import json

from sqlalchemy import func, select
from web3 import Web3

from registry.adapters import tables
from registry.adapters.artifacts import load_artifact
from registry.adapters.database import open_engine
from registry.adapters.sql_store import SqlStore
from registry.demo.client import Service
from tests.many_workers.fleet import Fleet
from tests.sealed_once import Sealed, check_sealed_once


def is_over(admin: Service) -> bool:
    """Tell whether nothing waits and every epoch is final and published."""
    log = admin.get("/v1/log")
    if log["waitingCredentials"] or log["waitingStatusChanges"] or log["newestFinalEpoch"] != log["newestEpoch"]:
        return False
    return all(admin.get(f"/v1/epochs/{number}")["published"] for number in range(1, log["newestEpoch"] + 1))


def check_database(fleet: Fleet) -> Sealed:
    """Read everything back from the stored bytes."""
    engine = open_engine(fleet.settings["CREDROOT_DATABASE_URL"])
    try:
        with engine.connect() as connection:
            leaves = list(connection.execute(select(tables.credential.c.leaf)).scalars())
            anchored = connection.execute(
                select(func.count(), func.count(tables.anchor.c.transaction_hash.distinct())).where(
                    tables.anchor.c.state == "FINAL"
                )
            ).one()
        found = check_sealed_once(SqlStore(engine), engine, leaves)
        assert tuple(anchored) == (found.epochs, found.epochs)
        return found
    finally:
        engine.dispose()


def check_chain(fleet: Fleet, *, epochs: int) -> None:
    """Ask the contract and its events: every epoch once, with the root that is published."""
    artifact = load_artifact()
    contract = fleet.node.eth.contract(address=Web3.to_checksum_address(fleet.log.contract), abi=artifact.abi)
    events = contract.events.Anchored.get_logs(from_block=0)
    roots = {event["args"]["epoch"]: bytes(event["args"]["root"]) for event in events}
    assert len(events) == len(roots) == contract.functions.latestEpoch(fleet.log.number).call() == epochs
    for number, root in roots.items():
        manifest = fleet.stage.folder / "published" / "epochs" / str(number) / "manifest.json"
        assert json.loads(manifest.read_bytes())["root"] == root.hex()


def check_audit(fleet: Fleet) -> None:
    """Have the log audited from its published files and the chain. Raises ProcessFailed for any finding."""
    audit = ["--rpc", fleet.settings["CREDROOT_RPC_URLS"], "--log", str(fleet.log)]
    fleet.stage.script("audit_log", [*audit, "--published", str(fleet.stage.folder / "published")], accepted=(0,))
