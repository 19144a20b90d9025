# The settings of the benchmarked server: those of production, logs included, over plain http on loopback.
export PGHOST=${PGHOST:-/tmp/perf/pg} BENCH_DB=${BENCH_DB:-frontdesk_bench}
export DATABASE_URL="postgres://postgres@/$BENCH_DB?host=$PGHOST" DJANGO_SETTINGS_MODULE=config.settings
export SECRET_KEY=${SECRET_KEY:-a-benchmark-secret-of-more-than-32-bytes} JWT_KEY=${JWT_KEY:-another-benchmark-secret-of-32-bytes-and-more}
export HTTPS=off LOG_LEVEL=INFO FRONTDESK_DATA=${FRONTDESK_DATA:-/tmp/frontdesk-bench} BOOKING_AHEAD=3650d
