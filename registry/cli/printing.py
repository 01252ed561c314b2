"""Words of a stranger, on somebody's terminal."""


def printable(line: str) -> str:
    """Return a line that does not steer the terminal it is printed on."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)
