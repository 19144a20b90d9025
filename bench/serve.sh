#!/usr/bin/env bash
# bench/serve.sh PORT: one gunicorn worker, as the peers' harness starts each of its two.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/environment.sh
HOST=127.0.0.1 PORT=$1 WEB_WORKERS=1 exec .venv/bin/python -m gunicorn -c config/gunicorn.py config.wsgi
