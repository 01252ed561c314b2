"""Achievements, credentials and keys in the console: what their forms do, and that hostile text stays text."""

import re
from html import unescape
from typing import Final

import pytest

from registry.store_ports import Standing
from tests.registry_world import BODY
from tests.web.console.client import HOSTILE, OWN, Desk, hidden_fields, words
from tests.web.console.sites import Site

RTL: Final = "\u202eأمل حداد"


def test_an_achievement_is_created_once_however_often_the_form_is_sent(site: Site, registrar: Desk) -> None:
    page = site.ours.address("/achievements/new")
    form = {
        **registrar.fields(page),
        "name": "Twice",
        "description": "d",
        "achievementType": "Course",
        "criteria.narrative": "* one\r\n* two",
        "resultDescription[3].name": "Grade",
        "resultDescription[3].resultType": "LetterGrade",
        "resultDescription[3].allowedValue": "C\r\nB\r\nA",
        "tag": "data, python",
        "validityDays": "365",
        "creditsAvailable": "2.5",
    }

    answers = [registrar.http.post(site.ours.address("/achievements"), data=form, headers=OWN) for _ in range(2)]
    with site.world.store.read() as unit:
        stored = [
            each for each in unit.achievements.page(site.ours.issuer.id, after=None, limit=500) if b"Twice" in each.body
        ]

    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert len(stored) == 1
    shown = words(registrar.get(answers[0].headers["Location"]).text)
    assert "C, B, A" in shown
    assert "365 days" in shown


def test_a_form_is_shown_again_with_what_is_wrong_beside_the_field(site: Site, registrar: Desk) -> None:
    fields = {
        "name": "Kept",
        "description": "d",
        "achievementType": "Course",
        "criteria.narrative": "c",
        "alignment[1].targetName": "skill",
        "alignment[1].targetUrl": "no address",
    }

    answer = registrar.send(site.ours.address("/achievements"), fields, on=site.ours.address("/achievements/new"))

    assert answer.status_code == 400
    assert 'value="Kept"' in answer.text
    assert re.search(r'id="alignment-0-targetUrl-error"[^>]*>[^<]+', answer.text)
    assert 'aria-describedby="alignment-0-targetUrl-error ' in answer.text


def test_a_micro_credential_without_a_skill_is_refused_with_the_rules_own_code(site: Site, registrar: Desk) -> None:
    fields = {"name": "n", "description": "d", "achievementType": "MicroCredential", "criteria.narrative": "c"}

    answer = registrar.send(site.ours.address("/achievements"), fields, on=site.ours.address("/achievements/new"))

    assert answer.status_code == 422
    assert "achievement-without-alignment" in answer.text


def test_changing_an_achievement_keeps_every_member_that_it_had(site: Site, registrar: Desk) -> None:
    full = {
        **BODY,
        "criteria": {"id": "https://example.org/criteria", "narrative": "one\ntwo"},
        "tag": ["data", "python"],
        "image": {"id": "data:image/png;base64,iVBORw0KGgo=", "caption": "a picture"},
        "inLanguage": "en",
        "creditsAvailable": 2.5,
        "validityDays": 1095,
        "fieldOfStudy": "0542",
        "humanCode": "DA-1",
        "specialization": "Statistics",
    }
    achievement = site.world.add_achievement(site.ours.issuer, **full)
    address = site.ours.address(f"/achievements/{achievement.id}")

    form = every_field(registrar.get(f"{address}/edit").text)
    answer = registrar.http.post(f"{address}/versions", data=form, headers=OWN)
    with site.world.store.read() as unit:
        versions = unit.achievements.versions(site.ours.issuer.id, achievement.id)

    assert answer.status_code == 303, words(answer.text)
    assert versions[1].body == versions[0].body


def every_field(page: str) -> dict[str, str]:
    """Return what a browser would send of the form as it is shown."""
    form = hidden_fields(page)
    for tag in re.findall(r"<input [^>]*>", page):
        given = {name: unescape(value) for name, value in re.findall(r'([a-z]+)="([^"]*)"', tag)}
        if given.get("type") == "text":
            form[given["name"]] = given["value"]
        if given.get("type") == "checkbox" and " checked" in tag:
            form[given["name"]] = "on"
    for name, value in re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL):
        form[name] = unescape(value)
    for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', page, re.DOTALL):
        if chosen := re.search(r'value="([^"]*)" selected', options):
            form[name] = unescape(chosen[1])
    return form


