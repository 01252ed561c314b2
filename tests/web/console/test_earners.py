"""What earners get by the console: files, a link that is on or off, a mail with a claim."""

from dataclasses import replace

import pytest

from registry.domain.credential import Evidence
from registry.service.issuing import issue
from registry.store_ports import ClaimState
from tests.adapters.chunk_work import until
from tests.web.console.client import CSV, OWN, Desk, words
from tests.web.console.sites import Site


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("certificate.pdf", b"%PDF-"), ("badge.png", b"\x89PNG"), ("badge.svg", b"<"), ("bundle.zip", b"PK")],
)
def test_what_is_made_for_a_holder_is_downloaded(site: Site, registrar: Desk, name: str, beginning: bytes) -> None:
    answer = registrar.get(site.ours.address(f"/credentials/{site.ours.credential.id}/files/{name}"))

    assert answer.status_code == 200
    assert answer.content.startswith(beginning)
    assert "attachment" in answer.headers["Content-Disposition"]


def test_a_file_that_nobody_makes_is_not_found(site: Site, registrar: Desk) -> None:
    address = site.ours.address(f"/credentials/{site.ours.credential.id}/files/x.exe")

    assert registrar.get(address).status_code == 404


def test_the_link_is_switched_on_and_off(site: Site, registrar: Desk) -> None:
    address = site.ours.address(f"/credentials/{site.ours.credential.id}")
    page = f"{address}/earner"

    before = words(registrar.get(page).text)
    registrar.send(f"{address}/share", {"shared": "on"}, on=page)
    shown = registrar.get(page).text
    registrar.send(f"{address}/share", {"shared": "off"}, on=page)
    after = words(registrar.get(page).text)

    assert "Nobody sees this credential by a link." in before
    assert "/c/" in shown
    assert "Nobody sees this credential by a link." in after


def test_an_earner_is_mailed_the_link_and_mailed_again(site: Site, registrar: Desk) -> None:
    credential = site.world.issue(site.ours.issuer, site.ours.achievement, "claims@example.org")
    address = site.ours.address(f"/credentials/{credential.id}")
    page = f"{address}/earner"

    wrong = registrar.send(f"{address}/claim", {"email": "another@example.org"}, on=page)
    sent = registrar.send(f"{address}/claim", {"email": "claims@example.org", "language": "es"}, on=page)
    again = registrar.send(f"{address}/claim", {"email": "claims@example.org"}, on=page)
    with site.world.store.read() as unit:
        claim = unit.claims.of_credential(credential.id)

    assert (wrong.status_code, "claim-address-differs" in wrong.text) == (422, True)
    assert 'value="another@example.org"' in wrong.text
    assert (sent.status_code, again.status_code) == (303, 303)
    assert claim is not None
    assert claim.state(site.world.clock.now()) in set(ClaimState) - {ClaimState.CLAIMED}
    assert "Send it again" in registrar.get(page).text


def test_everybody_of_an_upload_is_mailed_once(site: Site, registrar: Desk) -> None:
    made = registrar.send(
        site.ours.address("/uploads"),
        {"achievement": str(site.ours.achievement.id)},
        on=site.ours.address("/uploads/new"),
        file=CSV + b"m1@example.org,M,2026-05-29,A\r\nm2@example.org,N,2026-05-29,A\r\n",
    )
    address = made.headers["Location"]
    registrar.send(f"{address}/issue", {}, on=address)
    until(lambda: registrar.get(f"{address}/progress").json()["state"] == "issued")
    form = registrar.fields(address)

    answers = [registrar.http.post(f"{address}/claims", data=form, headers=OWN) for _ in range(2)]
    with site.world.store.read() as unit:
        upload = unit.uploads.newest(site.ours.issuer.id, before=None, limit=1)[0]
        credentials = unit.credentials.of_upload(upload.id, after_line=0, limit=10)
        claims = [unit.claims.of_credential(credential.id) for credential in credentials]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(claims) == 2
    assert None not in claims
    assert "Mail the links" in registrar.get(address).text


def test_of_private_evidence_the_name_alone_is_shown(site: Site, registrar: Desk) -> None:
    order = site.world.order("private@example.org")
    evidence = Evidence(url="https://evidence.example.org/for-few", name="Portfolio", private=True)
    with site.world.store.write() as unit:
        order = replace(order, award=replace(order.award, evidence=(evidence,)))
        made = issue(
            site.world.resources, unit, site.ours.issuer, site.ours.achievement.id, order, caller=site.world.admin
        )

    page = registrar.get(site.ours.address(f"/credentials/{made.id}")).text

    assert "Portfolio (private: its link stands in the document alone)" in words(page)
    assert "for-few" not in page
