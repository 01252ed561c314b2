"""POST /v1/verify/file and the page's own routes: files in, verdicts out, nothing kept."""

import tempfile
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from registry.domain.check import CheckId, Reason, Result
from registry.domain.verdict import Word
from registry.store_ports import CredentialRecord
from registry.web.limits import MAX_PRESENTED_BYTES
from registry.web.pages.verdict_words import CHECKS, REASONS, RESULTS, TONES, WORDS
from registry.web.pages.verify import MAX_EMBEDDED_BYTES
from registry.web.rate_limit import VERIFICATIONS
from registry.web.received_files import MAX_FIELDS, MAX_TEXT, file_name
from tests.presented_case import attached_pdf, make_zip
from tests.registry_world import World

HTML: Final = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def anchored(world: World) -> CredentialRecord:
    issuer = world.add_issuer()
    credential = world.issue(issuer, world.add_achievement(issuer))
    world.anchor()
    return world.get(credential)


@pytest.fixture(scope="module")
def content(anchored: CredentialRecord) -> bytes:
    return anchored.document


def test_every_word_check_result_and_reason_has_its_sentence() -> None:
    assert set(WORDS) == set(Word)
    assert set(CHECKS) == set(CheckId)
    assert set(RESULTS) == set(TONES) == set(Result)
    assert set(REASONS) == set(Reason)
    assert {text.tone for text in WORDS.values()} == {"good", "bad", "warn", "unsure"}


def test_only_valid_looks_good_and_what_is_not_known_looks_unsure() -> None:
    assert {word for word, text in WORDS.items() if text.tone == "good"} == {Word.VALID}
    assert {word for word, text in WORDS.items() if text.tone == "unsure"} == {Word.INDETERMINATE}
    assert {result for result, tone in TONES.items() if tone == "unsure"} == {Result.UNKNOWN}


def test_a_file_is_verified_as_it_stands(client: httpx.Client, content: bytes) -> None:
    answer = client.post("/v1/verify/file?name=amal.json", content=content)

    (judged,) = answer.json()
    assert answer.status_code == 200
    assert (judged["name"], judged["kind"], judged["problem"]) == ("amal.json", "json", None)
    assert judged["verdict"]["verdict"] == "valid"
    assert answer.json()[0]["verdict"]["profile"] == "credroot"


def test_files_of_a_form_are_verified_one_by_one(client: httpx.Client, content: bytes) -> None:
    form = [
        ("file", ("a.pdf", attached_pdf({"credential.json": content}))),
        ("file", ("b.zip", make_zip({"one.json": content}))),
        ("text", (None, content)),
        ("link", (None, b"ABCDE-FGH2K")),
    ]

    judged = client.post("/v1/verify/file", files=form).json()

    words = [item["verdict"]["verdict"] if item["verdict"] else item["problem"]["code"] for item in judged]
    assert words == ["valid", "valid", "valid", "link-not-ours"]


def test_a_file_that_holds_nothing_is_one_problem(client: httpx.Client) -> None:
    for body, code in ((b"", "nothing-presented"), (b"hello", "file-not-recognised"), (b"%PDF-1.7", "pdf-malformed")):
        answer = client.post("/v1/verify/file", content=body)

        assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_the_page_answers_what_it_cannot_read_with_the_form(client: httpx.Client) -> None:
    answer = client.post("/", files=[("text", (None, b"hello"))], headers=HTML)

    assert answer.status_code == 400
    assert "file-not-recognised" in answer.text
    assert 'name="file"' in answer.text


def test_what_is_no_form_is_told(client: httpx.Client) -> None:
    for body, kind in ((b"x=1", "application/x-www-form-urlencoded"), (b"--x", "multipart/form-data; boundary=y")):
        answer = client.post("/verdict.json", content=body, headers={"Content-Type": kind})

        assert answer.status_code == 400
        assert answer.json()["code"] in {"malformed-form", "nothing-presented"}


def test_a_form_with_too_much_in_it_is_refused(client: httpx.Client) -> None:
    many = [("text", (None, b"{}"))] * (MAX_FIELDS + 1)
    large = [("text", (None, b" " * (MAX_TEXT + 1)))]

    for form in (many, large):
        answer = client.post("/verdict.json", files=form)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed-form")


