"""Hold the fast way of signing to the plain one: `python -m tests.equality 25000 [seed]`.

Every document is invented, signed both ways with the same random bytes at the same moment, and compared with all that is
stored beside it; what one way refuses the other must refuse with the same code. Of every tenth the RDF library's own
JSON-LD processor is asked too: where PyLD and it agree, neither is likely to be wrong.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar
from uuid import UUID

from registry.domain.canonical import parse_object
from registry.domain.data_integrity import unsecured
from registry.domain.errors import CredrootError
from registry.service.issuing import sign_order
from registry.service.stamping import Stamper
from tests.oxigraph_json_ld import oxigraph_nquads
from tests.stamping_cases import (
    CountedIds,
    Inventor,
    Stream,
    bodies,
    plain_json_ld,
    shaped_json_ld,
    signing_tools,
    template_of,
)

SUITE_SETS: Final = (("eddsa-rdfc-2022",), ("eddsa-jcs-2022",), ("eddsa-rdfc-2022", "eddsa-jcs-2022"))

_T = TypeVar("_T")


@dataclass(kw_only=True)
class Tally:
    """What came of comparing."""

    signed: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)
    """What was signed or refused in two ways."""
    shapes: int = 0

    @property
    def compared(self) -> int:
        return self.signed + self.refused.total()


def compare(documents: int, *, seed: int) -> Tally:
    """Invent orders and sign each both ways."""
    inventor = Inventor(seed)
    templates = [template_of(body, cryptosuites=suites) for body in bodies() for suites in SUITE_SETS]
    plain, fast = signing_tools("plain"), signing_tools("fast", json_ld=shaped_json_ld())
    stream = Rewound()
    stamper = Stamper(replace(fast, random_bytes=stream.draw, ids=stream))
    tally = Tally()
    for number in range(documents):
        template = templates[number % len(templates)]
        order = inventor.order(template)
        slot = number * 7919 % 2**21
        stream.rewind(f"{seed} {number}")
        tools = replace(plain, random_bytes=Stream(f"{seed} {number}").draw, ids=CountedIds())
        expected = outcome(lambda: sign_order(tools, template, order, slot=slot))  # noqa: B023  # called at once
        found = outcome(lambda: stamper.sign_chunk(template, [order], [slot])[0])  # noqa: B023  # called at once
        if found != expected:
            tally.differing.append(f"{seed} {number}: {expected!r} and {found!r}")
        if isinstance(expected, str):
            tally.refused[expected] += 1
            continue
        tally.signed += 1
        if number % 10 == 0:
            document = unsecured(parse_object(expected.document))
            read = outcome(lambda: plain_json_ld().canonical_nquads(document))  # noqa: B023  # called at once
            # What only JCS signs may be no strict JSON-LD.
            if isinstance(read, bytes) and oxigraph_nquads(document) != read:
                tally.differing.append(f"{seed} {number}: PyLD and the RDF library differ")
    tally.shapes = len(stamper._stamps)
    return tally


def outcome(make: Callable[[], _T]) -> _T | str:
    """Return what is made, or the code it is refused with."""
    try:
        return make()
    except CredrootError as error:
        return error.code


class Rewound:
    """Random bytes and ids that begin anew for each document."""

    def __init__(self) -> None:
        self.rewind("")

    def rewind(self, seed: str) -> None:
        self._stream, self._ids = Stream(seed), CountedIds()

    def draw(self, size: int) -> bytes:
        return self._stream.draw(size)

    def new(self) -> UUID:
        return self._ids.new()


def main(documents: int, seed: int) -> int:
    started = time.monotonic()
    tally = compare(documents, seed=seed)
    print(f"{tally.compared} documents of {tally.shapes} shapes kept, seed {seed}, {time.monotonic() - started:.0f} s")
    print(f"signed alike {tally.signed}, refused alike {tally.refused.total()}: {dict(tally.refused)}")
    for difference in tally.differing[:10]:
        print(f"DIFFERENT {difference}")
    print(f"{len(tally.differing)} differences")
    return 1 if tally.differing else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())))
