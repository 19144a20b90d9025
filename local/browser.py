"""The Chromium that the browser tests steer."""

import os
import shutil

from local import Stop

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium():
    """The path of a Chromium: the one that CHROMIUM names, or the system's. None where there is none."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, _NAMES)), None)


def needed():
    """The same. Raises Stop where there is none."""
    if found := chromium():
        return found
    named = os.environ.get("CHROMIUM")
    raise Stop(
        (f"CHROMIUM={named} is no program." if named else "There is no Chromium here.")
        + " Install one (Debian: apt-get install chromium), or name it: CHROMIUM=/path/to/chromium make browser."
    )
