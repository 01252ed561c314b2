"""What the browser reads and writes: I-JSON, JCS, hashes and moments, held to the domain over input of any shape."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from eth_utils.crypto import keccak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.domain.canonical import canonicalize, parse_json
from registry.domain.errors import Malformed
from registry.domain.hashing import sha256
from registry.domain.timestamp import parse_time
from tests.paths import SHARED_DATA
from tests.web.static_modules import Modules, encode, run_modules

JCS: Final = SHARED_DATA / "vectors" / "jcs-rfc8785"


@pytest.fixture(scope="module")
def modules() -> Iterator[Modules]:
    with run_modules() as running:
        yield running


@pytest.mark.parametrize("name", sorted(path.stem for path in (JCS / "input").glob("*.json")))
def test_the_browser_writes_the_canonical_form_of_rfc_8785(modules: Modules, name: str) -> None:
    (answer,) = modules.ask([{"canonical": encode((JCS / "input" / f"{name}.json").read_bytes())}])

    assert answer == {"canonical": encode((JCS / "output" / f"{name}.json").read_bytes())}


VALUES: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**54), max_value=2**54)
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["\x7f", "\u2028", "\ud800", "\U0001f600", '"\\/\b', "é", "__proto__", "é"]),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(
            st.text(max_size=4) | st.sampled_from(["__proto__", "constructor", "10", "9"]), children, max_size=4
        )
    ),
    max_leaves=12,
)
SPELLED: Final = st.sampled_from(
    [
        *(
            "1.0",
            "-0",
            "-0.0",
            "1e2",
            "1E400",
            "01",
            "1.",
            "+1",
            "9007199254740993",
            "9007199254740991.0",
            "1e20",
            "1e21",
        ),
        *(
            '{"a":1,"a":2}',
            '{"\\u0061":1,"a":2}',
            '"\\ud83d\\ude00"',
            '"\\ud83d"',
            '"\\x"',
            '"\t"',
            "[1,]",
            "{,}",
            "NaN",
        ),
        *(
            "\ufeff1",
            "1\u00a0",
            " [ 1 , 2 ] ",
            "nul",
            "truefalse",
            "[" * 70 + "]" * 70,
            "[" * 65 + "]" * 65,
            '"',
            "",
            "{",
        ),
        *(
            "[" * 64 + "1" + "]" * 64,
            "[" * 65 + "1" + "]" * 65,
            "5e-324",
            "1.7976931348623157e308",
            "333333333.3333333",
        ),
    ]
)


def judged_by_domain(text: bytes) -> dict[str, Any]:
    try:
        return {"canonical": encode(canonicalize(parse_json(text)))}
    except Malformed as error:
        return {"code": error.code}


@given(value=VALUES)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_comes_out_as_the_domain_writes_it(modules: Modules, value: Any) -> None:  # noqa: ANN401  # any JSON
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", errors="surrogatepass")

    (answer,) = modules.ask([{"canonical": encode(text)}])

    expected = judged_by_domain(text)
    assert answer.get("canonical") == expected.get("canonical")
    assert ("code" in answer) == ("code" in expected)


@given(text=SPELLED)
@settings(max_examples=80, deadline=None)
def test_spellings_are_taken_and_refused_as_in_the_domain(modules: Modules, text: str) -> None:
    (answer,) = modules.ask([{"canonical": encode(text.encode())}])

    expected = judged_by_domain(text.encode())
    assert answer.get("canonical") == expected.get("canonical")
    assert ("code" in answer) == ("code" in expected)


@given(data=st.binary(max_size=400))
@settings(max_examples=60, deadline=None)
def test_hashes_are_those_of_the_libraries(modules: Modules, data: bytes) -> None:
    (answer,) = modules.ask([{"hash": encode(data)}])

    assert answer == {"sha256": sha256(data).hex(), "keccak256": keccak(data).hex()}


TIMES: Final = st.one_of(
    st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    st.sampled_from(
        [
            *("2026-02-29T00:00:00Z", "2024-02-29T23:59:59+14:00", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z"),
            *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00Z", "2026-01-01T00:00:00"),
            *(
                "2026-01-01T00:00:00.1234567Z",
                "2026-01-01T00:00:00+14:01",
                "2026-01-01t00:00:00z",
                "2026-13-01T00:00:00Z",
            ),
            *("2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00Z\n", "٢٠٢٦-01-01T00:00:00Z", "2026-00-10T00:00:00Z"),
        ]
    ),
)


@given(text=TIMES)
@settings(max_examples=120, deadline=None)
def test_moments_are_read_as_in_the_domain(modules: Modules, text: str) -> None:
    (answer,) = modules.ask([{"time": text}])

    try:
        moment = parse_time(text, "time")
    except Malformed:
        assert answer == {"code": "malformed-time"}
        return
    epoch = parse_time("1970-01-01T00:00:00Z", "epoch")
    delta = moment - epoch
    assert int(answer["micro"]) == (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
