#!/usr/bin/env python3
"""Circumstances instead of single system calls: disks that are full or read-only, two daemons, SIGTERM in a large file,
ledgers from yesterday, bytes that were altered, more names at once than the kernel tells, no file handles, a folder that is made anew. Same promise as matrix.py, same folder preparation.

    tests/crash/circumstances.py --sunap target/debug/sunap [--only NAME] [--step KIB]

As root it mounts small tmpfs; without that right those parts are left out and said so. Exit code 1 if a promise broke.
"""
import argparse, collections, os, re, resource, shutil, signal, sqlite3, subprocess, sys, tempfile, time
import matrix

SUNAP = None


def sh(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def sunap(home, *verb):
    done = sh(SUNAP, *verb, "--config", f"{home}/config/sunap.toml")
    return done.returncode, done.stdout


def live(home, base=None):
    """A daemon with the wall clock on a folder of its own."""
    os.makedirs(home, exist_ok=True)
    matrix.World(SUNAP, base).fresh(home)
    return home


def daemon(home, log):
    return subprocess.Popen([SUNAP, "run", "--config", f"{home}/config/sunap.toml"], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=open(log, "ab"))


def until(what, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


def drop(home, name, text):
    folder = f"{home}/spool/creditor/10000003/inbox"
    with open(f"{folder}/{name}.tmp", "w", encoding="utf-8") as out:
        out.write(text)
    os.rename(f"{folder}/{name}.tmp", f"{folder}/{name}")


def mandates(rows):
    head = "납부자번호,고객명,휴대번호,집금항목코드,건당출금한도,월이체금액,최초이체년월,이체예정일,이체은행,계좌번호,예금주명,생년월일/사업자번호,재처리제외\n"
    return head + "".join(f"L{n:06},홍길동,010-0000-0000,GIFT,100000,10000,2027-01,10,004,{990000000000 + n},홍길동,900101,\n" for n in range(rows))


def count(home, table):
    ledger = sqlite3.connect(f"file:{home}/state/ledger.sqlite?mode=ro", uri=True)
    try:
        return ledger.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    finally:
        ledger.close()


def settled(home, name):
    rooms = f"{home}/spool/creditor/10000003"
    return any(os.path.exists(f"{rooms}/{room}/{name}") for room in ("done", "rejected", "held"))


def two_daemons(base):
    home = live(f"{base}/two")
    first = daemon(home, f"{base}/two.log")
    try:
        if not until(lambda: os.path.exists(f"{home}/state/witness.log")):
            return ["the first daemon did not start: " + open(f"{base}/two.log").read()[-300:]]
        code, told = sunap(home, "run")
        wrong = [] if code == 75 else [f"the second daemon ended with {code}: {told[-300:]}"]
    finally:
        first.send_signal(signal.SIGTERM)
        code = first.wait(20)
    return wrong + ([] if code == 0 else [f"SIGTERM ended the first with {code}"])


def sigterm_in_large_file(base, rows=20000):
    home, wrong, names = live(f"{base}/large"), [], 0
    work = f"{home}/spool/creditor/10000003/work"
    for wait in (0.0, 0.3, 1.0):
        names += 1
        name = "mandates-2026-11-%02d.csv" % names
        running = daemon(home, f"{base}/large.log")
        until(lambda: os.path.exists(f"{home}/state/witness.log"))
        before = count(home, "mandate")
        drop(home, name, mandates(rows).replace(",L", ",L").replace("\nL", f"\n{names}L"))
        until(lambda: os.path.exists(f"{work}/{name}") or settled(home, name))
        time.sleep(wait)
        running.send_signal(signal.SIGTERM)
        code = running.wait(120)
        after = count(home, "mandate")
        if code != 0:
            wrong.append(f"SIGTERM after {wait} s ended with {code}")
        if after - before not in (0, rows):
            wrong.append(f"{after - before} of {rows} mandates after SIGTERM")
        running = daemon(home, f"{base}/large.log")
        if not until(lambda: settled(home, name), 120):
            wrong.append(f"{name} was not settled after the restart")
        running.send_signal(signal.SIGTERM)
        running.wait(60)
        if count(home, "mandate") - before != rows:
            wrong.append(f"{count(home, 'mandate') - before} mandates of {rows} at the end")
    return wrong


def read_only_inbox(base):
    home = live(f"{base}/readonly")
    spool = f"{home}/spool"
    inbox = f"{spool}/creditor/10000003/inbox"
    running, wrong = None, []
    try:
        running = daemon(home, f"{base}/readonly.log")
        until(lambda: os.path.exists(f"{home}/state/witness.log"))
        name = "mandates-2026-11-01.csv"
        # Written under its own name, it has to lie still for two seconds before it is taken.
        with open(f"{inbox}/{name}", "w", encoding="utf-8") as out:
            out.write(mandates(20))
        if sh("mount", "--bind", inbox, inbox).returncode or sh("mount", "-o", "remount,bind,ro", inbox).returncode:
            return None
        told = lambda: any("disk-failed" in row for row in alerts(home))
        if not until(told, 20):
            wrong.append("nothing was said about a read-only inbox")
        if running.poll() is not None:
            wrong.append(f"the daemon ended with {running.returncode}")
        if not os.path.exists(f"{spool}/creditor/10000003/inbox/{name}"):
            wrong.append("the file does not lie in the inbox any more")
        sh("umount", "-l", inbox)
        if not until(lambda: settled(home, name), 90):
            wrong.append("the file was not taken after the spool could be written again")
        if count(home, "mandate") != 20:
            wrong.append(f"{count(home, 'mandate')} mandates of 20")
        return wrong
    finally:
        if running:
            running.send_signal(signal.SIGTERM)
            running.wait(20)
        sh("umount", "-l", inbox)


def watched(home):
    """A daemon that looks every two seconds, too, once it has started."""
    settings = f"{live(home)}/config/sunap.toml"
    text = open(settings, encoding="utf-8").read()
    assert "scan_seconds = 60" in text
    with open(settings, "w", encoding="utf-8") as out:
        out.write(text.replace("scan_seconds = 60", "scan_seconds = 2"))
    running = daemon(home, f"{home}.log")
    until(lambda: " ready " in open(f"{home}.log", encoding="utf-8").read())
    return running


def ended(running, home, rows):
    """SIGTERM ends it well, all is there once, and `verify` finds nothing."""
    running.send_signal(signal.SIGTERM)
    wrong = [] if (code := running.wait(120)) == 0 else [f"SIGTERM ended it with {code}"]
    if count(home, "mandate") != rows:
        wrong.append(f"{count(home, 'mandate')} mandates of {rows}")
    code, told = sunap(home, "verify")
    return wrong + ([] if code == 0 else [f"verify ended with {code}: {told[-300:]}"])


def overflow(base, names, lists):
    """So many names come and go while the daemon is stopped that the kernel's queue is full: it says so once and forgets the rest.

    The lists among them are found by looking; each is taken once."""
    home = f"{base}/overflow"
    running = watched(home)
    inbox = f"{home}/spool/creditor/10000003/inbox"
    most = int(open("/proc/sys/fs/inotify/max_queued_events").read())
    running.send_signal(signal.SIGSTOP)
    try:
        for number in range(names):
            path = f"{inbox}/mandates-{number:06}.csv.tmp"
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o640))
            if number % (names // lists):
                os.unlink(path)
                continue
            with open(path, "w", encoding="utf-8") as out:
                out.write(mandates(1).replace("L000000", f"L{number:06}"))
            os.rename(path, path.removesuffix(".tmp"))
    finally:
        running.send_signal(signal.SIGCONT)
    wrong = [] if 3 * names > most else [f"{names} names do not fill a queue of {most}"]
    done = lambda: sum(name.endswith(".csv") for name in os.listdir(f"{home}/spool/creditor/10000003/done"))
    if not until(lambda: done() == lists, 60 + lists) or any(os.scandir(inbox)):
        wrong.append(f"{done()} of {lists} lists in done, {len(os.listdir(inbox))} names in the inbox")
    return wrong + ended(running, home, lists)


def no_handles(base):
    """No file can be opened for a while: nothing is decided, it is told where it can be, and then all goes on; the end is a restart at most."""
    home = f"{base}/handles"
    running = watched(home)
    known = resource.prlimit(running.pid, resource.RLIMIT_NOFILE)
    used = len(os.listdir(f"/proc/{running.pid}/fd"))
    for room in (used + 2, used):
        resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (room, known[1]))
        drop(home, f"mandates-{room}.csv", mandates(5).replace("\nL", f"\n{room}L"))
        time.sleep(5)
        if running.poll() is not None:
            # It may stop, so that what is durable decides; a service manager starts it again.
            if running.returncode != 74:
                return [f"without handles it ended with {running.returncode}"]
            running = daemon(home, f"{home}.log")
        else:
            resource.prlimit(running.pid, resource.RLIMIT_NOFILE, known)
        if not until(lambda: settled(home, f"mandates-{room}.csv"), 60):
            return [f"mandates-{room}.csv was not taken when handles were there again"]
    return ended(running, home, 10)


