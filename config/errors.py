"""What services raise when a use case cannot go on. They know nothing of HTTP; config.problems gives each kind its status.

Every error has a `code`, which is stable and never translated, and a `detail` for people, which follows their language.
An error that a database constraint guards names it in `constraint`: whoever breaks the constraint gets that error.
"""

from contextlib import contextmanager
from typing import ClassVar

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _


class FrontdeskError(Exception):
    """The root of all errors that a client can cause."""

    code: ClassVar[str] = "error"
    detail = _("The request cannot be fulfilled.")
    constraint: ClassVar[str | None] = None
    by_constraint: ClassVar[dict[str, type["FrontdeskError"]]] = {}

    def __init__(self, detail=None, **extra):
        """`extra`: further members of the answer, such as the dates in the way of a series."""
        super().__init__(detail or self.detail)
        self.detail = detail or self.detail
        self.extra = extra

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.__dict__.get("constraint"):
            FrontdeskError.by_constraint[cls.constraint] = cls


class Invalid(FrontdeskError):
    """The values make no sense. `errors` maps a field's path (`items.0.amount`) to a (code, detail) pair."""

    code = "invalid"
    detail = _("The request is not valid.")
    field: ClassVar[str] = "non_field_errors"

    def __init__(self, detail=None, errors=None, **extra):
        super().__init__(detail, **extra)
        self.errors = errors or {self.field: (self.code, self.detail)}


class Unauthorized(FrontdeskError):
    """Who asks is not known, or no longer."""

    code = "not_authenticated"
    detail = _("Authentication credentials were not provided.")


class NotAllowed(FrontdeskError):
    """The actor's role may not do this to something that the actor may see."""

    code = "permission_denied"
    detail = _("You do not have permission to perform this action.")


class Missing(FrontdeskError):
    """There is no such thing, or none that the actor may see."""

    code = "not_found"
    detail = _("Not found.")


class Conflict(FrontdeskError):
    """A legal request that the present state refuses."""

    code = "conflict"


class Protected(Conflict):
    """Something else still refers to what should be deleted."""

    code = "protected"
    detail = _("It cannot be deleted, because other records refer to it.")


class Unavailable(FrontdeskError):
    """Somebody whom the request needs does not answer; the same request may succeed later."""

    code = "unavailable"
    detail = _("The service is briefly unavailable. Try again.")


class TooLarge(FrontdeskError):
    """The body is larger than this endpoint takes."""

    code = "too_large"
    detail = _("The request is too large.")


class KeyReused(FrontdeskError):
    """An Idempotency-Key came again with another request."""

    code = "idempotency_key_reused"
    detail = _("This Idempotency-Key was used with another request.")


class TooMany(FrontdeskError):
    """Too many tries. `retry_after`: seconds until the next one can succeed."""

    code = "throttled"
    detail = _("Too many tries. Try again later.")

    def __init__(self, detail=None, *, retry_after, **extra):
        super().__init__(detail, **extra)
        self.retry_after = max(1, int(retry_after))


def constraint_of(error):
    """The name of the constraint that PostgreSQL says was broken, or None."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)


def typed(error):
    """The typed error that stands for a broken constraint, or None where no error claims its name."""
    cls = FrontdeskError.by_constraint.get(constraint_of(error))
    return cls() if cls else None


@contextmanager
def named_constraints():
    """Turns a broken constraint inside the block into its typed error. Leaves other errors alone.

    Put it around `atomic()`, not inside: PostgreSQL has given up the transaction by then.
    """
    try:
        yield
    except IntegrityError as error:
        found = typed(error)
        if found is None:
            raise
        raise found from error
