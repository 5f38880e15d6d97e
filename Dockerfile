# Two stages: packages are installed where pip is, and run where it is not needed.
FROM python:3.13-slim AS packages
COPY requirements.txt /tmp/
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/requirements.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONSAFEPATH=1 PYTHONPATH=/app \
    EASEL_DATA_DIR=/data EASEL_WEB_HOST=0.0.0.0 EASEL_WEB_PORT=8080 EASEL_LOG_FORMAT=json
RUN useradd --system --uid 10001 --no-create-home easel \
 && install --directory --owner=easel --group=easel --mode=0700 /data
COPY --from=packages /venv /venv
COPY bot /app/bot
COPY cogs /app/cogs
COPY storage /app/storage
WORKDIR /app
USER easel
VOLUME /data
# An answer other than 200 raises; so does a port that was moved without EASEL_WEB_PORT.
HEALTHCHECK --interval=30s --timeout=10s --start-period=40s CMD ["python", "-c", \
  "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"EASEL_WEB_PORT\"]}/healthz', timeout=8)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
