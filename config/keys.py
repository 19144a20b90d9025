"""Primary keys as people and other programs write them."""

# In a path: as many digits as always fit a key. PostgreSQL takes a larger number for a decimal, and looks through the whole
# table for it.
PATTERN = "[0-9]{1,18}"


def key_of(text):
    """The primary key that a text names; None where it names none: for other digits than 0 to 9, or more than a key has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
