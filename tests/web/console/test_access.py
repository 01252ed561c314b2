"""Who may open which page: every route of the console, for others, for an auditor, for an admin."""

import re
from collections.abc import Callable, Mapping
from typing import Final

import httpx

from registry.store_ports import Role
from registry.web.console.routes import PARTS
from tests.web.console.client import OWN, Desk
from tests.web.console.sites import Site

SLUG: Final = "/console/issuers/{slug}"
PERSONAL: Final = re.compile(
    r"/(?:row|row\.(?:json|pdf)|annotated\.csv|archive\.zip|document|new|edit|replace|revoke|supersede|renew|delete|earner|files/{name}|annotated\.xlsx|\{action\})$"
)
COMPLETE: Final = {
    "reason": "other",
    "name": "n",
    "description": "d",
    "achievementType": "Course",
    "criteria.narrative": "c",
}


def routes() -> list[tuple[str, str]]:
    """List every route of an issuer's part."""
    found = [
        (method, route.path)
        for part in PARTS
        for route in part.router.routes
        for method in sorted(getattr(route, "methods", ()))
        if getattr(route, "path", "").startswith(SLUG)
    ]
    assert len(found) > 25
    return found


def ask_all(desk: Desk, form: Mapping[str, str], names: Mapping[str, str]) -> dict[str, httpx.Response]:
    """Send one request to every route."""
    return {
        f"{method} {path}": desk.http.request(
            method,
            path.format(**names),
            params={"line": "2"},
            data={**form, "once": path} if method == "POST" else None,
            headers=OWN,
        )
        for method, path in routes()
    }


def test_another_issuers_part_does_not_exist(site: Site, registrar: Desk) -> None:
    form = registrar.fields(site.ours.address())

    answers = ask_all(registrar, form, site.theirs.names)

    wrong = {
        route: answer.status_code
        for route, answer in answers.items()
        if answer.status_code != 404 or "issuer-not-found" not in answer.text
    }
    assert wrong == {}


def test_anothers_objects_do_not_exist_in_ones_own_part(site: Site, registrar: Desk) -> None:
    form = {**registrar.fields(site.ours.address()), **COMPLETE}

    answers = ask_all(registrar, form, {**site.theirs.names, "slug": site.ours.issuer.slug})

    wrong = {
        route: answer.status_code
        for route, answer in answers.items()
        if "_id}" in route and answer.status_code not in {403, 404}
    }
    assert wrong == {}


def test_an_auditor_reads_what_holds_no_personal_data(
    site: Site, admin: Desk, signed_in: Callable[[str], Desk]
) -> None:
    auditor = signed_in(site.world.add_key(Role.AUDITOR))

    answers = ask_all(auditor, auditor.fields(site.ours.address()), site.ours.names)

    wrong = {
        route: answer.status_code
        for route, answer in answers.items()
        if answer.status_code != (403 if route.startswith("POST") or PERSONAL.search(route) else 200)
    }
    assert wrong == {}
    assert "Amal" in admin.get(site.ours.address("/credentials")).text
    assert [route for route, answer in answers.items() if "Amal" in answer.text] == []


def test_an_admin_goes_from_one_issuer_to_another(site: Site, admin: Desk) -> None:
    chooser = admin.get("/console")
    pages = [admin.get(tenant.address()) for tenant in (site.ours, site.theirs)]

    assert all(f'href="{tenant.address()}"' in chooser.text for tenant in (site.ours, site.theirs))
    assert [page.status_code for page in pages] == [200, 200]
    assert "Change issuer" in pages[0].text
