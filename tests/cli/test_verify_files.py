"""`credroot verify FILE` with whatever a holder has: pictures, a PDF, a bundle, many at once; no chain is needed to tell."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from registry.adapters.baking_png import bake_png
from registry.adapters.baking_svg import bake_svg
from registry.cli.main import main
from registry.domain.canonical import canonicalize
from tests.epochs import build_world
from tests.memory_chain import memory_chain
from tests.presented_case import LINK, PICTURE_SVG, TOKEN, attached_pdf, make_png, make_zip, qr_picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Two credentials with their receipts, one of them changed by a letter, and a folder to put files into."""

    folder: Path
    credential: bytes
    receipt: bytes
    changed: bytes

    def verify(self, content: bytes, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str, str]:
        file = self.folder / "given"
        file.write_bytes(content)
        code = main(["verify", str(file), *options])
        return code, *capsys.readouterr()


@pytest.fixture(scope="module")
def holder(tmp_path_factory: pytest.TempPathFactory) -> Holder:
    world = build_world(memory_chain())
    issued = world.issue("Ada")
    world.seal()
    return Holder(
        folder=tmp_path_factory.mktemp("holder"),
        credential=issued.content,
        receipt=canonicalize(world.receipt(issued).to_json()),
        changed=issued.content.replace(b'"Ada', b'"Eda'),
    )


def codes(verdict: Mapping[str, Any]) -> dict[str, str]:
    return {check["id"]: check["code"] for check in verdict["checks"]}


@pytest.mark.parametrize("kind", ["json", "pair", "png", "svg", "pdf", "bundle"])
def test_a_file_of_any_kind_is_judged_with_the_receipt_that_is_in_it(
    holder: Holder, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    files = {"credential.json": holder.credential, "receipt.json": holder.receipt}
    baked = bake_png(make_png(), holder.credential)
    content, with_receipt = {
        "json": (holder.credential, False),
        "pair": (b'{"credential":%b,"receipt":%b}' % (holder.credential, holder.receipt), True),
        "png": (baked, False),
        "svg": (bake_svg(PICTURE_SVG, holder.credential), False),
        "pdf": (attached_pdf(files), True),
        "bundle": (make_zip({**files, "badge.png": baked, "qr.png": qr_picture(LINK), "README.txt": b"words"}), True),
    }[kind]

    code, out, err = holder.verify(content, capsys, "--json")

    verdict = json.loads(out)
    assert (code, err, verdict["verdict"]) == (3, "", "indeterminate")
    assert codes(verdict)["signature"] == "signed"
    assert codes(verdict)["leaf"] == ("leaf-matches" if with_receipt else "no-receipt")
    assert codes(verdict)["anchor"] == ("no-rpc" if with_receipt else "no-receipt")


def test_a_receipt_that_is_given_counts_in_place_of_the_one_inside(
    holder: Holder, capsys: pytest.CaptureFixture[str]
) -> None:
    given = holder.folder / "given.receipt"
    given.write_bytes(holder.receipt)
    other = b'{"type":"CredrootReceipt","leaf":"00"}'
    content = attached_pdf({"credential.json": holder.credential, "receipt.json": other})

    inside = json.loads(holder.verify(content, capsys, "--json")[1])
    instead = json.loads(holder.verify(content, capsys, "--json", "--receipt", str(given))[1])

    assert codes(inside)["leaf"] == "receipt-unreadable"
    assert codes(instead)["leaf"] == "leaf-matches"


def test_a_token_is_not_judged_and_says_so(holder: Holder, capsys: pytest.CaptureFixture[str]) -> None:
    for content in (TOKEN, bake_png(make_png(), TOKEN)):
        code, out, _ = holder.verify(content, capsys, "--json")

        assert (code, codes(json.loads(out))["form"]) == (3, "token-unsupported")


def test_many_are_judged_one_by_one_and_the_worst_is_the_exit_code(
    holder: Holder, capsys: pytest.CaptureFixture[str]
) -> None:
    good = {"ada.json": holder.credential, "broken.png": make_png()[:-3]}
    mixed = {**good, "eda.json": holder.changed, "qr/link.png": qr_picture(LINK)}

    unsure = holder.verify(make_zip(good), capsys)
    forged = holder.verify(make_zip(mixed), capsys)

    assert (unsure[0], forged[0]) == (3, 1)
    assert [line.split()[:2] for line in unsure[1].splitlines()] == [
        ["INDETERMINATE", "ada.json"],
        ["NOT-READ", "broken.png"],
        [],
        ["2", "in"],
    ]
    assert "[png-truncated]" in unsure[1]
    assert "2 in all: 1 indeterminate, 1 not-read" in unsure[1]
    assert forged[1].splitlines()[-1] == "4 in all: 1 indeterminate, 1 not-read, 1 invalid, 1 not-followed"
    assert f"NOT-FOLLOWED      qr/link.png  {LINK}" in forged[1]


def test_many_are_told_to_programs_with_a_verdict_a_problem_or_a_link_each(
    holder: Holder, capsys: pytest.CaptureFixture[str]
) -> None:
    members = {"a.json": holder.changed, "b.svg": b"<svg", "c/qr.png": qr_picture(LINK)}

    code, out, err = holder.verify(make_zip(members), capsys, "--json")

    whole = json.loads(out)
    assert (code, whole["exitCode"], err) == (1, 1, "")
    assert [(item["name"], item["kind"]) for item in whole["files"]] == [
        ("a.json", "json"),
        ("b.svg", "svg"),
        ("c/qr.png", "qr"),
    ]
    assert whole["files"][0]["verdict"]["verdict"] == "invalid"
    assert whole["files"][1]["problem"]["code"] == "svg-malformed"
    assert whole["files"][2]["link"] == LINK


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (LINK.encode(), "link-not-followed"),
        (qr_picture(LINK), "link-not-followed"),
        (make_zip({"a.txt": LINK.encode()}), "link-not-followed"),
        (make_png(), "picture-without-code"),
        (make_zip({"a.png": make_png()[:-3], "b.png": make_png()[:-4]}), "png-truncated"),
        (b"", "file-empty"),
    ],
)
def test_a_file_in_which_nothing_can_be_judged_is_64_and_one_line(
    holder: Holder, capsys: pytest.CaptureFixture[str], content: bytes, code: str
) -> None:
    exit_code, out, err = holder.verify(content, capsys)

    assert (exit_code, out) == (64, "")
    assert err.startswith("credroot verify: ")
    assert err.endswith(f"[{code}]\n")
    assert err.count("\n") == 1


def test_one_receipt_is_not_given_for_many(holder: Holder, capsys: pytest.CaptureFixture[str]) -> None:
    given = holder.folder / "given.receipt"
    given.write_bytes(holder.receipt)
    many = make_zip({"a.json": holder.credential, "b.json": holder.changed})

    code, _, err = holder.verify(many, capsys, "--receipt", str(given))

    assert (code, err.rpartition("[")[2]) == (64, "receipt-for-several]\n")
