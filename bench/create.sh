#!/usr/bin/env bash
# bench/create.sh: a database of its own, $BENCH_DB on the server at $PGHOST, made anew, with the tables in it.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/environment.sh
psql -qX -v ON_ERROR_STOP=1 -h "$PGHOST" -U postgres -d postgres -c "DROP DATABASE IF EXISTS $BENCH_DB WITH (FORCE)" -c "CREATE DATABASE $BENCH_DB"
.venv/bin/python manage.py migrate --noinput -v 0
