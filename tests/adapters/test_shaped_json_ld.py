"""Known shapes are canonicalized by filling in: the same bytes and the same refusals as the plain way, always."""

import random
from collections.abc import Iterator
from typing import Any, Final, cast

import pytest

from registry.adapters import shaped_json_ld
from registry.adapters.contexts import ContextLibrary, load_contexts
from registry.adapters.json_ld import MAX_DOCUMENT_BYTES, PinnedJsonLd
from registry.adapters.shaped_json_ld import ShapedJsonLd, open_json_ld
from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import CredrootError
from registry.ports import JsonLd
from registry.service.issuing import draft
from tests.adapters.json_ld_cases import copied
from tests.badges import unsigned_badge
from tests.oxigraph_json_ld import oxigraph_nquads
from tests.stamping_cases import HARMFUL, IRIS, TEXTS, Inventor, bodies, plain_json_ld, signing_tools, template_of

HOSTILE: Final = (
    *("schema:name", "xsd:string", "sec:x", "ext:Thing", "id:x", "name:x", "OB:x", "a:b", "a:b c", "x:", ":x", "urn:"),
    *("relative", "/absolute/path", "//host/path", "?query", "#fragment", "", ".", "..", " https://e.org/", "e.org:80"),
    *(
        "https://e.org/a b",
        "https://e.org/<>",
        "https://e.org/{x}",
        "https://[",
        "http://e.org:port/",
        "https://e.org/%zz",
    ),
    *("https://relative.invalid/x", "_:b0", "_:c14n0", "@id", "@type", "@context", "@json", "@none", "@x", "@1"),
    *("name", "type", "id", "Profile", "assertionMethod", "https://schema.org/name", "VerifiableCredential"),
    *("1", "1.0", "1E0", "INF", "true", "null", "%s", "%(x)s", "\0", "urn:x\ny", "urn:x y", "https://e.org/\u00e9"),
    *HARMFUL,
)
TERMS: Final = "https://contexts.example/terms"
"""What the installed contexts seldom do, and others might."""
CONTEXTS: Final = ContextLibrary(
    {
        TERMS: {
            "@context": {
                "@version": 1.1,
                "id": "@id",
                "kind": {"@id": "@type"},
                "ex": {"@id": "https://example.org/", "@prefix": True},
                "plain": "ex:plain",
                "link": {"@id": "ex:link", "@type": "@id"},
                "word": {"@id": "ex:word", "@type": "@vocab"},
                "double": {"@id": "ex:double", "@type": "http://www.w3.org/2001/XMLSchema#double"},
                "integer": {"@id": "ex:integer", "@type": "http://www.w3.org/2001/XMLSchema#integer"},
                "json": {"@id": "ex:json", "@type": "@json"},
                "list": {"@id": "ex:list", "@container": "@list"},
                "again": "ex:plain",
                "spoken": {"@id": "ex:spoken", "@container": "@language"},
                "graph": {"@id": "ex:graph", "@container": "@graph"},
                "Known": {"@id": "ex:Known", "@context": {"plain": {"@id": "ex:other", "@type": "@id"}}},
                "part": "ex:part",
            }
        }
    }
)


class Counting:
    """The plain way, counted."""

    def __init__(self, real: JsonLd) -> None:
        self.calls = 0
        self._real = real

    def canonical_nquads(self, document: JsonObject) -> bytes:
        self.calls += 1
        return self._real.canonical_nquads(document)


def outcome(json_ld: JsonLd, document: JsonObject) -> bytes | tuple[str, str]:
    try:
        return json_ld.canonical_nquads(document)
    except CredrootError as error:
        return type(error).__name__, error.code


def leaves(value: JsonValue) -> Iterator[tuple[Any, Any]]:
    """Tell where every string of a document stands."""
    members: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        if isinstance(member, str):
            yield value, name
        else:
            yield from leaves(member)


def warmed(*documents: JsonObject, plain: JsonLd | None = None) -> ShapedJsonLd:
    """Return a processor that knows the shapes of some documents."""
    shaped = ShapedJsonLd(plain_json_ld() if plain is None else plain, load_contexts())
    for document in documents:
        for _ in range(3):
            shaped.canonical_nquads(document)
    return shaped


