#!/usr/bin/env bash
# bench/load.sh [scale]: a database of its own, $BENCH_DB on the server at $PGHOST, filled with N times the data.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/environment.sh
psql=(psql -qX -v ON_ERROR_STOP=1 -h "$PGHOST" -U postgres)
"${psql[@]}" -d postgres -c "DROP DATABASE IF EXISTS $BENCH_DB WITH (FORCE)" -c "CREATE DATABASE $BENCH_DB"
.venv/bin/python manage.py migrate --noinput -v 0
password=$(.venv/bin/python -c 'import django; django.setup(); from django.contrib.auth.hashers import make_password; print(make_password("password"))')
"${psql[@]}" -d "$BENCH_DB" -v scale="${1:-1}" -v password="$password" -f bench/load.sql
"${psql[@]}" -d "$BENCH_DB" -f bench/slots.sql
