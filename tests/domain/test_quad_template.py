"""N-Quads with gaps: filled in, they are what RDFC-1.0 makes of the same statements."""

from collections.abc import Sequence

import pyoxigraph
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.domain.quad_template import (
    QuadTemplate,
    compile_template,
    escape,
    split_at_markers,
    text_with_gaps,
)

NONCE = "f00d"
MARKERS = (f"https://{NONCE}.example/0/", f"{NONCE} 1.", f"{NONCE} 2.")
TEXT = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from('\x80\x85\x9f"\\\n\r%')
)


def canonical(lines: Sequence[str]) -> bytes:
    """Return what the RDF library makes of statements."""
    text = "".join(f"{line} .\n" for line in lines)
    dataset = pyoxigraph.Dataset(pyoxigraph.parse(text, pyoxigraph.RdfFormat.N_QUADS))
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    return "".join(sorted(f"{quad} .\n" for quad in dataset)).encode()


def stated(lines: Sequence[str], values: Sequence[str]) -> list[str]:
    """Put values where `{0}`, `{1}` and `{2}` stand."""
    return [line.format(*values) for line in lines]


def template_of(lines: Sequence[str], *, markers: Sequence[str] = MARKERS) -> QuadTemplate:
    template = compile_template(canonical(stated(lines, [*markers, "", "", ""])), markers, nonce=NONCE)
    assert template is not None
    return template


BADGE = (
    "<{0}> <urn:p:type> <urn:t:Badge>",
    "<{0}> <urn:p:subject> _:subject",
    "<{0}> <urn:p:seen> <{0}>",
    '_:subject <urn:p:name> "{1}"@en',
    '_:subject <urn:p:day> "{2}"^^<urn:t:day>',
    '_:subject <urn:p:note> "{1}"',
    '_:subject <urn:p:note> "100 %s"',
    "_:subject <urn:p:part> _:part",
    '_:part <urn:p:note> "{1}"',
    '_:part <urn:p:fixed> "a"',
    "_:subject <urn:p:other> _:fixed",
    '_:fixed <urn:p:fixed> "b" _:graph',
    '_:graph <urn:p:fixed> "c" <urn:g>',
    "<urn:s> <urn:p:in> <{0}> <{0}>",
)


@settings(max_examples=150)
@given(name=TEXT, day=TEXT, number=st.integers(0, 10**9))
def test_what_is_filled_in_is_what_the_rdf_library_canonicalizes(name: str, day: str, number: int) -> None:
    values = [f"https://e.org/{number}", escape(name), escape(day)]

    filled = template_of(BADGE).fill(values)

    assert filled == (None if name == "100 %s" else canonical(stated(BADGE, values)))


def test_statements_whose_order_depends_on_values_are_sorted() -> None:
    lines = ('_:a <urn:p> "{1}"', '_:a <urn:p> "{2}"', '_:a <urn:p> "m"', "<{0}> <urn:q> _:a")
    template = template_of(lines)

    for first, second in (
        ("a", "z"),
        ("z", "a"),
        ("n", "l"),
        ("m!", "m "),
        ("", "\U0010fffd"),
        ("\ufffd", "\U00010000"),
    ):
        values = ["urn:x", first, second]
        assert template.fill(values) == canonical(stated(lines, values))


def test_equal_lines_are_not_merged_here() -> None:
    template = template_of(('<{0}> <urn:p> "{1}"', '<{0}> <urn:p> "{2}"'))

    assert template.fill(["urn:x", "a", "b"]) is not None
    assert template.fill(["urn:x", "a", "a"]) is None


def test_a_value_may_not_become_what_stands_there_already() -> None:
    template = template_of(('<{0}> <urn:p> "a"', '<{0}> <urn:p> "{1}"', '<{0}> <urn:q> "{2}"'))

    assert template.fill(["urn:x", "a", "b"]) is None


def test_lines_of_one_subject_stay_together_whatever_it_is_called() -> None:
    lines = (
        '<{0}> <urn:p> "{1}"',
        '<{0}> <urn:q> "{2}"',
        "<urn:s> <urn:o> _:a",
        "<urn:s> <urn:r> _:a",
        '_:a <urn:p> "x"',
    )
    template = template_of(lines)

    for subject in ("urn:a", "urn:s2", "urn:z"):
        assert template.fill([subject, "x", "x"]) == canonical(stated(lines, [subject, "x", "x"]))


def test_two_subjects_that_a_value_makes_one_are_sorted_as_one() -> None:
    lines = (
        '<{0}> <urn:b> "{1}"',
        '<{0}> <urn:d> "{2}"',
        '<urn:s> <urn:a> "x"',
        '<urn:s> <urn:c> "x"',
        '_:a <urn:p> "x"',
    )
    template = template_of(lines)

    assert template.fill(["urn:s", "y", "z"]) == canonical(stated(lines, ["urn:s", "y", "z"]))


