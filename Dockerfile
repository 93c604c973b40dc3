# One image per service: docker build --build-arg SERVICE=booking --build-arg PACKAGE=booking -t vinculo/booking .
# The target `sandbox` is the development kit's provider sandbox; nothing of it is in the other images.
# What the services have in common is one layer, which they share: dependencies in /app, their own code in /service.
ARG PYTHON=python:3.12-slim

FROM ${PYTHON} AS dependencies
WORKDIR /build
COPY requirements/bootstrap.txt requirements/run.txt requirements/
RUN python -m venv /tools \
 && /tools/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt \
 && python -m venv --without-pip /app \
 && /tools/bin/uv pip install --no-cache --python /app/bin/python --require-hashes -r requirements/run.txt

FROM dependencies AS dependencies-sandbox
COPY requirements/devkit.txt requirements/
RUN /tools/bin/uv pip install --no-cache --python /app/bin/python --require-hashes -r requirements/devkit.txt

FROM dependencies AS build
ARG SERVICE
COPY libs/common libs/common
COPY services/${SERVICE} services/${SERVICE}
RUN /tools/bin/uv build --quiet --offline --wheel --no-build-isolation --python /tools/bin/python -o /wheels libs/common \
 && /tools/bin/uv build --quiet --offline --wheel --no-build-isolation --python /tools/bin/python -o /wheels "services/${SERVICE}" \
 && /tools/bin/uv pip install --quiet --offline --no-cache --python /app/bin/python --no-deps --target /service /wheels/*.whl

FROM dependencies AS build-sandbox
COPY libs/common libs/common
COPY libs/devkit libs/devkit
RUN /tools/bin/uv build --quiet --offline --wheel --no-build-isolation --python /tools/bin/python -o /wheels libs/common \
 && /tools/bin/uv build --quiet --offline --wheel --no-build-isolation --python /tools/bin/python -o /wheels libs/devkit \
 && /tools/bin/uv pip install --quiet --offline --no-cache --python /app/bin/python --no-deps --target /service /wheels/*.whl

FROM ${PYTHON} AS base
RUN useradd --system --uid 10001 --home-dir /nonexistent --no-create-home vinculo \
 && install -d -o 10001 /data
ENV PATH=/app/bin:$PATH PYTHONPATH=/service PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
STOPSIGNAL SIGTERM

FROM base AS sandbox
COPY --from=dependencies-sandbox /app /app
COPY --from=build-sandbox /service /service
CMD ["python", "-m", "devkit.sandbox.app"]

FROM base AS service
ARG PACKAGE
ENV VINCULO_SERVICE=${PACKAGE}
COPY --from=dependencies /app /app
COPY --from=build /service /service
CMD ["sh", "-c", "exec python -m \"${VINCULO_SERVICE}.app\""]
