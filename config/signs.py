"""Signs that nobody sees: what looks the same has to be the same, and what looks like nothing is nothing."""

import unicodedata

# Without them Persian and Indian names are misspelled: ZERO WIDTH NON-JOINER and JOINER.
JOINERS = "\u200c\u200d"
# The others for the database, which knows no categories; the few format characters of scripts are left to `has_invisible`.
INVISIBLE = (
    r"[\u0001-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0001-\U000e007f]"
)
# For the database, too: what is no space and can be seen.
VISIBLE = rf"[^[:space:]\u200c\u200d{INVISIBLE[1:]}"


def has_invisible(text, *, joiners=""):
    """Whether there are control or format characters in it (Unicode's Cc and Cf)."""
    return any(unicodedata.category(sign) in ("Cc", "Cf") and sign not in joiners for sign in text)


def is_blank(text):
    """Whether there is nothing in it to be seen: no signs at all, or spaces and invisible ones alone."""
    return all(sign.isspace() or has_invisible(sign) for sign in text)
