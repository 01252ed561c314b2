"""The published schema of evidence files: every kind fits it, another form does not."""

import json
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from registry.domain.errors import Malformed
from registry.domain.fraud import FraudKind, parse_fraud
from tests.docs.examples import EXAMPLES
from tests.domain.test_fraud import NAMES, frauds
from tests.paths import REPO_ROOT

SCHEMA: Final[dict[str, Any]] = json.loads((REPO_ROOT / "docs/schemas/fraud-evidence.schema.json").read_bytes())
VALIDATOR: Final = Draft202012Validator(SCHEMA)


def test_the_schema_is_one_and_has_every_kind() -> None:
    Draft202012Validator.check_schema(SCHEMA)

    assert [form["properties"]["kind"]["const"] for form in SCHEMA["oneOf"]] == [str(kind) for kind in FraudKind]


def test_the_example_fits_the_schema_and_proves_something() -> None:
    example = json.loads((EXAMPLES / "fraud-evidence.json").read_bytes())

    assert VALIDATOR.is_valid(example)
    assert parse_fraud(example).to_json() == example


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_evidence_fits_the_schema(name: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(frauds()[name].to_json())] == []


@pytest.mark.parametrize("name", NAMES)
def test_whatever_lacks_a_member_or_has_one_more_fits_neither_the_schema_nor_the_reader(name: str) -> None:
    written = frauds()[name].to_json()
    optional = {"unrevoked"} if name == "revocation not made" else set()
    others = [{**written, "more": 1}]
    others += [{key: value for key, value in written.items() if key != gone} for gone in written.keys() - optional]

    for other in others:
        assert not VALIDATOR.is_valid(other)
        with pytest.raises(Malformed):
            parse_fraud(other)
