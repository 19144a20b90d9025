"""Accounts and their sessions, for staff."""

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.forms import AdminOwnPasswordChangeForm, AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts import services
from accounts.errors import WrongPassword
from accounts.identifiers import default_username
from accounts.models import Session, User
from accounts.services.secrets import check_current_password, set_password
from config.admin import ReadOnlyAdmin, ServiceAdmin
from config.errors import Missing, TooMany

admin.site.unregister(Group)
admin.site.site_header = admin.site.site_title = "Frontdesk"


_NEW_FIELDS = ("username", "email", "phone", "first_name", "last_name", "user_type", "is_staff")
_FIELDS = (*_NEW_FIELDS, "language", "is_active")


class AccountForm(UserChangeForm):
    """An open account. Its type decides about administrators' rights; the tick box `staff` makes support."""

    class Meta(UserChangeForm.Meta):
        model = User
        fields = _FIELDS

    def clean(self):
        values = super().clean()
        # The model is checked with the name that the service will give it.
        if not self.instance.username_chosen and "username" not in self.changed_data:
            addresses = (values.get(name, getattr(self.instance, name)) for name in ("email", "phone"))
            values["username"] = default_username(*addresses)
        return values


class NewAccountForm(UserCreationForm):
    """A new account; without a username it goes by its e-mail or phone."""

    username = forms.CharField(max_length=150, required=False, label=capfirst(_("username")))

    class Meta(UserCreationForm.Meta):
        model = User
        fields = _NEW_FIELDS

    def clean(self):
        values = super().clean()
        # The model is checked with the name that the service will give it.
        values["username"] = values.get("username") or default_username(values.get("email"), values.get("phone"))
        return values


class PasswordForm(AdminPasswordChangeForm):
    """Another's new password."""

    def save(self, commit=True):
        """Sets it, or none, as the service does: the person is told."""
        set_password(self.user, self.cleaned_data["password1"] if self.cleaned_data["set_usable_password"] else None)
        return self.user


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """One's own new password, for the old one, which nobody may try for long."""

    def clean_old_password(self):
        old = self.cleaned_data["old_password"]
        try:
            check_current_password(self.user, old)
        except (WrongPassword, TooMany) as error:
            raise forms.ValidationError(error.detail) from error
        return old

    def save(self, commit=True):
        set_password(self.user, self.cleaned_data["new_password1"], instead_of=self.cleaned_data["old_password"])
        return self.user


class OwnPasswordView(PasswordChangeView):
    """`/admin/password_change/`, instead of the theme's, which tells nobody."""

    form_class = OwnPasswordForm
    success_url = reverse_lazy("admin:password_change_done")

    def form_valid(self, form):
        try:
            return super().form_valid(form)
        except (WrongPassword, Missing) as error:  # it was right when the form was looked at
            form.add_error("old_password", str(error.detail))
            return self.form_invalid(form)

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | admin.site.each_context(self.request)


@admin.register(User)
class AccountAdmin(DjangoUserAdmin, ServiceAdmin):
    """Open accounts. Closing one erases its personal data; records are never deleted."""

    form = AccountForm
    add_form = NewAccountForm
    change_password_form = PasswordForm
    list_display = ("username", "email", "phone", "full_name", "user_type", "is_staff", "is_active", "created_at", "page")
    list_filter = ("user_type", "is_staff", "is_active")
    search_fields = ("username", "email", "phone", "first_name", "last_name")
    ordering = ("-id",)
    filter_horizontal = ()
    readonly_fields = ("created_at", "last_login", "email_verified_at", "phone_verified_at")
    fieldsets = (
        (None, {"fields": ("username", "email", "phone", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "language")}),
        (_("Rights"), {"fields": ("user_type", "is_staff", "is_active")}),
        (_("Times"), {"fields": ("created_at", "last_login", "email_verified_at", "phone_verified_at")}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "phone", "username", "password1", "password2")}),
        (_("Person"), {"fields": ("first_name", "last_name")}),
        (_("Rights"), {"fields": ("user_type", "is_staff")}),
    )
    actions = ("end_sessions", "close_accounts")

    def get_queryset(self, request):
        return super().get_queryset(request).open()

    def user_change_password(self, request, id, form_url=""):
        """One's own takes the old one, which the other page asks for."""
        if id == str(request.user.pk):
            return HttpResponseRedirect(reverse("admin:password_change"))
        try:
            with transaction.atomic():  # the account is locked until the log has its name
                return super().user_change_password(request, id, form_url)
        except Missing:
            raise Http404 from None

    @admin.display(description=_("full name"))
    def full_name(self, user):
        return user.name

    @admin.display(description=_("page"))
    def page(self, user):
        """The way to everything that somebody has (accounts.desk)."""
        return format_html('<a href="{}">{}</a>', reverse("desk:user", args=[user.pk]), _("open"))

    def get_readonly_fields(self, request, obj=None):
        own = ("email", "phone") if obj == request.user else ()  # they need the password, which the API asks for
        return (*super().get_readonly_fields(request, obj), *own)

    def save_model(self, request, user, form, change):
        values = form.cleaned_data
        if change:
            # Where nothing changed as well: nobody writes of a closed account into the log.
            changes = {name: values[name] for name in form.changed_data if name in _FIELDS}
            services.change_account(by=request.user, user=user, **changes)
            return
        fields = {name: values[name] for name in _NEW_FIELDS}
        created = services.create_account(by=request.user, password=values["password1"], **fields)
        user.pk = created.pk

    def get_fieldsets(self, request, obj=None):
        """Who may only look sees nothing of the password, not even how it is kept."""
        sets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return sets
        return [(title, {"fields": [name for name in found["fields"] if name != "password"]}) for title, found in sets]

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.action(description=_("Sign out everywhere"), permissions=["change"])
    def end_sessions(self, request, queryset):
        told = ngettext_lazy("%d account signed out.", "%d accounts signed out.")
        self.each(request, queryset, lambda user: services.end_all_sessions(user=user), told)

    @admin.action(description=_("Close account and erase its personal data"), permissions=["change"])
    def close_accounts(self, request, queryset):
        others = queryset.exclude(pk=request.user.pk)  # one's own needs the password, which the API asks for
        told = ngettext_lazy("%d account closed.", "%d accounts closed.")
        self.each(request, others, lambda user: services.close_account(by=request.user, user=user), told)


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Where people are signed in."""

    list_display = ("user", "device", "address", "created_at", "last_used_at", "ended_at")
    list_filter = (("ended_at", admin.EmptyFieldListFilter),)
    search_fields = ("user__username", "user__email", "user__phone")
    list_select_related = ("user",)
    ordering = ("-id",)
