"""Approval by a second person, members, the audit trail: who did what, and who must have agreed."""

import re
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from registry.domain.audit_trail import AuditLine, check_trail, parse_line
from registry.service.access import create_api_key
from registry.service.approving import set_approvals
from registry.store_ports import Approvals, Role
from tests.web.console.client import CSV, OWN, Desk, words
from tests.web.console.sites import Site

FILE: Final = CSV + b"%b@example.org,Two Persons,2026-05-29,A\r\n"


@pytest.fixture
def strict(site: Site) -> Iterator[Site]:
    """Let our issuer ask for a second person, as long as a test runs."""
    for approvals in (Approvals.SECOND_PERSON, Approvals.NONE):
        with site.world.store.write() as unit:
            issuer = unit.issuers.by_slug("ours")
            set_approvals(site.world.resources, unit, issuer, approvals, caller=site.world.admin)
        if approvals is Approvals.SECOND_PERSON:
            yield site


@pytest.fixture
def approver(site: Site, signed_in: Callable[[str], Desk]) -> Desk:
    with site.world.store.write() as unit:
        made = create_api_key(
            site.world.resources,
            unit,
            role=Role.ISSUER,
            issuer_id=site.ours.issuer.id,
            label="Dean Example",
            caller=site.world.admin,
            approver=True,
        )
    return signed_in(made.secret)


def upload(site: Site, desk: Desk, name: bytes) -> str:
    answer = desk.send(
        site.ours.address("/uploads"),
        {"achievement": str(site.ours.achievement.id)},
        on=site.ours.address("/uploads/new"),
        file=FILE % name,
    )
    return answer.headers["Location"]


def test_an_upload_is_issued_only_after_another_member_approved(strict: Site, registrar: Desk, approver: Desk) -> None:
    address = upload(strict, registrar, b"approved")
    before = registrar.get(address).text
    registrar.send(f"{address}/request-approval", {}, on=address)
    waiting = [words(desk.get(address).text) for desk in (registrar, approver)]
    own_word = registrar.send(f"{address}/approve", {}, on=address)
    approver.send(f"{address}/approve", {}, on=address)
    approved = registrar.get(address).text
    issued = registrar.send(f"{address}/issue", {}, on=address)

    assert "Ask for approval" in before
    assert f"{address}/issue" not in before
    assert "waits for the approval of another member" in waiting[0]
    assert "Approve it" in waiting[1]
    assert own_word.status_code == 403
    assert f"{address}/issue" in approved
    assert issued.status_code == 303


def test_nothing_is_issued_without_the_approval_by_a_form_that_is_not_shown(strict: Site, registrar: Desk) -> None:
    address = upload(strict, registrar, b"not-approved")

    answer = registrar.send(f"{address}/issue", {}, on=address)

    assert (answer.status_code, "approval-needed" in answer.text) == (422, True)


def test_an_approver_does_not_approve_what_they_sent(strict: Site, approver: Desk) -> None:
    address = upload(strict, approver, b"own")
    approver.send(f"{address}/request-approval", {}, on=address)

    page = words(approver.get(address).text)
    answer = approver.send(f"{address}/approve", {}, on=address)

    assert "Approve it" not in page
    assert (answer.status_code, "approval-by-same-person" in answer.text) == (422, True)


def test_an_admin_sets_whether_a_second_person_is_asked(site: Site, admin: Desk, registrar: Desk) -> None:
    page = site.ours.address("/keys")

    refused = registrar.send(f"{page}/approvals", {"second_person": "on"}, on=page)
    admin.send(f"{page}/approvals", {"second_person": "on"}, on=page)
    asked = words(registrar.get(page).text)
    admin.send(f"{page}/approvals", {}, on=page)

    assert refused.status_code == 403
    assert "without the approval of a second one" in asked
    assert "Whoever uploads may issue" in words(registrar.get(page).text)


@pytest.mark.parametrize("what", ["supersede", "renew"])
def test_a_correction_without_a_second_person_says_what_to_do_instead(strict: Site, registrar: Desk, what: str) -> None:
    page = registrar.get(strict.ours.address(f"/credentials/{strict.ours.credential.id}/{what}"))

    assert page.status_code == 200
    assert "a file of one row" in words(page.text)
    assert f"/uploads/new?achievement={strict.ours.achievement.id}" in page.text
    assert f'/{what}"' not in page.text


def test_a_registrar_says_which_linkedin_page_is_the_issuer_s(site: Site, registrar: Desk) -> None:
    page = site.ours.address("/keys")

    wrong = registrar.send(f"{page}/linkedin", {"organizationId": "linkedin.com/12"}, on=page)
    right = registrar.send(f"{page}/linkedin", {"organizationId": " 1234567 "}, on=page)
    shown = registrar.get(page).text
    registrar.send(f"{page}/linkedin", {"organizationId": ""}, on=page)

    assert (wrong.status_code, right.status_code) == (400, 303)
    assert 'value="linkedin.com/12"' in wrong.text
    assert 'value="1234567"' in shown
    assert 'value="1234567"' not in registrar.get(page).text


def test_members_are_shown_by_name_to_their_own_people(site: Site, registrar: Desk, approver: Desk) -> None:
    assert approver.get(site.ours.address("/keys")).status_code == 200

    assert "Dean Example" in registrar.get(site.ours.address("/keys")).text


def test_the_audit_trail_names_who_did_what_and_its_chain_holds(site: Site, registrar: Desk) -> None:
    upload(site, registrar, b"audited")

    page = registrar.get(site.ours.address("/audit?check=true")).text
    trail = registrar.get(site.ours.address("/audit/trail.jsonl")).text
    lines: list[AuditLine] = [parse_line(line.encode()) for line in trail.splitlines()]
    report = check_trail(lines)

    assert "upload received" in page
    assert "approver no role issuer" in words(page)
    assert "False" not in page
    assert f"The chain holds: {report.entries} entries." in words(page)
    assert report.head.hex() in page
    assert str(site.theirs.issuer.id) not in trail
    assert site.theirs.issuer.slug not in trail


def test_the_audit_trail_is_read_a_page_at_a_time(site: Site, registrar: Desk) -> None:
    for number in range(51):
        site.world.add_achievement(site.ours.issuer, name=f"a {number}")

    first = registrar.get(site.ours.address("/audit")).text
    more = re.search(r'href="([^"]*before=[0-9]+)"', first)
    assert more is not None
    second = registrar.http.get(more[1], headers=OWN).text

    numbers = [int(number) for number in re.findall(r'<th scope="row" class="number">([0-9]+)', first + second)]
    assert len(numbers) > 50
    assert numbers == sorted(set(numbers), reverse=True)
