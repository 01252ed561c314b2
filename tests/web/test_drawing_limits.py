"""What is typeset or drawn for whoever asks is limited, by credential or by visitor; what is at hand is not counted."""

from registry.web.app import create_app
from registry.web.rate_limit import FILES, PICTURES, RateLimits
from tests.earner import hold
from tests.registry_world import World
from tests.web_server import serve


def test_what_is_typeset_is_limited_and_what_is_at_hand_is_not(world: World) -> None:
    issuer = world.add_issuer("drawn")
    achievement = world.add_achievement(issuer)
    credentials = [world.issue(issuer, achievement, f"{name}@example.org") for name in ("noor", "sami")]
    mine, other = (
        hold(world, credential, f"{name}@example.org")
        for credential, name in zip(credentials, ("noor", "sami"), strict=True)
    )
    app = create_app(world.container)
    limits = app.state.rate_limits = RateLimits(lambda: 1_000.0)
    with serve(app) as client:
        client.post(f"{mine}/sharing", data={"shared": "yes"})
        with world.store.read() as unit:
            share = unit.shares.of_credential(credentials[0].id)
        assert share is not None
        page = f"/c/{share.token.text}"

        def answers(*paths: str) -> list[int]:
            return [client.get(path).status_code for path in paths]

        before = answers(f"{page}/badge.png", f"{page}/qr.png", f"{mine}/badge.svg")
        for _ in range(PICTURES.at_once - 1):
            limits.take(PICTURES, "127.0.0.1")
        for _ in range(FILES.at_once - 1):
            limits.take(FILES, str(credentials[0].id))
        at_hand = answers(
            *[f"{page}/badge.png"] * 3, f"{page}/qr.png", page, mine, f"{mine}/credential.json", f"{other}/badge.svg"
        )
        drawn = answers(f"{page}/picture.png")
        made = answers(*(f"{mine}/{name}" for name in ("certificate.pdf", "badge.png", "badge.svg", "bundle.zip")))
        refused = client.get(f"{mine}/certificate.pdf")

    assert before == [200] * 3
    assert at_hand == [200] * 8
    assert drawn + made == [429] * 5
    assert (refused.json()["code"], refused.headers["Retry-After"]) == ("too-many-requests", "6")
