"""Whether the results of a badge fit their descriptions, which no schema can say (Open Badges 3.0, Result).

    result.resultDescription -> a description of this achievement, by its id
    result.value             -> one of its allowedValue, within valueMin and valueMax
    result.achievedLevel     -> one of the rubricCriterionLevel of this achievement
    result.status            -> there, when the description is of a Status

What stands in a description is judged too: each id once, requiredValue allowed, requiredLevel one of the levels. Values
that are no numbers are within no bounds. That somebody did not reach what is required is no fault of form.
"""

import math
from collections.abc import Iterator
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.form_problem import FormProblem, problem
from registry.domain.one_or_many import as_items, as_objects

_STATUS: Final = "Status"


def result_problems(results: JsonValue, achievement: JsonObject, where: str) -> Iterator[FormProblem]:
    """Tell what is wrong with results beside their form; `achievement` is the one they are of."""
    listed = achievement.get("resultDescription")
    descriptions: dict[str, JsonObject] = {}
    for description in [] if listed is None else as_objects(listed):
        yield from _description_problems(description, descriptions)
    for number, result in enumerate([] if results is None else as_objects(results)):
        yield from _one_result_problems(result, descriptions, f"{where}[{number}]")


def _description_problems(description: JsonObject, known: dict[str, JsonObject]) -> Iterator[FormProblem]:
    identifier = description.get("id")
    place = "credentialSubject.achievement.resultDescription"
    if isinstance(identifier, str):
        if identifier in known:
            yield problem("result-description-twice", f"{place}.id", f"expected {identifier} once")
        known[identifier] = description
    required, allowed = description.get("requiredValue"), description.get("allowedValue")
    if required is not None and allowed is not None and required not in as_items(allowed):
        yield problem("result-required-not-allowed", f"{place}.requiredValue", "expected one of the allowed values")
    level = description.get("requiredLevel")
    if level is not None and level not in _levels(description):
        yield problem("result-level-unknown", f"{place}.requiredLevel", "expected one of the rubric's levels")


def _one_result_problems(result: JsonObject, known: dict[str, JsonObject], where: str) -> Iterator[FormProblem]:
    level = result.get("achievedLevel")
    # Of any description: the specification's own example names a level of another one than the result's.
    if level is not None and not any(level in _levels(description) for description in known.values()):
        yield problem("result-level-unknown", f"{where}.achievedLevel", "expected a level of this achievement")
    reference = result.get("resultDescription")
    if reference is None:
        return
    description = known.get(reference) if isinstance(reference, str) else None
    if description is None:
        message = "expected the id of a result description of this achievement"
        yield problem("result-description-unknown", f"{where}.resultDescription", message)
        return
    if description.get("resultType") == _STATUS and "status" not in result:
        yield problem("result-without-status", f"{where}.status", "expected a status: the description is of one")
    if "value" in result:
        yield from _value_problems(result["value"], description, f"{where}.value")


def _value_problems(value: JsonValue, description: JsonObject, where: str) -> Iterator[FormProblem]:
    allowed = description.get("allowedValue")
    if allowed is not None and value not in as_items(allowed):
        yield problem("result-not-allowed", where, "expected one of the allowed values")
        return
    least, most = _number(description.get("valueMin")), _number(description.get("valueMax"))
    if least is None and most is None:
        return
    number = _number(value)
    if number is None:
        # A letter beside a range of numbers: allowed only when the description lists it.
        if allowed is None:
            yield problem("result-not-a-number", where, "expected a number")
    elif (least is not None and number < least) or (most is not None and number > most):
        yield problem("result-out-of-range", where, "expected a value from valueMin to valueMax")


def _levels(description: JsonObject) -> list[JsonValue]:
    levels = description.get("rubricCriterionLevel")
    return [] if levels is None else [level.get("id") for level in as_objects(levels)]


def _number(value: JsonValue) -> float | None:
    try:
        number = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None
