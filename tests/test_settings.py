"""Settings: read once, refused with the variable's name, secrets never shown."""

from pathlib import Path

import pytest

from registry.domain.errors import Malformed, Refused
from registry.settings import MAX_SECRET_BYTES, bind_address, load_settings, read_secret, settings_of


def test_settings_come_from_variables_by_their_full_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDROOT_PORT", "1234")

    settings = settings_of(
        {
            "CREDROOT_RPC_URLS": "http://a:1, http://b:2,",
            "CREDROOT_PUBLIC_URL": "https://r.example/x/",
            "CREDROOT_PRIVATE_HOSTS": "did.intern, lists.intern",
        }
    )

    assert settings.rpc_urls == ("http://a:1", "http://b:2")
    assert settings.private_hosts == ("did.intern", "lists.intern")
    assert settings.public_url == "https://r.example/x"
    assert settings.port == load_settings().port == 1234


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CREDROOT_PORT", "70000"),
        ("CREDROOT_POLL_SECONDS", "0"),
        ("CREDROOT_SERVICE_METRICS_BIND", "9100"),
        ("CREDROOT_SERVICE_METRICS_BIND", "http://127.0.0.1:9100"),
        ("CREDROOT_WORKER_METRICS_BIND", "127.0.0.1:70000"),
        ("CREDROOT_WORKER_METRICS_BIND", "::1:9100"),
        ("CREDROOT_PUBLIC_URL", "http://registry.example"),
        ("CREDROOT_PUBLIC_URL", "https://registry.example/?x=1"),
        ("CREDROOT_PUBLIC_URL", "https://registry.example/#top"),
        ("CREDROOT_PUBLIC_URL", "registry.example"),
        ("CREDROOT_PUBLIC_URL", "https://régistre.example"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(Malformed) as caught:
        settings_of({name: value})

    assert caught.value.code == "malformed-settings"
    assert name in caught.value.message


@pytest.mark.parametrize(
    ("urls", "quorum"), [("http://a", 1), ("http://a,http://b", 2), ("http://a,http://b,http://c", 2)]
)
def test_more_than_half_of_the_nodes_must_agree_unless_set(urls: str, quorum: int) -> None:
    assert settings_of({"CREDROOT_RPC_URLS": urls}).quorum() == quorum
    assert settings_of({"CREDROOT_RPC_URLS": urls, "CREDROOT_RPC_QUORUM": "1"}).quorum() == 1


@pytest.mark.parametrize(
    ("urls", "quorum"), [("http://a,http://b", "0"), ("http://a,http://b", "3"), ("http://a,http://a", "1")]
)
def test_a_quorum_that_cannot_be_met_or_counts_a_node_twice_is_refused(urls: str, quorum: str) -> None:
    with pytest.raises(Malformed, match="CREDROOT_RPC_"):
        settings_of({"CREDROOT_RPC_URLS": urls, "CREDROOT_RPC_QUORUM": quorum})


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9100", ("127.0.0.1", 9100)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:9100", ("::1", 9100)),
    ],
)
def test_an_address_to_listen_on_is_a_host_and_a_port(text: str, address: tuple[str, int]) -> None:
    assert bind_address(text) == address


def test_half_of_a_certificate_is_refused() -> None:
    with pytest.raises(Malformed) as caught:
        settings_of({"CREDROOT_TLS_KEY_FILE": "server.key"})

    assert "go together" in caught.value.message


def test_the_key_password_comes_from_a_file_or_the_environment_and_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(b"of the file\r\nsecond line\n")

    given = settings_of({"CREDROOT_KEY_PASSWORD": "of the environment"})
    both = settings_of({"CREDROOT_KEY_PASSWORD": "of the environment", "CREDROOT_KEY_PASSWORD_FILE": str(file)})

    assert given.issuer_key_password() == "of the environment"
    assert both.issuer_key_password() == "of the file"
    assert "of the environment" not in repr(given)
    with pytest.raises(Refused) as caught:
        settings_of({}).issuer_key_password()
    assert caught.value.code == "password-missing"


def test_the_anchoring_keys_password_is_read_when_there_is_one(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("one line", encoding="ascii")

    assert settings_of({}).anchor_key_password() is None
    assert settings_of({"CREDROOT_ANCHOR_KEY_PASSWORD_FILE": str(file)}).anchor_key_password() == "one line"


def test_the_promise_keys_password_is_read_when_there_is_one(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("one line", encoding="ascii")

    assert settings_of({}).promise_key_password() is None
    assert settings_of({"CREDROOT_PROMISE_KEY_PASSWORD_FILE": str(file)}).promise_key_password() == "one line"


@pytest.mark.parametrize("content", [b"", b"\nsecond", b"x" * (MAX_SECRET_BYTES + 1)])
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)

    with pytest.raises(Refused) as caught:
        read_secret(file)

    assert caught.value.code == "secret-unreadable"


def test_a_secret_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        read_secret(tmp_path / "absent")

    assert caught.value.code == "secret-unreadable"
