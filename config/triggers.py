"""Triggers that nobody switches off by a setting.

    class Meta:
        triggers = (Trigger(name="keep_forever", when=pgtrigger.Before, operation=pgtrigger.Delete, func="..."),)

Declared and migrated by django-pgtrigger, whose functions begin by asking the setting `pgtrigger.ignore` whether to do
anything at all. Ours do not ask (docs/adr/0019-triggers-that-do-not-ask.md).
"""

import pgtrigger
import pgtrigger.compiler


class TriggerSql(pgtrigger.compiler.UpsertTriggerSql):
    """The function and the trigger that calls it. Migrations name this class: its template is not changed once released."""

    def get_template(self):
        # PostgreSQL replaces any trigger but those that can be deferred.
        deferrable = bool(self.kwargs.get("constraint"))
        create = "DROP TRIGGER IF EXISTS {pgid} ON {table}; CREATE CONSTRAINT" if deferrable else "CREATE OR REPLACE"
        return f"""
            CREATE OR REPLACE FUNCTION {{pgid}}() RETURNS trigger LANGUAGE plpgsql AS $$
            {{declare}}
            BEGIN
                {{func}}
            END $$;

            {create} TRIGGER {{pgid}} {{when}} {{operation}} ON {{table}} {{timing}} {{referencing}}
                FOR EACH {{level}} {{condition}} EXECUTE FUNCTION {{execute}};

            COMMENT ON TRIGGER {{pgid}} ON {{table}} IS '{{hash}}';
        """


class Trigger(pgtrigger.Trigger):
    """A trigger that always fires. Also a mixin, before another class of triggers."""

    def compile(self, model):
        compiled = super().compile(model)
        options = {name: value for name, value in compiled.sql.kwargs.items() if name != "ignore_func_name"}
        return pgtrigger.compiler.Trigger(name=compiled.name, sql=TriggerSql(**options))
