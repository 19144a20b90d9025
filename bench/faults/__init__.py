"""Faults under load: clients write without pause, something breaks, and the ledger of what was acknowledged is compared.

    python -m bench.faults FOLDER [campaign[=rounds] …]

Without names, all campaigns. Each prints one line of a table and, where something is wrong, what; the exit code is 1 then.
FOLDER holds an embedded PostgreSQL of its own and the logs.
"""
