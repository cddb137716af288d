#!/usr/bin/env python3
"""Counts the instructions of the hot paths under callgrind and holds them against benches/counts.toml.

A count does not depend on how busy the machine is, so it can stand in CI where a time cannot. It does depend on the
compiler: with another rustc than the stored figures name, the counts are printed and not judged.

    benches/counts.py            compare; more or less than 3 % off is an error, a gain too: store it
    benches/counts.py --bless    store the counts of this machine

Needs valgrind; builds the benchmark.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
STORED = ROOT / "benches" / "counts.toml"
TOLERANCE = 0.03
LINES = 10_000


def run(*command):
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr}")
    return done.stdout + done.stderr


def count(*command):
    told = run("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command)
    return int(re.search(r"Collected : (\d+)", told).group(1))


def built(bench):
    """The program of a benchmark, as cargo names it."""
    told = run("cargo", "bench", "--no-run", "--bench", bench, "--message-format=json")
    programs = [json.loads(line).get("executable") for line in told.splitlines() if line.startswith("{")]
    return [program for program in programs if program][-1]


def measure():
    layout = built("layout")
    kit = ROOT / "benches" / "layouts" / "kit.toml"
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for lines in (LINES, 2 * LINES):
            file = pathlib.Path(folder) / str(lines)
            found[lines] = {"write": count(layout, "write", kit, file, lines)}
            found[lines]["check"] = count(layout, "check", kit, file)
            found[lines]["decode"] = count(layout, "decode", kit, file)
    # Loading the layout and the tables falls out: what is told is what twice as many lines cost more.
    return {name: (found[2 * LINES][name] - total) // LINES for name, total in found[LINES].items()}


def main():
    compiler = run("rustc", "--version").split()[1]
    found = measure()
    if "--bless" in sys.argv:
        text = "# Instructions for each line, by benches/counts.py --bless.\n\n"
        text += f'rustc = "{compiler}"\n\n[layout]\n'
        text += "".join(f"{name} = {figure}\n" for name, figure in found.items())
        STORED.write_text(text)
        print(text)
        return
    stored = tomllib.loads(STORED.read_text())
    judged = stored["rustc"] == compiler
    wrong = []
    for name, figure in found.items():
        want = stored["layout"].get(name)
        off = None if want is None else (figure - want) / want
        print(f"{name:10} {figure:8} instructions a line, stored {want}" + ("" if off is None else f" ({off:+.1%})"))
        if off is None or abs(off) > TOLERANCE:
            wrong.append(name)
    if not judged:
        print(f"stored with rustc {stored['rustc']}, this is {compiler}: not judged")
    elif wrong:
        sys.exit(f"not as stored: {', '.join(wrong)}. A loss is a regression; a gain is stored with --bless.")


main()
