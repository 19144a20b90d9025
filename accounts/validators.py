"""What is too easy to guess here, though not everywhere."""

import re
import unicodedata

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Without them Persian and Indian names are misspelled: ZERO WIDTH NON-JOINER and JOINER.
_JOINERS = "\u200c\u200d"
# The same for the database, which knows no categories; the few format characters of scripts are left to `visible`.
INVISIBLE = (
    r"[\u0001-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0001-\U000e007f]"
)
_LEAST = 8  # characters beside the words that everybody knows


class OwnNameValidator:
    """Refuses passwords that say little more than the service's own names (PASSWORD_WORDS): "Frontdesk2026!"."""

    def validate(self, password, user=None):
        """Raises ValidationError. Whoever adds something long of their own may use the words."""
        words = "|".join(re.escape(word) for word in settings.PASSWORD_WORDS)
        rest = re.sub(words, "", password, flags=re.IGNORECASE) if words else password
        if rest != password and len(rest) < _LEAST:
            raise ValidationError(self.get_help_text(), code="password_own_name")

    def get_help_text(self):
        return _("The password must not be made of the service's own name.")


class VisibleValidator:
    """Refuses passwords of nothing but spaces and invisible signs: nobody can tell them apart, and their length says nothing."""

    def validate(self, password, user=None):
        """Raises ValidationError. Spaces beside other signs are welcome."""
        if is_blank(password):
            raise ValidationError(self.get_help_text(), code="password_blank")

    def get_help_text(self):
        return _("The password must not be made of spaces alone.")


def has_invisible(text, *, joiners=""):
    """Whether there are control or format characters in it (Unicode's Cc and Cf): what looks the same is the same."""
    return any(unicodedata.category(sign) in ("Cc", "Cf") and sign not in joiners for sign in text)


def is_blank(text):
    """Whether there is nothing in it to be seen: no signs at all, or spaces and invisible ones alone."""
    return all(sign.isspace() or has_invisible(sign) for sign in text)


def visible(value):
    """Raises ValidationError for a person's name with signs in it that nobody sees, or that turn the line around."""
    if has_invisible(value, joiners=_JOINERS):
        raise ValidationError(_("Control characters and invisible signs are not allowed."), code="invisible")
