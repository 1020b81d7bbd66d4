# Two stages of one base: pip and the sources stay in the first, the second holds the program alone.
ARG BASE=docker.io/library/python:3.11-slim

FROM ${BASE} AS builder
WORKDIR /source
COPY requirements.lock requirements-build.lock ./
RUN python3 -m venv /opt/build \
 && python3 -m venv --without-pip /opt/venv \
 && /opt/build/bin/python3 -m pip install -qq --no-cache-dir --require-hashes -r requirements-build.lock \
 && /opt/build/bin/python3 -m pip --python /opt/venv/bin/python3 install -qq --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY dashboards dashboards
COPY vr_exporter vr_exporter
RUN /opt/build/bin/python3 -m hatchling build -t wheel -d /wheel \
 && /opt/build/bin/python3 -m pip --python /opt/venv/bin/python3 install -qq --no-cache-dir --no-deps /wheel/*.whl \
 && mkdir -m 0700 /state

FROM ${BASE}
LABEL org.opencontainers.image.title="vr-exporter" \
      org.opencontainers.image.description="Prometheus exporter and alerting bridge for VMware vSphere Replication" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=builder /opt/venv /opt/venv
COPY --from=builder --chown=10001:10001 /state /var/lib/vr-exporter
# The one writable place: state, and what `demo` writes. The root may be mounted read-only.
VOLUME /var/lib/vr-exporter
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/var/lib/vr-exporter \
    TMPDIR=/var/lib/vr-exporter \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 10843
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["vr-exporter", "check", "--self"]
ENTRYPOINT ["vr-exporter"]
CMD ["serve"]
