"""What the compose file, the image and the manifests promise; offline and fast."""

import importlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from common.provision import ROLES, SERVICES

ROOT = Path(__file__).parents[2]
BASE = ROOT / "deploy" / "k8s" / "base"
OVERLAY = ROOT / "deploy" / "k8s" / "overlays" / "single-node"
SECRET = re.compile(r"PASSWORD|_KEY$|TOKEN|SECRET|DATABASE_URL|ACCOUNT_SID")


def hyphened(package: str) -> str:
    return package.replace("_", "-")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


@pytest.fixture(scope="module")
def manifests() -> list[dict[str, Any]]:
    """As one applies them; without kubectl the files of the base as they stand."""
    if shutil.which("kubectl"):
        done = subprocess.run(
            ["kubectl", "kustomize", str(OVERLAY)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return [one for one in yaml.safe_load_all(done.stdout) if one]
    resources = yaml.safe_load((BASE / "kustomization.yaml").read_text())["resources"]
    return [one for name in resources for one in yaml.safe_load_all((BASE / name).read_text()) if one]


def settings_of(package: str) -> dict[str, bool]:
    """The environment that a service's settings name, and whether each must be given."""
    settings = importlib.import_module(f"{package}.settings").Settings
    prefix = settings.model_config["env_prefix"]
    return {
        str(field.validation_alias or f"{prefix}{name}".upper()): field.is_required()
        for name, field in settings.model_fields.items()
    }


def test_there_is_an_image_a_migration_and_a_health_check_for_every_service(compose: dict[str, Any]) -> None:
    folders = {
        folder.name for folder in (ROOT / "services").iterdir() if (folder / "pyproject.toml").exists()
    }
    assert folders == {hyphened(package) for package in SERVICES}
    for package in SERVICES:
        service = compose["services"][hyphened(package)]
        migration = compose["services"][f"migrate-{hyphened(package)}"]
        assert service["build"]["args"] == {"SERVICE": hyphened(package), "PACKAGE": package}
        assert migration["image"] == service["image"]
        assert migration["command"] == ["python", "-m", "common.migrate", package]
        assert service["depends_on"][f"migrate-{hyphened(package)}"] == {
            "condition": "service_completed_successfully"
        }
        assert "readyz" in service["healthcheck"]["test"][-1]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("package", SERVICES)
def test_compose_tells_a_service_what_its_settings_ask_for_and_nothing_else(
    compose: dict[str, Any], package: str
) -> None:
    told = set(compose["services"][hyphened(package)]["environment"]) - {"OTEL_EXPORTER_OTLP_ENDPOINT"}
    known = settings_of(package)
    assert {name for name, required in known.items() if required} - told == set(), "missing"
    assert told - set(known) == set(), "told what nobody reads"


def test_a_secret_goes_to_those_who_need_it_and_to_nobody_else(compose: dict[str, Any]) -> None:
    shared = {"LINK_KEY": {"gateway", "notifications"}, "SMS_AUTH_TOKEN": {"gateway", "notifications"}}
    holders: dict[str, set[str]] = {}
    for name, service in compose["services"].items():
        if name in {"provision", "postgres", "sandbox"}:
            continue
        for value in (service.get("environment") or {}).values():
            for secret in re.findall(r"\$\{(\w+)", str(value)):
                if SECRET.search(secret):
                    holders.setdefault(secret, set()).add(name.removeprefix("migrate-"))
    assert len(holders) > 20
    for secret, names in holders.items():
        owner = next((hyphened(one) for one in SERVICES if secret.startswith(f"{one.upper()}_")), None)
        assert names <= ({owner} if owner else shared.get(secret, names)), f"{secret}: {names}"
        assert len(names) == 1 or secret in shared, f"{secret}: {names}"
    for package in SERVICES:
        running = compose["services"][hyphened(package)]["environment"]
        assert not any("OWNER" in name for name in running), "only a migration acts as the owner"


def test_every_variable_of_the_compose_file_is_made_with_the_secrets_or_has_a_default(
    compose: dict[str, Any],
) -> None:
    from common.secrets import lines

    made = {name for name, _ in lines()}
    text = (ROOT / "docker-compose.yml").read_text()
    for name, default in re.findall(r"\$\{(\w+)(?::-([^}]*))?\}", text):
        assert name in made or default != "unset", f"{name} would be unset"
        if SECRET.search(name) and not name.endswith("_URL"):
            assert name in made, f"nothing makes {name}"
            assert default in {"", "unset"}, f"{name} has a default that works"
    for package in SERVICES:
        assert {f"{package.upper()}_{role.upper()}_PASSWORD" for role in ROLES} <= made


def test_the_image_runs_as_nobody_in_particular_and_holds_no_development_kit() -> None:
    text = (ROOT / "Dockerfile").read_text()
    stages = dict(re.findall(r"^FROM \S+ AS (\S+)\n(.*?)(?=^FROM |\Z)", text, re.MULTILINE | re.DOTALL))
    users = [line.split()[1] for line in stages["base"].splitlines() if line.startswith("USER ")]
    assert users[-1] not in {"root", "0"}
    assert int(users[-1]) > 999
    assert "USER" not in stages["service"], "nothing after the base changes the user"
    assert "devkit" not in stages["service"] + stages["build"] + stages["dependencies"]
    assert "--require-hashes" in stages["dependencies"]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*", "what goes into the build is named, so that .env and data cannot"
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_manifests_are_what_kubernetes_takes(manifests: list[dict[str, Any]]) -> None:
    assert len(manifests) > 20
    version = kubernetes_validate.latest_version()
    for manifest in manifests:
        # raises on anything wrong, and on a kind or an API version it does not know: which the command only warns of
        kubernetes_validate.validate(manifest, version, strict=True)


def containers(manifests: list[dict[str, Any]], package: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The container that runs and the one that migrates."""
    pod = next(
        one["spec"]["template"]["spec"]
        for one in manifests
        if one["kind"] == "Deployment" and one["metadata"]["name"] == hyphened(package)
    )
    assert pod["securityContext"]["runAsNonRoot"] is True
    return pod["containers"][0], pod["initContainers"][0]


@pytest.mark.parametrize("package", SERVICES)
def test_a_deployment_tells_a_service_what_its_settings_ask_for(
    manifests: list[dict[str, Any]], package: str
) -> None:
    running, migrating = containers(manifests, package)
    for container in (running, migrating):
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["resources"]["limits"]
    assert migrating["envFrom"] == [{"secretRef": {"name": f"{hyphened(package)}-owner"}}]
    assert running["envFrom"] == [{"secretRef": {"name": hyphened(package)}}]
    assert running["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert running["livenessProbe"]["httpGet"]["path"] == "/healthz"
    known = settings_of(package)
    told = {one["name"] for one in running["env"]} - {"OTEL_EXPORTER_OTLP_ENDPOINT"}
    assert told <= set(known), "told what nobody reads"
    # what is not told must stand in the secret: the file's head names all of it, and what channels may need beside
    head = (BASE / f"{hyphened(package)}.yaml").read_text().split("apiVersion:", 1)[0]
    named = set(re.findall(rf"{package.upper()}_[A-Z_]+", head)) - {f"{package.upper()}_OWNER_DATABASE_URL"}
    assert {name for name, required in known.items() if required} - told <= named <= set(known) - told


def test_what_the_configuration_is_asked_for_is_in_it(manifests: list[dict[str, Any]]) -> None:
    data = next(
        one["data"]
        for one in manifests
        if one["kind"] == "ConfigMap" and one["metadata"]["name"].startswith("vinculo")
    )
    for package in SERVICES:
        for variable in containers(manifests, package)[0]["env"]:
            source = variable.get("valueFrom", {}).get("configMapKeyRef")
            if source and not source.get("optional"):
                assert source["key"] in data, variable["name"]