def small_badge() -> JsonObject:
    body = bodies()[2]
    template = template_of(body)
    order = Inventor(11).order(template, harmful=False)
    return draft(signing_tools("small"), template, order, slot=5)[1]


def test_a_known_shape_asks_the_plain_way_no_more() -> None:
    counting = Counting(plain_json_ld())
    shaped = warmed(unsigned_badge(), plain=counting)
    asked = counting.calls
    document = unsigned_badge()
    document["name"] = 'Another "name" \\ with\nlines, 李小龍 and 100 %s'

    filled = shaped.canonical_nquads(document)

    assert counting.calls == asked
    assert filled == plain_json_ld().canonical_nquads(document)


def test_a_shape_that_does_not_come_back_is_not_compiled() -> None:
    counting = Counting(plain_json_ld())
    shaped = ShapedJsonLd(counting, load_contexts())

    shaped.canonical_nquads(unsigned_badge())

    assert counting.calls == 1


def test_invented_badges_come_out_as_the_plain_way_writes_them_and_as_another_processor_does() -> None:
    shaped = warmed()
    tools = signing_tools("invented")
    inventor = Inventor(3)
    for number in range(90):
        template = template_of(bodies()[number % 6])
        try:
            document = draft(tools, template, inventor.order(template), slot=number)[1]
        except CredrootError:
            continue
        expected = outcome(plain_json_ld(), document)

        assert outcome(shaped, document) == expected
        assert outcome(shaped, document) == expected
        if isinstance(expected, bytes):
            assert oxigraph_nquads(document) == expected


def test_whatever_one_value_is_turned_into_the_outcome_is_the_plain_way_s() -> None:
    shaped = warmed(small_badge())
    for number, _ in enumerate(leaves(small_badge())):
        for hostile in random.Random(number).sample(HOSTILE, k=16):  # noqa: S311  # nothing secret is drawn
            document = small_badge()
            container, name = list(leaves(document))[number]
            container[name] = hostile

            assert outcome(shaped, document) == outcome(plain_json_ld(), document), (name, hostile)


def test_values_that_repeat_others_come_out_as_the_plain_way_s() -> None:
    original = unsigned_badge()
    shaped = warmed(original)
    places = list(enumerate(leaves(original)))
    generator = random.Random(7)  # noqa: S311  # nothing secret is drawn
    for _ in range(150):
        document = unsigned_badge()
        there = list(leaves(document))
        for _ in range(generator.choice((1, 1, 2, 4))):
            (number, _), (other, _) = generator.sample(places, k=2)
            there[number][0][there[number][1]] = there[other][0][there[other][1]]

        assert outcome(shaped, document) == outcome(plain_json_ld(), document)


def test_equal_items_of_a_set_are_refused_after_unequal_ones_were_accepted() -> None:
    shaped = warmed(unsigned_badge())
    document: Any = unsigned_badge()
    achievement = document["credentialSubject"]["achievement"]
    achievement["tag"] = ["data", "data"]
    alignments: Any = unsigned_badge()
    alignments["credentialSubject"]["achievement"]["alignment"][2] = copied(
        alignments["credentialSubject"]["achievement"]["alignment"][1]
    )

    assert outcome(shaped, document) == ("Malformed", "duplicate-value")
    assert outcome(shaped, alignments) == ("Malformed", "duplicate-value")


def test_nodes_of_one_name_are_one_node() -> None:
    shaped = warmed(unsigned_badge())
    document: Any = unsigned_badge()
    document["evidence"][0]["id"] = document["id"]
    document["credentialSubject"]["achievement"]["id"] = document["id"]

    filled = outcome(shaped, document)

    assert isinstance(filled, bytes)
    assert filled == plain_json_ld().canonical_nquads(document)


@pytest.mark.parametrize("number", [1, 1.0, True, 0, -0.0, 0.0, False, 1e21, 1e-7, 2**53 - 1, 2**53, float("inf")])
def test_numbers_belong_to_the_shape(number: float) -> None:
    first: Any = unsigned_badge()
    first["credentialSubject"]["creditsEarned"] = 1
    shaped = warmed(first)
    document: Any = unsigned_badge()
    document["credentialSubject"]["creditsEarned"] = number

    assert [outcome(shaped, document) for _ in range(3)] == [outcome(plain_json_ld(), document)] * 3


