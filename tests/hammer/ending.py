"""The end: nobody hits anything any more, everything settles, and database, files, chain and ledger are compared."""

import json
import time
from collections import Counter
from typing import Final

from sqlalchemy import select

from registry.adapters import tables
from registry.adapters.anchor_tables import anchor_event
from registry.adapters.database import open_engine
from registry.demo.processes import ProcessFailed
from registry.domain.slot import Purpose
from registry.domain.status_tree import EMPTY_LIST, read_bit
from tests.hammer.readers import PURPOSES, read_list, read_receipt, read_verdict
from tests.hammer.scene import CREDENTIALS, Scene
from tests.many_workers.counting import check_audit, check_chain, check_database, is_over

SETTLE_SECONDS: Final = 120.0
"""A few epochs: each takes what it waits for, and four blocks until it is final."""
LOOK_SECONDS: Final = 0.5
SAMPLE: Final = 200
"""Credentials that are read once more, from the quiet registry."""


def audit_everything(scene: Scene) -> None:
    """Compare everything with what was acknowledged, by every account there is."""
    if _settled(scene):
        _read_once_more(scene)
        scene.fleet.stop_workers()
        _compare_all(scene)
    _count_events(scene)


def _compare_all(scene: Scene) -> None:
    fleet, tally = scene.fleet, scene.tally
    with tally.checking("database"):
        _check_stored(scene)
        found = check_database(fleet)
        for what, number in (("epochs", found.epochs), ("batches", found.batches), ("credentials", found.credentials)):
            tally.count("in the end", f"{what} sealed once", number)
        with tally.checking("chain"):
            check_chain(fleet, epochs=found.epochs)
            sent = fleet.transactions()
            assert sent - scene.sent_before == found.epochs, f"{sent} transactions, {found.epochs} epochs"
            tally.count("in the end", "anchoring transactions", found.epochs)
    with tally.checking("the last epoch's lists"):
        _check_last_lists(scene)
    try:
        check_audit(fleet)
        tally.count("in the end", "audits clean")
    except ProcessFailed as error:
        tally.violated(f"the audit: {error}")


def _settled(scene: Scene) -> bool:
    """Issue a last credential, so that there is an epoch which takes all changes, and wait until it is published."""
    client = scene.client("ending")
    body = {"achievement": scene.achievements[False], "recipient": {"name": "Last", "email": "last@students.example"}}
    last = client.send("issue", "POST", CREDENTIALS, json=body, once="last")
    client.close()
    scene.expect("issue", answered=last, wanted=(201,))
    scene.tally.count("acknowledged", "credentials, last")
    begun = time.monotonic()
    while not is_over(scene.fleet.services[0]):
        if time.monotonic() > begun + SETTLE_SECONDS:
            scene.tally.violated(f"not settled after {SETTLE_SECONDS} s: {scene.fleet.services[0].get('/v1/log')}")
            return False
        time.sleep(LOOK_SECONDS)
    scene.tally.time("settling in the end", time.monotonic() - begun)
    return True


def _read_once_more(scene: Scene) -> None:
    client, everybody = scene.client("reading in the end"), scene.ledger.all()
    chosen = scene.chance("sample").sample(everybody, min(SAMPLE, len(everybody)))
    for held in chosen:
        read_receipt(scene, client, held)
        if held.anchor is None:
            scene.tally.violated(f"there is no receipt of {held.leaf} in the end")
        read_verdict(scene, client, held)
    for held in chosen[:1]:
        read_list(scene, client, held)
    client.close()
    scene.tally.count("in the end", "credentials read once more", len(chosen))


def _check_stored(scene: Scene) -> None:
    """Everything that was acknowledged is stored once, and nothing else is; count what happened to the anchors."""
    engine = open_engine(scene.fleet.settings["CREDROOT_DATABASE_URL"])
    try:
        with engine.connect() as connection:
            stored = Counter(leaf.hex() for leaf in connection.execute(select(tables.credential.c.leaf)).scalars())
            for before, after in connection.execute(select(anchor_event.c.before, anchor_event.c.after)):
                scene.tally.count("anchors went", f"{before} to {after}")
    finally:
        engine.dispose()
    acknowledged = Counter(held.leaf for held in scene.ledger.all())
    assert not acknowledged - stored, f"acknowledged and not stored: {acknowledged - stored}"
    assert (stored - acknowledged).total() == 1, f"stored more than once, or never asked for: {stored - acknowledged}"


def _check_last_lists(scene: Scene) -> None:
    """Every acknowledged change, and no other, is in the lists of the last epoch as they are published."""
    epochs = scene.fleet.stage.folder / "published" / "epochs"
    last = epochs / str(scene.tally.number("in the end", "epochs sealed once"))
    manifest = json.loads((last / "manifest.json").read_bytes())
    lists = {(Purpose(item["purpose"]), item["list"]): (last / item["file"]).read_bytes() for item in manifest["lists"]}
    wanted: Counter[Purpose] = Counter()
    for held in scene.ledger.all():
        for purpose in PURPOSES:
            bits, value = lists.get((purpose, held.list_number), EMPTY_LIST), held.now(purpose)
            assert read_bit(bits, held.list_index) is value, f"{held.leaf}, {purpose}: expected {value}"
            wanted[purpose] += value
    for purpose, number in wanted.items():
        shown = sum(int.from_bytes(bits, "big").bit_count() for key, bits in lists.items() if key[0] is purpose)
        assert shown == number, f"{shown} bits of {purpose}, {number} asked for"
        scene.tally.count("in the end", f"{purpose} bits in the last epoch", number)


def _count_events(scene: Scene) -> None:
    """Count what the processes said; an error that nobody expected is a violation."""
    for log in sorted((scene.fleet.stage.registry / "logs").glob("*-*.log")):
        who = log.name.partition("-")[0]
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("Traceback"):
                scene.tally.violated(f"{log.name} has a traceback")
            if not line.startswith("{") or not line.endswith("}"):
                continue
            event = json.loads(line)["event"]
            scene.tally.count(f"events of {who}s", event)
            if event == "request_failed":
                scene.tally.violated(f"{log.name}: {line}")
