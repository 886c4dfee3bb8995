# The bot as it runs in a cluster. BASE is pinned by digest where it is built for real:
#   docker build --build-arg BASE=python:3.11-slim@sha256:… \
#     --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" .
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
WORKDIR /src
RUN python -m venv /opt/shipmate
COPY requirements/run.txt requirements/
RUN /opt/shipmate/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md ./
COPY bot bot
COPY handlers handlers
# Without the sandbox: what pretends has no place in production.
RUN /opt/shipmate/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && rm -rf /opt/shipmate/lib/python*/site-packages/sandbox \
 && /opt/shipmate/bin/pip uninstall --yes --quiet pip setuptools hatchling

FROM ${BASE}
ARG BASE
ARG VERSION=""
ARG REVISION=""
LABEL org.opencontainers.image.title="Shipmate" \
      org.opencontainers.image.description="Deploys by GitOps from Slack" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE}"
RUN useradd --uid 10001 --home-dir /var/lib/shipmate --create-home --shell /usr/sbin/nologin shipmate
COPY --from=build /opt/shipmate /opt/shipmate
ENV PATH=/opt/shipmate/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATABASE_URL=sqlite:////var/lib/shipmate/shipmate.db \
    SHIPMATE_CONFIG=/etc/shipmate/shipmate.yaml
USER 10001
WORKDIR /var/lib/shipmate
VOLUME /var/lib/shipmate
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s CMD \
  ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8080') + '/healthz', timeout=2)"]
ENTRYPOINT ["shipmate"]
CMD ["run"]
