"""What is public of a credential, to the byte: nothing before it is shared, nothing after, and never what is private."""

import io
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import event

from registry.domain.canonical import canonicalize, parse_object
from registry.domain.credential import Award, Evidence
from registry.service.issuing import issue
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.store_ports import AchievementRecord, CredentialRecord, IssuerRecord
from registry.web.pages.languages import TAGS
from tests.earner import hold, mailed_link
from tests.registry_world import PUBLIC_URL, World

HTML = {"Accept": "text/html"}
NOBODY = "AAECAwQFBgcICQoLDA0ODw"
PRIVATE = ("https://evidence.example.org/for-few", "what only few should read")
PAGES = ("", "/credential.json", "/embed", "/badge.png", "/picture.png", "/qr.png")

Switch = Callable[[bool], str]


@pytest.fixture(scope="module")
def issuer(world: World) -> IssuerRecord:
    return world.add_issuer()


@pytest.fixture(scope="module")
def achievement(world: World, issuer: IssuerRecord) -> AchievementRecord:
    criteria = {"narrative": "Six *assignments*.\n\n<script>alert(1)</script>\n\n[x](javascript:alert(2))"}
    return world.add_achievement(issuer, criteria=criteria)


@pytest.fixture
def address(world: World) -> str:
    return f"{world.resources.ids.new()}@example.org"


@pytest.fixture
def credential(world: World, issuer: IssuerRecord, achievement: AchievementRecord, address: str) -> CredentialRecord:
    return world.issue(issuer, achievement, address)


@pytest.fixture
def mine(world: World, credential: CredentialRecord, address: str) -> str:
    """Give the path of the holder's page."""
    return hold(world, credential, address)


@pytest.fixture
def switch(client: httpx.Client, world: World, credential: CredentialRecord, mine: str) -> Switch:
    """Give what switches sharing as the holder does; it returns the path of the public page."""

    def switched(shared: bool) -> str:  # a switch
        answer = client.post(f"{mine}/sharing", data={"shared": "yes" if shared else "no"})
        assert (answer.status_code, answer.headers["Location"]) == (303, mine)
        with world.store.read() as unit:
            share = unit.shares.of_credential(credential.id)
        assert share is not None
        return f"/c/{share.token.text}"

    return switched


def everything(client: httpx.Client, path: str, **headers: str) -> list[httpx.Response]:
    """Ask for all that may be had of a page."""
    pages = [client.get(path + part, headers={**HTML, **headers}) for part in PAGES]
    return [*pages, client.get(path, headers={"Accept": "application/vc"})]


def test_one_address_is_a_page_or_the_credential(
    client: httpx.Client, credential: CredentialRecord, switch: Switch
) -> None:
    path = switch(True)

    page = client.get(path, headers=HTML)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for kind in ("application/vc", "application/vc+ld+json", "application/ld+json", "application/json"):
        answer = client.get(path, headers={"Accept": f"{kind}, text/html;q=0.5"})
        assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, kind)
        assert answer.content == credential.document
    for answer in (page, client.get(path, headers={"Accept": "application/vc"})):
        assert {part.strip() for part in answer.headers["Vary"].split(",")} == {"Accept", "Accept-Language"}
        assert answer.headers["Cache-Control"] == "no-store"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert "Set-Cookie" not in answer.headers
    assert client.get(path, headers={"Accept": "image/png"}).json()["code"] == "not-acceptable"
    assert client.get(path, headers={"Accept": "*/*"}).headers["Content-Type"].startswith("text/html")


def test_the_page_shows_what_was_earned_and_runs_nothing(client: httpx.Client, switch: Switch) -> None:
    html = client.get(switch(True), headers=HTML).text

    for said in ("Data Analysis with Python", "Amal Haddad", "Issuer poly", "<em>assignments</em>", ">A</strong>"):
        assert said in html
    assert "http://data.europa.eu/esco/skill/2b92a5b2-6758-4ee3-9fb4-b6387a55cc8f" in html
    assert "June 1, 2026 (UTC)" in html
    assert "<script>alert" not in html
    assert 'href="javascript:' not in html
    assert "<script" not in html


