"""A server for interoperability tests in the thread of a test, documents for it, and somebody who presents them."""

import copy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.adapters.keys import Ed25519Signer
from registry.domain.cryptosuites import SUITES
from registry.domain.data_integrity import AUTHENTICATION, encode_proof_value, proof_options
from registry.domain.did import did_key
from registry.web.app import create_interop_app
from registry.wiring.interop import INSTANCES, opened_interop
from registry.wiring.interop_options import InteropOptions
from tests.registry_world import json_ld
from tests.web_server import serve

CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
SUBJECT: Final = {"id": "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"}
JSON = dict[str, Any]
NAMES: Final = [instance.name for instance in INSTANCES]


def document(**members: Any) -> JSON:  # noqa: ANN401  # any member
    made = {"@context": [CONTEXT], "type": ["VerifiableCredential"], "credentialSubject": copy.deepcopy(SUBJECT)}
    return {**made, "id": f"urn:uuid:{uuid4()}", **members}


class Holder:
    """Somebody who presents credentials."""

    def __init__(self) -> None:
        self.signer = Ed25519Signer(Ed25519PrivateKey.generate())
        self.did = did_key(self.signer.public_key)

    def present(self, presentation: JSON, **options: Any) -> JSON:  # noqa: ANN401  # any member of a proof
        """Sign a presentation."""
        suite = SUITES["eddsa-rdfc-2022"]
        method = f"{self.did}#{self.did.removeprefix('did:key:')}"
        now = datetime.now(UTC)
        proof = proof_options(
            presentation, suite=suite, verification_method=method, created=now, purpose=AUTHENTICATION
        )
        proof = {**proof, **options}
        covered = suite.cover(presentation, proof, canonical_nquads=json_ld().canonical_nquads)
        signature = self.signer.sign(covered.hash_data(self.signer.public_key.algorithm))
        return {**presentation, "proof": {**proof, "proofValue": encode_proof_value(signature)}}


@contextmanager
def served(options: InteropOptions) -> Iterator[httpx.Client]:
    """Serve what the options say, at the address that stands in the credentials."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with (
        opened_interop(options, public_url=url) as server,
        serve(create_interop_app(server.container), listener) as client,
    ):
        yield client


def issue(client: httpx.Client, name: str, credential: JSON, **options: Any) -> JSON:  # noqa: ANN401
    path = f"/issuers/{name}/credentials/issue"
    response = client.post(path, json={"credential": credential, "options": options})
    assert response.status_code == 201, response.text
    secured: JSON = response.json()["verifiableCredential"]
    return secured


def verify(client: httpx.Client, credential: JSON, **options: Any) -> httpx.Response:  # noqa: ANN401  # any option
    return client.post("/credentials/verify", json={"verifiableCredential": credential, "options": options})
