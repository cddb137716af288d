#!/usr/bin/env python3
"""Measures the daemon itself, as a process: small lists renamed into a creditor's inbox, one after the other, each until
its answer lies in the outbox; then the CPU that it takes when nothing happens.

    benches/latency.py [DROPS] [IDLE_SECONDS]      1000 and 30; builds the release program

Each list registers one invented person. Prints milliseconds from the rename to the answer, and to done/.
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEAD = (
    "고객번호,고객명,휴대번호,이메일,집금항목코드,건당출금한도,월이체금액,최초이체년월,최종이체년월,이체예정일,"
    "이체은행,계좌번호,예금주명,생년월일/사업자번호,그룹코드\n"
)


def row(number):
    return f"L-{number:06},홍길동,,,TUITION,500000,200000,2099-01,,15,004,11023{number:08},홍길동,900101,\n"


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(program, folder):
    """Starts the daemon and waits until it is ready."""
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(folder / "notify"))
    manager.settimeout(60)
    with open(folder / "log", "wb") as log:
        daemon = subprocess.Popen(
            [program, "run", "--config", folder / "config/sunap.toml"],
            env=os.environ | {"NOTIFY_SOCKET": str(folder / "notify")}, stdout=log, stderr=log,
        )
    while b"READY=1" not in manager.recv(4096):
        pass
    return daemon


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
    program = os.environ.get("SUNAP") or ROOT / "target/release/sunap"
    if "SUNAP" not in os.environ:
        subprocess.run(["cargo", "build", "-q", "--release", "--bin", "sunap"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        for name in ("config", "formats"):
            shutil.copytree(ROOT / name, folder / name)
        subprocess.run([program, "key", "new", "--config", folder / "config/sunap.toml"], check=True,
                       stdout=subprocess.DEVNULL)
        daemon = start(program, folder)
        try:
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
        finally:
            daemon.send_signal(signal.SIGTERM)
            if daemon.wait() != 0:
                print(f"the daemon ended with {daemon.returncode}:", (folder / "log").read_text()[-2000:])


main()
