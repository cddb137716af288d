#!/usr/bin/env python3
"""Fuzzing with coverage (libFuzzer) of every door through which bytes of strangers come in.

    fuzz/run.py [DOOR ...] [--runs N] [--seconds N]     all doors, 10,000,000 runs each unless said otherwise

Builds fuzz/ (a workspace of its own; needs g++), gathers a corpus from the golden files, faults, lists and the shipped
configuration, and runs each door with a limit of 512 MiB and 60 s for one input (the machine may be busy). A found case is written to
fuzz/found/DOOR/. Prints a line per door: executions, executions a second, features found. Exit 1 where something was found.
"""

import argparse
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOORS = ["bank-file", "layout", "config", "list", "sheet", "order", "tables", "sealed", "frames"]
# What cargo-fuzz sets, without a sanitizer: the program has no unsafe code of its own.
FLAGS = (
    "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 "
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table "
    "-Cllvm-args=-sanitizer-coverage-trace-compares"
)
KINDS = ["mandates", "cancel", "request", "retry", "cash", "charges", "terms", "refund"]


def build(target):
    env = dict(os.environ, RUSTFLAGS=FLAGS, CARGO_TARGET_DIR=str(target))
    subprocess.run(
        ["cargo", "build", "--release", "--target", "x86_64-unknown-linux-gnu", "-q"],
        cwd=ROOT / "fuzz", env=env, check=True,
    )
    return target / "x86_64-unknown-linux-gnu/release/sunap-fuzz"


def layout_names():
    return sorted(path.stem for path in (ROOT / "formats").glob("*.toml"))


def workbook(method):
    """The smallest workbook with one sheet of rows: the sheet reader's seeds."""
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
        '<c r="A1" t="inlineStr"><is><t>고객번호</t></is></c><c r="B1"><v>100</v></c><c r="C1"><f>A1</f><v>45000.5</v></c></row></sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as book:
        for name, text in parts.items():
            book.writestr(zipfile.ZipInfo(name), text, method)
    return out.getvalue()


def corpus(folder):
    """Seeds for each door, from what the repository holds."""
    seeds = {door: [] for door in DOORS}
    names = layout_names()
    for case in sorted((ROOT / "tests/golden").glob("*/*")):
        kind = case.parent.name.lower()
        index = next((n for n, name in enumerate(names) if name == kind), None)
        for path in case.iterdir() if case.is_dir() else []:
            if index is not None and path.suffix not in (".toml", ".json", ".jsonl", ".txt"):
                seeds["bank-file"].append(bytes([index]) + path.read_bytes())
    for path in sorted((ROOT / "formats").glob("*.toml")):
        seeds["layout"].append(path.read_bytes())
    for path in sorted((ROOT / "formats/codes").glob("*.toml")) + sorted((ROOT / "config/exchange").glob("*.toml")):
        seeds["tables"].append(path.read_bytes())
    seeds["tables"] += [b"D-1BD 14:00", b"X+1BD 11:00", b"P 15:30", b"D+1 03:00"]
    config = sorted(p for p in (ROOT / "config").rglob("*.toml") if "transfer" not in p.parts and "sftp" not in p.parts)
    for n, path in enumerate(config):
        seeds["config"].append(bytes([n]) + path.read_bytes())
    for path in sorted((ROOT / "tests/intake").rglob("*.csv")):
        kind = next((n for n, kind in enumerate(KINDS) if path.name.startswith(kind)), 0)
        seeds["list"].append(bytes([kind]) + path.read_bytes())
    for path in sorted((ROOT / "tests").rglob("*.xls*")):
        seeds["sheet"].append(path.read_bytes())
    # Stored parts let a mutation reach the XML behind the archive.
    seeds["sheet"] += [workbook(zipfile.ZIP_STORED), workbook(zipfile.ZIP_DEFLATED)]
    for path in sorted((ROOT / "tests/faults").rglob("*.toml")):
        text = path.read_bytes()
        if b"verb" in text:
            seeds["order"].append(text)
    at = b'reason = "x"\nby = "kim"\nat = "2026-01-05 13:00:00"\n'
    seeds["order"] += [b'verb = "file.hold"\nid = 1\n' + at, b'verb = "payout.again"\nid = 2\n' + at]
    seeds["order"] += [b'result = "refused"\ncode = "A040"\nrecord = 3\n']
    seeds["sealed"] += [b"SUNAPSF2" + bytes(40), bytes(60)]
    seeds["frames"] += [b"0100" + b"0" * 96, b"0" * 200]
    for path in sorted((ROOT / "fuzz/found").glob("*/*")):
        seeds[path.parent.name].append(path.read_bytes())
    for door, texts in seeds.items():
        (folder / door).mkdir(parents=True, exist_ok=True)
        for n, text in enumerate(texts):
            (folder / door / f"seed-{n:05}").write_bytes(text)


def run(program, door, folder, runs, seconds):
    found = ROOT / "fuzz/found" / door
    found.mkdir(parents=True, exist_ok=True)
    before = set(found.iterdir())
    command = [
        program, str(folder / door), f"-runs={runs}", f"-max_total_time={seconds}", "-rss_limit_mb=512", "-timeout=60",
        f"-artifact_prefix={found}/", "-print_final_stats=1", "-verbosity=1", "-max_len=20000", "-len_control=50",
    ]
    env = dict(os.environ, SUNAP_FUZZ=door)
    out = subprocess.run(command, env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, errors="replace")
    stat = lambda name: next(iter(re.findall(rf"stat::{name}:\s+(\d+)", out.stderr)), "0")
    features = (re.findall(r"ft: (\d+)", out.stderr) or ["0"])[-1]
    new = sorted(path.name for path in set(found.iterdir()) - before)
    print(
        f"{door:10} {int(stat('number_of_executed_units')):>12,} executions {int(stat('average_exec_per_sec')):>9,}/s "
        f"{features:>6} features  peak {stat('peak_rss_mb')} MiB  {'FOUND ' + ' '.join(new) if new else 'nothing found'}",
        flush=True,
    )
    if new or out.returncode:
        print("\n".join(out.stderr.splitlines()[-40:]), flush=True)
    return bool(new) or out.returncode != 0


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("doors", nargs="*", choices=[*DOORS, []])
    asked.add_argument("--runs", type=int, default=10_000_000)
    asked.add_argument("--seconds", type=int, default=0)
    asked.add_argument("--work", type=pathlib.Path, default=ROOT / "target/fuzz")
    given = asked.parse_args()
    program = build(given.work / "build")
    folder = given.work / "corpus"
    corpus(folder)
    failed = [run(program, door, folder, given.runs, given.seconds) for door in given.doors or DOORS]
    for door in (ROOT / "fuzz/found").iterdir():
        if not any(door.iterdir()):
            shutil.rmtree(door)
    sys.exit(1 if any(failed) else 0)


main()
