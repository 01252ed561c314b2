"""Requests and answers that end in the middle."""

import asyncio
import socket
from typing import Any

import httpx
import pytest

from registry.web.problems import AnswerCutOff, LastResort
from tests.registry_world import World


async def nothing() -> Any:  # noqa: ANN401  # a message of the protocol
    return {"type": "http.request", "body": b""}


def test_a_sender_that_goes_away_in_the_middle_leaves_nothing(
    client: httpx.Client, world: World, admin: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    issuer = world.add_issuer()
    achievement = world.add_achievement(issuer)
    head = [
        f"POST /v1/issuers/poly/uploads?achievement={achievement.id} HTTP/1.1",
        "Host: x",
        f"Authorization: {admin['Authorization']}",
        "Content-Length: 1000",
        "",
        "recipient_email,",
    ]
    with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as sender:
        sender.sendall("\r\n".join(head).encode())
        sender.shutdown(socket.SHUT_WR)
        answer = sender.recv(65_536)

    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert client.get("/v1/issuers/poly/uploads", headers=admin).json() == []
    assert "request_failed" not in "".join(capfd.readouterr())


def test_an_answer_that_cannot_be_ended_is_cut_off_without_a_word_of_its_cause() -> None:
    sent: list[Any] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:  # noqa: ANN401  # the protocol's
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("Amal Haddad")

    async def send(message: Any) -> None:  # noqa: ANN401  # the protocol's
        sent.append(message)

    with pytest.raises(AnswerCutOff) as cut:
        asyncio.run(LastResort(app)({"type": "http", "method": "GET"}, nothing, send))

    assert [message["type"] for message in sent] == ["http.response.start"]
    assert cut.value.__suppress_context__
    assert "Amal" not in str(cut.value)
