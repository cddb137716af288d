"""A daemon for a trial: the release program on a copy of what is shipped, in a folder of its own."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEAD = (
    "고객번호,고객명,휴대번호,이메일,집금항목코드,건당출금한도,월이체금액,최초이체년월,최종이체년월,이체예정일,"
    "이체은행,계좌번호,예금주명,생년월일/사업자번호,그룹코드\n"
)


def program():
    """The program: what SUNAP names, else the release build."""
    if "SUNAP" not in os.environ:
        subprocess.run(["cargo", "build", "-q", "--release", "--bin", "sunap"], cwd=ROOT, check=True)
    return os.environ.get("SUNAP") or ROOT / "target/release/sunap"


def cpu(pid):
    """CPU seconds of a process and of the children that it has waited for."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def peak(pid):
    """The most memory that was resident, in KiB."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))


def start(program, folder):
    """Starts the daemon and waits until it is ready; the process, and how many milliseconds that took."""
    (folder / "notify").unlink(missing_ok=True)
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(folder / "notify"))
    manager.settimeout(60)
    begin = time.perf_counter()
    with open(folder / "log", "wb") as log:
        daemon = subprocess.Popen(
            [program, "run", "--config", folder / "config/sunap.toml"],
            env=os.environ | {"NOTIFY_SOCKET": str(folder / "notify")}, stdout=log, stderr=log,
        )
    while b"READY=1" not in manager.recv(4096):
        pass
    return daemon, (time.perf_counter() - begin) * 1000


@contextlib.contextmanager
def trial():
    """A running daemon on a fresh folder: its process and the folder; it must end well."""
    binary = program()
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        for name in ("config", "formats"):
            shutil.copytree(ROOT / name, folder / name)
        subprocess.run([binary, "key", "new", "--config", folder / "config/sunap.toml"], check=True,
                       stdout=subprocess.DEVNULL)
        daemon, _ = start(binary, folder)
        try:
            yield daemon, folder
        finally:
            daemon.send_signal(signal.SIGTERM)
            if daemon.wait() != 0:
                print(f"the daemon ended with {daemon.returncode}:", (folder / "log").read_text()[-2000:])
