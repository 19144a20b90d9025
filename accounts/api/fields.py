"""Members of accounts in JSON: how they are read, checked and shown."""

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, TextField, Value
from django.db.models.functions import Cast, Concat, Trim
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty

from accounts.identifiers import normalize_email, normalize_phone, normalize_username
from accounts.models import User
from accounts.validators import visible
from config.reads import SITE
from config.signs import has_invisible

TICKETS_SHOWN = 100


class PasswordField(serializers.CharField):
    """A password as typed: spaces count."""

    def __init__(self, **kwargs):
        super().__init__(trim_whitespace=False, write_only=True, max_length=1024, style={"input_type": "password"}, **kwargs)


class EmailField(serializers.EmailField):
    """An e-mail address, normalized."""

    def __init__(self, **kwargs):
        super().__init__(max_length=254, **kwargs)

    def to_internal_value(self, data):
        email = super().to_internal_value(data)
        # Before the domain is brought into its form, which leaves such signs out.
        if has_invisible(email):
            self.fail("invalid")
        return normalize_email(email)


class PhoneField(serializers.CharField):
    """A phone number, in E.164 form."""

    default_error_messages = {"invalid_phone": _("Enter a phone number with + and the country code, such as +48123666789.")}

    def __init__(self, **kwargs):
        super().__init__(max_length=40, **kwargs)

    def to_internal_value(self, data):
        return normalize_phone(super().to_internal_value(data)) or self.fail("invalid_phone")


class UsernameField(serializers.CharField):
    """A username of letters, digits and @/./+/-/_, in NFKC form."""

    default_error_messages = {"invalid": UnicodeUsernameValidator.message}

    def __init__(self, **kwargs):
        super().__init__(max_length=150, validators=[UnicodeUsernameValidator()], **kwargs)

    def to_internal_value(self, data):
        username = super().to_internal_value(data)
        # Before NFKC, which makes other signs of some.
        if has_invisible(username):
            self.fail("invalid")
        return normalize_username(username)


class NameField(serializers.CharField):
    """ "First Last". Written, the first word is the first name and the rest the last."""

    def __init__(self, **kwargs):
        super().__init__(source="*", max_length=301, **kwargs)

    def run_validation(self, data=empty):
        # A blank one passes without a reading, as DRF has it: it is nobody's first and last name.
        return super().run_validation(data) or {"first_name": "", "last_name": ""}

    def to_internal_value(self, data):
        name = super().to_internal_value(data)
        visible(name)
        first, _, last = name.partition(" ")
        if len(first) > 150 or len(last) > 150:
            self.fail("max_length", max_length=150)
        return {"first_name": first, "last_name": last.strip()}

    def to_representation(self, user):
        return user.name

    def expression(self):
        return Trim(Concat("first_name", Value(" "), "last_name"))


class TicketLinksField(serializers.ListField):
    """The URLs of the newest own tickets, at most 100."""

    def __init__(self, **kwargs):
        super().__init__(child=serializers.URLField(), source="*", read_only=True, **kwargs)

    def to_representation(self, user):
        keys = user.tickets.order_by("-id").values_list("pk", flat=True)[:TICKETS_SHOWN]
        return [self.context["request"].build_absolute_uri(f"/api/ticket/{key}") for key in keys]

    def expression(self):
        tickets = User._meta.get_field("tickets").related_model.objects.filter(user=OuterRef("pk")).order_by("-id")
        urls = tickets.values(url=Concat(SITE, Value("/api/ticket/"), Cast("pk", TextField()), output_field=TextField()))
        return ArraySubquery(urls[:TICKETS_SHOWN])
