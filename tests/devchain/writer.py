"""A client process: `python -m tests.devchain.writer URL ACCOUNT` sends transfers and prints each acknowledged hash.

It ends when the chain does.
"""

import sys

import requests

from registry.devchain.accounts import development_accounts
from tests.devchain.client import connect, signed

RECIPIENT = "0x0000000000000000000000000000000000000B0b"


def main() -> None:
    """Send one transfer after another."""
    web3 = connect(sys.argv[1])
    account = development_accounts()[int(sys.argv[2])]
    nonce: int = web3.eth.get_transaction_count(account.address)
    while True:
        raw = signed(web3, account, to=RECIPIENT, value=1, nonce=nonce)
        try:
            acknowledged = web3.eth.send_raw_transaction(raw)
        except requests.ConnectionError:
            return
        print(acknowledged.to_0x_hex(), flush=True)
        nonce += 1


if __name__ == "__main__":
    main()
