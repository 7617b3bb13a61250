# Airflow (all components and the default worker) and MLflow. Verbs that need torch run on the queue `gpu` instead.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    AIRFLOW_HOME=/var/lib/airflow MEDPIPE_HOME=/var/lib/medpipe PATH=/opt/venv/bin:$PATH

RUN useradd --system --uid 50000 --create-home medpipe \
 && mkdir -p /var/lib/airflow /var/lib/medpipe /var/lib/mlflow \
 && chown medpipe: /var/lib/airflow /var/lib/medpipe /var/lib/mlflow \
 && python -m venv /opt/venv && pip install --upgrade pip

WORKDIR /opt/medpipe
COPY constraints/project.txt constraints/
COPY pyproject.toml README.md LICENSE ./
COPY medpipe medpipe
COPY serving serving
RUN pip install -c constraints/project.txt -e '.[orchestrate,s3]' && pip check

COPY dags dags
COPY plugins plugins
COPY expectations expectations
COPY docker/entrypoint.sh /usr/local/bin/with-secrets

USER medpipe
ENTRYPOINT ["with-secrets"]
CMD ["airflow", "version"]
