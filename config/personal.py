"""What people get, and what not, of the tables that belong to no app alone, or to a library (config.exports)."""

SECTIONS = ()
WITHHELD = {
    "config.IdempotencyKey": "Answers to requests of the last 24 hours; what they say is in the other sections.",
    "admin.LogEntry": "What staff did to others' records, under the names that these had.",
    "accounts.User_groups": "Rights of staff, which are the service's and not the person's.",
    "accounts.User_user_permissions": "Rights of staff, which are the service's and not the person's.",
    "pghistory.MiddlewareEvents": "No table: a way of the library's to read histories.",
}
