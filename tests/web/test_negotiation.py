"""Which of several media types is answered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.web.pages.negotiation import MAX_HEADER, best_type

OFFERED = ("text/html", "application/vc", "application/json")


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", "text/html"),
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/vc", "application/vc"),
        ("APPLICATION/VC", "application/vc"),
        ("application/json;q=0.9, application/vc", "application/vc"),
        ("application/json, application/vc;q=0.9", "application/json"),
        ("application/*", "application/vc"),
        ("application/*, application/vc;q=0", "application/json"),
        ("text/html;q=0.1, application/json;charset=utf-8;q=0.2", "application/json"),
        ("*/*;q=0", None),
        ("image/png", None),
        ("application/vc;q=x", None),
        ("x" * MAX_HEADER + ",application/vc", None),
    ],
)
def test_the_best_of_what_is_offered_is_chosen(accepted: str, expected: str | None) -> None:
    assert best_type(accepted, OFFERED) == expected


@given(st.text(alphabet='application/vchtmljson*;,q=.0159 \t"', max_size=60))
def test_no_header_is_an_error(accepted: str) -> None:
    assert best_type(accepted, OFFERED) in {*OFFERED, None}
