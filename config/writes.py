"""What services take by name."""


def only(names, values):
    """Raises TypeError, as a call with an unknown argument does, for a value of anything but these names.

    Services that take changes as `**changes` begin with it: a member that a serializer or a form lets through by mistake
    stops here, and does not become a column that nobody may set.
    """
    if unknown := values.keys() - names:
        raise TypeError(f"this is not to be set here: {', '.join(sorted(unknown))}")
