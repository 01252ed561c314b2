"""The published schema of receipts: every good receipt fits it, every receipt whose form is wrong does not."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from registry.domain.check import CheckId, Reason, Result
from tests.docs.examples import EXAMPLES
from tests.paths import REPO_ROOT, SHARED_DATA
from tests.vectors.reading import Stored, read_vectors

SCHEMA: Final[dict[str, Any]] = json.loads((REPO_ROOT / "docs/schemas/receipt.schema.json").read_bytes())
GOLDEN: Final = SHARED_DATA / "golden"

GOOD: Final = read_vectors("good")
FORM_REASONS: Final = frozenset(
    {Reason.RECEIPT_UNREADABLE, Reason.PATH_MALFORMED, Reason.HEADER_MALFORMED, Reason.STATUS_MALFORMED}
)
BEYOND_A_SCHEMA: Final = frozenset(
    {
        # what JSON Schema sees is a parsed value: spellings are gone
        "receipt-duplicate-name",
        "receipt-not-json",
        "receipt-version-double",
        "receipt-slot-exponent",
        # days of the calendar
        "header-sealed-no-day",
        # what depends on another part of the receipt, or on the credential
        "slot-word-of-neighbour",
        "header-count-swallows-path",
        "header-path-left-inside",
        "header-path-step-missing",
        "header-path-status-root-left",
        "path-last-step-missing",
        "status-root-left",
        "status-chunk-as-leaf",
        "status-sibling-missing",
        "status-sibling-left-over",
        "status-zero-sibling-listed",
    }
)
BAD_FORM: Final = [
    vector
    for vector in read_vectors("bad")
    if FORM_REASONS & {reason for _, reason in vector.not_passed.values()} and vector.name not in BEYOND_A_SCHEMA
]
LIGHT: Final = read_vectors("light")
SPELT_OTHERWISE: Final = frozenset(
    {
        "header-upper-case",
        "header-without-0x",
        "anchorer-upper-case",
        "two-storage-proofs",
        "node-empty",
        "node-too-long",
        "proof-too-long",
    }
)
OTHER: Final = [
    vector for vector in read_vectors("bad") if not FORM_REASONS & {reason for _, reason in vector.not_passed.values()}
]


def validator() -> Validator:
    return Draft202012Validator(SCHEMA)


def name_of(vector: Stored) -> str:
    return vector.name


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_names_its_version() -> None:
    assert SCHEMA["$id"].endswith(f":receipt:{SCHEMA['properties']['version']['const']}")


def test_the_example_fits_the_schema() -> None:
    assert validator().is_valid(json.loads((EXAMPLES / "receipt.json").read_bytes()))


@pytest.mark.parametrize("vector", GOOD, ids=name_of)
def test_a_good_receipt_fits_the_schema(vector: Stored) -> None:
    assert [error.message for error in validator().iter_errors(vector.members["receipt"])] == []


@pytest.mark.parametrize("file", sorted((GOLDEN / "good").glob("*.json")), ids=lambda file: file.stem)
def test_a_golden_receipt_fits_the_schema(file: Path) -> None:
    receipt = json.loads(file.read_bytes())["receipt"]

    assert [error.message for error in validator().iter_errors(receipt)] == []


@pytest.mark.parametrize("vector", BAD_FORM, ids=name_of)
def test_a_receipt_of_another_form_does_not_fit_the_schema(vector: Stored) -> None:
    assert not validator().is_valid(json.loads(vector.receipt))


@pytest.mark.parametrize("vector", OTHER, ids=name_of)
def test_a_receipt_that_is_wrong_otherwise_fits_the_schema(vector: Stored) -> None:
    assert validator().is_valid(json.loads(vector.receipt))


@pytest.mark.parametrize("vector", LIGHT, ids=name_of)
def test_a_light_part_fits_the_schema_unless_its_spelling_is_another(vector: Stored) -> None:
    assert validator().is_valid(json.loads(vector.receipt)) is (vector.name not in SPELT_OTHERWISE)


def test_every_light_part_of_another_spelling_is_malformed() -> None:
    malformed = {vector.name for vector in LIGHT if vector.not_passed.get(CheckId.ANCHOR) == _MALFORMED}

    assert malformed >= SPELT_OTHERWISE


_MALFORMED: Final = (Result.UNKNOWN, Reason.LIGHT_MALFORMED)


def test_what_no_schema_can_say_is_named_and_still_there() -> None:
    names = {vector.name for vector in read_vectors("bad")}

    assert names >= BEYOND_A_SCHEMA
    assert all(
        validator().is_valid(json.loads(vector.receipt))
        for vector in read_vectors("bad")
        if vector.name in BEYOND_A_SCHEMA - {"receipt-not-json"}
    )
