"""Signing many credentials of one template: what they have in common is worked out once for each shape of order.

    order -> shape (which optional members there are) -> stamp: canonical N-Quads and JCS of the document, with gaps
    stamp + values of the order, its slot and fresh random bytes -> hashes -> proofs -> the JCS of the secured document

The plain way, `issuing.sign_order`, builds the document and canonicalizes it; a stamp is made from what it makes of
markers, and must write the very same bytes. A value that cannot be shown to be as harmless as its marker goes the plain
way, which signs or refuses it.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, assert_never
from uuid import UUID

from registry.domain.canonical import JsonObject, canonicalize, parse_object
from registry.domain.cryptosuites import issued_suites
from registry.domain.cryptosuites.cryptosuite import CanonicalForm, Covered, Cryptosuite
from registry.domain.data_integrity import encode_proof_value, proof_options
from registry.domain.errors import CredrootError
from registry.domain.fields import write_time
from registry.service.issuing import SALT_BYTES, Order, Template, as_stored, draft, sign_order
from registry.service.resources import SigningTools
from registry.service.stamps import Drafted, Shape, Stamp, is_harmless, make_stamp, shape_of
from registry.store_ports import NewCredential

MAX_STAMPS: Final = 256
"""Shapes of the orders of some templates; a stamp takes some five milliseconds to make."""
MAX_STAMPS_SIZE: Final = 33_554_432
"""Characters of all stamps together: one takes some 20,000, one with an embedded picture some 300,000."""
MAX_STAMPED_BYTES: Final = 131_072
"""Half of what the JSON-LD port admits: beyond, it is asked."""


class Stamper:
    """Signs orders by the chunk, and keeps what it learned of their shapes. For one thread."""

    def __init__(self, tools: SigningTools) -> None:
        self._tools = tools
        self._stamps: OrderedDict[Shape, Stamp | None] = OrderedDict()
        self._size = 0

    def sign_chunk(self, template: Template, orders: Sequence[Order], slots: Sequence[int]) -> list[NewCredential]:
        """Build, sign and hash the credentials of some orders, each with its slot; all are created at one moment.

        Raises Malformed for the first that cannot be signed without loss.
        """
        chunk = _Chunk(self._tools, template)
        return [self._sign(chunk, order, slot) for order, slot in zip(orders, slots, strict=True)]

    def _sign(self, chunk: "_Chunk", order: Order, slot: int) -> NewCredential:
        # As the plain way draws them: for the id, then for each salt.
        drawn = [self._tools.random_bytes(SALT_BYTES) for _ in range(1 + len(order.person.identifiers))]
        if is_harmless(order, chunk.template.frozen.achievement):
            stamp = self._stamp(chunk, order, slot)
            stamped = None if stamp is None else chunk.sign(stamp, order, drawn, slot)
            if stamped is not None:
                return stamped
        return sign_order(chunk.tools_with(drawn), chunk.template, order, slot=slot)

    def _stamp(self, chunk: "_Chunk", order: Order, slot: int) -> Stamp | None:
        shape = (chunk.identity, *shape_of(order))
        try:
            stamp = self._stamps[shape]
        except KeyError:
            stamp = chunk.make_stamp(order, slot)
            self._stamps[shape] = stamp
            self._size += 0 if stamp is None else stamp.size
            while len(self._stamps) > MAX_STAMPS or self._size > MAX_STAMPS_SIZE:
                _, dropped = self._stamps.popitem(last=False)
                self._size -= 0 if dropped is None else dropped.size
        else:
            self._stamps.move_to_end(shape)
        return stamp


class _Chunk:
    """What all credentials of one chunk share: the moment, and so the options of their proofs."""

    def __init__(self, tools: SigningTools, template: Template) -> None:
        self.template = template
        self.suites = issued_suites(template.cryptosuites, template.signer.public_key.algorithm)
        self.identity: Shape = (
            *(template.issuer.id, template.issuer.profile, template.record.id, template.record.version),
            *(template.record.body, template.verification_method, str(template.log), template.cryptosuites),
            *(tools.public_url, template.signer.public_key, template.frozen.id),
        )
        """What a stamp depends on besides the order."""
        self._created = tools.clock.now()
        self._tools = replace(tools, clock=_Stopped(moment=self._created))
        self._created_text = write_time(self._created)
        self._configurations: dict[bytes, list[bytes]] = {}

    def tools_with(self, drawn: Sequence[bytes]) -> SigningTools:
        """Return tools by which an order comes out with random bytes that are drawn already, at the chunk's moment."""
        left = iter(drawn)
        return replace(self._tools, random_bytes=lambda size: next(left)[:size])

    def sign(self, stamp: Stamp, order: Order, drawn: Sequence[bytes], slot: int) -> NewCredential | None:
        """Fill a stamp in and sign it; None where the values need the plain way."""
        document_id = UUID(bytes=drawn[0], version=4)
        values = stamp.values(order, document_id, drawn, slot)
        covered = stamp.cover(values)
        if covered is None:
            return None
        signer = self.template.signer
        for suite, configuration in zip(self.suites, self._configured(stamp), strict=True):
            form = suite.canonical_form
            data = Covered(document=covered[form], configuration=configuration, canonical_form=form)
            values.append(encode_proof_value(signer.sign(data.hash_data(signer.public_key.algorithm))))
        values.append(self._created_text)
        content = stamp.write_secured(values).encode()
        if len(content) > MAX_STAMPED_BYTES:
            return None
        return as_stored(
            self._tools,
            self.template,
            order,
            document_id=document_id,
            content=content,
            slot=slot,
            created=self._created,
        )

    def make_stamp(self, order: Order, slot: int) -> Stamp | None:
        """Make the stamp of an order's shape; None where the plain way refuses the order, or nothing can be learned."""
        drawn = [bytes(SALT_BYTES)] * (1 + len(order.person.identifiers))
        try:
            document_id, document = draft(self.tools_with(drawn), self.template, order, slot=slot)
            drafted = Drafted(
                order=order,
                document=document,
                document_id=document_id,
                drawn=drawn,
                slot=slot,
                base_url=self._tools.status_url,
                log=self.template.log,
            )
            options = {suite.name: self._options(suite, document) for suite in self.suites}
            return make_stamp(drafted, suites=self.suites, options=options, json_ld=self._tools.json_ld)
        except CredrootError:
            # The plain way says what is wrong with it.
            return None

    def _options(self, suite: Cryptosuite, document: JsonObject) -> JsonObject:
        """Write the proof of a document that still lacks its value."""
        return proof_options(
            document, suite=suite, verification_method=self.template.verification_method, created=self._created
        )

    def _configured(self, stamp: Stamp) -> list[bytes]:
        """Return the canonical form of the proofs' options, worked out once for all documents of the same contexts."""
        configured = self._configurations.get(stamp.contexts)
        if configured is None:
            configured = []
            contexts = parse_object(stamp.contexts)
            for suite in self.suites:
                configuration = suite.configuration(contexts, self._options(suite, contexts))
                match suite.canonical_form:
                    case CanonicalForm.RDFC:
                        configured.append(self._tools.json_ld.canonical_nquads(configuration))
                    case CanonicalForm.JCS:
                        configured.append(canonicalize(configuration))
                    case _:
                        assert_never(suite.canonical_form)
            self._configurations[stamp.contexts] = configured
        return configured


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stopped:
    """A clock that shows one moment."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment
