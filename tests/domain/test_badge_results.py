import pytest

from registry.domain.badge_results import result_problems
from registry.domain.canonical import JsonObject, JsonValue

GRADE: JsonObject = {
    "id": "urn:a:grade",
    "type": ["ResultDescription"],
    "name": "Grade",
    "resultType": "LetterGrade",
    "allowedValue": ["F", "C", "B", "A"],
    "requiredValue": "C",
}
PERCENT: JsonObject = {
    "id": "urn:a:percent",
    "name": "Score",
    "resultType": "Percent",
    "valueMin": "0",
    "valueMax": "100",
}
RUBRIC: JsonObject = {
    "id": "urn:a:rubric",
    "name": "Rubric",
    "resultType": "RubricCriterionLevel",
    "rubricCriterionLevel": [{"id": "urn:a:low", "name": "Low"}, {"id": "urn:a:high", "name": "High"}],
    "requiredLevel": "urn:a:high",
}
STATUS: JsonObject = {"id": "urn:a:status", "name": "Status", "resultType": "Status"}
ACHIEVEMENT: JsonObject = {"resultDescription": [GRADE, PERCENT, RUBRIC, STATUS]}


def codes(results: JsonValue, achievement: JsonObject = ACHIEVEMENT) -> list[str]:
    return [problem.code for problem in result_problems(results, achievement, "result")]


@pytest.mark.parametrize(
    "result",
    [
        {"resultDescription": "urn:a:grade", "value": "F"},
        {"resultDescription": "urn:a:grade"},
        {"resultDescription": "urn:a:percent", "value": "99.5"},
        {"resultDescription": "urn:a:percent", "value": "0"},
        {"resultDescription": "urn:a:rubric", "achievedLevel": "urn:a:low"},
        {"resultDescription": "urn:a:grade", "achievedLevel": "urn:a:low"},
        {"resultDescription": "urn:a:status", "status": "Completed"},
        {"value": "anything"},
        {"achievedLevel": "urn:a:high"},
    ],
)
def test_results_that_fit_are_fine(result: JsonObject) -> None:
    assert codes(result) == []
    assert codes([result]) == []


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ({"resultDescription": "urn:a:other"}, "result-description-unknown"),
        ({"resultDescription": 5}, "result-description-unknown"),
        ({"resultDescription": "urn:a:grade", "value": "D"}, "result-not-allowed"),
        ({"resultDescription": "urn:a:grade", "value": "a"}, "result-not-allowed"),
        ({"resultDescription": "urn:a:percent", "value": "101"}, "result-out-of-range"),
        ({"resultDescription": "urn:a:percent", "value": "-1"}, "result-out-of-range"),
        ({"resultDescription": "urn:a:percent", "value": "NaN"}, "result-not-a-number"),
        ({"resultDescription": "urn:a:percent", "value": "much"}, "result-not-a-number"),
        ({"resultDescription": "urn:a:percent", "value": 50}, "result-not-a-number"),
        ({"resultDescription": "urn:a:rubric", "achievedLevel": "urn:a:top"}, "result-level-unknown"),
        ({"achievedLevel": "urn:a:top"}, "result-level-unknown"),
        ({"resultDescription": "urn:a:status"}, "result-without-status"),
    ],
)
def test_a_result_that_does_not_fit_is_told(result: JsonObject, code: str) -> None:
    assert codes([result]) == [code]


@pytest.mark.parametrize(
    ("description", "code"),
    [
        ([GRADE, GRADE], "result-description-twice"),
        ({**GRADE, "requiredValue": "E"}, "result-required-not-allowed"),
        ({**RUBRIC, "requiredLevel": "urn:a:top"}, "result-level-unknown"),
        ({"requiredLevel": "urn:a:top"}, "result-level-unknown"),
    ],
)
def test_a_description_that_contradicts_itself_is_told(description: JsonValue, code: str) -> None:
    assert codes(None, {"resultDescription": description}) == [code]


def test_an_achievement_that_describes_no_results_has_none_to_refer_to() -> None:
    assert codes([{"value": "A"}], {}) == []
    assert codes([{"resultDescription": "urn:a:grade"}], {}) == ["result-description-unknown"]
    assert codes(None, {}) == []


def test_a_listed_value_needs_no_number_beside_a_range() -> None:
    mixed: JsonObject = {"id": "urn:a:m", "allowedValue": ["pass", "50"], "valueMin": "10", "valueMax": "40"}

    assert codes([{"resultDescription": "urn:a:m", "value": "pass"}], {"resultDescription": mixed}) == []
    assert codes([{"resultDescription": "urn:a:m", "value": "50"}], {"resultDescription": mixed}) == [
        "result-out-of-range"
    ]


def test_a_range_may_be_open_on_one_side() -> None:
    least: JsonObject = {"id": "urn:a:l", "valueMin": "10"}
    most: JsonObject = {"id": "urn:a:m", "valueMax": "10"}
    achievement: JsonObject = {"resultDescription": [least, most]}

    assert codes([{"resultDescription": "urn:a:l", "value": "1e3"}], achievement) == []
    assert codes([{"resultDescription": "urn:a:m", "value": "9"}], achievement) == []
    assert codes([{"resultDescription": "urn:a:m", "value": "11"}], achievement) == ["result-out-of-range"]
