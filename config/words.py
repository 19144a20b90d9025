"""Words that people see and nobody else translates.

Those of the admin's theme, which has no catalogs, of DRF, whose catalogs lack them, and fields' own names. To be found by
makemessages they stand here; config/locale has them in the other languages.
"""

from django.apps import apps
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

THEME = (
    _("Add row"),
    _("After you've created a user, you’ll be able to edit more user options."),
    _("All applications"),
    _("Apply Filters"),
    _("Choose file to upload"),
    _("Click to cancel"),
    _("Click to download"),
    _("Dark"),
    _("Date"),
    _("Date from"),
    _("Date to"),
    _("Expand row"),
    _("Forgotten your password or username?"),
    _("From"),
    _("General"),
    _("Go back"),
    _("Image preview"),
    _("Light"),
    _("Loading more results..."),
    _("More actions"),
    _("Next"),
    _("No data"),
    _("No recent searches"),
    _("No results found"),
    _("No results matching your query"),
    _("Previous"),
    _("Recent searches"),
    _("Record picture"),
    _("Reset filters"),
    _("Return to site"),
    _("Run"),
    _("Search apps and models..."),
    _("Select action"),
    _("Select action to run"),
    _("Select all rows"),
    _("Select record"),
    _("Select value"),
    _("Submit"),
    _("System"),
    _("This item will be deleted."),
    _("This page yielded into no results. Create a new item or reset your filters."),
    _("To"),
    _("Toggle password visibility"),
    _("Type to search"),
    _("Value"),
    _("Welcome"),
    _("Welcome back to"),
    _("You have been successfully logged out from the administration"),
    _(
        "Raw passwords are not stored, so there is no way to see this user’s password, but you can change the password using "
        '<a href="{}" class="text-primary-600 dark:text-primary-500">this form</a>.'
    ),
)
# What fields of the API say.
DRF = (
    _("Datetime value out of range."),
    _("Ensure this field has no more than {max_length} elements."),
    _("Must be a valid boolean."),
    _("Not a valid string."),
)
# What Django makes of the names of fields that have no other: it takes them for English once and for all.
FIELDS = (
    _("ID"),
    _("address"),
    _("category"),
    _("closed at"),
    _("context"),
    _("created at"),
    _("device"),
    _("email verified at"),
    _("ended at"),
    _("event id"),
    _("expires at"),
    _("key"),
    _("language"),
    _("last used at"),
    _("link"),
    _("lot"),
    _("meeting"),
    _("message id"),
    _("name"),
    _("notification"),
    _("order"),
    _("order item"),
    _("payment"),
    _("phone verified at"),
    _("product"),
    _("reminded"),
    _("sequence"),
    _("spending"),
    _("text"),
    _("user"),
    _("username chosen"),
)


def name_fields():
    """From now on such names are told in the language of whoever reads them. They are no part of migrations."""
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if field.verbose_name in FIELDS and isinstance(field.verbose_name, str):
                field.verbose_name = gettext_lazy(field.verbose_name)
