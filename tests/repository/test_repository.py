"""Rules about the repository itself."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts(*patterns: str) -> list[tuple[Path, str]]:
    return [(path, path.read_text(encoding="utf-8", errors="replace")) for path in tracked(*patterns)]


def test_nothing_names_a_package_index() -> None:
    index = re.compile(
        r"https?://[a-z.]*(?:"
        + "|".join(["py" + "pi", "python" + "hosted", "npm" + "js", "deb" + "ian"])
        + r")[.]"
    )
    assert [str(path) for path, text in texts() if index.search(text)] == []


def test_nothing_is_left_for_later() -> None:
    left = re.compile(
        r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|NotImplemented" + r"Error\(\)|mark\.xf" + "ail"
    )
    assert [
        str(path) for path, text in texts("*.py", "*.js", "*.html", "*.yaml", "*.yml") if left.search(text)
    ] == []


def test_every_requirement_is_pinned_with_hashes() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        for line in path.read_text().splitlines():
            if line and not line.startswith((" ", "#")):
                assert "==" in line, f"{path.name}: {line}"
        assert "--hash=sha256:" in path.read_text()


def test_every_service_has_the_same_rooms() -> None:
    for service in sorted((ROOT / "services").iterdir()):
        package = service / "src" / service.name.replace("-", "_")
        for room in ("rules", "tables", "queries", "operations", "settings", "app"):
            assert (package / f"{room}.py").exists() or (package / room / "__init__.py").exists(), (
                f"{service.name}: {room}"
            )
        assert (package / "migrations" / "env.py").exists(), service.name
        for name in ("README.md", "pyproject.toml", "tests/test_migrations.py"):
            assert (service / name).exists(), f"{service.name}: {name}"


def test_no_service_constructs_settings_outside_its_app() -> None:
    for path, text in texts("services/*/src/**/*.py"):
        if path.name not in {"app.py", "settings.py"}:
            assert not re.search(r"from \w+\.settings import", text), path


def test_every_module_says_what_belongs_in_it() -> None:
    for path, text in texts("libs/*/src/**/*.py", "services/*/src/**/*.py"):
        if "/versions/" not in str(path) and text.strip():
            assert text.lstrip().startswith(('"""', 'r"""')), path


def test_every_package_is_installed_by_make() -> None:
    packages = {path.parent.relative_to(ROOT).as_posix() for path in tracked("*/*/pyproject.toml")}
    makefile = (ROOT / "Makefile").read_text()
    assert packages <= set(re.search(r"^PACKAGES := (.*)$", makefile, re.MULTILINE)[1].split())  # type: ignore[index]
    for package in packages:
        assert (
            tomllib.loads((ROOT / package / "pyproject.toml").read_text())["project"]["license"]
            == "Apache-2.0"
        )
