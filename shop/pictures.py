"""Pictures of products: what is taken, and where it is kept."""

from uuid import uuid4

FOLDER = "products"


def path_of_picture(product, filename):
    """A name in storage that nobody can guess and that is never used again, so that browsers may keep what they got."""
    return f"{FOLDER}/{uuid4().hex}.{filename.rpartition('.')[2]}"
