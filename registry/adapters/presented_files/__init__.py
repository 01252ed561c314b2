"""Reading files that strangers present: JSON, tokens, baked pictures, PDF files, QR codes, zips of many.

`open_file_reader()` is all that others use. Written to be attacked: every size is checked before it is believed, what one
file may cost is bounded, nothing is run, fetched or written, and memory stays below 300 MB.
"""

from registry.adapters.presented_files.recognising import open_file_reader

__all__ = ["open_file_reader"]
