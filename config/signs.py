"""Signs that nobody sees: what looks the same has to be the same, and what looks like nothing is nothing.

Each has its ranges for the database as well, which knows no categories; the few format characters of scripts it leaves to
the functions.
"""

import re
import unicodedata

# ZERO WIDTH NON-JOINER and JOINER, without which Persian and Indian names are misspelled.
JOINERS = "\u200c\u200d"
# Letters and a symbol that are nothing but room: Hangul's fillers, and Braille without dots.
_FILLERS = r"\u115f\u1160\u2800\u3164\uffa0"
# Marks that choose how the sign before them looks, as emoji and Mongolian have them: nothing by themselves.
_SELECTORS = r"\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
INVISIBLE = (
    r"[\u0001-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    rf"{_FILLERS}\U000e0001-\U000e007f]"
)
# No space, and to be seen.
VISIBLE = rf"[^[:space:]\u200c\u200d{_SELECTORS}{INVISIBLE[1:]}"
_filler, _selector = re.compile(f"[{_FILLERS}]"), re.compile(f"[{_SELECTORS}]")


def has_invisible(text, *, joiners=""):
    """Whether there are control or format characters in it (Unicode's Cc and Cf), or fillers."""
    signs = (sign for sign in text if sign not in joiners)
    return any(unicodedata.category(sign) in ("Cc", "Cf") or _filler.match(sign) for sign in signs)


def is_blank(text):
    """Whether there is nothing in it to be seen: no signs at all, or spaces and invisible ones alone."""
    return all(sign.isspace() or has_invisible(sign) or _selector.match(sign) for sign in text)