@pytest.mark.parametrize("path", ["/", "/verdict.json", "/v1/verify/file"])
def test_more_than_the_limit_is_refused(client: httpx.Client, path: str) -> None:
    answer = client.post(path, content=b" " * (MAX_PRESENTED_BYTES + 1))

    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


def test_what_a_visitor_sends_never_touches_a_disk(
    client: httpx.Client, content: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Whoever opened a temporary file now would fail.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    padded = content + b" " * 1_000_000 * 12

    answer = client.post("/verdict.json", files=[("file", ("padded.bin", padded)), ("file", ("a.json", content))])

    assert answer.status_code == 200
    assert [item.get("verdict", item.get("problem")) for item in answer.json()][1] == "valid"


def test_the_verdict_is_a_file_to_keep(client: httpx.Client, content: bytes) -> None:
    answer = client.post("/verdict.json", files=[("text", (None, content))])

    assert answer.headers["Content-Disposition"] == 'attachment; filename="verdict.json"'
    assert answer.json()["verdict"] == "valid"
    assert len(answer.json()["checks"]) == len(CheckId)


def test_a_page_holds_no_more_of_documents_than_there_is_room_for(client: httpx.Client) -> None:
    large = b'{"type":"VerifiableCredential","name":"%b"}' % (b"<" * (MAX_EMBEDDED_BYTES * 6 // 10))
    form = [("file", (f"{number}.json", large)) for number in range(3)]

    page = client.post("/", files=form, headers=HTML).text

    # Each is judged; the first one alone has room for the browser to look at it, and to ask for its verdict as a file.
    assert page.count('data-verdict="invalid"') == 3
    assert page.count('class="presented"') == 1
    assert page.count('action="/verdict.json"') == 1 + page.count('id="alone"')
    assert len(page) < 10 * MAX_EMBEDDED_BYTES


def test_the_page_shows_who_what_and_when(client: httpx.Client, content: bytes) -> None:
    page = client.post("/", files=[("file", ("a.json", content))], headers=HTML).text

    for words in ("Amal Haddad", "Data Analysis with Python", "Issuer poly", "perform data analysis", "did:web:"):
        assert words in page


def test_texts_in_several_languages_are_shown_in_the_visitor_s(client: httpx.Client) -> None:
    text = b'{"name": [{"@value": "Data", "@language": "en"}, {"@value": "Datos", "@language": "es"}]}'

    titles = [
        client.post("/", files=[("text", (None, text))], headers=HTML | {"Accept-Language": language}).text
        for language in ("es", "fr")
    ]

    assert ["<bdi>Datos</bdi>" in page for page in titles] == [True, False]
    assert ["<bdi>Data</bdi>" in page for page in titles] == [False, True]


def test_one_visitor_cannot_keep_the_page_busy(client: httpx.Client) -> None:
    visitor = {"X-Forwarded-For": "192.0.2.1", **HTML}
    answers = [
        client.post("/", files=[("link", (None, b"x"))], headers=visitor) for _ in range(VERIFICATIONS.at_once + 2)
    ]

    assert answers[0].status_code == 400
    assert answers[-1].status_code == 429


def test_a_name_of_a_file_is_shown_without_what_confuses() -> None:
    assert file_name("a\u202eb\x00c.json") == "abc.json"
    assert file_name(None) == file_name("") == "file"
    assert len(file_name("x" * 1_000)) == 200


@pytest.mark.parametrize("value", [[], {}, 1, None, "", [None], [[]], {"name": 1}, [{"name": {"@value": "ok"}}]])
def test_any_shape_of_a_document_is_shown_without_an_error(client: httpx.Client, value: Any) -> None:  # noqa: ANN401
    names = ("credentialSubject", "issuer", "name", "validFrom", "credentialStatus", "proof")
    document = dict.fromkeys(names, value) | {"type": ["VerifiableCredential"], "@context": value}
    nested = {**document, "credentialSubject": {"achievement": value, "result": value, "identifier": value}}
    deeper = {**document, "credentialSubject": {"achievement": {"alignment": value, "name": value}}}

    visitor = {"X-Forwarded-For": f"10.0.0.{len(repr(value))}"}
    for each in (document, nested, deeper):
        text = httpx.Request("POST", "http://x", json=each).content
        answer = client.post("/", files=[("text", (None, text))], headers=visitor)

        assert answer.status_code == 200
        assert 'data-verdict="invalid"' in answer.text
