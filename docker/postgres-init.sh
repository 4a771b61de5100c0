#!/bin/sh
# Runs once, in a new data folder, as PostgreSQL's superuser: an owner and a database for each of the two.
# `cartera` may create roles: loader, transformer, reader and campaign are made by its own migration.
set -eu
cartera_password="$(cat "${SECRETS:-/run/secrets}/cartera_password")"
airflow_password="$(cat "${SECRETS:-/run/secrets}/airflow_password")"
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<SQL
create role cartera login createrole password '$cartera_password';
create role airflow login password '$airflow_password';
create database cartera owner cartera;
create database airflow owner airflow;
revoke all on database cartera, airflow from public;
SQL
