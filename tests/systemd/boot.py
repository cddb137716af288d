#!/usr/bin/env python3
"""Boots a machine with systemd as process 1 in User-Mode Linux, installs sunap there as README.md says, and sees it work
under its units: a bank day on the wall clock, the sandbox from within, kill, watchdog, reload, keys as credentials, stop.

The root is the host's, with a layer over it that is forgotten; nothing of the host is changed.

    tests/systemd/boot.py --sunap target/debug/sunap          two minutes
    tests/systemd/boot.py --sunap target/debug/sunap --short  one minute: no debit, watchdog, reload, wrong configuration, other units, credentials
    tests/systemd/boot.py --sunap target/debug/sunap --long   the watchdog with the unit's own two minutes

Needs root and Debian's user-mode-linux, systemd and openssh-server. Exit 1: something is broken. Exit 77: this machine cannot do it.
"""
import argparse, json, os, re, shutil, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "power"))
import uml

UNITS = {
    "sunap-boot.target": "[Unit]\nRequires=basic.target sunap-boot.service\nAfter=basic.target\n",
    "sunap-boot.service": "[Unit]\nAfter=basic.target\n[Service]\nType=oneshot\nExecStart=/usr/bin/python3 /mnt/inside.py\n",
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sunap", required=True)
    arguments.add_argument("--long", action="store_true")
    arguments.add_argument("--short", action="store_true")
    arguments.add_argument("--keep", help="a folder that keeps what was written inside")
    given = arguments.parse_args()
    lacks = [tool for tool in ("linux.uml", "/lib/systemd/systemd", "systemctl", "/usr/sbin/sshd") if not shutil.which(tool)]
    if lacks or os.geteuid():
        print("left out: needs root and", ", ".join(lacks) or "nothing else")
        return 77
    work = tempfile.mkdtemp(prefix="sunap-boot-")
    began = time.monotonic()
    try:
        os.mkdir(f"{work}/units")
        for name, text in UNITS.items():
            with open(f"{work}/units/{name}", "w") as out:
                out.write(text)
        for name in ("inside.py", "probe.py"):
            shutil.copy(f"{HERE}/{name}", work)
        version = subprocess.run(["systemctl", "--version"], capture_output=True, text=True).stdout
        with open(f"{work}/given.json", "w") as out:
            json.dump({"sunap": os.path.abspath(given.sunap), "sources": os.path.dirname(os.path.dirname(HERE)), "long": given.long, "short": given.short,
                       "systemd": int(re.search(r"\d+", version)[0])}, out)
        said = uml.boot(f"{HERE}/init.sh", {"BOOT_WORK": work, "systemd.unit": "sunap-boot.target"}, memory="1536M",
                        seconds=600 if given.long else 240)
        try:
            report = open(f"{work}/report").read()
        except FileNotFoundError:
            report = ""
        lines = report.splitlines()
        print("\n".join(lines if not given.short else [line for line in lines if line.startswith(("BROKEN", "DONE"))]))
        print(f"{sum(line.startswith('ok ') for line in lines)} seen, ", end="")
        print(f"systemd {version.split()[1]}, {time.monotonic() - began:.0f} s")
        if "DONE" not in report:
            print(said[-3000:])
        if given.keep:
            shutil.copytree(work, given.keep, dirs_exist_ok=True)
        return int("DONE 0 broken" not in report)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