def test_lists_that_end_alike_are_named_through_their_neighbours() -> None:
    template = template_of(bodies()[4])
    order = Inventor(5).order(template, harmful=False)
    document = draft(signing_tools("alike"), template, order, slot=1)[1]
    counting = Counting(plain_json_ld())
    shaped = warmed(document, document, plain=counting)
    asked = counting.calls

    filled = shaped.canonical_nquads(document)

    assert counting.calls == asked
    assert filled == plain_json_ld().canonical_nquads(document)


@pytest.mark.parametrize("factor", [0.2, 0.9, 1.1])
def test_a_document_is_too_long_wherever_the_plain_way_says_so(factor: float) -> None:
    shaped = warmed(unsigned_badge())
    document: Any = unsigned_badge()
    document["credentialSubject"]["narrative"] = "x" * int(MAX_DOCUMENT_BYTES * factor)

    assert outcome(shaped, document) == outcome(plain_json_ld(), document)


def test_deep_and_odd_documents_go_the_plain_way() -> None:
    deep: Any = unsigned_badge()
    inner = deep["credentialSubject"]
    for _ in range(40):
        inner["achievement"] = {"id": "urn:x", "achievement": {}}
        inner = inner["achievement"]
    documents: list[Any] = [
        deep,
        {**unsigned_badge(), "@context": "https://www.w3.org/ns/credentials/v2"},
        {**unsigned_badge(), "@context": ["https://unknown.example/"]},
        {**unsigned_badge(), "@context": [{"@vocab": "urn:x:"}]},
        {**unsigned_badge(), "@context": []},
        {**unsigned_badge(), "@context": None},
        {**unsigned_badge(), "evidence": []},
        {**unsigned_badge(), "evidence": None},
        {**unsigned_badge(), "evidence": [["x"]]},
        {**unsigned_badge(), "evidence": {"id": "urn:x", "type": ["Evidence"], "@context": {"Evidence": "urn:y"}}},
        {**unsigned_badge(), "type": ["VerifiableCredential", {"id": "urn:x"}]},
        {**unsigned_badge(), "https://schema.org/name": "x"},
        {**unsigned_badge(), "@id": "urn:x"},
        {**unsigned_badge(), "unknown": "x"},
        {"name": "x"},
        {},
    ]
    shaped = warmed(unsigned_badge())

    for document in documents:
        assert [outcome(shaped, document) for _ in range(3)] == [outcome(plain_json_ld(), document)] * 3


@pytest.mark.parametrize(
    "values",
    [
        {"plain": TEXTS},
        {"link": (*IRIS, *HOSTILE)},
        {"word": ("Known", "plain", *IRIS, *HOSTILE)},
        {"double": ("1", "1.0", "2.50", "x", "INF", "1e400", "nan", "urn:x", " 1")},
        {"integer": ("1", "01", "x", "1.0", "urn:x")},
        {"json": ({"a": "x"}, {"a": "y"}, ["x", {"b": 'q"'}], "text", 1, True)},
        {"list": (["a", "b"], ["a", "a"], ["b", "a"], ["urn:x", "b"], ["a", "a b"])},
        {"spoken": ({"en": "x"}, {"en": "y"}, {"de": "y"}, {"en": "ex:x"})},
        {"graph": ({"plain": "a"}, {"plain": "b"}, {"id": "urn:x", "plain": "b"}, {"id": "urn:y", "plain": "b"})},
        {"kind": ("Known", "ex:Known", "urn:x", "https://e.org/T", "unknown", "Known")},
        {"part": ({"plain": "a"}, {"plain": "a", "part": {"plain": "a"}}, [{"plain": "a"}, {"plain": "b"}])},
        {"part": ([{"part": {"plain": "a"}}, {"part": {"plain": "b"}}], [{"part": {"plain": "a"}}] * 2)},
        {"spelled": ({"@value": "x", "@language": "en"}, {"@value": "ex:y", "@language": "en"}, {"@value": "x"})},
    ],
)
def test_odd_contexts_change_nothing(values: dict[str, tuple[JsonValue, ...]]) -> None:
    plain = PinnedJsonLd(CONTEXTS)
    shaped = ShapedJsonLd(plain, CONTEXTS)
    ((name, candidates),) = values.items()
    term = "plain" if name == "spelled" else name
    for _ in range(3):
        for value in candidates:
            for beside in ({}, {"again": "a"}, {"again": "x", "kind": "Known"}):
                document: JsonObject = {"@context": [TERMS], "id": "urn:s", "part": {"plain": "urn:p"}, **beside}
                document[term] = value

                assert outcome(shaped, document) == outcome(plain, document), document


