"""Primary keys as people and other programs write them."""


def key_of(text):
    """The primary key that a text names; None where it names none: for other digits than 0 to 9, or more than a key has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
