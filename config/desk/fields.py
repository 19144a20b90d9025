"""Form fields of the desk."""

from django import forms


class PlainSelect(forms.Select):
    """A select without groups, drawn at once: Django's own draws each option by a template of its own."""

    template_name = "desk/select.html"


class PersonField(forms.ModelChoiceField):
    """One of some people, by their usernames; there may be hundreds, so nothing else of them is read."""

    widget = PlainSelect

    def __init__(self, people, **kwargs):
        super().__init__(people.only("username").order_by("username"), **kwargs)
