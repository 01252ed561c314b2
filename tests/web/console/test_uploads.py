"""Uploads in the console: dry runs, hostile cells, limits, and that nothing is done twice."""

import re
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from registry.web.limits import MAX_BODY_BYTES
from tests.adapters.chunk_work import until
from tests.registry_world import MAX_UPLOAD_BYTES
from tests.web.console.client import CSV, HOSTILE, OWN, Desk, words
from tests.web.console.sites import GOOD, Site


def upload(site: Site, registrar: Desk, content: bytes, **options: str) -> httpx.Response:
    fields = {"achievement": str(site.ours.achievement.id), **options}
    page = site.ours.address("/uploads/new")
    return registrar.send(site.ours.address("/uploads"), fields, on=page, file=content)


def test_a_dry_run_says_line_column_value_code_and_remedy(site: Site, registrar: Desk) -> None:
    content = CSV + b"a@example.org,A,29/05/2026,A\r\nb@example.org,B,2026-05-29,A\r\n,C,2026-05-29,F\r\n"

    made = upload(site, registrar, content)
    page = words(registrar.get(made.headers["Location"]).text)
    annotated = registrar.get(f"{made.headers['Location']}/annotated.csv")

    assert "2 error issued_on 29/05/2026 DATE_FORMAT" in page
    assert "use YYYY-MM-DD, such as 2026-05-29" in page
    assert "2 rows have errors, so nothing is issued" in page
    assert b"DATE_FORMAT" in annotated.content


@pytest.mark.parametrize(("options", "asked"), [({}, False), ({"skip_bad": "on"}, True)])
def test_the_overview_asks_for_what_can_be_issued_alone(
    site: Site, registrar: Desk, options: dict[str, str], asked: bool
) -> None:
    made = upload(site, registrar, CSV + b"ok@example.org,A,2026-05-29,A\r\nbad,B,2026-05-29,A\r\n", **options)

    overview = registrar.get(site.ours.address("")).text
    notices = re.findall(r'<div class="notice warn">.*?</div>', overview, re.DOTALL)

    assert any(f'"{made.headers["Location"]}"' in notice for notice in notices) is asked


def test_rows_are_shown_a_page_at_a_time_and_by_kind(site: Site, registrar: Desk) -> None:
    lines = [f"p{n}@example.org,P{n},2026-05-29,{'F' if n % 2 else 'A'}\r\n" for n in range(120)]
    made = upload(site, registrar, CSV + "".join(lines).encode())
    address = made.headers["Location"]

    errors = registrar.get(address).text
    following = re.search(r'href="([^"]*after=[0-9]+)', errors)
    assert following is not None
    more = registrar.get(following[1].replace("&amp;", "&")).text
    everything = registrar.get(f"{address}?rows=all").text

    assert [page.count("GRADE_NOT_ALLOWED") for page in (errors, more)] == [50, 10]
    assert everything.count('scope="row"') == 50
    assert "P2<" in everything


def test_an_upload_is_received_once_however_often_the_form_is_sent(site: Site, registrar: Desk) -> None:
    form = {**registrar.fields(site.ours.address("/uploads/new")), "achievement": str(site.ours.achievement.id)}
    files = {"file": ("twice.csv", CSV + b"twice@example.org,T,2026-05-29,A\r\n", "text/csv")}

    answers = [
        registrar.http.post(site.ours.address("/uploads"), data=form, files=files, headers=OWN) for _ in range(2)
    ]

    assert answers[0].headers["Location"] == answers[1].headers["Location"]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "FILE_EMPTY"), (CSV + b"a\x00b,,,\r\n", "NUL_BYTE"), (b"name,date\r\nA,B\r\n", "HEADER_MISSING")],
)
def test_a_file_that_cannot_be_used_is_said_on_the_form(site: Site, registrar: Desk, content: bytes, code: str) -> None:
    answer = upload(site, registrar, content, skip_bad="on")

    assert answer.status_code == 400
    assert code in answer.text
    assert re.search(r'name="skip_bad" checked', answer.text)


@pytest.mark.parametrize("missing", ["file", "achievement"])
def test_a_form_without_a_file_or_an_achievement_is_shown_again(site: Site, registrar: Desk, missing: str) -> None:
    form = registrar.fields(site.ours.address("/uploads/new"))
    chosen = {} if missing == "achievement" else {"achievement": str(site.ours.achievement.id)}
    files = {} if missing == "file" else {"file": ("f.csv", GOOD, "text/csv")}

    answer = registrar.http.post(
        site.ours.address("/uploads"), data={**form, **chosen}, files=files or {"x": b""}, headers=OWN
    )

    assert answer.status_code == 400
    assert f"{missing}-missing" in answer.text


