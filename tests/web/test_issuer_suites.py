"""Issuers of every suite over HTTP: created, issuing, with a new key, and what cannot be made refused with its code."""

from typing import Any

import httpx
import pytest

from tests.registry_world import World

Json = dict[str, Any]


def create(client: httpx.Client, admin: dict[str, str], slug: str, **members: object) -> httpx.Response:
    form = {"slug": slug, "name": f"Issuer {slug}", "didMethod": "key", **members}
    return client.post("/v1/issuers", headers=admin, json=form)


@pytest.mark.parametrize(
    ("slug", "members", "suites", "start"),
    [
        ("usual", {}, ["eddsa-rdfc-2022"], "did:key:z6Mk"),
        ("json", {"cryptosuites": ["eddsa-jcs-2022"]}, ["eddsa-jcs-2022"], "did:key:z6Mk"),
        (
            "both",
            {"cryptosuites": ["eddsa-rdfc-2022", "eddsa-jcs-2022"]},
            ["eddsa-rdfc-2022", "eddsa-jcs-2022"],
            "did:key:z6Mk",
        ),
        ("p256", {"cryptosuites": ["ecdsa-rdfc-2019"]}, ["ecdsa-rdfc-2019"], "did:key:zDna"),
        (
            "p384",
            {"cryptosuites": ["ecdsa-jcs-2019"], "keyAlgorithm": "P-384"},
            ["ecdsa-jcs-2019"],
            "did:key:z82",
        ),
    ],
)
def test_an_issuer_signs_with_the_suites_it_was_made_with(
    client: httpx.Client,
    world: World,
    admin: dict[str, str],
    *,
    slug: str,
    members: dict[str, object],
    suites: list[str],
    start: str,
) -> None:
    made = create(client, admin, slug, **members)
    assert made.status_code == 201, made.text
    shown: Json = made.json()
    with world.store.read() as unit:
        issuer = unit.issuers.by_slug(slug)
    credential = world.issue(issuer, world.add_achievement(issuer))

    answer = client.get(f"/v1/issuers/{slug}/credentials/{credential.id}/document", headers=admin)

    assert shown["cryptosuites"] == suites
    assert shown["did"].startswith(start)
    assert [proof["cryptosuite"] for proof in answer.json()["proof"]] == suites


@pytest.mark.parametrize(
    "members",
    [
        {"cryptosuites": ["bbs-2023"]},
        {"cryptosuites": ["Ed25519Signature2020"]},
        {"cryptosuites": ["eddsa-rdfc-2022", "ecdsa-rdfc-2019"]},
        {"cryptosuites": ["eddsa-rdfc-2022", "eddsa-rdfc-2022"]},
        {"cryptosuites": ["ecdsa-rdfc-2019"], "keyAlgorithm": "Ed25519"},
        {"cryptosuites": ["ecdsa-rdfc-2019"], "keyAlgorithm": "secp256k1"},
        {"keyAlgorithm": "P-256"},
    ],
)
def test_suites_that_cannot_be_made_are_refused_with_their_code(
    client: httpx.Client, admin: dict[str, str], members: dict[str, object]
) -> None:
    answer = create(client, admin, "refused", **members)

    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "suite-unsupported"


def test_a_new_key_is_of_the_old_ones_kind(client: httpx.Client, admin: dict[str, str]) -> None:
    made = create(client, admin, "turning", didMethod="web", cryptosuites=["ecdsa-rdfc-2019"], keyAlgorithm="P-384")
    assert made.status_code == 201, made.text

    turned = client.post("/v1/issuers/turning/keys", headers=admin, json={"compromised": False})

    methods = turned.json()["didDocument"]["verificationMethod"]
    assert [method["publicKeyMultibase"][:3] for method in methods] == ["z82", "z82"]
