"""What the console asks for over HTTP: mapped files, spreadsheets, approvals, members, corrections and renewals."""

import io
from typing import Any, Final

import httpx
import pytest
from python_calamine import load_workbook

from registry.store_ports import Role
from tests.exports import HEADERS, sample, sample_csv
from tests.registry_world import BODY, World
from tests.web.vc_calls import JSON

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STYLE: Final = "style of Moodle"


@pytest.fixture
def own(world: World) -> JSON:
    """Give an issuer with an achievement, a member who sends and one who approves."""
    issuer = world.add_issuer(f"poly-{world.resources.ids.new().hex[-8:]}")
    keys = {name: world.add_key(Role.ISSUER, issuer, approver=name == "approver") for name in ("sender", "approver")}
    headers = {name: {"Authorization": f"Bearer {key}"} for name, key in keys.items()}
    base = f"/v1/issuers/{issuer.slug}"
    return {"base": base, "achievement": str(world.add_achievement(issuer).id), **headers}


def send(client: httpx.Client, own: JSON, content: bytes, **params: str) -> httpx.Response:
    params = {"achievement": own["achievement"], **params}
    return client.post(f"{own['base']}/uploads", headers=own["sender"], content=content, params=params)


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def issue(client: httpx.Client, own: JSON, email: str, **more: Any) -> JSON:  # noqa: ANN401 - any member
    form = {"achievement": own["achievement"], "recipient": {"email": email, "name": "Amal Hadad"}, **more}
    response = client.post(f"{own['base']}/credentials", headers=own["sender"], json=form)
    assert response.status_code == 201, response.text
    return dict(response.json())


def test_a_spreadsheet_in_the_style_of_a_platform_is_read_mapped_and_given_back(
    client: httpx.Client, world: World, own: JSON
) -> None:
    rows = sample(STYLE)
    rows[7] = (*rows[7][:4], "not a day")
    content = b"".join(world.resources.spreadsheets.write(rows))

    uploaded = send(client, own, content, mapping=STYLE, filename="export.csv").json()
    at = f"{own['base']}/uploads/{uploaded['id']}"
    found = client.get(f"{at}/rows", headers=own["sender"]).json()
    annotated = client.get(f"{at}/annotated.xlsx", headers=own["sender"])
    other = client.get(f"{at}/annotated.csv", headers=own["sender"])
    preview = client.get(f"{at}/preview", headers=own["sender"], params={"line": 2}).json()

    assert (uploaded["format"], uploaded["mapping"], uploaded["sheet"]) == ("xlsx", STYLE, None)
    assert (uploaded["rowsOk"], uploaded["rowsError"], uploaded["rowsSkipped"]) == (49, 1, 3)
    wrong = found[0]
    assert (wrong["line"], wrong["code"]) == (8, "MAPPING_MISMATCH")
    assert (wrong["findings"][0]["column"], wrong["findings"][0]["value"]) == ("Course complete", "not a day")
    assert {row["code"] for row in found[1:]} == {"ROW_LEFT_OUT"}
    assert annotated.headers["Content-Type"] == XLSX
    table = load_workbook(io.BytesIO(annotated.content)).get_sheet_by_index(0).to_python()
    assert table[0] == [*HEADERS[STYLE].split(","), "_line", "_status", "_code", "_column", "_message"]
    assert table[7][5:9] == ["8", "error", "MAPPING_MISMATCH", "Course complete"]
    assert code(other) == (404, "annotated-file-not-found")
    assert preview["credential"]["credentialSubject"]["identifier"][-1]["identityHash"] == "Amal Haddad"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"mapping": "style of Nobody"}, (404, "column-mapping-not-found")),
        ({"mapping": "style of edX"}, (400, "COLUMN_MISSING")),
        ({}, (400, "HEADER_MISSING")),
        ({"mapping": STYLE, "sheet": "Second"}, (400, "SHEET_MISSING")),
    ],
)
def test_a_file_that_does_not_fit_is_refused(
    client: httpx.Client, world: World, own: JSON, params: dict[str, str], expected: tuple[int, str]
) -> None:
    content = b"".join(world.resources.spreadsheets.write(sample(STYLE)))

    assert code(send(client, own, content, **params)) == expected
    assert client.get(f"{own['base']}/uploads", headers=own["sender"]).json() == []


