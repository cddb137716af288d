#!/usr/bin/env python3
"""The ledger's peers of the kit and our engine in turn, a million lines: CPU seconds of whole processes (of PostgreSQL client and
backend); of ours those of the turn.

    benches/peers.py KIT ENGINE FOLDER [ROUNDS]

KIT: the kit with its programs built, its stores prepared (`prepare-stores.sh`) and PostgreSQL started (`store/pg.sh start`); ENGINE: the
program that `cargo bench --no-run` names; FOLDER: where the engine's ledger may lie, 2 GB. Prints every run, then all figures by name.
"""

import os
import pathlib
import re
import resource
import subprocess
import sys

KIT, ENGINE, PLACE = (pathlib.Path(path).resolve() for path in sys.argv[1:4])
ROUNDS = int(sys.argv[4]) if len(sys.argv) > 4 else 2
ROOT = pathlib.Path(__file__).resolve().parent.parent
ST = "rust/target/release/store"

RESULT = "data/eb22-1000000.dat"
JDBC = "java -cp java:/usr/share/java/sqlite-jdbc.jar JStore"
FRESH = "cp work/a.db work/b.db; rm -f work/b.db-wal work/b.db-shm; sync -d work/b.db"
COMPACT = "cp work/c.db work/d.db; rm -f work/d.db-wal work/d.db-shm; sync -d work/d.db"
INDEXED = "cp work/ixbase/* work/; sync -d work/cob.ix work/cob.ix.1"
# Name, command, what makes its store anew.
PEERS = [
    ("store ingest", f"{ST} ingest work/d.db {RESULT} --schema compact --events", COMPACT),
    ("GnuCOBOL ingest", f"cobol/ixingest work/cob.ix {RESULT}", INDEXED),
    ("Python ingest", f"python3 store/py_store.py ingest work/b.db {RESULT}", FRESH),
    ("JDBC ingest", f"{JDBC} ingest work/b.db {RESULT}", FRESH),
    ("PostgreSQL ingest", f"store/pg.sh ingest {KIT}/data/eb22-1000000.crlf.dat", "store/pg.sh reset"),
    ("store emit", f"{ST} emit work/a.db work/o.dat", "true"),
    ("GnuCOBOL emit", "cobol/ixemit work/cob.ix work/o.dat", "true"),
    ("Python emit", "python3 store/py_store.py emit work/a.db work/o.dat", "true"),
    ("JDBC emit", f"{JDBC} emit work/a.db work/o.dat", "true"),
    ("PostgreSQL emit", f"store/pg.sh emit {KIT}/work/o.dat", "true"),
]
# Turns of the engine's month by day and time of day.
TURNS = {("2026-12-04", "09:00"): "request", ("2026-12-04", "14:00"): "emission", ("2026-12-06", "00:10"): "night", ("2026-12-07", "20:00"): "result"}


def spent():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peer(command):
    before = spent()
    done = subprocess.run(["bash", "-c", command], cwd=KIT, capture_output=True, text=True)
    backend = re.search(r"backend_cpu_s=([\d.]+)", done.stderr)
    return spent() - before + (float(backend.group(1)) if backend else 0), done.stdout.strip()


def main():
    found = {}

    def tell(name, seconds, said=""):
        found.setdefault(name, []).append(seconds)
        print(f"{name:22} {seconds:7.2f} {said}", flush=True)

    for _ in range(ROUNDS):
        for name, command, fresh in PEERS:
            subprocess.run(["bash", "-c", fresh], cwd=KIT, check=True, capture_output=True)
            tell(name, *peer(command))
        for mix in ("all", "3"):
            subprocess.run(["rm", "-rf", PLACE / "engine"], check=True)
            told = subprocess.run([ENGINE, PLACE / "engine", "1000000", mix], cwd=ROOT, check=True, capture_output=True, text=True).stdout
            for day, time, ms in re.findall(r"turn at (\S+) (\d\d:\d\d)\S* +cpu_ms=(\d+)", told):
                if (day, time) in TURNS:
                    tell(f"{TURNS[day, time]} {mix}", int(ms) / 1000)
    print()
    for name, seconds in found.items():
        print(f"{name:22}", " ".join(f"{one:.2f}" for one in seconds))


main()
