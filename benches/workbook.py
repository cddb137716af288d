#!/usr/bin/env python3
"""A workbook (.xlsx) of many mandates, dropped into a creditor's inbox, beside what reading it costs at least: calamine and
one INSERT a row (`sheet peer`). CPU seconds of whole processes, the daemon with its children.

    benches/workbook.py [ROWS] [ROUNDS]      100000 and 3
"""

import json
import pathlib
import resource
import subprocess
import sys
import time

from daemon import ROOT, cpu, peak, trial


def bench():
    told = subprocess.run(
        ["cargo", "bench", "--no-run", "--bench", "sheet", "--message-format=json"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout
    return [json.loads(line)["executable"] for line in told.splitlines() if '"executable":"' in line][-1]


def spent():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(book):
    with trial() as (daemon, folder):
        owner = folder / "spool/creditor/10000001"
        begin, at = cpu(daemon.pid), time.perf_counter()
        (folder / "made").write_bytes(book.read_bytes())
        (folder / "made").rename(owner / "inbox" / "mandates-large.xlsx")
        while not (owner / "done" / "mandates-large.xlsx").exists():
            if (report := owner / "rejected" / "mandates-large.xlsx.report.txt").exists():
                sys.exit(report.read_text())
            time.sleep(0.01)
        answers = sorted(path.name for path in (owner / "outbox").iterdir())
        told = cpu(daemon.pid) - begin, time.perf_counter() - at, peak(daemon.pid), answers
    return told


def main():
    rows = sys.argv[1] if len(sys.argv) > 1 else "100000"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    program = bench()
    book = pathlib.Path("/tmp/sunap-bench-book.xlsx")
    subprocess.run([program, "make", book, rows], check=True)
    for _ in range(rounds):
        used, wall, resident, answers = ours(book)
        database = pathlib.Path("/tmp/sunap-bench-book.db")
        for path in database.parent.glob(database.name + "*"):
            path.unlink()
        begin = spent()
        subprocess.run([program, "peer", book, database], check=True)
        peer = spent() - begin
        print(f"{rows} rows: {used:.2f} s CPU ({wall:.1f} s wall, {resident} KiB), peer {peer:.2f} s, ratio {used / peer:.2f}; {answers}")
    book.unlink()


main()