def test_other_sites_are_told_what_the_link_shows(client: httpx.Client, switch: Switch) -> None:
    path = switch(True)

    html = client.get(path, headers=HTML).text

    said = dict(re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)">', html))
    assert said["og:title"] == "Data Analysis with Python – Amal Haddad"
    assert said["og:description"] == "Valid. Issued by Issuer poly."
    assert said["og:url"] == PUBLIC_URL + path
    assert said["og:image"] == f"{PUBLIC_URL}{path}/picture.png"
    assert "noindex" in said["robots"]
    assert f'<link rel="alternate" type="application/vc" href="{PUBLIC_URL}{path}">' in html
    picture = Image.open(io.BytesIO(client.get(f"{path}/picture.png").content))
    assert picture.size == (1200, 630) == (int(said["og:image:width"]), int(said["og:image:height"]))


def test_the_code_leads_back_to_the_page(client: httpx.Client, switch: Switch) -> None:
    path = switch(True)

    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(client.get(f"{path}/qr.png").content)))

    assert found.text == PUBLIC_URL + path


def test_the_badge_alone_may_stand_in_a_frame(client: httpx.Client, switch: Switch) -> None:
    path = switch(True)

    framed = {part: client.get(path + part, headers=HTML).headers["Content-Security-Policy"] for part in PAGES}

    assert "frame-ancestors *" in framed.pop("/embed")
    assert all("frame-ancestors 'none'" in policy for policy in framed.values())
    assert "<script" not in client.get(f"{path}/embed", headers=HTML).text


def test_what_was_never_shared_is_shown_nowhere(client: httpx.Client, credential: CredentialRecord, mine: str) -> None:
    for name in (str(credential.id), str(credential.document_id), credential.leaf.hex(), mine.rpartition("/")[2]):
        assert {answer.status_code for answer in everything(client, f"/c/{name}")} == {404}


def test_sharing_ends_at_once_for_everything(client: httpx.Client, switch: Switch) -> None:
    path = switch(True)
    shown = [answer.status_code for answer in everything(client, path)]
    switch(False)
    hidden = [answer.status_code for answer in everything(client, path)]
    again = switch(True)

    assert set(shown) == {200}
    assert set(hidden) == {404}
    assert again == path
    assert {answer.status_code for answer in everything(client, path)} == {200}


@pytest.mark.parametrize("language", TAGS)
def test_hidden_and_unknown_are_the_same_to_the_byte(client: httpx.Client, switch: Switch, language: str) -> None:
    switch(True)
    path = switch(False)

    hidden = everything(client, path, **{"Accept-Language": language})
    unknown = everything(client, f"/c/{NOBODY}", **{"Accept-Language": language})

    for one, other in zip(hidden, unknown, strict=True):
        assert one.status_code == other.status_code == 404
        assert one.content == other.content.replace(NOBODY.encode(), path.removeprefix("/c/").encode())
        without = [
            [(name, value) for name, value in answer.headers.items() if name not in {"date", "content-length"}]
            for answer in (one, other)
        ]
        assert without[0] == without[1]


def test_hidden_and_unknown_ask_the_database_the_same(client: httpx.Client, world: World, switch: Switch) -> None:
    switch(True)
    path = switch(False)
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    # What takes no other work takes no other time.
    event.listen(world.engine, "before_cursor_execute", note)
    try:
        by_path = {}
        for each in (path, f"/c/{NOBODY}"):
            asked.clear()
            client.get(each, headers={"Accept": "application/vc"})
            by_path[each] = [statement for statement in asked if "share" in statement]
    finally:
        event.remove(world.engine, "before_cursor_execute", note)

    hidden, unknown = by_path.values()
    assert hidden == unknown
    assert len(hidden) == 1


