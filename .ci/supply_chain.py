#!/usr/bin/env python3
"""Holds the packages that are linked in against deny.toml: licences, sources, duplicates, bans. Offline.

    .ci/supply_chain.py            exit 1 and the reasons where something may not be there

`cargo deny check` does more (it knows the advisories); it is run too where it is installed.
"""

import collections
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent


def allowed(expression, licences):
    """Whether a licence expression can be met: OR of ANDs, `/` is the old OR."""
    text = expression.replace("/", " OR ")
    for licence in sorted(set(re.findall(r"[A-Za-z0-9.\-]+(?: WITH [A-Za-z0-9.\-]+)?", text)) - {"AND", "OR"}, key=len, reverse=True):
        text = re.sub(rf"(?<![\w.\-]){re.escape(licence)}(?![\w.\-])", str(licence in licences), text)
    return eval(text.replace("AND", "and").replace("OR", "or"), {"__builtins__": {}})


def main():
    rules = tomllib.loads((ROOT / "deny.toml").read_text())
    done = subprocess.run(["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", rules["graph"]["targets"][0]],
                          cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    packages = [package for package in json.loads(done.stdout)["packages"] if package["source"]]
    wrong = []
    licences = set(rules["licenses"]["allow"])
    sources = {f"registry+{source}" for source in rules["sources"]["allow-registry"]}
    banned = {ban["name"]: ban["reason"] for ban in rules["bans"]["deny"]}
    skipped = {(skip["name"], skip["version"]) for skip in rules["bans"]["skip"]}
    versions = collections.defaultdict(list)
    for package in packages:
        name = f"{package['name']} {package['version']}"
        if not package["license"] or not allowed(package["license"], licences):
            wrong.append(f"{name}: licence {package['license']}")
        if package["source"] not in sources:
            wrong.append(f"{name}: comes from {package['source']}")
        if package["name"] in banned:
            wrong.append(f"{name}: {banned[package['name']]}")
        if not any(package["name"] == skip and package["version"].startswith(f"{version}.") for skip, version in skipped):
            versions[package["name"]].append(package["version"])
    wrong += [f"{name}: linked in several versions, {', '.join(found)}" for name, found in versions.items() if len(found) > 1]
    if shutil.which("cargo-deny"):
        wrong += [] if subprocess.run(["cargo", "deny", "check"], cwd=ROOT).returncode == 0 else ["cargo deny check"]
    else:
        print("cargo-deny is not installed: advisories are not checked")
    for one in wrong:
        print(one)
    print(f"{len(packages)} packages, {len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


main()