def test_a_text_file_has_no_sheets(client: httpx.Client, own: JSON) -> None:
    assert code(send(client, own, sample_csv(STYLE), mapping=STYLE, sheet="First")) == (400, "sheet-unexpected")


def test_a_saved_mapping_is_suggested_used_and_deleted(client: httpx.Client, own: JSON) -> None:
    mapping = {
        "name": "ours",
        "columns": {
            "recipient_name": {"join": ["First name", "Last name"]},
            "recipient_email": {"from": "Email address"},
            "recipient_id": {"from": "ID number"},
            "issued_on": {"from": "Course complete", "date": "DMY"},
            "grade": {"constant": "A"},
        },
        "leaveOut": [{"from": "course complete", "if": [""]}],
    }
    at, header = f"{own['base']}/column-mappings", HEADERS[STYLE].split(",")

    saved = client.post(at, headers=own["sender"], json=mapping).json()
    suggested = client.post(f"{at}/suggestions", headers=own["sender"], json={"header": header}).json()
    uploaded = send(client, own, sample_csv(STYLE), mapping=saved["key"]).json()
    deleted = client.delete(f"{at}/{saved['key']}", headers=own["sender"])
    rows = client.get(f"{own['base']}/uploads/{uploaded['id']}/rows", headers=own["sender"], params={"every": True})
    listed = client.get(at, headers=own["sender"]).json()

    assert (saved["builtIn"], saved["mapping"]) == (False, mapping)
    assert [(each["key"], each["found"], each["missing"]) for each in suggested[:2]] == [
        (saved["key"], 5, []),
        (STYLE, 5, []),
    ]
    assert (uploaded["rowsOk"], uploaded["mapping"], deleted.status_code) == (50, "ours", 204)
    assert sum(row["result"] == "ok" for row in rows.json()) == 50
    assert [each["key"] for each in listed] == sorted(HEADERS)
    assert code(client.get(f"{at}/{saved['key']}", headers=own["sender"])) == (404, "column-mapping-not-found")


def test_two_members_stand_by_an_upload_where_that_is_asked_for(
    client: httpx.Client, own: JSON, admin: dict[str, str]
) -> None:
    content = b"recipient_email,recipient_name,issued_on\r\nzara@example.org,Zara,2026-05-29\r\n"
    form = {"approvals": "second-person"}
    issuer = client.post(f"{own['base']}/approvals", headers=admin, json=form).json()
    uploaded = send(client, own, content).json()
    at = f"{own['base']}/uploads/{uploaded['id']}"

    def post(action: str, who: str) -> httpx.Response:
        return client.post(f"{at}/{action}", headers=own[who])

    too_early = post("issue", "sender")
    asked = post("request-approval", "sender").json()
    not_an_approver = post("approve", "sender")
    given = post("approve", "approver").json()
    begun = post("issue", "sender")
    single = client.post(
        f"{own['base']}/credentials",
        headers=own["sender"],
        json={"achievement": own["achievement"], "recipient": {"email": "one@example.org"}},
    )

    assert (issuer["approvals"], asked["state"], given["state"]) == ("second-person", "approval-requested", "approved")
    assert code(too_early) == code(single) == (422, "approval-needed")
    assert code(not_an_approver) == (403, "role-not-allowed")
    assert asked["receivedBy"] == asked["approvalRequestedBy"] != given["approvedBy"]
    assert begun.status_code == 202


def test_who_asks_for_approval_does_not_give_it(client: httpx.Client, own: JSON) -> None:
    content = b"recipient_email,recipient_name,issued_on\r\nzara@example.org,Zara,2026-05-29\r\n"
    at = f"{own['base']}/uploads/{send(client, own, content).json()['id']}"
    client.post(f"{at}/request-approval", headers=own["approver"])

    assert code(client.post(f"{at}/approve", headers=own["approver"])) == (422, "approval-by-same-person")


def test_what_cannot_be_issued_is_not_asked_about(client: httpx.Client, own: JSON) -> None:
    uploaded = send(client, own, b"recipient_email,recipient_name,issued_on\r\nnobody,N,2026-05-29\r\n").json()

    asked = client.post(f"{own['base']}/uploads/{uploaded['id']}/request-approval", headers=own["sender"])

    assert code(asked) == (422, "upload-has-errors")


