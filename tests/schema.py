"""The schema as lines of text, and what of a change to it the previous release would trip over.

While a release is rolled out, the code of the one before runs on the new schema; and so it does after a rollback.
"""

import re

from django.apps import apps
from django.db import connection

_COLUMNS = """
SELECT format('%%s.%%s %%s%%s%%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attnotnull THEN ' not null' ELSE '' END,
    CASE WHEN a.attgenerated <> '' THEN ' generated' WHEN a.atthasdef OR a.attidentity <> '' THEN ' default' ELSE '' END)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relkind = 'r' AND c.relname = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped"""
# PostgreSQL 18 has NOT NULL as constraints too.
_CONSTRAINTS = """
SELECT format('%%s %%s %%s', c.relname, CASE o.contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' WHEN 'x' THEN 'exclude'
    ELSE 'unique' END, o.conname)
FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid WHERE c.relname = ANY(%s) AND o.contype IN ('c', 'f', 'x', 'p', 'u')
UNION SELECT format('%%s unique %%s', c.relname, i.relname) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class c ON c.oid = x.indrelid WHERE c.relname = ANY(%s) AND x.indisunique"""
_TRIGGERS = """
SELECT format('%%s trigger %%s', c.relname, t.tgname) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relname = ANY(%s) AND NOT t.tgisinternal"""
_COLUMN = re.compile(r"(\w+)\.(\w+) (.+?)( not null)?( default| generated)?")
_RULE = re.compile(r"(\w+) (check|foreign key|exclude|unique|trigger) (\S+)")


def tables():
    """The tables of our own apps."""
    ours = {"config", "accounts", "notifications", "tickets", "scheduling", "shop"}
    return sorted(m._meta.db_table for m in apps.get_models(include_auto_created=True) if m._meta.app_label in ours)


def read_schema(names=None):
    """Columns, constraints and triggers of tables, sorted, a line each."""
    names = names or tables()
    with connection.cursor() as cursor:
        lines = []
        for query, times in ((_COLUMNS, 1), (_CONSTRAINTS, 2), (_TRIGGERS, 1)):
            cursor.execute(query, [names] * times)
            lines += [line for (line,) in cursor.fetchall()]
    return sorted(lines)


def breaks(old, new):
    """What the code that was written for the `old` lines would trip over in the `new` ones, as sentences."""
    old_columns, old_rules = _parse(old)
    new_columns, new_rules = _parse(new)
    known = {table for table, _column in old_columns}
    found = []
    for place, (kind, needed, filled) in old_columns.items():
        name = ".".join(place)
        if place not in new_columns:
            found.append(f"{name} is gone")
            continue
        new_kind, new_needed, new_filled = new_columns[place]
        if new_kind != kind:
            found.append(f"{name} was {kind} and is {new_kind}")
        if new_needed and not needed:
            found.append(f"{name} may not be null any more")
        if needed and filled and not new_filled:
            found.append(f"{name} has lost its default")
    for place, (_kind, needed, filled) in new_columns.items():
        if place[0] in known and place not in old_columns and needed and not filled:
            found.append(f"{'.'.join(place)} is new and needs a value that nobody gives")
    found += [f"{rule} is new" for table, rule in new_rules if (table, rule) not in old_rules and table in known and _binds(rule)]
    found += [f"{rule} is gone" for table, rule in old_rules if (table, rule) not in new_rules and "trigger" in rule]
    return sorted(found)


def _binds(rule):
    # New triggers may do what they like; what they refuse is for their author to think of.
    return " trigger " not in rule


def _parse(lines):
    columns, rules = {}, set()
    for line in lines:
        if rule := _RULE.fullmatch(line):
            rules.add((rule[1], line))
        else:
            table, column, kind, needed, filled = _COLUMN.fullmatch(line).groups()
            columns[table, column] = kind, bool(needed), bool(filled)
    return columns, sorted(rules)
