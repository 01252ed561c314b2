import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from registry.adapters.contexts import (
    CREDENTIALS_V2,
    ED25519_2020_V1,
    PINNED,
    VOCABULARIES,
    PinnedContext,
    VocabularyContext,
    load_contexts,
)
from registry.domain.errors import Unavailable
from registry.ports import UnknownContext
from tests.paths import REPO_ROOT, SHARED_DATA

CONTEXTS = SHARED_DATA / "contexts"
MANIFEST = json.loads((CONTEXTS / "MANIFEST.json").read_text())


OTHER_SPACE = {
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json",
    "https://www.w3.org/2018/credentials/v1",
    "https://www.w3.org/ns/did/v1",
}
"""Packaged with other white space than published, so under another hash."""


def published(url: str) -> tuple[str, bytes]:
    entry = next(entry for entry in MANIFEST if entry["url"] == url)
    return entry["sha256"], (CONTEXTS / entry["file"]).read_bytes()


@pytest.mark.parametrize(
    "context", [context for context in PINNED if context.url != ED25519_2020_V1], ids=lambda context: context.url
)
def test_the_installed_contexts_say_what_the_standards_publish(context: PinnedContext) -> None:
    digest, content = published(context.url)

    assert load_contexts().get(context.url) == json.loads(content)
    assert (context.sha256 == digest) is (context.url not in OTHER_SPACE)


def test_the_terms_of_an_ed25519_signature_mean_what_the_w3c_says() -> None:
    # The URL answers with more terms than the W3C's copy has: what both define is the same.
    installed = load_contexts().get(ED25519_2020_V1)["@context"]
    w3c = json.loads(published(ED25519_2020_V1)[1])["@context"]
    assert isinstance(installed, dict)
    proof, other = installed["Ed25519Signature2020"], w3c["Ed25519Signature2020"]
    assert isinstance(proof, dict)
    terms = proof["@context"]
    assert isinstance(terms, dict)

    shared = set(terms) & set(other["@context"]) - {"@protected", "proofPurpose"}

    assert {"created", "verificationMethod", "proofValue", "challenge", "domain"} <= shared
    assert {name: terms[name] for name in shared} == {name: other["@context"][name] for name in shared}


@pytest.mark.parametrize("context", VOCABULARIES, ids=lambda context: context.url)
def test_contexts_of_one_statement_are_written_to_the_published_byte(context: VocabularyContext) -> None:
    digest, content = published(context.url)

    assert context.content() == content
    assert context.sha256 == digest
    assert load_contexts().get(context.url) == json.loads(content)


def test_an_unknown_context_is_told_by_its_url() -> None:
    with pytest.raises(UnknownContext) as refusal:
        load_contexts().get("https://stranger.example/context.json")

    assert refusal.value.code == "unknown-context"
    assert refusal.value.url == "https://stranger.example/context.json"


def test_a_context_with_one_byte_changed_is_refused(tmp_path: Path) -> None:
    pinned = PinnedContext(url=CREDENTIALS_V2, file="c.json", sha256=sha256(b'{"@context": {}}').hexdigest())
    (tmp_path / "c.json").write_bytes(b'{"@context": {}}')
    load_contexts(tmp_path, pinned=(pinned,))

    (tmp_path / "c.json").write_bytes(b'{"@context": {} }')

    with pytest.raises(Unavailable) as refusal:
        load_contexts(tmp_path, pinned=(pinned,))
    assert refusal.value.code == "context-changed"


def test_a_missing_context_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refusal:
        load_contexts(tmp_path)

    assert refusal.value.code == "contexts-missing"


def test_a_missing_package_is_told() -> None:
    # In a process that is told the package is not there.
    program = (
        "import importlib.util, sys\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, package=None: None if name == 'openbadgeslib' else find(name, package)\n"
        "from registry.adapters.contexts import load_contexts\n"
        "from registry.domain.errors import Unavailable\n"
        "try:\n    load_contexts()\nexcept Unavailable as error:\n    print(error.code)\n"
    )

    told = subprocess.run([sys.executable, "-c", program], cwd=REPO_ROOT, capture_output=True, text=True, check=True)

    assert told.stdout == "contexts-missing\n"


def test_loading_contexts_imports_neither_the_package_nor_a_json_ld_processor() -> None:
    program = (
        "import sys\n"
        "import registry.adapters.json_ld\n"
        "from registry.adapters.contexts import load_contexts\n"
        "load_contexts()\n"
        "print(sorted({'openbadgeslib', 'pyld', 'requests', 'lxml'} & set(sys.modules)))\n"
    )

    told = subprocess.run([sys.executable, "-c", program], cwd=REPO_ROOT, capture_output=True, text=True, check=True)

    assert told.stdout == "[]\n"