def test_names_that_are_markup_or_turn_text_around_stay_text(site: Site, registrar: Desk) -> None:
    content = CSV + f"h@example.org,{HOSTILE},2026-05-29,A\r\nr@example.org,أمل حداد,2026-05-29,A\r\n".encode()
    address = upload(site, registrar, content).headers["Location"]

    pages = [registrar.get(f"{address}/row?line={line}").text for line in (2, 3)]
    rows = registrar.get(f"{address}?rows=all").text

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages[0]
    assert "<bdi>أمل حداد</bdi>" in pages[1]
    assert all("<script>alert" not in page for page in (*pages, rows))


def test_a_cell_that_is_a_formula_is_harmless_in_the_file_that_comes_back(site: Site, registrar: Desk) -> None:
    content = CSV + b"f@example.org,=1+2,2026-05-29,A\r\n"
    address = upload(site, registrar, content).headers["Location"]

    annotated = registrar.get(f"{address}/annotated.csv").text

    assert "'=1+2" in annotated
    assert ",=1+2" not in annotated


def test_a_row_that_became_a_credential_leads_to_it_and_to_what_followed(site: Site, registrar: Desk) -> None:
    people = [b"%s@became.example,%s,2026-05-29,A,2099-05-29" % (name, name) for name in (b"corrected", b"kept")]
    content = b"\r\n".join([b"recipient_email,recipient_name,issued_on,grade,expires_on", *people, b""])
    made = upload(site, registrar, content).headers["Location"]
    registrar.send(f"{made}/issue", {}, on=made)
    until(lambda: is_issued(registrar, made))
    shown = registrar.get(f"{made}?rows=all").text
    addresses = re.findall(r'href="([^"]*/credentials/[0-9a-f-]{36})"', shown)
    registrar.send(f"{addresses[0]}/supersede", {"name": "Corrected"}, on=f"{addresses[0]}/supersede")
    renewal = {"expiresOn": "2100-05-29"}
    renewed = registrar.send(f"{addresses[1]}/renew", renewal, on=f"{addresses[1]}/renew").headers["Location"]
    at_first = registrar.get(f"{made}?rows=all").text
    registrar.send(f"{renewed}/revoke", {"reason": "issued-in-error"}, on=f"{renewed}/revoke")

    page = registrar.get(f"{made}?rows=all").text
    findings = words(registrar.get(f"{made}?rows=findings").text)

    assert len(addresses) == 2
    assert re.search(r"2 \(preview\) good Credential of line 2 revoked Superseded by another one", words(page))
    assert re.search(r"3 \(preview\) good Credential of line 3 Renewed by another one of line 3 kept", words(at_first))
    assert re.search(r"3 \(preview\) good Credential of line 3 kept", words(page))
    assert "Nothing was found: every row is good." in findings


def is_issued(registrar: Desk, address: str) -> bool:
    """Tell whether an upload is wholly issued."""
    return bool(registrar.get(f"{address}/progress").json()["state"] == "issued")


def test_issuing_twice_by_a_double_click_issues_once(site: Site, registrar: Desk) -> None:
    address = upload(site, registrar, CSV + b"once@example.org,O,2026-05-29,A\r\n").headers["Location"]
    form = registrar.fields(address)

    answers = [registrar.http.post(f"{address}/issue", data=form, headers=OWN) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[1].headers["Location"] == address


def test_a_file_over_the_limit_is_refused_before_it_is_received(site: Site, registrar: Desk) -> None:
    host = urlsplit(site.address)
    cookie = "; ".join(f"{name}={value}" for name, value in registrar.http.cookies.items())
    head = (
        f"POST {site.ours.address('/uploads')} HTTP/1.1\r\nHost: {host.netloc}\r\nCookie: {cookie}\r\n"
        f"Sec-Fetch-Site: same-origin\r\nContent-Length: {MAX_UPLOAD_BYTES + 70_000}\r\n\r\n"
    )

    with socket.create_connection((str(host.hostname), int(host.port or 0))) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(65_536)

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_file_larger_than_other_forms_passes(site: Site, registrar: Desk) -> None:
    answer = upload(site, registrar, CSV + b"x" * (MAX_BODY_BYTES + 1))

    assert (answer.status_code, "RECORD_TOO_LONG" in answer.text) == (400, True)
