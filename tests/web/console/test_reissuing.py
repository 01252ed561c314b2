"""Correcting and renewing credentials in the console, and column mappings made there."""

import re
from datetime import timedelta
from typing import Final
from uuid import UUID

from registry.domain.canonical import JsonObject, parse_object
from registry.domain.one_or_many import as_objects
from registry.domain.shown_credential import show_credential
from registry.service.mappings import save_mapping
from registry.store_ports import LinkKind, Standing
from tests.web.console.client import OWN, Desk, form_values, hidden_fields, words
from tests.web.console.sites import MAPPING, Site

EXPORT: Final = "First;Last;E-mail;Completed\r\nAmal;Haddad;%s@example.org;29/05/2026\r\n"
HEADER: Final = "First\tLast\tE-mail\tCompleted"


def test_a_corrected_name_is_a_new_credential_and_the_old_one_says_so(site: Site, registrar: Desk) -> None:
    old = site.world.issue(site.ours.issuer, site.ours.achievement, "corrected@example.org")
    address = site.ours.address(f"/credentials/{old.id}")
    page = f"{address}/supersede"
    form = {"name": "Amal Haddad-Núñez", "issuedOn": old.valid_from.date().isoformat(), "results.0": "A", "note": "n"}

    answer = registrar.send(page, form, on=page)
    shown = registrar.get(answer.headers["Location"]).text
    with site.world.store.read() as unit:
        (link,) = unit.links.of([old.id])[old.id]

    assert "Amal Haddad-Núñez" in shown
    assert str(old.id) in shown
    assert (link.kind, link.earlier_id) == (LinkKind.SUPERSEDES, old.id)
    assert site.world.get(old).standing is Standing.REVOKED
    assert "Superseded by" in words(registrar.get(address).text)


def test_a_corrected_name_changes_nothing_else(site: Site, registrar: Desk) -> None:
    old = site.world.issue(site.ours.issuer, site.ours.achievement, "kept@example.org", days=20)
    page = site.ours.address(f"/credentials/{old.id}/supersede")
    shown = form_values(registrar.get(page).text)

    answer = registrar.http.post(page, data={**shown, "name": "Amal Haddad-Núñez"}, headers=OWN)
    with site.world.store.read() as unit:
        new = unit.credentials.get(site.ours.issuer.id, UUID(answer.headers["Location"].rsplit("/", 1)[-1]))

    said = [_said(parse_object(record.document)) for record in (old, new)]
    assert shown["issuedOn"]
    assert shown["expiresOn"]
    assert shown["results.0"] == "A"
    assert said[0] == said[1]
    assert (new.valid_from, new.valid_until) == (old.valid_from, old.valid_until)


def test_what_is_changed_in_a_correction_is_changed_alone(site: Site, registrar: Desk) -> None:
    old = site.world.issue(site.ours.issuer, site.ours.achievement, "changed@example.org", days=20)
    page = site.ours.address(f"/credentials/{old.id}/supersede")
    shown = form_values(registrar.get(page).text)

    answer = registrar.http.post(page, data={**shown, "results.0": "B", "expiresOn": "2040-01-01"}, headers=OWN)
    with site.world.store.read() as unit:
        new = unit.credentials.get(site.ours.issuer.id, UUID(answer.headers["Location"].rsplit("/", 1)[-1]))

    said = _said(parse_object(new.document))
    assert (said["validUntil"], new.valid_from) == ("2040-01-01T23:59:59Z", old.valid_from)
    assert show_credential(parse_object(new.document)).results[0].value == "B"


def _said(document: JsonObject) -> JsonObject:
    (subject,) = as_objects(document["credentialSubject"])
    dates = {name: document.get(name) for name in ("validFrom", "awardedDate", "validUntil")}
    return {**dates, "results": subject.get("result")}


def test_a_correction_by_a_double_click_is_made_once(site: Site, registrar: Desk) -> None:
    old = site.world.issue(site.ours.issuer, site.ours.achievement, "double@example.org")
    page = site.ours.address(f"/credentials/{old.id}/supersede")
    form = {**registrar.fields(page), "name": "Once", "recipient.email": "other@example.org"}

    answers = [registrar.http.post(page, data=form, headers=OWN) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]


def test_a_wrong_correction_is_shown_again(site: Site, registrar: Desk) -> None:
    old = site.world.issue(site.ours.issuer, site.ours.achievement, "wrong@example.org")
    page = site.ours.address(f"/credentials/{old.id}/supersede")

    answers = [
        registrar.send(page, {"name": "Kept", **wrong}, on=page)
        for wrong in ({"expiresOn": "tomorrow"}, {"recipient.email": "no address"}, {"results.0": "Q"})
    ]

    assert [answer.status_code for answer in answers] == [400] * 3
    assert all('value="Kept"' in answer.text for answer in answers)
    assert site.world.get(old).standing is Standing.ACTIVE


def test_one_that_ends_soon_is_listed_and_renewed(site: Site, registrar: Desk) -> None:
    achievement = site.world.add_achievement(site.ours.issuer, validityDays=365)
    old = site.world.issue(site.ours.issuer, achievement, "ends@example.org", days=20)
    lists = [site.ours.address(f"/credentials/expiring?days={days}") for days in (0, 30)]
    page = site.ours.address(f"/credentials/{old.id}/renew")

    before = [str(old.id) in registrar.get(each).text for each in lists]
    answer = registrar.send(page, {}, on=page)
    after = [str(old.id) in registrar.get(each).text for each in lists]

    assert answer.status_code == 303, words(answer.text)
    assert (before, after) == ([False, True], [False, False])
    assert site.world.get(old).standing is Standing.ACTIVE
    assert "Renews" in words(registrar.get(answer.headers["Location"]).text)


