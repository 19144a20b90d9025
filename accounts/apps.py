from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self):
        # Django's own would write it to an account that was closed meanwhile, too.
        user_logged_in.disconnect(dispatch_uid="update_last_login")
        user_logged_in.connect(_note_sign_in, dispatch_uid="update_last_login")


def _note_sign_in(sender, user, **kwargs):
    sender.objects.filter(pk=user.pk, is_active=True).update(last_login=Now())
