"""What every page has in common: its policy, its files, its words for problems, and Markdown that can do nothing."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from registry.web.app import create_app
from registry.web.pages.files import FOLDER, read_static_files
from registry.web.pages.markdown import MAX_MARKDOWN, TAGS, render_markdown
from tests.registry_world import migrated_world
from tests.web_server import serve

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of a registry that has nothing."""
    folder: Path = tmp_path_factory.mktemp("registry")
    with migrated_world(folder) as world, serve(create_app(world.container)) as opened:
        yield opened


# -- the policy -----------------------------------------------------------------------------------------------------


def test_a_page_runs_and_loads_our_own_files_alone(client: httpx.Client) -> None:
    policy = client.get("/log").headers["Content-Security-Policy"]

    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == rules["form-action"] == "'self'"
    assert "unsafe" not in policy


def test_a_page_is_kept_by_nobody_and_tells_its_language(client: httpx.Client) -> None:
    answer = client.get("/log", headers={"Accept-Language": "fr"})

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Language"] == "fr"
    assert "Accept-Language" in answer.headers["Vary"]
    assert "Set-Cookie" not in answer.headers


def test_links_carry_a_language_on_only_where_it_was_asked_for(client: httpx.Client) -> None:
    accepted, asked = client.get("/log", headers={"Accept-Language": "es"}), client.get("/log?lang=es")

    assert 'href="/log"' in accepted.text
    assert 'href="/log?lang=es"' in asked.text


@pytest.mark.parametrize("path", ["/log", "//evil.example/x"])
def test_links_to_other_languages_lead_to_the_page_itself(client: httpx.Client, path: str) -> None:
    # What is sent as `//evil.example/x` would, written as a link, be another host's.
    answer = client.get(httpx.URL(client.base_url, raw_path=f"{path}?before=2".encode()), headers=BROWSER)

    switches = re.findall(r'<a href="([^"]*)" hreflang="(\w+)"', answer.text)
    assert len(switches) == 5
    assert [href for href, tag in switches if href != f"?before=2&amp;lang={tag}"] == []


# -- files ----------------------------------------------------------------------------------------------------------


def test_every_file_is_served_for_ever_under_the_hash_of_all(client: httpx.Client) -> None:
    files = read_static_files()

    assert set(files.contents) == {path.name for path in FOLDER.iterdir()}
    for name, content in files.contents.items():
        answer = client.get(files.address(name))
        assert answer.content == content
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["0123456789abcdef/style.css", "{digest}/nothing.js", "{digest}/..%2fapp.py"])
def test_no_other_file_is_served(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/static/{path.format(digest=read_static_files().digest)}")

    assert answer.status_code == 404


def test_a_file_that_does_not_exist_is_a_mistake_of_the_template() -> None:
    with pytest.raises(KeyError):
        read_static_files().address("nothing.css")


# -- problems -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/problem+json"])
def test_a_program_gets_the_problem_as_it_is(client: httpx.Client, accept: str | None) -> None:
    answer = client.get("/v1/nowhere", headers={} if accept is None else {"Accept": accept})

    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not-found"


def test_a_browser_gets_a_page_with_the_same_status_code_and_headers(client: httpx.Client) -> None:
    answer = client.put("/log", headers=BROWSER)

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<code>method-not-allowed</code>" in answer.text


@pytest.mark.parametrize("name", ["column-mappings/suggestions", "credentials/search", "credentials/signed"])
def test_an_address_that_could_be_an_id_names_its_own_methods_alone(client: httpx.Client, name: str) -> None:
    answer = client.options(f"/v1/issuers/poly/{name}")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_the_words_of_a_problem_are_escaped(client: httpx.Client) -> None:
    answer = client.get("/receipts/<script>alert(1)<%2Fscript>", headers=BROWSER)

    assert answer.status_code in {400, 404}
    assert "<script>" not in answer.text


def test_a_page_s_parameter_of_the_wrong_form_is_a_problem(client: httpx.Client) -> None:
    answer = client.get("/log?before=yesterday", headers=BROWSER)

    assert answer.status_code == 400
    assert "malformed-request" in answer.text


# -- Markdown -------------------------------------------------------------------------------------------------------


def test_markdown_keeps_what_criteria_need() -> None:
    html = render_markdown(
        "# Title\n\n- *one*\n- **two**\n\n[more](https://example.org/a?b=1&c=2)\n\n|a|b|\n|-|-|\n|1|2|"
    )

    assert "<h3>Title</h3>" in html
    assert "<li><em>one</em></li>" in html
    assert 'href="https://example.org/a?b=1&amp;c=2"' in html
    assert "<td>1</td>" in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![tracker](https://tracker.example/pixel.png)",
        "[click](javascript:alert(1))",
        "[click](data:text/html;base64,PHNjcmlwdD4=)",
        "[click](&#106;avascript:alert(1))",
        "<a href='x' onclick='alert(1)'>x</a>",
        '[x](https://example.org "a\\" onmouseover=\\"alert(1)")',
        "<svg><style><img title='</style><img src onerror=alert(1)>'></svg>",
        "<https://example.org/?q='onmouseover=alert(1)>",
    ],
)
def test_markdown_never_becomes_code_or_a_request(text: str) -> None:
    html = render_markdown(text)

    assert {name for name, _ in elements_of(html)} <= {"p", "a"}
    assert {name for _, names in elements_of(html) for name in names} <= {"href", "rel", "title"}
    assert not re.search(r'href="(?!https://)', html)


@given(st.text(max_size=300))
def test_whatever_markdown_says_only_known_elements_come_out(text: str) -> None:
    html = render_markdown(text)

    assert {name for name, _ in elements_of(html)} <= TAGS


def test_markdown_beyond_the_limit_is_cut() -> None:
    assert len(render_markdown("a" * (2 * MAX_MARKDOWN))) < MAX_MARKDOWN + 100


def elements_of(html: str) -> set[tuple[str, tuple[str, ...]]]:
    """Return the elements that a browser would make, with the names of their attributes."""
    found: set[tuple[str, tuple[str, ...]]] = set()

    class Reader(HTMLParser):
        @override
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.add((tag, tuple(sorted(name for name, _ in attrs))))

    Reader().feed(html)
    return found
