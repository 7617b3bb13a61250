#!/bin/sh
# Make the secrets that docker-compose.yml names. Existing ones are kept. The working directory does not matter.
set -eu
cd "$(dirname "$0")/.."
folder=.secrets
umask 077
mkdir -p "$folder"

random() { od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { [ -e "$folder/$1" ] || printf '%s' "$2" > "$folder/$1"; }

keep POSTGRES_PASSWORD "$(random)"
keep AIRFLOW_PASSWORD "$(random)"
keep AIRFLOW__API__SECRET_KEY "$(random)"
keep AIRFLOW__API_AUTH__JWT_SECRET "$(random)"
keep AIRFLOW__CORE__FERNET_KEY "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_')"
keep ENGINE_KEY "$(random)"
keep MEDPIPE_SIGNING_KEY "$(random)"

password=$(cat "$folder/POSTGRES_PASSWORD")
database() { printf 'postgresql+psycopg2://medpipe:%s@postgres:5432/%s' "$password" "$1"; }
keep AIRFLOW__DATABASE__SQL_ALCHEMY_CONN "$(database airflow)"
keep AIRFLOW__CELERY__RESULT_BACKEND "db+$(database airflow)"
keep MEDPIPE_DATABASE_URL "$(database medpipe)"
keep MLFLOW_BACKEND_STORE_URI "$(database mlflow)"
keep AIRFLOW_PASSWORDS "{\"admin\": \"$(cat "$folder/AIRFLOW_PASSWORD")\"}"

# Containers run as other users, so everybody may read the files; but only their owner may enter the folder.
chmod 0700 "$folder"
chmod 0444 "$folder"/*
echo "Secrets are in $folder; Airflow's login is admin with the password in $folder/AIRFLOW_PASSWORD."