@pytest.mark.parametrize(
    ("action", "reason", "word", "why"),
    [
        (StatusAction.REVOKE, Reason.MISCONDUCT, "Revoked", "it was obtained by misconduct"),
        (StatusAction.REVOKE, Reason.SUPERSEDED, "Superseded", "Ask its earner for the new one"),
        (StatusAction.SUSPEND, Reason.UNDER_REVIEW, "Suspended", "it is being looked into"),
    ],
)
def test_what_does_not_count_stays_shared_and_says_so(  # noqa: PLR0917  # fixtures
    client: httpx.Client,
    world: World,
    issuer: IssuerRecord,
    credential: CredentialRecord,
    switch: Switch,
    action: StatusAction,
    reason: Reason,
    word: str,
    why: str,
) -> None:
    path = switch(True)
    request = StatusRequest(action=action, reason=reason, note="a private note")
    with world.store.write() as unit:
        change_status(world.resources, unit, issuer, credential.id, request, caller=world.admin)

    for page in (client.get(path, headers=HTML), client.get(f"{path}/embed", headers=HTML)):
        assert page.status_code == 200
        assert f"{word}" in page.text
        assert "Valid" not in page.text.replace("Valid until", "")
        assert "a private note" not in page.text
    assert why in client.get(path, headers=HTML).text


def test_private_evidence_is_in_no_byte_of_what_is_shared(
    client: httpx.Client, world: World, issuer: IssuerRecord, achievement: AchievementRecord, address: str
) -> None:
    now = world.clock.now().replace(microsecond=0)
    url, narrative = PRIVATE
    evidence = Evidence(url=url, narrative=narrative, name="Portfolio", description=narrative, private=True)
    award = Award(valid_from=now, valid_until=None, awarded=now, results=("A",), evidence=(evidence,))
    with world.store.write() as unit:
        made = issue(
            world.resources, unit, issuer, achievement.id, world.order(address, award=award), caller=world.admin
        )
        credential = unit.credentials.get(issuer.id, made.id)
    mine = hold(world, credential, address)
    client.post(f"{mine}/sharing", data={"shared": "yes"})
    with world.store.read() as unit:
        share = unit.shares.of_credential(credential.id)
    assert share is not None
    path = f"/c/{share.token.text}"

    answers = everything(client, path)
    refused = [answer for answer in answers if answer.status_code == 403]
    whole = b"".join(answer.content for answer in answers)

    assert narrative.encode() in credential.document
    assert b"Portfolio" in answers[0].content
    assert b"Not for everybody" in answers[0].content
    assert ["private-evidence" in answer.text for answer in refused] == [True, True]
    for secret in PRIVATE:
        assert secret.encode() not in whole
    # It is the earner's own, who may give it to whom they like.
    assert client.get(f"{mine}/credential.json").content == credential.document
    assert 'type="application/vc"' not in answers[0].text


def test_a_holder_takes_everything_along(client: httpx.Client, credential: CredentialRecord, mine: str) -> None:
    kinds = {
        "credential.json": "application/vc",
        "certificate.pdf": "application/pdf",
        "badge.png": "image/png",
        "badge.svg": "image/svg+xml",
        "bundle.zip": "application/zip",
    }

    for name, kind in kinds.items():
        answer = client.get(f"{mine}/{name}")
        assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, kind)
        assert answer.headers["Cache-Control"] == "no-store"
        assert client.get(f"/mine/{'A' * 43}/{name}").json()["code"] == "claim-not-found"
    assert client.get(f"{mine}/credential.json").content == canonicalize(parse_object(credential.document))


def test_a_certificate_leads_to_the_page_while_it_is_shared(  # fixtures
    client: httpx.Client, admin: dict[str, str], credential: CredentialRecord, mine: str, switch: Switch
) -> None:
    issuers = f"/v1/issuers/poly/credentials/{credential.id}/certificate.pdf"
    path = switch(True)

    shared = [text_of(client.get(f"{mine}/certificate.pdf")), text_of(client.get(issuers, headers=admin))]
    switch(False)
    private = [text_of(client.get(f"{mine}/certificate.pdf")), text_of(client.get(issuers, headers=admin))]

    assert all(path.removeprefix("/c/") in text for text in shared)
    assert not any(path.removeprefix("/c/") in text for text in private)


