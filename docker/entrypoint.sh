#!/bin/sh
# Airflow opens its password file for writing, and a mounted secret is read-only: give it a private copy.
set -eu
umask 077
if [ -n "${CARTERA_AIRFLOW_PASSWORDS:-}" ]; then
    cat "$CARTERA_AIRFLOW_PASSWORDS" > "$AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
fi
exec "$@"
