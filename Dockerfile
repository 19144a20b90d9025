# Two stages: what builds the packages does not stay in the image.
FROM python:3.13-slim AS packages
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim
# pg_dump and pg_restore, for manage.py backup and restore.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
RUN useradd --system --create-home --uid 10001 frontdesk && install -d -o frontdesk /data
COPY --from=packages /venv /venv
WORKDIR /srv/frontdesk
COPY . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 FRONTDESK_DATA=/data HOST=0.0.0.0 PORT=8000
USER frontdesk
VOLUME /data
EXPOSE 8000
# Is the process there? Whether it can serve is /readyz's to say, for load balancers: a restart mends no database.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/livez\", timeout=2)"]
ENTRYPOINT ["./entrypoint.sh"]
CMD ["web"]
