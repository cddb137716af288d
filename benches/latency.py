#!/usr/bin/env python3
"""Measures the daemon itself, as a process: small lists renamed into a creditor's inbox, one after the other, each until
its answer lies in the outbox; then the CPU that it takes when nothing happens.

    benches/latency.py [DROPS] [IDLE_SECONDS]      1000 and 30; builds the release program

Each list registers one invented person. Prints milliseconds from the rename to the answer, and to done/.
"""

import sys
import time

from daemon import HEAD, cpu, trial


def row(number):
    return f"L-{number:06},홍길동,,,TUITION,500000,200000,2099-01,,15,004,110230{number:08},홍길동,900101,\n"


def drop(folder, number, wait=30):
    """Drops one list; the milliseconds until its answer lies in the outbox, and until the list lies in done."""
    owner = folder / "spool/creditor/10000001"
    name = f"mandates-{number:06}.csv"
    made = folder / name
    made.write_text(HEAD + row(number))
    begin = time.perf_counter()
    made.rename(owner / "inbox" / name)
    answered = settled = None
    while answered is None or settled is None:
        now = (time.perf_counter() - begin) * 1000
        if answered is None and (owner / "outbox" / f"{name}.answer.csv").exists():
            answered = now
        if settled is None and (owner / "done" / name).exists():
            settled = now
        if now > wait * 1000:
            sys.exit(f"{name} was not answered in {wait} s; {folder}/log tells more")
        time.sleep(0.0002)
    return answered, settled


def told(what, figures):
    figures = sorted(figures)
    at = lambda part: figures[min(len(figures) - 1, int(len(figures) * part))]
    print(f"{what:12} median {at(0.5):.1f} ms, 95 % {at(0.95):.1f}, 99 % {at(0.99):.1f}, most {figures[-1]:.1f}")


def main():
    drops = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    idle = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    with trial() as (daemon, folder):
        begin = cpu(daemon.pid)
        figures = [drop(folder, number) for number in range(1, drops + 1)]
        used = cpu(daemon.pid) - begin
        told("answered", [figure[0] for figure in figures])
        told("done", [figure[1] for figure in figures])
        print(f"CPU          {used / drops * 1000:.2f} ms a drop")
        begin, at = cpu(daemon.pid), time.perf_counter()
        time.sleep(idle)
        used = cpu(daemon.pid) - begin
        print(f"idle         {used / (time.perf_counter() - at) * 100:.2f} % of one core over {idle} s")


main()
