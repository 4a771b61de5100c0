#!/bin/sh
# Generate every secret that docker-compose.yml needs, once: docker/make-secrets.sh [FOLDER]
#
# The folder is 0700: no other user of the host gets in. The files are 0444 because Compose mounts them
# with the host's mode into containers whose users have other ids (mode and uid of file secrets are not
# applied outside Swarm); the mounts are read-only.
set -eu
cd "$(dirname "$0")/.."
folder="${1:-secrets}"
umask 077
mkdir -p "$folder"
chmod 0700 "$folder"

random() { od -An -tx1 -N32 /dev/urandom | tr -d ' \n'; }
fernet() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n'; }
write() { # a secret that exists is kept: the data was made with it
    [ -e "$folder/$1" ] && return 0
    printf '%s' "$2" > "$folder/.$1"
    chmod 0444 "$folder/.$1"
    mv "$folder/.$1" "$folder/$1"
}
value() { cat "$folder/$1"; }

write postgres_password "$(random)"
write cartera_password "$(random)"
write airflow_password "$(random)"
write broker_password "$(random)"
write airflow_fernet_key "$(fernet)"
write airflow_jwt_secret "$(random)"
write airflow_api_secret "$(random)"
write airflow_admin_password "$(random)"

write cartera_database_url "postgresql://cartera:$(value cartera_password)@postgres:5432/cartera"
write airflow_database_url "postgresql+psycopg2://airflow:$(value airflow_password)@postgres:5432/airflow"
write airflow_result_backend "db+postgresql+psycopg2://airflow:$(value airflow_password)@postgres:5432/airflow"
write airflow_broker_url "redis://:$(value broker_password)@broker:6379/0"
write airflow_passwords "{\"admin\": \"$(value airflow_admin_password)\"}"

echo "secrets are in $folder; Airflow's login: admin, password in $folder/airflow_admin_password" >&2