def changed(document: JsonObject, generator: random.Random) -> JsonObject:
    """Return a document with one or two things in it changed, whatever they are."""
    copy: Any = copied(document)
    for _ in range(generator.choice((1, 1, 2))):
        container: Any = copy
        while True:
            names = list(container) if isinstance(container, dict) else list(range(len(container)))
            name = generator.choice(names)
            if not isinstance(container[name], dict | list) or not container[name] or generator.random() < 0.3:
                break
            container = container[name]
        value = container[name]
        match generator.randrange(7):
            case 0:
                del container[name]
            case 1:
                container[name] = [value]
            case 2:
                container[name] = [value, copied({"x": value})["x"]]
            case 3:
                container[name] = {"id": value}
            case 4:
                container[name] = generator.choice((1, 1.0, True, None, [], {}, "", "x", "urn:x", ["a", "a"], 10**400))
            case 5:
                container[name] = {"@value": value, "@language": generator.choice(("en", "EN", "x y"))}
            case _:
                container[name] = next(iter(value.values())) if isinstance(value, dict) and value else value
        if not container:
            break
    return cast("JsonObject", copy)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_a_document_is_turned_into_the_outcome_is_the_plain_way_s(seed: int) -> None:
    generator = random.Random(seed)  # noqa: S311  # nothing secret is drawn
    originals = [unsigned_badge(), small_badge()]
    shaped = warmed(*originals)
    for _ in range(60):
        document = changed(generator.choice(originals), generator)
        expected = outcome(plain_json_ld(), document)

        # The first time it is new, the second it is compiled, the third it is filled in.
        assert [outcome(shaped, document) for _ in range(3)] == [expected] * 3, document


def test_memory_is_bounded_in_shapes_and_in_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shaped_json_ld, "MAX_SHAPES", 4)
    monkeypatch.setattr(shaped_json_ld, "MAX_SEEN", 6)
    shaped = ShapedJsonLd(PinnedJsonLd(CONTEXTS), CONTEXTS)
    for number in [*range(12), *(number for number in range(12) for _ in range(3))]:
        shaped.canonical_nquads({"@context": [TERMS], "id": "urn:s", "plain": ["x", number]})

    kept = shaped._shapes._kept
    assert len(kept) == 4
    assert len(shaped._shapes._seen) == 6
    assert shaped._shapes._size == sum(shape.total_size for shape in kept.values())


def test_the_processor_of_this_installation_knows_the_installed_contexts() -> None:
    assert open_json_ld().canonical_nquads(unsigned_badge()) == plain_json_ld().canonical_nquads(unsigned_badge())


def test_a_shape_that_would_fill_the_memory_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shaped_json_ld, "MAX_SHAPE_SIZE", 200)
    shaped = warmed(unsigned_badge())

    assert not shaped._shapes._kept
    assert shaped.canonical_nquads(unsigned_badge()) == plain_json_ld().canonical_nquads(unsigned_badge())


def test_a_control_character_in_what_a_shape_is_learned_from_changes_nothing() -> None:
    contexts = load_contexts()
    plain = PinnedJsonLd(contexts)
    shaped = ShapedJsonLd(plain, contexts)
    odd: JsonObject = {**unsigned_badge(), "name": "a\x00b"}

    for document in (odd, odd, odd, unsigned_badge()):
        assert shaped.canonical_nquads(document) == plain.canonical_nquads(document)
