"""The form of an achievement: fields into the body that the use case reads, and a body back into fields.

Fields are named as the use case names places (`alignment[0].targetName`), so what it says of one stands beside it.
Nothing is checked here: rules are the domain's.
"""

import base64
import re
from collections.abc import Mapping
from typing import Final

from registry.domain.achievement import MAX_ALIGNMENTS, MAX_IMAGE, MAX_RESULT_DESCRIPTIONS
from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Malformed
from registry.web.console.gate import Posted

SPARE_ROWS: Final = 1
"""Empty rows below those that are filled in; a button gives another."""
ALIGNMENT: Final = ("targetName", "targetUrl", "targetType", "targetFramework", "targetCode", "targetDescription")
RESULT: Final = ("name", "resultType", "allowedValue", "requiredValue", "valueMin", "valueMax")
MAX_PICTURE_BYTES: Final = MAX_IMAGE * 3 // 4 - 100
"""What fits into a picture's data URL; larger ones belong behind an address."""

_TEXTS: Final = (
    *("name", "description", "achievementType", "inLanguage"),
    *("fieldOfStudy", "humanCode", "specialization"),
)
_MORE: Final = (
    *("validityDays", "inLanguage", "creditsAvailable", "tag"),
    *("fieldOfStudy", "specialization", "humanCode"),
)
_INTEGER: Final = re.compile(r"[0-9]{1,9}")
_NUMBER: Final = re.compile(r"[0-9]{1,9}\.[0-9]{1,6}")
_PICTURES: Final[Mapping[bytes, str]] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}

Row = Mapping[str, str]


class AchievementFields:
    """What stands in the form."""

    def __init__(
        self, texts: Mapping[str, str], skills: tuple[Row, ...], results: tuple[Row, ...], *, suspension: bool
    ) -> None:
        self.texts = texts
        self.skills = skills
        self.results = results
        self.suspension = suspension

    def text(self, name: str) -> str:
        """Return a field, empty when nothing stands there."""
        return self.texts.get(name, "")

    @property
    def skill_rows(self) -> tuple[Row, ...]:
        """The rows of skills that the form shows."""
        return _spread(self.skills, ALIGNMENT, MAX_ALIGNMENTS)

    @property
    def result_rows(self) -> tuple[Row, ...]:
        """The rows of results that the form shows."""
        return _spread(self.results, RESULT, MAX_RESULT_DESCRIPTIONS)

    @property
    def has_more(self) -> bool:
        """Something stands in the part that is folded away."""
        return self.suspension or any(self.text(name) for name in _MORE)

    def body(self) -> JsonObject:
        """Write the body that the use case reads."""
        body: JsonObject = {name: self.texts[name] for name in _TEXTS if self.text(name)}
        # Required members are there even when they are empty: then the use case says which one is.
        for name in ("name", "description", "achievementType"):
            body.setdefault(name, "")
        body["criteria"] = _present({"id": self.text("criteria.id"), "narrative": self.text("criteria.narrative")})
        if self.skills:
            body["alignment"] = [_present(row) for row in self.skills]
        if tags := [tag.strip() for tag in self.text("tag").split(",") if tag.strip()]:
            body["tag"] = list[JsonValue](tags)
        if self.results:
            body["resultDescription"] = [_result(row) for row in self.results]
        if self.text("image.id"):
            body["image"] = _present({"id": self.text("image.id"), "caption": self.text("image.caption")})
        for name in ("validityDays", "creditsAvailable"):
            if self.text(name):
                body[name] = _number(self.text(name))
        body["suspension"] = self.suspension
        return body


EMPTY: Final = AchievementFields({"achievementType": "MicroCredential"}, (), (), suspension=False)


def fields_of_body(body: JsonObject) -> AchievementFields:
    """Return the fields of a stored body."""
    texts: dict[str, str] = {
        name: str(body[name]) for name in (*_TEXTS, "validityDays", "creditsAvailable") if name in body
    }
    for name in ("criteria", "image"):
        part = body.get(name)
        if isinstance(part, dict):
            texts.update({f"{name}.{key}": str(value) for key, value in part.items()})
    tags = body.get("tag")
    texts["tag"] = ", ".join(str(tag) for tag in tags) if isinstance(tags, list) else ""
    return AchievementFields(
        texts, _rows(body, "alignment"), _rows(body, "resultDescription"), suspension=body.get("suspension") is True
    )


def fields_of_form(form: Posted) -> AchievementFields:
    """Return the fields of a form that was sent. Raises Malformed `picture-unusable` for what is no picture."""
    names = (*_TEXTS, "validityDays", "creditsAvailable", "tag")
    texts = {name: form.text(name) for name in (*names, "criteria.id", "criteria.narrative", "image.caption")}
    texts["image.id"] = form.text("image.id") or form.text("picture")
    return AchievementFields(
        texts,
        _form_rows(form, "alignment", ALIGNMENT, MAX_ALIGNMENTS),
        _form_rows(form, "resultDescription", RESULT, MAX_RESULT_DESCRIPTIONS),
        suspension=form.flag("suspension"),
    )


def with_picture(fields: AchievementFields, picture: bytes) -> AchievementFields:
    """Return the fields with a picture that was chosen. Raises Malformed `picture-unusable`."""
    kind = next((kind for beginning, kind in _PICTURES.items() if picture.startswith(beginning)), None)
    if kind is None or len(picture) > MAX_PICTURE_BYTES:
        message = f"expected a PNG or JPEG picture of at most {MAX_PICTURE_BYTES // 1000} kB"
        raise Malformed("picture-unusable", message, where="image.id")
    address = f"data:{kind};base64,{base64.b64encode(picture).decode('ascii')}"
    return AchievementFields(
        {**fields.texts, "image.id": address}, fields.skills, fields.results, suspension=fields.suspension
    )


def _spread(rows: tuple[Row, ...], members: tuple[str, ...], limit: int) -> tuple[Row, ...]:
    """Return rows with every member, and an empty one below."""
    spare: tuple[Row, ...] = ({},) * SPARE_ROWS
    return tuple({member: row.get(member, "") for member in members} for row in (*rows, *spare)[:limit])


def _form_rows(form: Posted, name: str, members: tuple[str, ...], limit: int) -> tuple[Row, ...]:
    rows = ({member: form.text(f"{name}[{number}].{member}") for member in members} for number in range(limit))
    # Empty rows close up: the numbers in what the use case says are those of the form that is shown again.
    return tuple(row for row in rows if any(row.values()))


def _rows(body: JsonObject, name: str) -> tuple[Row, ...]:
    items = body.get(name)
    if not isinstance(items, list):
        return ()
    return tuple({key: _cell(value) for key, value in item.items()} for item in items if isinstance(item, dict))


def _cell(value: JsonValue) -> str:
    return "\n".join(str(each) for each in value) if isinstance(value, list) else str(value)


def _result(row: Row) -> JsonValue:
    result = _present({name: value for name, value in row.items() if name != "allowedValue"})
    if allowed := [line.strip() for line in row.get("allowedValue", "").splitlines() if line.strip()]:
        result["allowedValue"] = list[JsonValue](allowed)
    return result


def _number(text: str) -> JsonValue:
    # Anything else goes on as text, and the use case says what it expects.
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _present(members: Row) -> dict[str, JsonValue]:
    return {name: value for name, value in members.items() if value}
