"""What an achievement's assessment can result in, and whether a recipient's result fits.

Open Badges 3.0 ResultDescription and Result. `allowedValue` is ordered from low to high; `requiredValue` is
the least that passes.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.claims import check_text
from registry.domain.errors import Malformed
from registry.domain.fields import read_list, read_object, read_text

MAX_ALLOWED_VALUES: Final = 200
"""Longer than any grading scale in use."""

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,6})?")


class ResultType(StrEnum):
    """The result types of Open Badges 3.0 that a value is written for."""

    GRADE_POINT_AVERAGE = "GradePointAverage"
    LETTER_GRADE = "LetterGrade"
    PERCENT = "Percent"
    PERFORMANCE_LEVEL = "PerformanceLevel"
    PREDICTED_SCORE = "PredictedScore"
    RAW_SCORE = "RawScore"
    RESULT = "Result"
    SCALED_SCORE = "ScaledScore"


_NUMERIC: Final = frozenset(
    {
        ResultType.GRADE_POINT_AVERAGE,
        ResultType.PERCENT,
        ResultType.PREDICTED_SCORE,
        ResultType.RAW_SCORE,
        ResultType.SCALED_SCORE,
    }
)


class ResultFault(StrEnum):
    """Why a result does not fit its description."""

    NOT_ALLOWED = "result-not-allowed"
    NOT_A_NUMBER = "result-not-a-number"
    OUT_OF_RANGE = "result-out-of-range"
    BELOW_REQUIRED = "result-below-required"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultDescription:
    """One thing an achievement's assessment measures."""

    name: str
    type: ResultType
    allowed: tuple[str, ...]
    """From low to high; empty when any value is allowed."""
    required: str | None
    """The least value that passes."""
    minimum: str | None
    maximum: str | None

    def __post_init__(self) -> None:
        """Raise Malformed for a scale that contradicts itself."""
        if len(set(self.allowed)) != len(self.allowed):
            raise Malformed("result-scale-duplicate", "expected each allowed value once", where="allowedValue")
        if not self.is_numeric and (self.minimum is not None or self.maximum is not None):
            raise Malformed("result-scale-not-numeric", f"expected no bounds for {self.type}", where="valueMin")
        if not self.is_numeric and self.required is not None and not self.allowed:
            message = "expected allowedValue: without an order nothing is below the required value"
            raise Malformed("result-scale-unordered", message, where="requiredValue")
        for bound in (self.minimum, self.maximum):
            if bound is not None and _NUMBER.fullmatch(bound) is None:
                raise Malformed("result-scale-not-numeric", f"expected a number, got {bound!r}", where="valueMin")
        if self.minimum is not None and self.maximum is not None and Decimal(self.minimum) > Decimal(self.maximum):
            raise Malformed("result-scale-empty", f"expected {self.minimum} <= {self.maximum}", where="valueMin")
        if self.required is not None and (fault := self.judge(self.required)) is not None:
            raise Malformed(
                "result-required-not-allowed", f"expected a value that fits: {fault}", where="requiredValue"
            )

    @property
    def is_numeric(self) -> bool:
        """The values are numbers."""
        return self.type in _NUMERIC

    def judge(self, value: str) -> ResultFault | None:
        """Tell why a value does not fit, if it does not."""
        if self.allowed and value not in self.allowed:
            return ResultFault.NOT_ALLOWED
        if not self.is_numeric:
            return ResultFault.BELOW_REQUIRED if self._below_in_order(value) else None
        if _NUMBER.fullmatch(value) is None:
            return ResultFault.NOT_A_NUMBER
        number = Decimal(value)
        if self.minimum is not None and number < Decimal(self.minimum):
            return ResultFault.OUT_OF_RANGE
        if self.maximum is not None and number > Decimal(self.maximum):
            return ResultFault.OUT_OF_RANGE
        below = self.required is not None and number < Decimal(self.required)
        return ResultFault.BELOW_REQUIRED if below else None

    def to_body(self) -> JsonObject:
        """Write the members that `parse_result_description` reads."""
        body: JsonObject = {"name": self.name, "resultType": str(self.type)}
        if self.allowed:
            body["allowedValue"] = list(self.allowed)
        optional = {"requiredValue": self.required, "valueMin": self.minimum, "valueMax": self.maximum}
        body.update({name: value for name, value in optional.items() if value is not None})
        return body

    def document(self, identifier: str) -> JsonObject:
        """Write the Open Badges ResultDescription."""
        return {"id": identifier, "type": ["ResultDescription"], **self.to_body()}

    def _below_in_order(self, value: str) -> bool:
        return self.required is not None and self.allowed.index(value) < self.allowed.index(self.required)


def parse_result_description(value: JsonValue, where: str) -> ResultDescription:
    """Read one result description of an achievement's body.

    Raises Malformed with a code for each rule.
    """
    optional = ("allowedValue", "requiredValue", "valueMin", "valueMax")
    body = read_object(value, required=("name", "resultType"), optional=optional, where=where)
    kind = body["resultType"]
    if kind not in tuple(ResultType):
        known = ", ".join(ResultType)
        raise Malformed("result-type-unknown", f"expected one of {known}, got {kind!r}", where=f"{where}.resultType")
    allowed = read_list(body.get("allowedValue", []), limit=MAX_ALLOWED_VALUES, where=f"{where}.allowedValue")
    return ResultDescription(
        name=_text(body["name"], f"{where}.name"),
        type=ResultType(str(kind)),
        allowed=tuple(_text(item, f"{where}.allowedValue") for item in allowed),
        required=_optional_text(body, "requiredValue", where),
        minimum=_optional_text(body, "valueMin", where),
        maximum=_optional_text(body, "valueMax", where),
    )


def _optional_text(body: JsonObject, name: str, where: str) -> str | None:
    return _text(body[name], f"{where}.{name}") if name in body else None


def _text(value: JsonValue, where: str) -> str:
    return check_text(read_text(value, limit=200, where=where), where)
