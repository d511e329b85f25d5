"""The bill of materials, the licences and the checksums beside Setup.exe, against the folder they speak of."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from installer import build, parts
from license_expression import get_spdx_licensing  # type: ignore[import-untyped]
from packageurl import PackageURL


@pytest.fixture(scope="module")
def text() -> str:
    newest = max(build.DIST.glob("ModelPreload-*.cdx.json"), key=lambda path: path.stat().st_mtime_ns)
    return newest.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def components(text: str) -> list[dict[str, Any]]:
    return list(of(json.loads(text)["components"]))


def of(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for component in components:
        yield component
        yield from of(component.get("components", []))


def test_bill_is_what_the_schema_wants(text: str) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(text) is None


def test_every_reference_is_unique_and_every_purl_says_name_and_version(components: list[dict[str, Any]]) -> None:
    references = [component["bom-ref"] for component in components]
    assert len(set(references)) == len(references)
    for component in components:
        if "purl" in component:
            purl = PackageURL.from_string(component["purl"])
            assert purl.to_string() == component["purl"]
            assert (purl.name, purl.version) == (component["name"], component.get("version"))


def test_every_licence_is_an_expression_of_spdx_or_a_name(components: list[dict[str, Any]]) -> None:
    spdx = get_spdx_licensing()
    for component in components:
        for licence in component.get("licenses", []):
            if expression := licence.get("expression"):
                assert not spdx.validate(expression).errors, component["name"]


def test_every_program_and_library_of_the_folder_is_in_the_bill(components: list[dict[str, Any]]) -> None:
    listed = {component["name"] for component in components}
    present = [part for part in parts.PARTS if part.name in listed]
    recorded = set(of_packages(listed))
    for path in build.BUNDLE.rglob("*"):
        within = path.relative_to(build.BUNDLE)
        if path.suffix in {".exe", ".dll", ".pyd"} and not any(parts.owns(part, within) for part in present):
            assert within.as_posix().lower().removeprefix("_internal/") in recorded, f"of whom is {within}?"


def of_packages(names: set[str]) -> Iterator[str]:
    """The files of the packages of these names."""
    for record in build.site_packages().glob("*.dist-info/RECORD"):
        if record.parent.name.partition("-")[0].replace("_", "-").replace(".", "-").lower() in names:
            for line in record.read_text(encoding="utf-8").splitlines():
                yield line.split(",")[0].lower()


def test_every_component_has_a_licence_text(components: list[dict[str, Any]]) -> None:
    here = {path.name for path in (build.BUNDLE / "licences").iterdir()}
    texts = {part.name: part.text for part in parts.PARTS if part.text}
    assert {part.name for part in parts.present(build.BUNDLE)} <= {component["name"] for component in components}
    for component in components:
        name = component["name"]
        if component.get("purl", "").startswith("pkg:generic/"):
            assert texts[name] in here, name
        elif component.get("purl", "").startswith("pkg:cargo/"):
            assert component["licenses"], name  # the wheel that has it linked in brings no texts of others
        elif name in {"pyside6-essentials", "shiboken6"}:
            assert {"Qt-and-PySide6.txt", "LGPL-3.0.txt", "GPL-3.0.txt"} <= here
        elif "purl" in component:
            assert f"{name}.txt" in here, name
        else:
            assert component["bom-ref"].startswith("qt/")
            assert parts.QT_TEXT in here


def test_versions_are_those_of_the_python_that_built(components: list[dict[str, Any]]) -> None:
    versions = {component["name"]: component.get("version", "") for component in components if "purl" in component}
    major, minor = versions["python"].split(".")[:2]
    assert (build.BUNDLE / f"_internal/python{major}{minor}.dll").exists()
    for name in ("expat", "nsis", "openssl", "pyinstaller", "qt", "sqlite", "zlib"):
        assert versions[name], name


def test_lines_end_as_sha256sum_wants_them(text: str) -> None:
    sums = (build.DIST / "SHA256SUMS").read_bytes()
    assert b"\r" not in sums
    assert sums.endswith(b"\n")
    assert "\r" not in text


def test_a_library_without_a_version_has_none(tmp_path: Path) -> None:
    from installer.dlls import file_version

    nothing = tmp_path / "nothing.dll"
    nothing.write_bytes(b"MZ")
    assert file_version(nothing) == ()
