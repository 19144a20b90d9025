"""What is too easy to guess here, though not everywhere."""

import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from config.signs import JOINERS, has_invisible, is_blank

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


def visible(value):
    """Raises ValidationError for a person's name of which nothing is seen, or with signs that are not, or turn the line."""
    if has_invisible(value, joiners=JOINERS) or (value and is_blank(value)):
        raise ValidationError(_("Control characters and invisible signs are not allowed."), code="invisible")
