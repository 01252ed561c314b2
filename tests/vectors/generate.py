"""Write every vector: `python -m tests.vectors.generate` (`make generated`). The same bytes every time."""

from collections.abc import Mapping
from pathlib import Path

from registry.domain.canonical import JsonObject
from registry.domain.fields import write_time
from tests.epochs import NOW
from tests.memory_chain import MemoryChain
from tests.paths import VECTORS
from tests.vectors.bad_form import bad_documents
from tests.vectors.bad_inclusion import bad_inclusions
from tests.vectors.bad_status import bad_receipts, bad_statuses
from tests.vectors.good import good_vectors
from tests.vectors.light import light_vectors
from tests.vectors.plain import leaves_vectors, slot_vectors, status_vectors, tree_vectors
from tests.vectors.rogue import build_rogue
from tests.vectors.scene import SOURCE, build_scene
from tests.vectors.vector import Vector, lines


def generate(folder: Path) -> None:
    """Write all vectors into a folder."""
    scene = build_scene()
    rogue = build_rogue(scene)
    scene.chain.mine(NOW)
    scene.world.publish(folder / "published")
    rogue.world.publish(folder / "published-2")
    _write(folder / "good", list(good_vectors(scene, rogue)))
    _write(
        folder / "bad",
        [*bad_documents(scene, rogue), *bad_inclusions(scene, rogue), *bad_statuses(scene), *bad_receipts(scene)],
    )
    _write(folder / "light", list(light_vectors(scene)))
    issuers = {issuer.did: issuer.document for issuer in (*scene.world.issuers[1:], rogue.double)}
    issuers |= {issued.issuer.did: issued.issuer.document for issued in rogue.documents.values()}
    files: dict[str, Mapping[str, object]] = {
        "chain": _chain(scene.chain),
        "issuers": {"source": SOURCE, "documents": dict(sorted(issuers.items()))},
        "leaves": leaves_vectors(),
        "slots": slot_vectors(),
        "trees": tree_vectors(),
        "status": status_vectors(),
    }
    for name, members in files.items():
        (folder / f"{name}.json").write_bytes(lines(members))


def _write(folder: Path, vectors: list[Vector]) -> None:
    names = [vector.name for vector in vectors]
    if len(set(names)) != len(names):
        raise ValueError(f"expected every vector to have a name of its own, in {folder.name}")
    folder.mkdir(parents=True)
    for vector in vectors:
        (folder / f"{vector.name}.json").write_bytes(vector.to_bytes())


def _chain(chain: MemoryChain) -> JsonObject:
    """Write what the chain holds at the one block that everything is read at."""
    block = chain.blocks[-1]
    return {
        "source": SOURCE,
        "judgedAt": write_time(NOW),
        "block": {"number": block.number, "hash": f"0x{block.hash.hex()}", "time": write_time(block.time)},
        "logs": {
            str(log): [
                {
                    "epoch": event.epoch,
                    "root": event.root.hex(),
                    "transaction": f"0x{event.transaction_hash.hex()}",
                    "blockNumber": event.block_number,
                    "blockHash": f"0x{event.block_hash.hex()}",
                    "blockTime": write_time(event.block_time),
                }
                for event in events
            ]
            for log, events in chain.events.items()
        },
    }


def main() -> None:
    """Replace the vectors of the repository."""
    for name in ("good", "bad", "light", "published", "published-2"):
        for file in sorted((VECTORS / name).rglob("*"), reverse=True):
            if file.is_dir():
                file.rmdir()
            else:
                file.unlink()
        if (VECTORS / name).is_dir():
            (VECTORS / name).rmdir()
    generate(VECTORS)


if __name__ == "__main__":
    main()
