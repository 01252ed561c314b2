import pytest

from registry.domain.assessment import ResultFault, parse_result_description
from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Malformed

GRADES: JsonObject = {
    "name": "Grade",
    "resultType": "LetterGrade",
    "allowedValue": ["F", "C", "B", "B+", "A"],
    "requiredValue": "C",
}
PERCENT: JsonObject = {
    "name": "Score",
    "resultType": "Percent",
    "requiredValue": "50",
    "valueMin": "0",
    "valueMax": "100",
}


@pytest.mark.parametrize(
    ("body", "value", "fault"),
    [
        (GRADES, "A", None),
        (GRADES, "C", None),
        (GRADES, "F", ResultFault.BELOW_REQUIRED),
        (GRADES, "D", ResultFault.NOT_ALLOWED),
        (GRADES, "a", ResultFault.NOT_ALLOWED),
        (PERCENT, "50", None),
        (PERCENT, "50.00", None),
        (PERCENT, "100", None),
        (PERCENT, "49.999999", ResultFault.BELOW_REQUIRED),
        (PERCENT, "-1", ResultFault.OUT_OF_RANGE),
        (PERCENT, "100.1", ResultFault.OUT_OF_RANGE),
        (PERCENT, "ninety", ResultFault.NOT_A_NUMBER),
        (PERCENT, "1e1", ResultFault.NOT_A_NUMBER),
        (PERCENT, "٥٠", ResultFault.NOT_A_NUMBER),
        (PERCENT, "050", ResultFault.NOT_A_NUMBER),
        ({"name": "Free", "resultType": "Result"}, "anything", None),
        ({"name": "Level", "resultType": "RawScore"}, "-12.5", None),
        ({"name": "Steps", "resultType": "RawScore", "allowedValue": ["1", "2"]}, "3", ResultFault.NOT_ALLOWED),
    ],
)
def test_a_result_is_judged_by_its_description(body: JsonObject, value: str, fault: ResultFault | None) -> None:
    assert parse_result_description(body, "resultDescription[0]").judge(value) is fault


@pytest.mark.parametrize("body", [GRADES, PERCENT, {"name": "Free", "resultType": "Result"}])
def test_a_description_is_read_back_from_its_body(body: JsonObject) -> None:
    description = parse_result_description(body, "")

    assert description.to_body() == body
    assert description.document("urn:a:b") == {"id": "urn:a:b", "type": ["ResultDescription"], **body}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("text", "malformed-object"),
        ({"name": "x"}, "missing-member"),
        ({**GRADES, "extra": 1}, "unknown-member"),
        ({**GRADES, "resultType": "Stars"}, "result-type-unknown"),
        ({**GRADES, "resultType": []}, "result-type-unknown"),
        ({**GRADES, "name": ""}, "malformed-string"),
        ({**GRADES, "name": "a\tb"}, "claim-control-character"),
        ({**GRADES, "allowedValue": "A"}, "malformed-list"),
        ({**GRADES, "allowedValue": ["A", "A"]}, "result-scale-duplicate"),
        ({**GRADES, "requiredValue": "D"}, "result-required-not-allowed"),
        ({**GRADES, "valueMin": "1"}, "result-scale-not-numeric"),
        ({**GRADES, "valueMax": "1"}, "result-scale-not-numeric"),
        ({"name": "x", "resultType": "Result", "requiredValue": "C"}, "result-scale-unordered"),
        ({**PERCENT, "valueMin": "low"}, "result-scale-not-numeric"),
        ({**PERCENT, "valueMin": "101"}, "result-scale-empty"),
        ({**PERCENT, "requiredValue": "101"}, "result-required-not-allowed"),
        ({**PERCENT, "requiredValue": "half"}, "result-required-not-allowed"),
    ],
)
def test_a_scale_that_contradicts_itself_is_refused(body: JsonValue, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        parse_result_description(body, "resultDescription[0]")

    assert refusal.value.code == code