def test_members_are_shown_to_their_issuer(client: httpx.Client, own: JSON) -> None:
    members = client.get(f"{own['base']}/members", headers=own["sender"]).json()

    assert [member["approver"] for member in members] == [False, True]
    assert all("key" not in member for member in members)


def test_a_correction_is_linked_both_ways_and_made_once_under_a_key(client: httpx.Client, own: JSON) -> None:
    earlier = issue(client, own, "amal@example.org")
    at = f"{own['base']}/credentials/{earlier['id']}"
    headers = {**own["sender"], "Idempotency-Key": f"correct-{earlier['id']}"}

    first, again = (client.post(f"{at}/supersede", headers=headers, json={"name": "Amal Haddad"}) for _ in range(2))
    without = client.post(f"{at}/supersede", headers=own["sender"], json={"name": "Amal Haddad"})
    before = client.get(at, headers=own["sender"]).json()
    listed = client.get(f"{own['base']}/credentials", headers=own["sender"]).json()

    later = first.json()
    assert (first.status_code, again.json()) == (201, later)
    assert (later["supersedes"], before["supersededBy"], before["standing"]) == (earlier["id"], later["id"], "revoked")
    assert later["document"]["credentialSubject"]["identifier"][-1]["identityHash"] == "Amal Haddad"
    assert later["promise"]["leaf"] == later["leaf"]
    assert code(without) == (409, "revoked")
    assert [each["supersededBy"] for each in listed] == [later["id"], None]


@pytest.mark.parametrize(
    "form", [{"recipient": {}}, {"recipient": {"name": "x"}}, {"evidence": [{"url": "x"}]}, {"x": 1}]
)
def test_a_correction_that_cannot_be_read_changes_nothing(client: httpx.Client, own: JSON, form: JSON) -> None:
    earlier = issue(client, own, "amal@example.org")
    at = f"{own['base']}/credentials/{earlier['id']}"

    refused = client.post(f"{at}/supersede", headers=own["sender"], json=form)

    assert refused.status_code == 400
    assert client.get(at, headers=own["sender"]).json()["standing"] == "active"


def test_what_ends_is_listed_until_it_is_renewed(client: httpx.Client, own: JSON) -> None:
    earlier = issue(client, own, "amal@example.org", expiresOn="2026-12-31", evidence=[{"narrative": "n"}])
    issue(client, own, "later@example.org", expiresOn="2030-12-31")
    at, ending = f"{own['base']}/credentials", {"expiringBefore": "2027-01-01"}

    before = client.get(at, headers=own["sender"], params=ending).json()
    form = {"expiresOn": "2029-12-31", "evidence": []}
    renewed = client.post(f"{at}/{earlier['id']}/renew", headers=own["sender"], json=form).json()
    after = client.get(at, headers=own["sender"], params=ending).json()
    again = client.post(f"{at}/{earlier['id']}/renew", headers=own["sender"], json=form)
    goes_on = [client.get(f"{at}/{earlier['id']}", headers=own["sender"]).json()["renewedBy"]]
    client.post(f"{at}/{renewed['id']}/revoke", headers=own["sender"], json={"reason": "issued-in-error"})
    goes_on.append(client.get(f"{at}/{earlier['id']}", headers=own["sender"]).json()["renewedBy"])

    assert [each["id"] for each in before] == [earlier["id"]]
    assert after == []
    assert (renewed["renews"], renewed["validUntil"][:10], renewed["standing"]) == (
        earlier["id"],
        "2029-12-31",
        "active",
    )
    assert "evidence" not in renewed["document"]
    assert goes_on == [renewed["id"], None]
    assert code(again) == (409, "already-renewed")
    assert code(client.get(at, headers=own["sender"], params={"expiringBefore": "soon"}))[0] == 400


def test_an_achievement_s_own_grades_hold_for_corrections(client: httpx.Client, own: JSON) -> None:
    earlier = issue(client, own, "amal@example.org", results=["A"])

    refused = client.post(
        f"{own['base']}/credentials/{earlier['id']}/supersede", headers=own["sender"], json={"results": ["F"]}
    )

    assert BODY["resultDescription"]
    assert code(refused) == (400, "result-not-allowed")
