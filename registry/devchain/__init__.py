"""The embedded development chain: py-evm behind JSON-RPC on the loopback interface, its state in one folder.

Not a network: one process makes every block, its accounts are public, its proofs are those of any Ethereum node.
"""
