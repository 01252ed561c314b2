"""Have Python's collector of cycles pass over what lives as long as the process does.

Left alone it walks over everything that was ever imported whenever enough new objects were made: a tenth of the time in
which a file of recipients is judged, signed and stored. What is there when a process begins its work is set aside for
good, and the rest is looked at less often.
"""

import gc
from typing import Final

YOUNG_OBJECTS: Final = 50_000
"""About those of a chunk of rows, which are gone when it is stored; cycles among so many hold some megabytes for a while."""


def spare_the_collector() -> None:
    """Set aside all objects that there are; called once, when a process is ready for its work."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
