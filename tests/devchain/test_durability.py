"""What survives: a killed process, a stopped one, a second one, another day."""

import os
import selectors
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from web3 import Web3

from registry.devchain.accounts import development_accounts
from registry.devchain.chain import DATABASE_NAME, DevChain
from registry.devchain.database import ChainDatabase, folder_lock
from registry.devchain.errors import FolderLocked, ForeignDatabase
from registry.devchain.genesis import DEVCHAIN_ID
from tests.devchain.client import connect, rpc, send
from tests.devchain.writer import RECIPIENT
from tests.devchain_process import STOP_SECONDS, run_devchain
from tests.paths import REPO_ROOT

WRITERS = 3
ACKNOWLEDGED_BEFORE_THE_KILL = 30
DAY = 86_400


@contextmanager
def writers(url: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run client processes that send until the chain is gone."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.devchain.writer", url, str(index)],
            stdout=subprocess.PIPE,
            cwd=REPO_ROOT,
            start_new_session=True,
        )
        for index in range(WRITERS)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait(STOP_SECONDS)
            if process.stdout is not None:
                process.stdout.close()


def read_until(processes: Sequence[subprocess.Popen[bytes]], lines: int) -> list[bytes]:
    """Collect what each process printed until all of them together have printed so many lines."""
    outputs = [b""] * len(processes)
    with selectors.DefaultSelector() as selector:
        for index, process in enumerate(processes):
            assert process.stdout is not None
            selector.register(process.stdout, selectors.EVENT_READ, index)
        while sum(output.count(b"\n") for output in outputs) < lines:
            for key, _ in selector.select(60.0):
                outputs[key.data] += os.read(key.fd, 4096)
    return outputs