def test_a_picture_that_is_none_is_refused(site: Site, registrar: Desk) -> None:
    data = {**registrar.fields(site.ours.address("/achievements/new")), "name": "n"}
    files = {"picture-file": ("x.png", b"<svg onload=alert(1)>", "image/png")}

    answer = registrar.http.post(site.ours.address("/achievements"), data=data, files=files, headers=OWN)

    assert answer.status_code == 400
    assert "picture-unusable" in answer.text


def test_the_preview_shows_markdown_and_runs_nothing_of_it(site: Site, registrar: Desk) -> None:
    fields = {
        "name": HOSTILE,
        "description": RTL,
        "achievementType": "Course",
        "criteria.narrative": f"**bold** {HOSTILE} [x](javascript:alert(1))",
        "criteria.id": "javascript:alert(1)",
        "alignment[0].targetName": "skill",
        "alignment[0].targetUrl": "JavaScript:alert(1)",
    }

    answer = registrar.send(
        site.ours.address("/achievements/preview"), fields, on=site.ours.address("/achievements/new")
    )

    assert answer.status_code == 200
    assert "<strong>bold</strong>" in answer.text
    assert "<script>alert" not in answer.text
    assert "href=" not in answer.text.split('id="preview"')[1].split("</article>")[0]


def test_a_credential_is_found_by_mail_id_document_id_and_leaf(site: Site, registrar: Desk) -> None:
    credential = site.ours.credential
    page = site.ours.address("/credentials")

    for sought in ("FIRST@ours.example", str(credential.id), credential.document_id.urn, credential.leaf.hex()):
        answer = registrar.send(f"{page}/search", {"sought": sought}, on=page)
        assert f"{page}/{credential.id}" in answer.text, sought


@pytest.mark.parametrize("what", ["mail", "id", "document id", "leaf"])
def test_another_issuers_credential_is_not_found(site: Site, registrar: Desk, what: str) -> None:
    credential = site.theirs.credential
    sought = {
        "mail": "first@theirs.example",
        "id": str(credential.id),
        "document id": credential.document_id.urn,
        "leaf": credential.leaf.hex(),
    }[what]
    page = site.ours.address("/credentials")

    answer = registrar.send(f"{page}/search", {"sought": sought}, on=page)

    assert "0 credentials found" in answer.text


def test_a_decision_needs_a_reason_and_is_kept_with_its_note(site: Site, registrar: Desk) -> None:
    credential = site.world.issue(site.ours.issuer, site.ours.achievement, "decided@example.org")
    address = site.ours.address(f"/credentials/{credential.id}")

    without = registrar.send(f"{address}/suspend", {"note": "kept text"}, on=f"{address}/suspend")
    registrar.send(f"{address}/suspend", {"reason": "under-review", "note": HOSTILE}, on=f"{address}/suspend")
    suspended = registrar.get(address).text
    listed = registrar.get(site.ours.address("/credentials?standing=suspended")).text
    registrar.send(f"{address}/reinstate", {"reason": "review-closed"}, on=f"{address}/reinstate")
    registrar.send(f"{address}/revoke", {"reason": "misconduct"}, on=f"{address}/revoke")

    assert (without.status_code, "reason-missing" in without.text, "kept text" in without.text) == (400, True, True)
    assert "under review" in suspended
    assert "&lt;script&gt;" in suspended
    assert str(credential.id) in listed
    assert site.world.get(credential).standing is Standing.REVOKED
    assert registrar.send(f"{address}/suspend", {"reason": "other"}, on=f"{address}/suspend").status_code == 409


def test_the_signing_key_is_replaced_for_a_reason(site: Site, registrar: Desk) -> None:
    page = site.ours.address("/keys")

    without = registrar.send(page, {}, on=f"{page}/replace")
    replaced = registrar.send(page, {"why": "compromised"}, on=f"{page}/replace")

    assert (without.status_code, replaced.status_code) == (400, 303)
    assert "#key-2" in registrar.get(page).text


def test_an_api_keys_secret_is_shown_once(site: Site, admin: Desk) -> None:
    page = site.ours.address("/keys")
    form = {**admin.fields(page), "label": HOSTILE, "role": "issuer"}

    answers = [admin.http.post(f"{page}/api-keys", data=form, headers=OWN) for _ in range(2)]

    assert re.search(r"credroot_[A-Za-z0-9_-]{43}", answers[0].text)
    assert not re.search(r"credroot_[A-Za-z0-9_-]{43}", answers[1].text)
    assert "<script>alert" not in admin.get(page).text


def test_an_issuers_own_people_make_no_keys(site: Site, registrar: Desk) -> None:
    form = {**registrar.fields(site.ours.address("/keys")), "label": "x", "role": "admin"}

    answer = registrar.http.post(site.ours.address("/keys/api-keys"), data=form, headers=OWN)

    assert answer.status_code == 403
