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

# The engine's way, by function: what it does with a line, from the charge of a month to its result. `all` and `3`: of the result, as
# benches/engine.rs has it. The night is that of eight days.
ENGINE = {
    "charges": ("requesting", "make_charges", "3"),
    "request": ("requesting", "request_due", "3"),
    "emission": ("emission", "emit_collections", "3"),
    "result-of-failures": ("result_collection", "collection_result", "3"),
    "result-of-all": ("result_collection", "collection_result", "all"),
    "night": ("audit", "audit_money", "3"),
}
PEOPLE = 1_000

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


def inclusive(out):
    """Instructions by function, callees with them, as callgrind wrote them: (module, function) to count."""
    told = run("callgrind_annotate", "--inclusive=yes", "--threshold=100", out)
    found = {}
    for count, module, function in re.findall(r"^ *([\d,]+) \(.*?::(\w+)::<impl [^>]*>::(\w+)(?: \[|$)", told, re.M):
        # A function that is split over several entries: the largest holds the others.
        found[module, function] = max(found.get((module, function), 0), int(count.replace(",", "")))
    return found


def engine():
    program = built("engine")
    found = {}
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        for mix in ("3", "all"):
            for people in (PEOPLE, 2 * PEOPLE):
                out = folder / f"{mix}-{people}.out"
                run("valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", program, folder / f"{mix}-{people}", people, mix)
                found[mix, people] = inclusive(out)
    more = lambda mix, place: found[mix, 2 * PEOPLE][place] - found[mix, PEOPLE][place]
    return {name: more(mix, (module, function)) // PEOPLE for name, (module, function, mix) in ENGINE.items()}


def layouts():
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
    found = {"layout": layouts(), "engine": engine()}
    if "--bless" in sys.argv:
        text = "# Instructions for each line, by benches/counts.py --bless.\n\n"
        text += f'rustc = "{compiler}"\n'
        for part, figures in found.items():
            text += f"\n[{part}]\n" + "".join(f"{name} = {figure}\n" for name, figure in figures.items())
        STORED.write_text(text)
        print(text)
        return
    stored = tomllib.loads(STORED.read_text())
    judged = stored["rustc"] == compiler
    wrong = []
    for part, figures in found.items():
        for name, figure in figures.items():
            want = stored.get(part, {}).get(name)
            off = None if want is None else (figure - want) / want
            print(f"{name:18} {figure:8} instructions a line, stored {want}" + ("" if off is None else f" ({off:+.1%})"))
            if off is None or abs(off) > TOLERANCE:
                wrong.append(name)
    if not judged:
        print(f"stored with rustc {stored['rustc']}, this is {compiler}: not judged")
    elif wrong:
        sys.exit(f"not as stored: {', '.join(wrong)}. A loss is a regression; a gain is stored with --bless.")


main()
