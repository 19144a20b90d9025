"""Triggers that several ledgers share."""

import pgtrigger

from config.triggers import Trigger


def _refuse(constraint, message):
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation', CONSTRAINT = '{constraint}_append_only';"


def append_only(name, *, deletable=False, erasable=None):
    """A table whose rows are never changed, nor deleted unless `deletable`. The broken constraint is `<name>_append_only`.

    `erasable` names a column of words, which may be emptied: they go with the account that they are about.
    """
    operation = pgtrigger.Update if deletable else pgtrigger.Update | pgtrigger.Delete
    erasing = f"""
        IF TG_OP = 'UPDATE' THEN
            IF NEW.{erasable} = '' AND to_jsonb(NEW) - '{erasable}' = to_jsonb(OLD) - '{erasable}' THEN RETURN NEW; END IF;
        END IF;
    """
    refusal = _refuse(name, "records of the past are not changed")
    return Trigger(
        name="append_only",
        when=pgtrigger.Before,
        operation=operation,
        func=erasing + refusal if erasable else refusal,
    )


def written_by_triggers_only(name, *, deletable=False, erasable=None):
    """A ledger that follows another table by that table's triggers: nobody else writes it."""
    return (
        Trigger(
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
        append_only(name, deletable=deletable, erasable=erasable),
    )
