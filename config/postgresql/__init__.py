"""Django's PostgreSQL backend, asking more cheaply whether a connection still lives."""