def folder_anew(base):
    """Somebody removes an inbox and makes it again, later a creditor's whole folder: told while it is gone, taken up by itself."""
    home = f"{base}/anew"
    running, wrong = watched(home), []
    for number, gone in enumerate(("creditor/10000003/inbox", "creditor/10000003")):
        path = f"{home}/spool/{gone}"
        kept = f"{home}/kept-{number}"
        shutil.copytree(path, kept)
        shutil.rmtree(path)
        if not until(lambda: "disk-failed" in alerts(home), 20):
            wrong.append(f"nothing was said while {gone} was gone")
        if running.poll() is not None:
            wrong.append(f"without {gone} it ended with {running.returncode}")
            running = daemon(home, f"{home}.log")
        shutil.move(kept, path)
        drop(home, f"mandates-anew-{number}.csv", mandates(5).replace("\nL", f"\n{number}L"))
        if not until(lambda: settled(home, f"mandates-anew-{number}.csv"), 60):
            wrong.append(f"a list in {gone} made anew was not taken")
    return wrong + ended(running, home, 10)


def alerts(home):
    ledger = sqlite3.connect(f"file:{home}/state/ledger.sqlite?mode=ro", uri=True)
    try:
        return [row[0] for row in ledger.execute("SELECT name FROM alert")]
    finally:
        ledger.close()


