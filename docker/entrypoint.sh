#!/bin/sh
# Each file of /run/secrets is named like the environment variable that it holds: Airflow, vLLM, MLflow and
# medpipe all read such variables, and no secret stands in the compose file or in an image.
set -eu
for file in /run/secrets/*; do
  [ -f "$file" ] || continue
  name=$(basename "$file")
  value=$(cat "$file")
  export "$name=$value"
done
exec "$@"
