"""manage.py admininit: the first administrator, from the environment."""

import secrets

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from accounts.models import User


class Command(BaseCommand):
    help = "Creates the administrator ADMIN_EMAIL with ADMIN_PASSWORD, unless there is one. Safe to run again."

    def handle(self, *args, **options):
        with transaction.atomic():
            with connection.cursor() as cursor:  # two starts at once make one administrator
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext('admininit'))")
            if User.objects.filter(user_type=User.Type.ADMIN).exists():
                self.stdout.write("There is an administrator already.")
                return
            self._judge(settings.ADMIN_PASSWORD)
            password = settings.ADMIN_PASSWORD or secrets.token_urlsafe(12)
            User.objects.create_superuser(settings.ADMIN_EMAIL, settings.ADMIN_EMAIL, password)
        self.stdout.write(f"Administrator {settings.ADMIN_EMAIL} created.")
        if not settings.ADMIN_PASSWORD:
            self.stdout.write(f"Their password, shown only this once: {password}")

    @staticmethod
    def _judge(password):
        """Nobody's password matters more: it passes what everybody's has to."""
        try:
            if password:
                validate_password(password, User(username=settings.ADMIN_EMAIL, email=settings.ADMIN_EMAIL))
        except ValidationError as refused:
            reasons = " ".join(refused.messages)
            raise CommandError(f"ADMIN_PASSWORD will not do: {reasons} Choose another, or none to have one made.") from None
