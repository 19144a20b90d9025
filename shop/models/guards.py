"""Triggers that several ledgers share."""

import pgtrigger


def _refuse(constraint, message):
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation', CONSTRAINT = '{constraint}_append_only';"


def append_only(name, *, deletable=False):
    """A table whose rows are never changed, nor deleted unless `deletable`. The broken constraint is `<name>_append_only`."""
    operation = pgtrigger.Update if deletable else pgtrigger.Update | pgtrigger.Delete
    return pgtrigger.Trigger(
        name="append_only",
        when=pgtrigger.Before,
        operation=operation,
        func=_refuse(name, "records of the past are not changed"),
    )


def written_by_triggers_only(name, *, deletable=False):
    """A ledger that follows another table by that table's triggers: nobody else writes it."""
    return (
        pgtrigger.Trigger(
            name="follow",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert,
            level=pgtrigger.Statement,
            func=f"""
                IF pg_trigger_depth() < 2 THEN
                    {_refuse(name, "the ledger follows what it records")}
                END IF;
                RETURN NULL;
            """,
        ),
        append_only(name, deletable=deletable),
    )
