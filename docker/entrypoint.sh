#!/bin/sh
# Export each file of /run/secrets as the environment variable of the same name, then run the command. Airflow, vLLM,
# MLflow and medpipe read these variables, so neither the compose file nor an image contains a secret.
set -eu
for file in /run/secrets/*; do
  [ -f "$file" ] || continue
  name=$(basename "$file")
  value=$(cat "$file")
  export "$name=$value"
done
exec "$@"
