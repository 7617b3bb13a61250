# The gateway: FastAPI in front of the engine, without torch and without vLLM.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    MEDPIPE_HOME=/var/lib/medpipe PATH=/opt/venv/bin:$PATH

RUN useradd --system --uid 50000 --create-home medpipe \
 && mkdir -p /var/lib/medpipe && chown medpipe: /var/lib/medpipe \
 && python -m venv /opt/venv && pip install --upgrade pip

WORKDIR /opt/medpipe
COPY constraints/project.txt constraints/
COPY pyproject.toml README.md LICENSE ./
COPY medpipe medpipe
COPY serving serving
RUN pip install -c constraints/project.txt -e '.[serve]' && pip check
COPY docker/entrypoint.sh /usr/local/bin/with-secrets

USER medpipe
ENTRYPOINT ["with-secrets"]
CMD ["uvicorn", "--help"]
