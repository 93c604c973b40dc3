# One image per service: docker build --build-arg SERVICE=booking --build-arg PACKAGE=booking -t vinculo/booking .
# The target `sandbox` is the development kit's provider sandbox; nothing of it is in the other images.
ARG PYTHON=python:3.12-slim

FROM ${PYTHON} AS build
ARG SERVICE
WORKDIR /build
COPY requirements/bootstrap.txt requirements/run.txt requirements/
RUN python -m venv /tools && /tools/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt \
 && python -m venv --without-pip /app \
 && /tools/bin/uv pip install --no-cache --python /app/bin/python --require-hashes -r requirements/run.txt
COPY libs/common libs/common
COPY services/${SERVICE} services/${SERVICE}
RUN /tools/bin/pip wheel --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation -w /wheels ./libs/common ./services/${SERVICE} \
 && /tools/bin/uv pip install --no-cache --python /app/bin/python --no-deps /wheels/*.whl

FROM build AS build-sandbox
COPY requirements/devkit.txt requirements/
RUN /tools/bin/uv pip install --no-cache --python /app/bin/python --require-hashes -r requirements/devkit.txt
COPY libs/devkit libs/devkit
RUN /tools/bin/pip wheel --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation -w /wheels-devkit ./libs/devkit \
 && /tools/bin/uv pip install --no-cache --python /app/bin/python --no-deps /wheels-devkit/*.whl

FROM ${PYTHON} AS base
RUN useradd --system --uid 10001 --home-dir /nonexistent --no-create-home vinculo
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
STOPSIGNAL SIGTERM

FROM base AS sandbox
USER root
RUN install -d -o 10001 /data
USER 10001
COPY --from=build-sandbox /app /app
CMD ["python", "-m", "devkit.sandbox.app"]

FROM base AS service
ARG PACKAGE
ENV VINCULO_SERVICE=${PACKAGE}
COPY --from=build /app /app
CMD ["sh", "-c", "exec python -m \"${VINCULO_SERVICE}.app\""]