def test_a_renewal_that_was_corrected_is_named_once_and_a_revoked_one_never(site: Site, registrar: Desk) -> None:
    achievement = site.world.add_achievement(site.ours.issuer, validityDays=365)
    old = site.world.issue(site.ours.issuer, achievement, "renewed@example.org", days=20)
    address = site.ours.address(f"/credentials/{old.id}")
    renewed = registrar.send(f"{address}/renew", {}, on=f"{address}/renew").headers["Location"]
    form = {"name": "Corrected"}
    corrected = registrar.send(f"{renewed}/supersede", form, on=f"{renewed}/supersede").headers["Location"]

    shown = words(registrar.get(address).text)
    registrar.send(f"{corrected}/revoke", {"reason": "issued-in-error"}, on=f"{corrected}/revoke")

    assert re.findall(r"Renewed by (\S+)", shown) == [corrected.rsplit("/", 1)[-1]]
    assert "Renewed by" not in words(registrar.get(address).text)
    # What it was is still said by the revoked one itself.
    assert f"Renews {old.id}" in words(registrar.get(corrected).text)


def test_the_day_that_stands_in_the_form_of_a_renewal_is_one_that_is_accepted(site: Site, registrar: Desk) -> None:
    old = site.world.issue(site.ours.issuer, site.ours.achievement, "prefilled@example.org", days=100)
    page = site.ours.address(f"/credentials/{old.id}/renew")
    shown = form_values(registrar.get(page).text)

    answer = registrar.http.post(page, data=shown, headers=OWN)

    assert shown["expiresOn"] == (old.valid_from + timedelta(days=200)).date().isoformat()
    assert answer.status_code == 303, words(answer.text)


def test_what_does_not_end_cannot_be_renewed_later(site: Site, registrar: Desk) -> None:
    old = site.world.issue(site.ours.issuer, site.ours.achievement, "endless@example.org")
    page = site.ours.address(f"/credentials/{old.id}/renew")

    shown = form_values(registrar.get(page).text)
    answer = registrar.send(page, {"expiresOn": "2040-01-01"}, on=page)

    assert shown["expiresOn"] == ""
    assert (answer.status_code, "renewal-not-later" in answer.text) == (400, True)


def test_a_file_of_another_systems_columns_is_mapped(site: Site, registrar: Desk) -> None:
    fields = {"achievement": str(site.ours.achievement.id), "mapping": str(site.ours.mapping.id)}
    page = site.ours.address("/uploads/new")

    made = registrar.send(site.ours.address("/uploads"), fields, on=page, file=(EXPORT % "mapped").encode())

    row = words(registrar.get(f"{made.headers['Location']}/row?line=2").text)
    assert "Amal Haddad" in row
    assert "29 May 2026" in row


def test_a_mapping_is_made_of_the_first_line_of_an_export(site: Site, registrar: Desk) -> None:
    base = site.ours.address("/column-mappings")
    step = registrar.send(f"{base}/columns", {"header": HEADER}, on=f"{base}/new")
    form = {
        **hidden_fields(step.text),
        "name": "made here",
        "columns.recipient_email.from": "E-mail",
        "columns.recipient_name.from": "First",
        "columns.recipient_name.second": "Last",
        "columns.issued_on.from": "Completed",
        "columns.issued_on.date": "DMY",
        "columns.locale.constant": "en",
    }

    wrong = registrar.http.post(base, data={**form, "columns.issued_on.from": ""}, headers=OWN)
    saved = registrar.http.post(base, data={**form, "once": "again"}, headers=OWN)
    chosen = registrar.get(saved.headers["Location"]).text

    assert "our campus" in words(step.text)
    assert wrong.status_code == 400
    assert 'value="made here"' in wrong.text
    assert saved.status_code == 303
    assert ">made here</option>" in chosen


def test_a_first_line_that_names_nothing_is_asked_for_again(site: Site, registrar: Desk) -> None:
    base = site.ours.address("/column-mappings")

    answers = [registrar.send(f"{base}/columns", {"header": header}, on=f"{base}/new") for header in ("", "a" * 20_001)]

    assert [answer.status_code for answer in answers] == [400, 400]


def test_a_saved_mapping_is_deleted_by_its_own_people_alone(site: Site, registrar: Desk) -> None:
    base = site.ours.address("/column-mappings")
    with site.world.store.write() as unit:
        document = {**MAPPING, "name": "to be deleted"}
        made = save_mapping(site.world.resources, unit, site.ours.issuer, document, caller=site.world.admin)

    registrar.send(f"{base}/{made.id}/delete", {}, on=f"{base}/{made.id}/delete")
    registrar.send(f"{base}/{site.theirs.mapping.id}/delete", {}, on=base.replace("column-mappings", "credentials"))
    with site.world.store.read() as unit:
        names = [record.name for record in unit.mappings.of_issuer(site.ours.issuer.id)]
        theirs = unit.mappings.of_issuer(site.theirs.issuer.id)

    assert "to be deleted" not in names
    assert len(theirs) == 1
