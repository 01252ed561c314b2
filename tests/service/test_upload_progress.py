"""How far an upload's credentials are: each number holds those that are further."""

from registry.service.upload_issuing import run
from registry.service.upload_progress import UploadStages, upload_stages
from registry.service.uploads import start
from registry.store_ports import AchievementRecord, IssuerRecord, UploadRecord
from tests.registry_world import MAX_UPLOAD_BYTES, World

HEADER = b"recipient_email,recipient_name,issued_on,grade\r\n"


def stages(world: World, upload: UploadRecord) -> UploadStages:
    with world.store.read() as unit:
        return upload_stages(unit, unit.uploads.get(upload.issuer_id, upload.id))


def test_an_upload_is_followed_from_dry_run_to_final(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    rows = b"".join(b"p%d@example.org,P,2026-05-29,A\r\n" % number for number in range(3))
    upload = world.upload(issuer, achievement, HEADER + rows)
    seen = [stages(world, upload)]

    with world.store.write() as unit:
        start(world.resources, unit, upload, caller=world.admin)
    run(world.resources, upload, max_bytes=MAX_UPLOAD_BYTES, stopping=lambda: False)
    seen.append(stages(world, upload))
    sealed = world.seal()
    seen.append(stages(world, upload))
    world.finalize(*sealed)
    seen.append(stages(world, upload))

    assert [(each.signed, each.sealed, each.anchored, each.final) for each in seen] == [
        (0, 0, 0, 0),
        (3, 0, 0, 0),
        (3, 3, 0, 0),
        (3, 3, 3, 3),
    ]
    assert [each.expected for each in seen] == [3] * 4
    assert [each.is_final for each in seen] == [False, False, False, True]
    assert seen[-1].epochs == (sealed[0],)


def test_whoever_was_passed_over_is_not_waited_for(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    rows = b"a@example.org,A,2026-05-29,A\r\nb@example.org,B,2026-05-29,A\r\n"
    upload = world.upload(issuer, achievement, HEADER + rows)
    world.issue(issuer, achievement, "a@example.org")
    with world.store.write() as unit:
        start(world.resources, unit, upload, caller=world.admin)
    run(world.resources, upload, max_bytes=MAX_UPLOAD_BYTES, stopping=lambda: False)
    world.anchor()

    found = stages(world, upload)

    assert (found.expected, found.final, found.is_final) == (1, 1, True)
