"""Forms that have their effect once, however often the button is pressed or the page sent again."""

import hashlib
from contextlib import contextmanager
from uuid import uuid4

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from config.errors import Conflict
from config.json import dumps
from config.models import IdempotencyKey


class Repeated(Conflict):
    """The same was sent from the same page before, and has been done."""

    code = "repeated"
    detail = _("This was sent before, and done once.")


class OnceForm(forms.Form):
    """A form with a key of its own on each page that is shown."""

    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


@contextmanager
def once(*, by, route, form):
    """A transaction around what a valid OnceForm asks for. Raises Repeated where it was done already.

    The key commits with the effect, so a refused form may be sent again; of two that are sent at once the second waits in
    the unique constraint for the first. The content counts, too: other words from the same page (the browser's "back") are
    another wish. Keys are kept 24 h, with those of the API (config.idempotency).
    """
    content = {name: str(value) for name, value in form.cleaned_data.items() if name != "once"}
    digest = hashlib.sha256(dumps(sorted(content.items()))).digest()
    with transaction.atomic():
        _key, first = IdempotencyKey.objects.get_or_create(
            user_id=by.pk,
            route=f"desk.{route}",
            key=f"{form.cleaned_data['once']}.{digest.hex()}",
            defaults={"fingerprint": digest, "status": 303, "body": b""},
        )
        if not first:
            raise Repeated
        yield
