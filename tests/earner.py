"""What an earner does first: read the mail, follow its link, claim."""

import re
import time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Final

from registry.service.claiming import ClaimOrder, draw_secret, order_claim, redeem_claim
from registry.store_ports import CredentialRecord
from tests.registry_world import World

PATIENCE_SECONDS: Final = 60


def letters(world: World, address: str) -> list[EmailMessage]:
    """Return what lies in the outbox for an address."""
    folder: Path = world.container.published_dir.parent / "outbox"
    found = [message_from_bytes(file.read_bytes(), policy=default) for file in sorted(folder.glob("*.eml"))]
    return [letter for letter in found if letter["To"] == address]


def mailed_link(world: World, credential: CredentialRecord, address: str, *, language: str | None = None) -> str:
    """Order the mail of a credential, wait for it, and return the path of its link."""
    before = len(letters(world, address))
    with world.store.write() as unit:
        order = ClaimOrder(address=address, language=language)
        order_claim(world.resources, unit, credential, order, again=False)
    assert world.container.mailer is not None
    # The service's own thread may have it already.
    world.container.mailer.send_due()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found := letters(world, address)) == before:
        assert time.monotonic() < deadline, "no letter came"
        time.sleep(0.01)
    link = re.search(r"/claim/[A-Za-z0-9_-]{43}", str(found[-1].get_content()))
    assert link is not None
    return link[0]


def hold(world: World, credential: CredentialRecord, address: str) -> str:
    """Claim a credential and return the path of its holder's page."""
    token = mailed_link(world, credential, address).removeprefix("/claim/")
    secret = draw_secret(world.resources)
    redeem_claim(world.resources, token, secret=secret)
    return f"/mine/{secret}"
