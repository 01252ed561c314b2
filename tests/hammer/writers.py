"""Those who issue, one by one and by file, and those who revoke, suspend and reinstate: what is acknowledged is remembered."""

import hashlib
import time
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any, Final

from registry.domain.slot import Purpose
from tests.hammer.client import Answered, Client
from tests.hammer.ledger import Change, Held
from tests.hammer.readers import read_list
from tests.hammer.scene import CREDENTIALS, UPLOADS, Scene

ROWS: Final = (1, 12)
"""In a file: each row is asked for by itself afterwards."""
_HEADER: Final = "recipient_email,recipient_name,issued_on\n"
_numbers = count()


def issue_one(scene: Scene, client: Client, chance: Random) -> None:
    """Issue one credential; lose the answer now and then, and ask again under the same key."""
    number = next(_numbers)
    suspendable = chance.random() < 0.7
    body = {
        "achievement": scene.achievements[suspendable],
        "recipient": {"name": f"Person {number}", "email": f"single{number}@students.example"},
    }
    once = f"single {number}"
    answered = client.send("issue", "POST", CREDENTIALS, json=body, once=once, loses_answer=chance.random() < 0.15)
    if not scene.expect("issue", answered=answered, wanted=(201,)):
        return
    issued = answered.json
    scene.ledger.add(_held(issued, issued["document"], answered, suspendable=suspendable))
    scene.tally.count("acknowledged", "credentials, single")
    if chance.random() < 0.1:
        again = client.send("issue again", "POST", CREDENTIALS, json=body, once=once)
        if again.response.content != answered.response.content:
            scene.tally.violated(f"the same request was answered differently: {again.response.text[:300]}")
    scene.pause(chance, at_most=0.6)


def upload_file(scene: Scene, client: Client, chance: Random) -> None:
    """Upload a file and have it issued, to its end; every row must be one credential."""
    number = next(_numbers)
    suspendable = chance.random() < 0.5
    people = [f"row{row}of{number}@students.example" for row in range(chance.randint(*ROWS))]
    day = datetime.now(UTC).date().isoformat()
    content = _HEADER + "".join(f"{email},Person {number},{day}\n" for email in people)
    parameters = {"achievement": scene.achievements[suspendable], "filename": f"file-{number}.csv"}
    made = client.send(
        *("upload", "POST", UPLOADS),
        content=content.encode(),
        once=f"file {number}",
        parameters=parameters,
        loses_answer=chance.random() < 0.15,
    )
    if not scene.expect("upload", answered=made, wanted=(201,)):
        return
    path = f"{UPLOADS}/{made.json['id']}"
    begun = client.send("issue upload", "POST", f"{path}/issue", json={}, once=f"issue {number}")
    if not scene.expect("issue upload", answered=begun, wanted=(202,)):
        return
    while (shown := client.send("see upload", "GET", path)).json["state"] not in {"issued", "failed"}:
        if shown.ended > begun.ended + 240:
            scene.tally.violated(f"an accepted upload is not issued after four minutes: {shown.json}")
            return
        time.sleep(0.3)
    if (shown.json["state"], shown.json["rowsIssued"]) != ("issued", len(people)):
        scene.tally.violated(f"an upload of {len(people)} rows ended as {shown.json}")
    for email in people:
        _learn(scene, client, email, shown, suspendable=suspendable)
    scene.pause(chance, at_most=4)


def change_one(scene: Scene, client: Client, chance: Random) -> None:
    """Revoke, suspend or reinstate somebody, and look at the served list right after the acknowledgement."""
    held = scene.ledger.pick(chance)
    if held is None or not held.changing.acquire(blocking=False):
        scene.pause(chance, at_most=0.5)
        return
    try:
        revoked, suspended = held.now(Purpose.REVOCATION), held.now(Purpose.SUSPENSION)
        action = chance.choices(("revoke", "reinstate" if suspended else "suspend"), (1, 3))[0]
        change = (
            Change(purpose=Purpose.REVOCATION, value=True, begun=time.time())
            if action == "revoke"
            else Change(purpose=Purpose.SUSPENSION, value=not suspended, begun=time.time())
        )
        changes = action == "revoke" or (held.suspendable and not revoked)
        if changes:
            held.changes.append(change)
        answered = client.send(
            *(action, "POST", f"{CREDENTIALS}/{held.id}/{action}"),
            json={"reason": "other"},
            # Repeated in vain a revocation is the same; what is suspended late might be reinstated by then.
            loses_answer=action == "revoke" and chance.random() < 0.3,
        )
        if scene.expect(f"{action} {held.id}", answered=answered, wanted=(200,) if changes else (409,)) and changes:
            change.acknowledged = answered.ended
            scene.tally.count("acknowledged", f"{action}s")
        if chance.random() < 0.4:
            read_list(scene, client, held)
    finally:
        held.changing.release()
    scene.pause(chance, at_most=0.8)


def _learn(scene: Scene, client: Client, email: str, shown: Answered, *, suspendable: bool) -> None:
    found = client.send("search", "POST", f"{CREDENTIALS}/search", json={"identifier": email})
    if not scene.expect("search", answered=found, wanted=(200,)):
        return
    if len(found.json) != 1:
        scene.tally.violated(f"a row of an issued file is {len(found.json)} credentials")
        return
    view = found.json[0]
    answered = client.send("document", "GET", f"{CREDENTIALS}/{view['id']}/document")
    if scene.expect("document", answered=answered, wanted=(200,)):
        if hashlib.sha256(answered.response.content).hexdigest() != view["leaf"]:
            scene.tally.violated(f"the document of {view['id']} is not what was hashed")
        scene.ledger.add(_held(view, answered.json, shown, suspendable=suspendable))
        scene.tally.count("acknowledged", "credentials, of files")


def _held(view: dict[str, Any], document: dict[str, Any], answered: Answered, *, suspendable: bool) -> Held:
    return Held(
        id=view["id"],
        leaf=view["leaf"],
        slot=view["slot"],
        document=document,
        suspendable=suspendable,
        begun=answered.first_begun,
        acknowledged=answered.ended,
    )