def read_rest(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.read()


def test_no_acknowledged_transaction_is_lost_when_the_chain_is_killed(tmp_path: Path) -> None:
    with run_devchain(tmp_path, block_interval=0) as chain, writers(chain.url) as processes:
        outputs = read_until(processes, ACKNOWLEDGED_BEFORE_THE_KILL)
        chain.kill()
        acknowledged = [
            line
            for process, output in zip(processes, outputs, strict=True)
            for line in (output + read_rest(process)).decode().split()
        ]

    with run_devchain(tmp_path, block_interval=0) as chain:
        web3 = connect(chain.url)
        receipts = [web3.eth.get_transaction_receipt(Web3.to_bytes(hexstr=line)) for line in acknowledged]  # type: ignore[arg-type]  # 32 bytes
        mined = sum(web3.eth.get_transaction_count(account.address) for account in development_accounts())

        assert len(acknowledged) >= ACKNOWLEDGED_BEFORE_THE_KILL
        assert all(receipt["status"] == 1 for receipt in receipts)
        # One per writer may have been mined without its answer having arrived.
        assert len(acknowledged) <= mined <= len(acknowledged) + WRITERS
        assert web3.eth.get_balance(Web3.to_checksum_address(RECIPIENT)) == mined
        assert_whole(chain.url)


def assert_whole(url: str) -> None:
    """Walk from the head to the genesis block: each block is there, complete, and names the one before."""
    block = rpc(url, "eth_getBlockByNumber", "latest", False)
    for number in range(int(block["number"], 16), 0, -1):
        assert int(block["number"], 16) == number
        assert len(rpc(url, "eth_getBlockReceipts", hex(number))) == len(block["transactions"])
        block = rpc(url, "eth_getBlockByHash", block["parentHash"], False)
    assert block["number"] == "0x0"


def test_a_killed_chain_comes_back_with_the_same_head(tmp_path: Path) -> None:
    with run_devchain(tmp_path) as chain:
        web3 = connect(chain.url)
        send(web3, development_accounts()[0], to=RECIPIENT, value=1)
        head = web3.eth.get_block("latest")
        genesis = web3.eth.get_block(0)["hash"]
        chain.kill()

    with run_devchain(tmp_path) as chain:
        web3 = connect(chain.url)

        assert chain.ready_head == head["hash"].to_0x_hex()
        assert web3.eth.get_block("latest") == head
        assert web3.eth.get_block(0)["hash"] == genesis
        assert chain.chain_id == DEVCHAIN_ID


def test_a_stopped_chain_ends_well_and_comes_back_with_the_same_head(tmp_path: Path) -> None:
    with run_devchain(tmp_path) as chain:
        head = rpc(chain.url, "eth_getBlockByNumber", "latest", False)["hash"]
        code = chain.stop()

    with run_devchain(tmp_path) as again:
        assert (code, again.ready_head) == (0, head)


def test_a_second_process_on_the_folder_is_refused(tmp_path: Path) -> None:
    with run_devchain(tmp_path) as chain:
        with pytest.raises(RuntimeError, match="open in another devchain process"), run_devchain(tmp_path):
            pass

        assert rpc(chain.url, "eth_chainId") == hex(DEVCHAIN_ID)


def test_a_second_process_on_the_port_is_refused(tmp_path: Path) -> None:
    with run_devchain() as chain:
        port = int(chain.url.rpartition(":")[2])

        with pytest.raises(RuntimeError, match="Address already in use"), run_devchain(tmp_path, port=port):
            pass


def test_another_chain_id_on_the_folder_is_refused(tmp_path: Path) -> None:
    with run_devchain(tmp_path, chain_id=4242) as chain:
        assert rpc(chain.url, "eth_chainId") == hex(4242)

    with pytest.raises(RuntimeError, match="expected 4243, found 4242"), run_devchain(tmp_path, chain_id=4243):
        pass


def test_an_address_named_at_creation_has_funds() -> None:
    with run_devchain(fund=[RECIPIENT, "0x" + "cd" * 20]) as chain:
        assert rpc(chain.url, "eth_getBalance", RECIPIENT, "earliest") == hex(10**24)
        assert rpc(chain.url, "eth_getBalance", "0x" + "cd" * 20, "earliest") == hex(10**24)


def test_the_ready_file_holds_the_url(tmp_path: Path) -> None:
    ready = tmp_path / "ready"

    with run_devchain(options=["--ready-file", str(ready)]) as chain:
        assert ready.read_text() == chain.url + "\n"
        assert [path.name for path in tmp_path.iterdir()] == ["ready"]


def test_the_chain_listens_on_the_loopback_interface_alone() -> None:
    with run_devchain() as chain:
        port = int(chain.url.rpartition(":")[2])

        with socket.create_server(("127.0.0.2", port)) as other_address:
            assert other_address.getsockname() == ("127.0.0.2", port)


def test_the_first_block_has_the_time_at_which_it_was_made() -> None:
    before = int(time.time())

    with run_devchain() as chain:
        genesis, first = (rpc(chain.url, "eth_getBlockByNumber", hex(number), False) for number in (0, 1))

    assert before <= int(genesis["timestamp"], 16) <= time.time()
    assert int(genesis["timestamp"], 16) < int(first["timestamp"], 16) <= time.time() + 1


def test_a_chain_left_for_a_day_starts_with_a_fresh_block(tmp_path: Path) -> None:
    old = DevChain.create_or_open(tmp_path, chain_id=DEVCHAIN_ID, funded=(), now=lambda: int(time.time()) - DAY)
    old.mine_empty_block()
    left_at = old.head()
    old.close()

    with run_devchain(tmp_path) as chain:
        head = rpc(chain.url, "eth_getBlockByNumber", "latest", False)

    assert head["parentHash"] == "0x" + left_at.hash.hex()
    assert int(head["timestamp"], 16) - left_at.timestamp >= DAY - 60


def test_a_chain_of_the_past_goes_on_in_the_present(tmp_path: Path) -> None:
    with run_devchain(tmp_path, options=["--clock-behind", str(DAY)]) as chain:
        past = int(rpc(chain.url, "eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    with run_devchain(tmp_path) as chain:
        present = int(rpc(chain.url, "eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    assert abs(time.time() - DAY - past) < 120
    assert abs(time.time() - present) < 60


def test_a_quiet_chain_makes_a_block_now_and_then() -> None:
    with run_devchain(block_interval=1) as chain:
        start = int(rpc(chain.url, "eth_blockNumber"), 16)
        deadline = time.monotonic() + 60
        pause = threading.Event()

        while int(rpc(chain.url, "eth_blockNumber"), 16) < start + 2:
            assert time.monotonic() < deadline
            pause.wait(0.1)

        newest = rpc(chain.url, "eth_getBlockByNumber", "latest", False)
        assert newest["transactions"] == []
        assert abs(int(newest["timestamp"], 16) - time.time()) < 30


def test_times_rise_when_the_clock_is_set_back() -> None:
    times = iter([1000, 2000, 1500, 1500, 3000])
    chain = DevChain.create_or_open(None, chain_id=7, funded=(), now=lambda: next(times))

    made = [chain.mine_empty_block().timestamp for _ in range(4)]

    assert made == [2000, 2001, 2002, 3000]
    chain.close()


def test_a_block_that_fails_leaves_nothing(tmp_path: Path) -> None:
    database = ChainDatabase(tmp_path / DATABASE_NAME)
    with database.block_transaction():
        database[b"kept"] = b"1"

    seen = write_and_fail(database)

    assert not seen
    assert (database[b"kept"], b"lost" in database) == (b"1", False)
    database.close()


def write_and_fail(database: ChainDatabase) -> bool:
    """Break off in the middle of a block; return whether the block still saw what it had deleted."""
    seen = True
    try:
        with database.block_transaction():
            database[b"lost"] = b"2"
            del database[b"kept"]
            seen = b"kept" in database
            raise InterruptedError
    except InterruptedError:
        return seen


def test_a_block_that_the_disk_refuses_leaves_nothing(tmp_path: Path) -> None:
    database = ChainDatabase(tmp_path / DATABASE_NAME)
    with sqlite3.connect(tmp_path / DATABASE_NAME) as other:
        other.execute("CREATE TRIGGER refuse BEFORE INSERT ON facts BEGIN SELECT RAISE(ABORT, 'no'); END")
    other.close()

    with pytest.raises(sqlite3.IntegrityError), database.block_transaction({"name": "value"}):
        database[b"lost"] = b"2"

    assert b"lost" not in database
    with database.block_transaction():
        database[b"kept"] = b"1"
        del database[b"kept"]
        database[b"kept"] = b"3"
    assert database[b"kept"] == b"3"
    database.close()


def test_nothing_is_written_outside_a_block(tmp_path: Path) -> None:
    database = ChainDatabase(tmp_path / DATABASE_NAME)

    with pytest.raises(RuntimeError, match="outside a block transaction"):
        database[b"key"] = b"value"
    with pytest.raises(KeyError):
        del database[b"key"]
    with database.block_transaction(), pytest.raises(RuntimeError), database.block_transaction():
        pass

    database.close()


def test_a_database_of_another_format_is_refused(tmp_path: Path) -> None:
    ChainDatabase(tmp_path / DATABASE_NAME).close()
    with sqlite3.connect(tmp_path / DATABASE_NAME) as connection:
        connection.execute("UPDATE facts SET value = '0' WHERE name = 'format'")
    connection.close()

    with pytest.raises(ForeignDatabase, match="database format expected 1, found 0"):
        ChainDatabase(tmp_path / DATABASE_NAME)


def test_a_folder_is_free_again_after_its_holder(tmp_path: Path) -> None:
    with folder_lock(tmp_path), pytest.raises(FolderLocked), folder_lock(tmp_path):
        pass

    with folder_lock(tmp_path):
        pass