def test_equal_lines_of_subjects_that_a_value_makes_one_are_not_merged_here() -> None:
    template = template_of(('<urn:s> <urn:p1> "x"', '<{0}> <urn:p1> "{1}"', '<{0}> <urn:q> "{2}"'))

    assert template.fill(["urn:t", "x", "x"]) is not None
    assert template.fill(["urn:s", "x", "x"]) is None


def test_more_than_ten_nodes_are_sorted_by_the_letters_of_their_labels() -> None:
    fixed = [f'_:n{number} <urn:p{number}> "x"' for number in range(13)]
    lines = (*fixed, "<{0}> <urn:r> _:n0", '_:n1 <urn:q> "{1}"', '_:n2 <urn:q> "{2}"')
    template = template_of(lines)

    for first, second in (("a", "b"), ("b", "a"), ("é", "")):
        values = ["urn:x", first, second]
        assert template.fill(values) == canonical(stated(lines, values))


def test_nodes_that_values_make_alike_are_left_to_others() -> None:
    lines = ("<{0}> <urn:p> _:a", "<{0}> <urn:p> _:b", '_:a <urn:q> "{1}"', '_:b <urn:q> "{2}"')
    template = template_of(lines)

    assert template.fill(["urn:x", "a", "b"]) == canonical(stated(lines, ["urn:x", "a", "b"]))
    assert template.fill(["urn:x", "a", "a"]) is None


def test_nodes_that_are_always_alike_are_named_through_their_neighbours() -> None:
    lines = (
        *("<{0}> <urn:p> _:a", "<{0}> <urn:q> _:b", '_:a <urn:q> "{1}"', '_:b <urn:q> "{2}"'),
        *("_:a <urn:r> _:c", "_:b <urn:r> _:d", '_:c <urn:s> "x"', '_:d <urn:s> "x"'),
    )
    template = template_of(lines)

    for values in (["urn:x", "a", "b"], ["urn:x", "b", "a"], ["urn:y", "z", 'q\\"']):
        assert template.fill(values) == canonical(stated(lines, values))


def test_a_template_needs_no_blank_nodes() -> None:
    lines = ('<{0}> <urn:p> "{1}"', '<{0}> <urn:q> "{2}"')

    assert template_of(lines).fill(["urn:x", "a", "b"]) == canonical(stated(lines, ["urn:x", "a", "b"]))


def test_a_template_may_have_one_gap_or_none() -> None:
    one = ('<urn:s> <urn:p> "{0}"', "<urn:s> <urn:q> _:a", '_:a <urn:p> "x"')
    none = ("<urn:s> <urn:q> _:a", '_:a <urn:p> "x"')

    assert template_of(one, markers=MARKERS[1:2]).fill(["v"]) == canonical(stated(one, ["v"]))
    assert template_of(none, markers=()).fill([]) == canonical(none)


def test_it_tells_which_values_stand_as_iris() -> None:
    assert template_of(BADGE).iris == {0}
    assert template_of(BADGE).size > 400


@pytest.mark.parametrize(
    "lines",
    [
        # A marker is missing, a part of a term, or a language; a number is rewritten; there is nothing.
        ['<{0}> <urn:p> "{1}"'],
        ['<{0}> <urn:p> "{1}"', '<{0}> <urn:p> "{2}"', '<{0}> <urn:p> "x{1}"'],
        ['<{0}> <urn:p> "{1}"', '<{0}> <urn:p> "{2}"', "<{0}x> <urn:p> <urn:q>"],
        ['<{0}> <urn:p> "{1}"', '<{0}> <urn:p> "{2}"^^<http://www.w3.org/2001/XMLSchema#double>'],
        [],
    ],
)
def test_what_cannot_be_filled_in_is_no_template(lines: list[str]) -> None:
    assert compile_template(canonical(stated(lines, MARKERS)), MARKERS, nonce=NONCE) is None


def test_text_is_escaped_as_both_json_and_n_quads_write_it() -> None:
    text = 'a "b" \\ c\nd\re %s é \U0001f393'
    literal = pyoxigraph.Literal(text)

    assert f'"{escape(text)}"' == str(literal)
    assert escape("plain") == "plain"


def test_a_text_is_cut_at_its_markers() -> None:
    pieces = split_at_markers("{a 1.}{b 2.}{a 1.}%", ["a 1.", "b 2."])

    assert pieces == ["{", 0, "}{", 1, "}{", 0, "}%"]
    assert text_with_gaps(pieces)(["x", "%d"]) == "{x}{%d}{x}%"
    assert split_at_markers("text", []) == ["text"]
