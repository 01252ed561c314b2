"""What everybody shares, and how one of them is started: a thread with a client and a chance of its own."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from threading import Event, Thread
from typing import Any, Final

from registry.demo.courses import DATA_ANALYSIS
from tests.hammer.client import Client
from tests.hammer.ledger import Ledger, Outages
from tests.hammer.tally import Tally
from tests.many_workers.fleet import SERVICES, Fleet

SLUG: Final = "poly"
CREDENTIALS: Final = f"/v1/issuers/{SLUG}/credentials"
UPLOADS: Final = f"/v1/issuers/{SLUG}/uploads"


@dataclass(slots=True, kw_only=True)
class Scene:
    """The registry, what it acknowledged, and what is counted."""

    fleet: Fleet
    seed: int
    sent_before: int
    """Transactions of the anchoring account before it anchored anything."""
    tally: Tally = field(default_factory=Tally)
    ledger: Ledger = field(default_factory=Ledger)
    outages: Outages = field(default_factory=Outages)
    over: Event = field(default_factory=Event)
    """Set when everybody shall finish what is begun, and stop."""
    achievements: dict[bool, str] = field(default_factory=dict)
    """By whether its credentials can be suspended."""

    def chance(self, name: str) -> Random:
        """Return the randomness of one of them: the seed repeats what everybody does, not when the machine lets them."""
        return Random(f"{self.seed}/{name}")  # noqa: S311  # a seed repeats a run

    def client(self, name: str) -> Client:
        """Return a client of both services."""
        return Client(
            urls=[self.fleet.url(number) for number in range(SERVICES)],
            ca_file=self.fleet.stage.ca_file,
            key=self.fleet.key,
            chance=self.chance(f"{name}'s client"),
            tally=self.tally,
            outages=self.outages,
        )

    def open(self) -> None:
        """Make the issuer and what it awards."""
        client = self.client("opening")
        issuer = {"slug": SLUG, "name": "Polytechnic", "kind": "university", "didMethod": "web"}
        client.send("issuer", "POST", "/v1/issuers", json=issuer, once="issuer")
        for suspendable in (True, False):
            path, body = f"/v1/issuers/{SLUG}/achievements", DATA_ANALYSIS.body(suspension=suspendable)
            made = client.send("achievement", "POST", path, json=body, once=f"achievement {suspendable}")
            self.achievements[suspendable] = made.json["id"]
        client.close()

    def start(self, name: str, act: "Act") -> Thread:
        """Let somebody act, again and again, in a thread; what goes wrong there is a violation."""

        def acting() -> None:
            client = self.client(name)
            chance = self.chance(name)
            try:
                while not self.over.is_set():
                    act(self, client, chance)
            except Exception:  # noqa: BLE001  # it ends in the table, wherever it comes from
                self.tally.violated(f"{name} stopped: {traceback.format_exc(limit=-4)}")
            finally:
                client.close()

        thread = Thread(target=acting, name=name)
        thread.start()
        return thread

    def pause(self, chance: Random, *, at_most: float) -> None:
        """Wait for a while, or until it is over."""
        self.over.wait(chance.uniform(0, at_most))

    def expect(self, what: str, *, answered: Any, wanted: tuple[int, ...]) -> bool:  # noqa: ANN401  # an Answered
        """Note any other status than the wanted ones as a violation; tell whether it was one of them."""
        response = answered.response
        if response.status_code not in wanted:
            self.tally.violated(f"{what}: {response.status_code} {response.text[:300]}")
        return response.status_code in wanted


Act = Callable[[Scene, Client, Random], None]
