#!/bin/sh
# What a container does: `web` (the default) migrates, makes the administrator and serves; `worker` does the jobs; `healthy`
# tells whether the web process answers; anything else is run as it is.
set -eu

case "${1:-web}" in
web)
    python manage.py migrate --noinput
    python manage.py admininit
    exec python -m gunicorn -c config/gunicorn.py config.wsgi
    ;;
worker)
    # The web container migrates; until then the queue has no tables.
    python manage.py await_migrations
    exec python manage.py procrastinate worker
    ;;
healthy)
    exec python -c "
import http.client, os, sys
connection = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('PORT') or 8000), timeout=2)
connection.request('GET', '/livez')
sys.exit(connection.getresponse().status != 200)"
    ;;
*)
    exec "$@"
    ;;
esac
