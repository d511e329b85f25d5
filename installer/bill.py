"""The bill of materials: CycloneDX 1.5, for machines that compare it with lists of known weaknesses."""

import json
import re
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from installer.locked import version_of
from installer.parts import Facts, Part

OWN_LICENCE = "Apache-2.0"
EXPRESSION = re.compile(r"[\w.+-]+(?: (?:AND|OR|WITH) [\w.+-]+)*")
SPDX_IDS = re.compile(r"(?:MIT|[A-Z][A-Za-z]*-\d[\w.-]*)(?: (?:AND|OR) (?:MIT|[A-Z][A-Za-z]*-\d[\w.-]*))*")
"""What the older field License may hold, among much else."""


def bill_of_materials(
    version: str, packages: dict[str, str], parts: list[Part], facts: Facts, site_packages: Path
) -> str:
    """JSON: the packages of the lock that are for the Python that built, and the other parts.

    Args:
        version: of the program.
        packages: blocks of the lock by name.
        parts: those that the bundle has, besides.
        facts: what that Python said.
        site_packages: where the packages lie; their metadata names licences.
    """
    licences = _licences(site_packages)
    components = [_part(part, facts) for part in parts]
    for name, block in packages.items():
        if applies(block, facts.markers):
            hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", block)
            component = _component(name, version_of(block), "pypi", licences.get(name, ""))
            if len(hashes) == 1:  # else each belongs to another system's wheel
                component["hashes"] = [{"alg": "SHA-256", "content": hashes[0]}]
            if inner := _told_by_wheel(site_packages, name):
                component["components"] = inner
            components.append(component)
    own = _component("model-preload", version, "generic", OWN_LICENCE) | {"type": "application"}
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": own},
        "components": sorted(components, key=lambda component: component["bom-ref"]),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def applies(block: str, markers: dict[str, str]) -> bool:
    """Whether a block of the lock is for the Python with these markers."""
    from packaging.markers import Marker

    marker = re.match(r"[^;\\\n]+;([^\\\n]+)", block)
    return marker is None or Marker(marker[1].strip()).evaluate({**markers, "extra": ""})


def _part(part: Part, facts: Facts, within: str = "") -> dict[str, Any]:
    version = facts.versions.get(within + part.name, "")
    kind = "pypi" if part.name == "pyinstaller" else "generic"
    component = _component(part.name, version, kind, part.licence)
    if within:  # not to be had by itself; a purl would say so
        component["bom-ref"] = f"{within}{part.name.lower().replace(' ', '-')}"
        del component["purl"]
    if part.product and version:
        component["cpe"] = f"cpe:2.3:a:{part.product}:{version}:*:*:*:*:*:*:*"
    if part.inner:
        component["components"] = [_part(inner, facts, f"{part.name}/") for inner in part.inner]
    return component


def _component(name: str, version: str, kind: str, licence: str) -> dict[str, Any]:
    purl = f"pkg:{kind}/{name}" + (f"@{version}" if version else "")
    component: dict[str, Any] = {"type": "library", "bom-ref": purl, "name": name}
    if version:
        component["version"] = version
    if licence:
        is_expression = EXPRESSION.fullmatch(licence)
        component["licenses"] = [{"expression": licence} if is_expression else {"license": {"name": licence}}]
    component["purl"] = purl
    return component


def _told_by_wheel(site_packages: Path, package: str) -> list[dict[str, Any]]:
    """What a wheel's own bill says was linked into it: Rust's crates, say. Some have one (PEP 770), in CycloneDX."""
    kept = ("type", "name", "version", "hashes", "licenses")
    found: dict[str, dict[str, Any]] = {}
    for path in site_packages.glob(f"{package.replace('-', '_')}-*.dist-info/sboms/*.json"):
        for component in json.loads(path.read_text(encoding="utf-8")).get("components", []):
            if component.get("scope") != "excluded" and "purl" in component:
                purl = component["purl"].replace("+", "%2B")  # as its specification wants
                part = {key: component[key] for key in kept if key in component}
                found[purl] = {"bom-ref": f"{package}/{purl}"} | part | {"purl": purl}
    return [found[purl] for purl in sorted(found)]


def _licences(site_packages: Path) -> dict[str, str]:
    """By package, the SPDX expression of its metadata, if it has one."""
    found = {}
    for metadata in site_packages.glob("*.dist-info/METADATA"):
        headers = HeaderParser().parsestr(metadata.read_text(encoding="utf-8"))
        name = re.sub(r"[-_.]+", "-", headers["Name"]).lower()
        older = headers["License"] or ""
        found[name] = headers["License-Expression"] or (older if SPDX_IDS.fullmatch(older) else "")
    return found
