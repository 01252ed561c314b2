"""Published files from a folder and over HTTP: only the paths of section 9, sizes checked first."""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pytest
from typing_extensions import override

from registry.adapters.published import PublishedFiles, open_published
from registry.domain.batch import decode_entries
from registry.domain.errors import CredrootError, Malformed, ProofMismatch, Unavailable
from registry.domain.hashing import sha256
from registry.domain.slot import Purpose
from tests.epochs import World, build_world
from tests.memory_chain import memory_chain

KINDS: Final = ("folder", "site")

POLL_SECONDS: Final = 0.02
# How long a server may take to notice that a test is over.


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder over HTTP on this machine; `/moved` redirects and `/broken` fails."""

    class Handler(SimpleHTTPRequestHandler):
        @override
        def do_GET(self) -> None:
            if self.path.startswith("/moved/"):
                self.send_response(302)
                self.send_header("Location", self.path.removeprefix("/moved"))
                self.end_headers()
            elif self.path.startswith("/broken/"):
                self.send_error(500)
            else:
                super().do_GET()

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: tests print their own failures."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), name="published", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def world() -> World:
    world = build_world(memory_chain())
    issued = world.issue("Ada")
    world.issue("Bob", issuer=world.web_issuer)
    world.seal()
    world.mark(issued, Purpose.REVOCATION)
    world.seal()
    world.seal()
    return world


@pytest.fixture
def folder(world: World, tmp_path: Path) -> Path:
    return world.publish(tmp_path / "published")


@pytest.fixture(params=KINDS)
def source(request: pytest.FixtureRequest, folder: Path) -> Iterator[PublishedFiles]:
    if request.param == "folder":
        yield open_published(str(folder))
    else:
        with serve(folder) as url:
            yield open_published(url + "/")


def test_every_published_file_is_read_as_it_was_written(source: PublishedFiles, world: World) -> None:
    assert source.log_file().log == world.log
    for number, epoch in enumerate(world.epochs, start=1):
        manifest = source.manifest(number)

        assert manifest == epoch.manifest
        for batch, sealed in zip(manifest.batches, epoch.batches, strict=True):
            assert source.entries(number, batch) == sealed.data
            assert decode_entries(sealed.data, batch.header)
            assert source.issuer_document(batch.header.did_document) == sealed.issuer.content
        for item in manifest.lists:
            assert source.bits(item) == epoch.bits[item.purpose, item.number]


def test_an_unchanged_list_is_read_from_the_epoch_that_wrote_it(source: PublishedFiles, world: World) -> None:
    (item,) = world.epochs[2].manifest.lists

    assert item.file_epoch == 2
    assert source.bits(item) == world.epochs[1].bits[item.purpose, item.number]


def test_an_epoch_that_is_not_published_is_none(source: PublishedFiles) -> None:
    assert source.manifest(4) is None


def test_a_missing_file_is_unavailable(source: PublishedFiles, world: World, folder: Path) -> None:
    (folder / "epochs" / "1" / "batch-0.bin").unlink()

    with pytest.raises(Unavailable) as caught:
        source.entries(1, world.epochs[0].manifest.batches[0])

    assert caught.value.code == "published-file-missing"


@pytest.mark.parametrize("size", [0, 64, 64 * 2 + 1, 10_000])
def test_a_batch_of_another_size_is_refused(source: PublishedFiles, world: World, folder: Path, size: int) -> None:
    (folder / "epochs" / "1" / "batch-0.bin").write_bytes(bytes(size))

    with pytest.raises(Malformed) as caught:
        source.entries(1, world.epochs[0].manifest.batches[0])

    assert caught.value.code == "published-file-size"


@pytest.mark.parametrize("change", [b"", bytes(16_384), bytes(16_385)])
def test_a_list_with_other_bytes_is_refused(source: PublishedFiles, world: World, folder: Path, change: bytes) -> None:
    (item,) = world.epochs[1].manifest.lists
    (folder / "epochs" / "2" / item.file_name()).write_bytes(change)

    with pytest.raises((Malformed, ProofMismatch)):
        source.bits(item)


def test_a_did_document_with_other_bytes_is_refused(source: PublishedFiles, world: World, folder: Path) -> None:
    digest = world.epochs[0].manifest.batches[0].header.did_document
    (folder / "issuers" / f"{digest.hex()}.json").write_bytes(b"{}")

    with pytest.raises(ProofMismatch):
        source.issuer_document(digest)


def test_a_manifest_of_another_epoch_is_refused(source: PublishedFiles, folder: Path) -> None:
    (folder / "epochs" / "3" / "manifest.json").write_bytes((folder / "epochs" / "1" / "manifest.json").read_bytes())

    with pytest.raises(Malformed) as caught:
        source.manifest(3)

    assert caught.value.code == "malformed-manifest"


def test_a_log_file_larger_than_any_is_refused_before_it_is_read(source: PublishedFiles, folder: Path) -> None:
    (folder / "log.json").write_bytes(b" " * 5_000)

    with pytest.raises(Malformed) as caught:
        source.log_file()

    assert caught.value.code == "published-file-size"


def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        open_published(str(tmp_path / "none")).manifest(1)

    assert caught.value.code == "published-unreachable"


@pytest.mark.parametrize("prefix", ["/moved", "/broken"])
def test_a_site_that_redirects_or_fails_is_unavailable(folder: Path, prefix: str) -> None:
    with serve(folder) as url, pytest.raises(Unavailable) as caught:
        open_published(url + prefix).manifest(1)

    assert caught.value.code == "published-unreachable"


def test_a_site_that_is_down_is_unavailable(folder: Path) -> None:
    with serve(folder) as url:
        files = open_published(url)

    with pytest.raises(Unavailable) as caught:
        files.log_file()

    assert caught.value.code == "published-unreachable"


@pytest.mark.parametrize(
    "url", ["http://example.org/published", "ftp://127.0.0.1/", "file:///etc", "http://10.0.0.1/x"]
)
def test_another_kind_of_url_is_refused(url: str) -> None:
    with pytest.raises(Malformed) as caught:
        open_published(url)

    assert caught.value.code == "malformed-published-url"


@pytest.mark.parametrize("content", [b"", b"no certificate"])
def test_a_ca_file_that_holds_no_certificate_is_refused(tmp_path: Path, content: bytes) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(content)

    with pytest.raises(CredrootError) as caught:
        open_published("https://localhost:1/published", ca_file=ca_file).log_file()

    assert caught.value.code == "ca-file-unreadable"


def test_nothing_that_a_manifest_says_becomes_a_path(source: PublishedFiles, world: World, folder: Path) -> None:
    (item,) = world.epochs[1].manifest.lists
    elsewhere = replace(item, file_epoch=1, sha256=sha256(b""))

    with pytest.raises(Unavailable):
        source.bits(elsewhere)
    assert item.file_name() == f"revocation-{item.number}.bin"
    assert folder.is_dir()
