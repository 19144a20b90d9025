"""Whose doing it is: what each transaction tells the database (`frontdesk.actor`), for the triggers that write down who.

Requests say who asks by `act_as`; services that a trigger must know the actor of, scripts and the shell say `acting(by)`.
config.postgresql passes it on together with BEGIN, at no statement's cost. Of jobs and of SQL by hand, nobody is the actor.
"""

from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection

_actor: ContextVar[int | None] = ContextVar("actor", default=None)


def actor():
    """The id of the account whose doing the present is, or None."""
    return _actor.get()


def act_as(user_id):
    """From here on, to the end of the request, it is this account's doing."""
    _change(user_id)


def forget_actor(**kwargs):
    """A request begins or ends: nobody is known to be doing anything. (Threads serve one request after the other.)"""
    _change(None)


@contextmanager
def acting(user):
    """What is written inside is this account's doing. Around `atomic()` it costs nothing, inside it a command more."""
    before = actor()
    _change(user.pk)
    try:
        yield
    finally:
        _change(before)


def _change(user_id):
    if user_id != actor():
        _actor.set(user_id)
        connection.tell_actor()
