"""The files that are made of a credential, over HTTP."""

import io
import zipfile

import httpx
import pypdf
import pytest

from registry.adapters.baking_png import extract_png
from registry.adapters.baking_svg import extract_svg
from registry.domain.canonical import parse_object
from registry.domain.certificate_words import words_of
from registry.store_ports import CredentialRecord
from tests.registry_world import World


@pytest.fixture(scope="module")
def credential(world: World) -> CredentialRecord:
    issuer = world.add_issuer("making")
    return world.issue(issuer, world.add_achievement(issuer), "made@example.org")


def get(client: httpx.Client, headers: dict[str, str], credential: CredentialRecord, name: str) -> httpx.Response:
    return client.get(f"/v1/issuers/making/credentials/{credential.id}/{name}", headers=headers)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("certificate.pdf", "application/pdf"),
        ("badge.png", "image/png"),
        ("badge.svg", "image/svg+xml"),
        ("bundle.zip", "application/zip"),
    ],
)
def test_a_file_carries_the_credential_and_is_kept_by_nobody(
    client: httpx.Client, admin: dict[str, str], credential: CredentialRecord, name: str, media_type: str
) -> None:
    answer = get(client, admin, credential, name)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Cache-Control"] == "private, no-store"
    ending = name.rpartition(".")[2]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{credential.document_id}.{ending}"'
    assert parse_object(carried(ending, answer.content)) == parse_object(credential.document)


def carried(ending: str, content: bytes) -> bytes:
    match ending:
        case "pdf":
            return pypdf.PdfReader(io.BytesIO(content)).attachments["credential.json"][0]
        case "png":
            return extract_png(content)
        case "svg":
            return extract_svg(content)
        case _:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                return archive.read("credential.json")


def test_a_name_that_no_font_shows_is_one_clear_problem(
    client: httpx.Client, admin: dict[str, str], world: World
) -> None:
    issuer = world.add_issuer("thai")
    credential = world.issue(issuer, world.add_achievement(issuer, name="การวิเคราะห์ข้อมูล"), "thai@example.org")

    for name in ("certificate.pdf", "badge.png", "badge.svg", "bundle.zip"):
        answer = client.get(f"/v1/issuers/thai/credentials/{credential.id}/{name}", headers=admin)
        assert (answer.status_code, answer.json()["code"]) == (422, "font-missing")
        assert "(Thai)" in answer.json()["detail"]


def test_an_option_that_there_is_not_is_refused(
    client: httpx.Client, admin: dict[str, str], credential: CredentialRecord
) -> None:
    answer = get(client, admin, credential, "badge.png?size=10")

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-parameter")


def test_a_row_s_certificate_is_marked_as_a_preview_and_carries_nothing_signed(
    client: httpx.Client, admin: dict[str, str], world: World
) -> None:
    issuer = world.add_issuer("previewing")
    rows = b"recipient_email,recipient_name,issued_on\na@example.org,Amal Haddad,2026-05-29\nno-address,Bob Moyo,2026-05-29\n"
    upload = world.upload(issuer, world.add_achievement(issuer), rows)
    path = f"/v1/issuers/previewing/uploads/{upload.id}/preview.pdf"

    answer = client.get(path, params={"line": 2}, headers=admin)
    refused = client.get(path, params={"line": 3}, headers=admin)
    page = pypdf.PdfReader(io.BytesIO(answer.content))

    assert answer.headers["Content-Type"] == "application/pdf"
    assert "Preview: nothing is signed" in page.pages[0].extract_text()
    assert "Amal Haddad" in page.pages[0].extract_text()
    assert "proof" not in parse_object(page.attachments["credential.json"][0])
    assert (refused.status_code, refused.json()["code"]) == (404, "row-refused")


@pytest.mark.parametrize(("locale", "language"), [("fr-CA", "fr"), ("pt", "es"), ("", "es")])
def test_a_row_s_certificate_is_in_the_language_that_its_holder_would_be_written_in(
    client: httpx.Client, admin: dict[str, str], world: World, locale: str, language: str
) -> None:
    slug = f"preview-{locale.lower() or 'plain'}"
    issuer = world.add_issuer(slug)
    rows = f"recipient_email,recipient_name,issued_on,locale\na@example.org,Amal Haddad,2026-05-29,{locale}\n"
    upload = world.upload(issuer, world.add_achievement(issuer, inLanguage="es"), rows.encode())

    answer = client.get(f"/v1/issuers/{slug}/uploads/{upload.id}/preview.pdf", params={"line": 2}, headers=admin)

    text = pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    assert words_of(language).preview in text
