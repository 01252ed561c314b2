"""The embedded chain: py-evm behind JSON-RPC on loopback, with its state in a folder."""
