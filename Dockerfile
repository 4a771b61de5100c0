# One image for every service: Airflow's parts, the Celery worker, the dashboard, `cartera` itself.
# Every package comes from requirements.lock with its hash; nothing secret is copied or set here.
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS packages
RUN python3.11 -m venv /opt/venv
COPY requirements.lock /tmp/requirements.lock
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: \
        -r /tmp/requirements.lock

FROM ${PYTHON_IMAGE}
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CARTERA_HOME=/var/lib/cartera \
    AIRFLOW_HOME=/var/lib/cartera/airflow \
    DO_NOT_TRACK=1 \
    SCARF_ANALYTICS=false \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=false \
    DBT_SEND_ANONYMOUS_USAGE_STATS=false \
    GX_ANALYTICS_ENABLED=false \
    STREAMLIT_BROWSER_GATHER_USAGE_STATS=false \
    RUNTIME__DLTHUB_TELEMETRY=false

# the state folder belongs to the user, so that a new named volume does too
RUN groupadd --gid 10001 cartera \
    && useradd --uid 10001 --gid cartera --no-create-home --home-dir /var/lib/cartera --shell /usr/sbin/nologin cartera \
    && install -d -o cartera -g cartera -m 0700 /var/lib/cartera

COPY --from=packages /opt/venv /opt/venv
WORKDIR /opt/cartera
COPY . .
# the package runs from its project folder (dbt_project, dags, expectations lie beside it)
RUN echo /opt/cartera > /opt/venv/lib/python3.11/site-packages/cartera.pth \
    && printf '#!/bin/sh\nexec python -m cartera "$@"\n' > /opt/venv/bin/cartera \
    && chmod 0755 /opt/venv/bin/cartera docker/entrypoint.sh \
    && python -m compileall -q cartera dags dashboards

USER cartera
VOLUME ["/var/lib/cartera"]
ENTRYPOINT ["/opt/cartera/docker/entrypoint.sh"]
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "/opt/cartera/docker/health.py", "http://127.0.0.1:8501/_stcore/health"]
CMD ["streamlit", "run", "dashboards/server.py", "--server.address=0.0.0.0", "--server.port=8501", "--server.headless=true"]
