"""What each role of the staff may do in the admin: groups of Django's, made and kept by `migrate`.

Whoever is staff is in the groups of their role by a trigger on the accounts (accounts.models.users). The groups open
pages; what an action may do, its service decides. Administrators are superusers besides, so nothing can lock them out.
"""

from django.apps import apps as installed
from django.db import connections

SUPPORT, TUTORS, ADMINISTRATORS = "Support", "Tutors", "Administrators"
_ALL = ("accounts", "notifications", "tickets", "scheduling", "shop")

# By app. What is not here, a role may not do: support sees accounts, and works on tickets; a tutor who is no administrator
# looks at the calendar.
RIGHTS = {
    SUPPORT: {
        "accounts": ("view_user",),
        "tickets": (
            "view_ticket",
            "change_ticket",
            "view_answer",
            "view_attachment",
            "view_statuschange",
            "view_cannedreply",
            "add_cannedreply",
            "change_cannedreply",
            "delete_cannedreply",
        ),
    },
    TUTORS: {
        "scheduling": (
            "view_timeslot",
            "view_meeting",
            "view_availabilityrule",
            "view_availabilityexception",
            "view_tutorsettings",
        )
    },
    ADMINISTRATORS: dict.fromkeys(_ALL),  # all there are
}

# For staff who were there before the groups; afterwards the trigger does it.
_ADMIT = """
INSERT INTO accounts_user_groups (user_id, group_id)
SELECT u.id, g.id FROM accounts_user u JOIN auth_group g ON
    CASE WHEN u.is_superuser THEN g.name IN ('Tutors', 'Administrators') ELSE u.is_staff AND g.name = 'Support' END
WHERE u.is_staff AND NOT EXISTS (SELECT FROM accounts_user_groups o WHERE o.user_id = u.id)
ON CONFLICT DO NOTHING"""


def make_groups(app_config, using, apps=installed, **kwargs):
    """After the migrations of an app, whose permissions Django has just made: gives each group its own, and no others."""
    try:
        group_model, permission_model = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
        apps.get_model("accounts", "User")
    except LookupError:  # migrated to before there are any
        return
    label = app_config.label
    if label not in _ALL:
        return
    for name, rights in RIGHTS.items():
        group, _created = group_model.objects.using(using).get_or_create(name=name)
        if label not in rights:
            continue
        permissions = permission_model.objects.using(using).filter(content_type__app_label=label)
        if rights[label] is not None:
            permissions = permissions.filter(codename__in=rights[label])
        group.permissions.remove(*group.permissions.filter(content_type__app_label=label).exclude(pk__in=permissions))
        group.permissions.add(*permissions)
    if label == "accounts":
        with connections[using].cursor() as cursor:
            cursor.execute(_ADMIT)