def text_of(answer: httpx.Response) -> str:
    """Read the text and the links of a PDF, without the spaces that setting it adds."""
    reader = PdfReader(io.BytesIO(answer.content))
    links = [
        str(note.get_object().get("/A", {}).get("/URI", ""))
        for page in reader.pages
        for note in page.get("/Annots", [])
    ]
    return "".join("".join([page.extract_text() for page in reader.pages] + links).split())


def test_a_holder_is_given_what_other_pages_take(client: httpx.Client, mine: str, switch: Switch) -> None:
    private = client.get(mine, headers=HTML).text
    path = switch(True)
    shared = client.get(mine, headers=HTML).text

    found = re.search(r'href="(https://www\.linkedin\.com/[^"]+)"', shared)
    assert found is not None
    asked = parse_qs(urlsplit(found[1].replace("&amp;", "&")).query)
    assert asked["certUrl"] == [PUBLIC_URL + path]
    assert asked["name"] == ["Data Analysis with Python"]
    assert f"{PUBLIC_URL}{path}/embed" in shared
    assert f"{PUBLIC_URL}{path}/badge.png" in shared
    assert "linkedin" not in private
    assert path not in private


def test_an_issuer_s_page_at_linkedin_brings_its_logo(
    client: httpx.Client, world: World, mine: str, switch: Switch
) -> None:
    switch(True)
    at, headers = "/v1/issuers/poly/linkedin", {"Authorization": f"Bearer {world.admin_key}"}

    said = [client.put(at, headers=headers, json={"organizationId": number}) for number in ("1234567", "12a")]
    shown = client.get(mine, headers=HTML).text
    client.put(at, headers=headers, json={"organizationId": None})
    after = client.get(mine, headers=HTML).text

    assert said[0].json()["linkedinOrganization"] == "1234567"
    assert (said[1].status_code, said[1].json()["code"]) == (400, "malformed-linkedin-organization")
    assert "organizationId=1234567" in shown
    assert "organizationName" not in shown
    assert ("organizationId" in after, "organizationName" in after) == (False, True)


def test_looking_at_a_link_claims_nothing(
    client: httpx.Client, world: World, credential: CredentialRecord, address: str
) -> None:
    path = mailed_link(world, credential, address)
    pages = [client.get(path, headers=HTML) for _ in range(3)]
    secrets = [re.search(r'name="secret" value="([^"]+)"', page.text) for page in pages]
    chosen = secrets[-1]
    assert chosen is not None
    claimed = [client.post(path, data={"secret": chosen[1]}) for _ in range(2)]
    first = secrets[0]
    assert first is not None
    late = client.post(path, data={"secret": first[1]}, headers=HTML)

    assert {page.status_code for page in pages} == {200}
    assert [(answer.status_code, answer.headers["Location"]) for answer in claimed] == [(303, f"/mine/{chosen[1]}")] * 2
    assert late.status_code == 404
    assert "This link does not work any more" in late.text
    assert client.get(path, headers=HTML).status_code == 404


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_other_site_sends_our_forms(client: httpx.Client, mine: str, site: str) -> None:
    for path in (f"{mine}/sharing", "/claim/" + "A" * 43):
        answer = client.post(path, data={"shared": "yes", "secret": "x"}, headers={"Sec-Fetch-Site": site})
        assert (answer.status_code, answer.json()["code"]) == (403, "cross-site-request")


@pytest.mark.parametrize("body", [{}, {"shared": "maybe"}, {"shared": "yes" * 1000}])
def test_a_form_that_is_none_of_ours_changes_nothing(client: httpx.Client, mine: str, body: dict[str, str]) -> None:
    answer = client.post(f"{mine}/sharing", data=body)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-request")