def full_disk(base, world, step):
    """Each scenario on a tmpfs with so little room to spare; then with enough."""
    wrong, tried, codes = [], 0, collections.Counter()
    place = f"{base}/small"
    os.mkdir(place)
    for scenario in world.snapshots:
        size = int(sh("du", "-sk", world.snapshots[scenario]).stdout.split()[0])
        for spare in range(0, 900, step):
            if sh("mount", "-t", "tmpfs", "-o", f"size={size + 16 + spare}k", "tmpfs", place).returncode:
                return None
            try:
                home = f"{place}/h"
                if sh("cp", "-a", world.snapshots[scenario], home).returncode:
                    continue
                code, told = world.run(home)
                tried += 1
                codes[code] += 1
                if code not in (0, 65, 74):
                    wrong.append(f"{scenario}, {spare} KiB to spare: ended with {code}: {told[-300:]}")
                sh("mount", "-o", "remount,size=64m", place)
                again = world.calm(home)
                found = ([again] if again else []) + world.compare(home, world.wanted[scenario])
                wrong += [f"{scenario}, {spare} KiB to spare: {text}" for text in found[:4]]
                if code in (0, 65) and not again and spare > 500:
                    break
            finally:
                sh("umount", "-l", place)
    print(f"full disk: {tried} sizes, ended {dict(codes)}")
    return wrong


