"""One person at the desk: what they have of everything, what they may do, and the doors to change that."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import services
from accounts.models import Session, User
from config import desk


class RightsForm(forms.Form):
    """What somebody may do. Only what was changed on this page is written (show_hidden_initial)."""

    user_type = forms.ChoiceField(choices=User.Type.choices, label=gettext_lazy("Type"), show_hidden_initial=True)
    is_staff = forms.BooleanField(required=False, label=gettext_lazy("Support"), show_hidden_initial=True)


def _found(user_id):
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise Http404
    return user


@desk.page("users/<int:user_id>/", "user", needs="accounts.view_user", changes="accounts.change_user")
def user(request, user_id):
    """One person. POST by an administrator changes rights, or ends the sessions (`end_sessions`)."""
    person = _found(user_id)
    changes = request.method == "POST" and "end_sessions" not in request.POST
    rights = RightsForm(request.POST if changes else None, initial={"user_type": person.user_type, "is_staff": person.is_staff})
    if request.method == "POST":
        if not request.user.is_admin:
            raise PermissionDenied
        if not changes or rights.is_valid():
            _change(request, person, rights if changes else None)
            return HttpResponseRedirect(reverse("desk:user", args=[user_id]))
    return desk.render(
        request,
        "desk/user.html",
        str(person),
        person=person,
        rights=rights,
        may_change=request.user.is_admin and person.closed_at is None,
        sessions=Session.objects.live_of(person).order_by("-id")[: desk.MOST],
        panels=[_panel(one, person) for one in desk.allowed(request, desk.panels)],
    )


def _panel(panel, person):
    return {"title": panel.title, "link": f"{reverse(panel.changelist)}?{panel.lookup}={person.pk}", "rows": panel.rows(person)}


def _change(request, person, rights):
    if rights is None:
        with desk.telling(request, _("Signed out everywhere.")):
            services.end_all_sessions(user=person)
        return
    changes = {name: rights.cleaned_data[name] for name in rights.changed_data}
    if "user_type" in changes and not person.is_admin:
        # Another type takes the tick away (accounts.services) unless it is given anew. Here it is on the page and meant to
        # stay, but for administrators, who have it by their type.
        changes["is_staff"] = rights.cleaned_data["is_staff"]
    with desk.telling(request, _("Saved.")):
        services.change_account(by=request.user, user=person, **changes)


@desk.page("users/<int:user_id>/close/", "close_user", needs="accounts.change_user")
def close_user(request, user_id):
    """Asks before an account is closed for good (GET), and does it (POST). One's own needs the password: by the API."""
    person = _found(user_id)
    if person == request.user:
        raise PermissionDenied
    if request.method == "POST":
        with desk.telling(request, _("The account is closed, and its personal data are erased.")):
            services.close_account(by=request.user, user=person)
        return HttpResponseRedirect(reverse("desk:user", args=[user_id]))
    return desk.render(request, "desk/close_user.html", _("Close the account %s?") % person, person=person)
