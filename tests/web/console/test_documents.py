"""Documents as the console shows them, also those that another program wrote."""

import pytest

from registry.domain.canonical import JsonObject
from registry.web.console.documents import shown_credential


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"credentialSubject": None, "issuer": "did:example:1", "evidence": "x", "validFrom": "yesterday"},
        {"credentialSubject": {"identifier": "x", "result": 7, "achievement": []}, "validFrom": 7},
        {"credentialSubject": [{"name": "a"}, {"name": "b"}]},
    ],
)
def test_what_is_missing_or_odd_is_left_out(document: JsonObject) -> None:
    shown = shown_credential(document)

    assert (shown.recipient, shown.issuer, shown.dates, shown.results, shown.evidence) == (None, None, {}, (), ())


def test_a_single_object_stands_for_a_list_of_one() -> None:
    identifier: JsonObject = {"hashed": False, "identityType": "name", "identityHash": "Amal"}
    document: JsonObject = {
        "credentialSubject": {
            "identifier": identifier,
            "achievement": {"resultDescription": {"id": "#r", "name": "Grade"}},
            "result": {"resultDescription": "#r", "value": "A"},
        },
        "evidence": {"id": "https://example.org", "name": "Capstone"},
    }

    shown = shown_credential(document)

    assert (shown.recipient, shown.results) == ("Amal", (("Grade", "A"),))
    assert [dict(each) for each in shown.evidence] == [{"id": "https://example.org", "name": "Capstone"}]