def short_writes(base, world, step):
    """Real short writes: a file may not grow beyond a limit, so the write that crosses it is cut, the next one fails."""
    wrong, tried, codes = [], 0, collections.Counter()
    for scenario in world.snapshots:
        for limit in list(range(1, 40, max(1, step // 32))) + list(range(64, 1200, step)):
            home = f"{base}/short"
            shutil.copytree(world.snapshots[scenario], home, symlinks=True)
            run = ["python3", "-c", "import os,resource,signal,sys;signal.signal(signal.SIGXFSZ,signal.SIG_IGN);"
                   f"resource.setrlimit(resource.RLIMIT_FSIZE,({limit * 512},{limit * 512}));os.execv(sys.argv[1],sys.argv[1:])"]
            code, told = world.run(home, run)
            tried += 1
            codes[code] += 1
            if code not in (0, 65, 74):
                wrong.append(f"{scenario}, files up to {limit * 512} bytes: ended with {code}: {told[-300:]}")
            again = world.calm(home)
            found = ([again] if again else []) + world.compare(home, world.wanted[scenario])
            wrong += [f"{scenario}, files up to {limit * 512} bytes: {text}" for text in found[:4]]
            shutil.rmtree(home)
    print(f"short writes: {tried} limits, ended {dict(codes)}")
    return wrong


def old_ledger(base, world):
    """Yesterday's ledger beside today's files: nothing is sent. And what `verify` and `backup` say."""
    wrong, home = [], f"{base}/line"
    copy = f"{base}/copy.sqlite"
    code, told = sunap(home, "backup", "--to", copy)
    if code != 0 or not os.path.exists(copy):
        wrong.append(f"backup ended with {code}: {told}")
    if sunap(home, "backup", "--to", copy)[0] != 64:
        wrong.append("a second backup to the same name was not refused")
    today = f"{base}/today"
    shutil.copytree(home, today)
    for end in ("", "-wal", "-shm"):
        if os.path.exists(f"{today}/state/ledger.sqlite{end}"):
            os.remove(f"{today}/state/ledger.sqlite{end}")
    verified = sunap(home, "verify")

    def restored(what, *arguments):
        code, told = sunap(today, "restore", *arguments)
        if code != 0:
            wrong.append(f"{what}: restore ended with {code}: {told[-300:]}")
        elif sunap(today, "verify") != verified:
            wrong.append(f"{what}: after the restore verify says {sunap(today, 'verify')}, not {verified}")

    restored("the backup put back", "--from", copy)
    if again := world.calm(today):
        wrong.append(f"the backup put back does not run: {again}")
    before = world.left(today)[2]
    for scenario in ("registration", "publish", "recovery-before-token", "cancel"):
        for end in ("", "-wal", "-shm"):
            if os.path.exists(f"{today}/state/ledger.sqlite{end}"):
                os.remove(f"{today}/state/ledger.sqlite{end}")
            old = f"{world.snapshots[scenario]}/state/ledger.sqlite{end}"
            if os.path.exists(old):
                shutil.copy(old, f"{today}/state/")
        code, told = world.run(today)
        if code != 74 or "older ledger" not in told:
            wrong.append(f"a ledger of {scenario}: ended with {code}: {told[-300:]}")
        after = world.left(today)[2]
        if {p: h for p, h in after.items() if p.startswith("spool")} != {p: h for p, h in before.items() if p.startswith("spool")}:
            wrong.append(f"a ledger of {scenario}: something moved in the spool")
        if sunap(today, "verify")[0] != 65:
            wrong.append(f"a ledger of {scenario}: verify did not say so")
        restored(f"a ledger of {scenario}")
        after = world.left(today)[2]
        if {p: h for p, h in after.items() if p.startswith("spool")} != {p: h for p, h in before.items() if p.startswith("spool")}:
            wrong.append(f"a ledger of {scenario}, restored: something moved in the spool")
        if again := world.calm(today):
            wrong.append(f"a ledger of {scenario}, restored, does not run: {again}")
    return wrong


def altered(base, world):
    wrong = []

    def broken(what, change):
        home = f"{base}/altered"
        shutil.copytree(f"{base}/line", home)
        change(home)
        code, told = sunap(home, "verify")
        if code != 65:
            wrong.append(f"{what}: verify ended with {code}: {told[-200:]}")
        shutil.rmtree(home)

    def archived(home):
        day = sorted(os.listdir(f"{home}/state/archive"))[0]
        name = sorted(os.listdir(f"{home}/state/archive/{day}"))[0]
        return f"{home}/state/archive/{day}/{name}"

    def flip(home):
        path = archived(home)
        bytes_ = bytearray(open(path, "rb").read())
        bytes_[len(bytes_) // 2] ^= 1
        os.chmod(path, 0o600)
        open(path, "wb").write(bytes_)

    def witness(change):
        def do(home):
            lines = open(f"{home}/state/witness.log").readlines()
            open(f"{home}/state/witness.log", "w").writelines(change(lines))
        return do

    broken("a flipped bit in the archive", flip)
    broken("a lost archived file", lambda home: os.remove(archived(home)))
    last = lambda lines, kind: max(nth for nth, line in enumerate(lines) if line.startswith(kind))
    broken("a witness cut before what was sent last", witness(lambda lines: lines[:last(lines, "sent")]))
    broken("a witness cut before what was taken in last", witness(lambda lines: lines[:last(lines, "in")]))
    broken("swapped witness lines", witness(lambda lines: [lines[1], lines[0], *lines[2:]]))
    broken("an altered witness line", witness(lambda lines: [lines[0].replace("start", "turn"), *lines[1:]]))
    broken("a lost witness", lambda home: os.remove(f"{home}/state/witness.log"))
    return wrong


def main():
    global SUNAP
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sunap", default=f"{matrix.ROOT}/target/debug/sunap")
    arguments.add_argument("--only")
    arguments.add_argument("--step", type=int, default=64, help="KiB between two sizes of a full disk")
    arguments.add_argument("--short", action="store_true", help="few sizes and no large file: for CI")
    given = arguments.parse_args()
    if given.short:
        given.step = 256
    SUNAP = os.path.abspath(given.sunap)
    base = tempfile.mkdtemp(prefix="sunap-circumstances-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    try:
        world = matrix.World(SUNAP, base)
        matrix.prepare(world)
        matrix.recovery(world)
        parts = [
            ("old ledger, backup", lambda: old_ledger(base, world)),
            ("altered bytes", lambda: altered(base, world)),
            ("two daemons", lambda: two_daemons(base)),
            ("SIGTERM in a large file", lambda: sigterm_in_large_file(base)),
            ("read-only inbox", lambda: read_only_inbox(base)),
            ("100,000 names at once", lambda: overflow(base, 100_000, 50 if given.short else 1_000)),
            ("no file handles", lambda: no_handles(base)),
            ("a folder made anew", lambda: folder_anew(base)),
            ("short writes", lambda: short_writes(base, world, given.step)),
            ("full disk", lambda: full_disk(base, world, given.step)),
        ]
        bad = 0
        for name, part in parts:
            if (given.only and given.only not in name) or (given.short and name == "SIGTERM in a large file"):
                continue
            started = time.monotonic()
            wrong = part()
            if wrong is None:
                print(f"{name}: left out, mounting is not allowed here", flush=True)
                continue
            print(f"{name}: {'held' if not wrong else 'BROKEN'} ({time.monotonic() - started:.0f} s)", flush=True)
            for text in wrong[:20]:
                print("   ", text, flush=True)
            bad += len(wrong)
        return 1 if bad else 0
    finally:
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
