"""Which accounts there are, who may see them, and by which names they are found."""

import functools
import operator

from django.contrib.auth.base_user import BaseUserManager
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Lower

from accounts.identifiers import canonical

SEARCHED = ("username", "email", "phone", "first_name", "last_name")


class UserQuerySet(models.QuerySet):
    """Which accounts there are, and who may see them."""

    def visible_to(self, user):
        """Support and administrators see all accounts, everybody else their own."""
        return self if user.is_staff else self.filter(pk=user.pk)

    def open(self):
        """Accounts that were not closed."""
        return self.filter(closed_at=None)

    def visible_open(self, user):
        """Of the accounts that a caller may see, those that were not closed."""
        return self.visible_to(user).open()

    def managed_by(self, user):
        """Administrators manage all open accounts, everybody else their own."""
        return self.open() if user.is_superuser else self.open().filter(pk=user.pk)

    def search(self, queryset, words):
        """Those whose names or addresses contain the words."""
        return queryset.filter(functools.reduce(operator.or_, (Q(**{f"{column}__icontains": words}) for column in SEARCHED)))

    def named(self, identifier):
        """The account with this username, e-mail or phone, in any spelling. The constraints below let at most one match."""
        name = canonical(identifier)
        if "@" in name:
            return self.open().annotate(_email=Lower("email")).filter(_email=Lower(Value(name)))
        if name.startswith("+"):
            return self.open().filter(phone=name)
        return self.open().annotate(_username=Lower("username")).filter(_username=Lower(Value(name)))


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    """What Django itself asks of a user manager; everything else creates accounts by accounts.services."""

    def get_by_natural_key(self, username):
        return self.named(username).get()

    def create_superuser(self, username, email=None, password=None, **fields):
        """For `manage.py createsuperuser`."""
        user = self.model(
            username=username, email=email, user_type=self.model.Type.ADMIN, is_staff=True, is_superuser=True, **fields
        )
        user.set_password(password)
        user.save(using=self._db)
        return user
