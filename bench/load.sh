#!/usr/bin/env bash
# bench/load.sh [scale]: the database of bench/create.sh, filled with N times the data.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/environment.sh
bench/create.sh
psql=(psql -qX -v ON_ERROR_STOP=1 -h "$PGHOST" -U postgres -d "$BENCH_DB")
password=$(.venv/bin/python -c 'import django; django.setup(); from django.contrib.auth.hashers import make_password; print(make_password("password"))')
"${psql[@]}" -v scale="${1:-1}" -v password="$password" -f bench/load.sql
"${psql[@]}" -f bench/slots.sql
