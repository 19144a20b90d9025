"""The outbox folder, where messages go that nobody delivers: a file each, there completely or not at all."""

import os
import re

from django.conf import settings


def write_once(*, moment, message_id, suffix, content):
    """Writes bytes to `<time>-<Message-ID><suffix>` in OUTBOX_DIR. The same message sent again replaces its own file."""
    folder = settings.OUTBOX_DIR
    folder.mkdir(parents=True, exist_ok=True)
    identity = re.sub(r"[^A-Za-z0-9]+", "-", message_id.partition("@")[0]).strip("-")
    path = folder / f"{moment:%Y%m%dT%H%M%S}-{identity}{suffix}"
    unfinished = folder / f".{path.name}.tmp"
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    return path
