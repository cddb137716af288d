#!/usr/bin/env python3
"""From the start of the daemon's process to READY=1, on the folder that `engine FOLDER N …` left.

    benches/ready.py FOLDER [ROUNDS]      each start is from a copy of the ledger and its log as they lie there
    benches/ready.py FOLDER ROUNDS clean  without copies: each start is after one that ended in order
"""

import pathlib
import shutil
import signal
import sys

from daemon import peak, program, start


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    binary = program()
    if sys.argv[3:] == ["clean"]:
        for _ in range(rounds):
            daemon, took = start(binary, folder)
            print(f"ready after {took:.0f} ms, {peak(daemon.pid)} KiB")
            daemon.send_signal(signal.SIGTERM)
            print(f"ended with {daemon.wait()}")
        return
    state, kept = folder / "state", folder / "state.kept"
    if not kept.exists():
        shutil.copytree(state, kept, ignore=shutil.ignore_patterns("archive"))
    log = kept / "ledger.sqlite-wal"
    print(f"ledger {(kept / 'ledger.sqlite').stat().st_size >> 20} MiB, log {log.stat().st_size >> 20 if log.exists() else 0} MiB")
    for _ in range(rounds):
        for path in kept.iterdir():
            if path.is_file():
                shutil.copy(path, state / path.name)
        daemon, took = start(binary, folder)
        print(f"ready after {took:.0f} ms, {peak(daemon.pid)} KiB")
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()


main()
