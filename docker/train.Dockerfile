# The worker of the queue `gpu`: Airflow's Celery worker and the training libraries. For a GPU, torch installs its
# own CUDA libraries; the host must have the driver and the NVIDIA container toolkit.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    AIRFLOW_HOME=/var/lib/airflow MEDPIPE_HOME=/var/lib/medpipe PATH=/opt/venv/bin:$PATH

# Triton compiles a small launcher with gcc when a kernel runs for the first time.
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 50000 --create-home medpipe \
 && mkdir -p /var/lib/airflow /var/lib/medpipe && chown medpipe: /var/lib/airflow /var/lib/medpipe \
 && python -m venv /opt/venv && pip install --upgrade pip

WORKDIR /opt/medpipe
COPY constraints/project.txt constraints/
RUN pip install -c constraints/project.txt torch
COPY pyproject.toml README.md LICENSE ./
COPY medpipe medpipe
COPY serving serving
RUN pip install -c constraints/project.txt -e '.[orchestrate,s3,train]' && pip check

COPY dags dags
COPY plugins plugins
COPY expectations expectations
COPY docker/entrypoint.sh /usr/local/bin/with-secrets

USER medpipe
ENTRYPOINT ["with-secrets"]
CMD ["airflow", "version"]
