#!/usr/bin/env python3
"""Stops the real program at its system calls, one run each, and starts it again.

Each scenario is a piece of the demo's month (samples/demo), from a prepared folder to a business time. A run without
faults is recorded with strace: every call that changes something, in order. Then, for each of them: the same run is
killed before that call or after it (before the next call of any kind), or the call fails with an error, or writes half
of its bytes, with or without a full disk behind it; the program is started again without faults; and what is left must be what the undisturbed run left: the same business state of the ledger (`sunap verify`), the same files with the
same bytes in spool, archive and the bank's own folder, a witness line for each publication, nothing else.

    tests/crash/matrix.py --sunap target/debug/sunap              every call, every fault
    tests/crash/matrix.py --sunap target/debug/sunap --share 40   every 40th of them (the short form of CI)
    tests/crash/matrix.py --tally FILE                            a line for each as soon as it is done: a stopped run counts

In the scenarios `peer-dead` and `peer-beside` a program of its own (taker.py) takes the files in place of the rehearsal's
bank: while the daemon is dead, and while it works and is being killed.

Exit code 1 if any run broke a promise. Needs strace; short writes need a C compiler (short_write.c), else they are left out.
"""
import argparse, collections, concurrent.futures, contextlib, hashlib, os, pathlib, random, re, shutil, signal, sqlite3, subprocess, sys, tempfile, threading, time
from taker import Taker

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CALLS = ("write pwrite64 writev pwritev fsync fdatasync rename renameat renameat2 link linkat unlink unlinkat openat mkdir "
         "mkdirat ftruncate fallocate copy_file_range sendfile flock").split()
KILLS, SHORTS = ("kill-before", "kill-after"), ("short", "short-full")
FAULTS = {
    "kill-before": None, "kill-after": None, "short": "write pwrite64".split(), "short-full": "write pwrite64".split(), "EIO": None, "ENOSPC": None, "EINTR": "write pwrite64 fsync fdatasync openat flock ftruncate".split(),
    "EDQUOT": "write pwrite64 openat mkdirat linkat renameat2 rename".split(),
}
Point = collections.namedtuple("Point", "call number names after")  # after: the next call of the process and its number
RUNS = [  # name, begins (the scenario's snapshot stands there), ends
    ("intake", None, "2025-12-29 09:30"),
    ("registration", "2025-12-29 10:30", "2025-12-29 14:30"),
    ("registration-result", "2025-12-29 23:00", "2025-12-30 10:45"),
    ("publish", "2026-01-02 13:30", "2026-01-02 14:30"),
    ("truncated-result", "2026-01-05 23:30", "2026-01-06 04:30"),
    ("cancel", "2026-01-13 13:30", "2026-01-14 14:30"),
    ("request-retry", "2026-01-21 13:00", "2026-01-22 14:30"),
]


def witnessed(log):
    """The files of a witness, sorted: what was sent, and what was taken in and judged."""
    found = []
    for line in log.splitlines():
        kind, *rest = line.split(b"\t")
        if kind == b"sent":
            found.append(b"\t".join([kind, *rest[:3]]))
        elif kind in (b"in", b"left"):
            found.append(b"\t".join([b"in", *rest[:3]]))
        elif kind == b"undone":
            found.remove(b"\t".join([b"in", *rest[:3]]))
    return sorted(found)


class World:
    def __init__(self, sunap, base):
        self.sunap, self.base = os.path.abspath(sunap), base
        self.snapshots, self.wanted, self.taken = {}, {}, {}
        self.shim = None

    def compile(self):
        """What makes short writes."""
        shim = f"{self.base}/short_write.so"
        command = ["cc", "-shared", "-fPIC", "-O2", "-o", shim, f"{ROOT}/tests/crash/short_write.c"]
        if shutil.which("cc") and subprocess.run(command).returncode == 0:
            self.shim = shim
        else:
            print("no C compiler: short writes are left out")

    def script(self, home, ends):
        """The demo's script, cut off at a business time."""
        text = open(f"{ROOT}/samples/demo/script.toml", encoding="utf-8").read()
        head, *drops = text.split("[[drop]]")
        head = re.sub(r'ends = ".*"', f'ends = "{ends}"', head)
        kept = [d for d in drops if re.search(r'at = "(.*)"', d).group(1) < ends]
        path = f"{home}/drops/script.toml"
        with open(path, "w", encoding="utf-8") as out:
            out.write("[[drop]]".join([head] + kept))

    def fresh(self, home):
        for folder in ("config", "formats"):
            shutil.copytree(f"{ROOT}/{folder}", f"{home}/{folder}")
        # The disks of these runs are small: what must be free is tried by a day of its own (N18).
        settings = pathlib.Path(f"{home}/config/sunap.toml")
        settings.write_text(settings.read_text().replace("least_free_bytes = 67108864", "least_free_bytes = 0"))
        shutil.copytree(f"{ROOT}/samples/demo", f"{home}/drops")
        open(f"{home}/demo.toml", "w").close()
        # The keys of the demo (src/seal/ring.rs): known to all, so that every run seals the same bytes.
        os.mkdir(f"{home}/keys", 0o700)
        for name, text in (("1.key", b"sunap demo: a key known to all!!".hex()), ("current", "1"),
                           ("index.key", b"sunap demo: an index key for all".hex())):
            with open(os.open(f"{home}/keys/{name}", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(text + "\n")

    def command(self, home):
        if os.path.exists(f"{home}/backup.wanted"):
            return [self.sunap, "backup", "--config", f"{home}/config/sunap.toml", "--to", f"{home}/drops/copy.sqlite"]
        if os.path.exists(f"{home}/restore.wanted"):
            return [self.sunap, "restore", "--config", f"{home}/config/sunap.toml", "--from", f"{home}/drops/older.sealed"]
        return [self.sunap, "demo", "--into", home, "--resume"]

    def run(self, home, before=(), env=None):
        done = subprocess.run([*before, *self.command(home)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, timeout=120, env=env)
        return done.returncode, done.stderr.decode(errors="replace")

    def calm(self, home):
        """A run without faults; 65 says that the month does not add up yet, which half a month does not."""
        code, told = self.run(home)
        if code == 64 and os.path.exists(f"{home}/drops/copy.sqlite"):
            return None  # the backup has its name already; that it is whole is seen by its bytes
        return None if code in (0, 65) else f"the start after it ended with {code}: {told.strip()[-300:]}"

    def runs(self, scenario, home, before=(), env=None):
        """The run of a scenario with or without a fault; where a taker of its own is part of it, with that."""
        taker = Taker(home) if scenario in self.taken else None
        with taker if scenario == "peer-beside" else contextlib.nullcontext():
            code, told = self.run(home, before, env)
        if taker:
            taker.take()
        return code, told, taker

    def end(self, home, taker):
        """The starts after it, without faults. What the taker could not take yet it takes between two."""
        told = self.calm(home)
        if taker and not told:
            taker.take()
            told = self.calm(home)
        return told

    def left(self, home):
        """What a run left: business state, findings, files."""
        done = subprocess.run([self.sunap, "verify", "--config", f"{home}/config/sunap.toml"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        files = {}
        for top in ("spool", "state", "drops"):
            for folder, _, names in os.walk(f"{home}/{top}"):
                for name in names:
                    path = os.path.join(folder, name)
                    short = os.path.relpath(path, home)
                    if "/seen/" in short:
                        continue  # when the rehearsal's bank first looked at a file, which it leaves to a taker of its own
                    if "lock" in name or name.startswith("ledger.sqlite") or name == "script.toml":
                        if not name.startswith("ledger.sqlite.new") and not name.endswith(".new"):
                            continue
                    with open(path, "rb") as file:
                        bytes_ = file.read()
                    if name == "witness.log":
                        # Two files of one minute may leave in either order; `verify` has checked the chain. When it worked,
                        # and which file was judged again after a crash, is another matter in each run.
                        bytes_ = b"\n".join(witnessed(bytes_))
                    if short.startswith("state/roots/") or name.endswith(".root"):
                        # The same: the chain's hashes depend on that order; `verify` has held them against the journal.
                        bytes_ = re.sub(rb"[0-9a-f]{32,}", b"-", bytes_)
                    files[short] = hashlib.sha256(bytes_).hexdigest()
        if os.path.exists(f"{home}/keys/2.key"):
            # A change of keys that was stopped is noticed, and journaled, once more: the chain is longer. `verify` has held it.
            files.pop("state/roots/head", None)
        return done.returncode, done.stdout.decode(errors="replace"), files

    def compare(self, home, wanted):
        code, told, files = self.left(home)
        wrong = []
        if code != 0 or told != wanted[1]:
            wrong.append(f"verify ended with {code}: {told.strip()[-400:]}")
        for path in sorted(set(files) | set(wanted[2])):
            if files.get(path) != wanted[2].get(path):
                how = "missing" if path not in files else "left over" if path not in wanted[2] else "other bytes"
                wrong.append(f"{how}: {path}")
        return wrong


def record(world, scenario):
    """Every changing call of an undisturbed run, in order."""
    home = tempfile.mkdtemp(dir=world.base)
    shutil.copytree(world.snapshots[scenario], f"{home}/h", symlinks=True)
    log = f"{home}/log"
    code, told, _ = world.runs(scenario, f"{home}/h", ["strace", "-f", "-qq", "-y", "-s", "8", "-o", log])
    assert code in (0, 65), (code, told)
    points, numbers, main = [], collections.Counter(), None
    for line in open(log, errors="replace"):
        found = re.match(r"(\d+) +(\w+)\((.*)", line)
        if not found:
            continue
        pid, call, rest = found.groups()
        main = main or pid
        if pid != main:
            continue
        numbers[call] += 1
        if points and not points[-1].after:
            points[-1] = points[-1]._replace(after=(call, numbers[call]))
        harmless = (call == "openat" and "O_CREAT" not in rest) or (call == "write" and not re.match(r"\d+</.*/h/", rest))
        if call in CALLS and not harmless:
            points.append(Point(call, numbers[call], rest.strip().replace(f"{home}/h/", "")[:120], None))
    shutil.rmtree(home)
    return points


def injection(world, fault, point, log):
    """How a fault is brought to its call: what stands before the command, and its surroundings."""
    call, number = point.call, point.number
    if fault in SHORTS:
        wish = f"{call}:{number}" + ("+full" if fault == "short-full" else "")
        return [], dict(os.environ, LD_PRELOAD=world.shim, SUNAP_SHORT=wish, SUNAP_SHORT_LOG=log)
    traced, inject, quick = call, f"error={fault}", ["--seccomp-bpf", "-y"]
    if fault in KILLS:
        # No --seccomp-bpf with a signal: it is not delivered at such a stop, and nothing would be killed.
        traced, inject, quick = f"{call},{point.after[0]}", "signal=KILL", []
        call, number = (call, number) if fault == "kill-before" else point.after
    return ["strace", "-f", "-qq", "-s", "0", "-o", log, *quick, "-e", f"trace={traced}", "-e", f"inject={call}:{inject}:when={number}"], None


def was_hit(fault, point, code, log):
    """Whether the run came to its call, and to the right one."""
    with contextlib.suppress(FileNotFoundError), open(log, errors="replace") as file:
        lines = file.read().splitlines()
        if fault not in KILLS:
            return fault in SHORTS or any("(INJECTED)" in line for line in lines)
        main = lines[0].split()[0] if lines else ""
        seen = collections.Counter(found.group(1) for line in lines if (found := re.match(main + r" +(\w+)\(", line)))
        wanted = point.number + (fault == "kill-after" and point.after[0] == point.call)
        return code in (-9, 137) and seen[point.call] == wanted
    return False


def went_on(log):
    """Whether the ledger's log was made durable again after that had failed. (Nothing follows the one that belongs to the
    closing of the ledger: all is committed by then. Which one that is hangs on the taker, where one works beside.)"""
    with open(log, errors="replace") as file:
        tries = [line for line in file if " fsync(" in line and "ledger.sqlite-wal>" in line]
    return any("(INJECTED)" in line for line in tries[:-1])


def attempt(world, scenario, fault, point):
    home = tempfile.mkdtemp(dir=world.base)
    try:
        shutil.copytree(world.snapshots[scenario], f"{home}/h", symlinks=True)
        code, told, taker = world.runs(scenario, f"{home}/h", *injection(world, fault, point, f"{home}/log"))
        hit = was_hit(fault, point, code, f"{home}/log")
        wrong = []
        if code not in (0, 65, 74, 137, -9):
            wrong.append(f"ended with {code}: {told.strip()[-300:]}")
        if code in (0, 65) and fault not in (*KILLS, *SHORTS, "EINTR") and went_on(f"{home}/log"):
            wrong.append("a failed fsync of the ledger's log did not stop the process")
        again = world.end(f"{home}/h", taker)
        if again:
            wrong.append(again)
        if taker:
            wrong += taker.twice(world.taken[scenario])
        wrong += world.compare(f"{home}/h", world.wanted[scenario])
        return code if hit else "not hit", wrong
    except subprocess.TimeoutExpired:
        return None, ["it hung"]
    finally:
        shutil.rmtree(home, ignore_errors=True)


def prepare(world):
    """The undisturbed run, stopped at the beginning of each scenario, and what each of them must leave."""
    home = f"{world.base}/line"
    os.mkdir(home)
    world.fresh(home)
    for name, begins, ends in RUNS:
        if begins:
            world.script(home, begins)
            assert (told := world.calm(home)) is None, told
        world.snapshots[name] = f"{world.base}/snapshot-{name}"
        shutil.copytree(home, world.snapshots[name], symlinks=True)
        world.script(world.snapshots[name], ends)
        world.script(home, ends)
        assert (told := world.calm(home)) is None, told
        world.wanted[name] = world.left(home)
        assert world.wanted[name][0] == 0, world.wanted[name][1]


def recovery(world):
    """A scenario of its own: what a start does after a kill in the middle of publishing, killed and failed in turn."""
    points = record(world, "publish")
    token = next(p for p in points if p.call == "renameat2" and "EB21" in p.names and ".stage" in p.names and "outbox" in p.names)
    for name, step in (("recovery-before-token", 0), ("recovery-after-token", 1)):
        home = f"{world.base}/snapshot-{name}"
        shutil.copytree(world.snapshots["publish"], home, symlinks=True)
        call, number, _, _ = token if step == 0 else points[points.index(token) + 1]
        code, told = world.run(home, ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}"])
        assert code in (-9, 137), (code, told)
        world.snapshots[name], world.wanted[name] = home, world.wanted["publish"]
    return world.snapshots["recovery-before-token"]


def orders(world):
    """A scenario of its own: operators' orders, done and refused. An order that is judged again gives the same answer.

    No two are about one mandate: an order that the disk kept from being taken is overtaken by the next (docs/reliability.md)."""
    home = f"{world.base}/snapshot-orders"
    shutil.copytree(world.snapshots["publish"], home, symlinks=True)
    world.script(home, "2026-01-02 13:40")
    for number, (verb, payer) in enumerate((("suspend", "S00001"), ("suspend", "S00002"), ("resume", "S00003"), ("resume", "S00004"))):
        # As people do it: under another name, then one rename.
        path = f"{home}/spool/control/inbox/{number}-{verb}.toml"
        with open(path + ".tmp", "w", encoding="utf-8") as out:
            out.write(f'verb = "mandate.{verb}"\ncreditor = "10000003"\npayer_no = "{payer}"\nitem = "GIFT"\n'
                      'reason = "납부자 요청"\nby = "kim"\nat = "2026-01-02 13:30:00"\n')
        os.rename(path + ".tmp", path)
    undisturbed = f"{world.base}/orders"
    shutil.copytree(home, undisturbed, symlinks=True)
    assert (told := world.calm(undisturbed)) is None, told
    world.snapshots["orders"], world.wanted["orders"] = home, world.left(undisturbed)
    assert world.wanted["orders"][0] == 0, world.wanted["orders"][1]
    answers = sorted(n for n in os.listdir(f"{undisturbed}/spool/control/outbox") if n.endswith(".answer.toml"))
    results = [re.search(r'result = "(.*)"', open(f"{undisturbed}/spool/control/outbox/{name}", encoding="utf-8").read()).group(1) for name in answers]
    assert results == ["done", "done", "refused", "refused"], (answers, results)


def keys_and_copies(world):
    """Scenarios of their own: a change of keys beside a window, a backup, an older backup restored, and the first start of
    this program on a ledger of the version before."""
    names = ("key-rotation", "backup", "restored", "migration")
    for name in names:
        home = world.snapshots[name] = f"{world.base}/snapshot-{name}"
        shutil.copytree(world.snapshots["publish"], home, symlinks=True)
    home = world.snapshots["key-rotation"]
    for name, text in (("2.key", b"sunap demo: a second key for all".hex()), ("current", "2")):
        with open(os.open(f"{home}/keys/{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text + "\n")
    home = world.snapshots["restored"]
    before = world.left(home)
    copy = subprocess.run([world.sunap, "backup", "--config", f"{world.snapshots['registration']}/config/sunap.toml",
                           "--to", f"{home}/drops/older.sealed"], capture_output=True)
    assert copy.returncode == 0, copy.stderr
    for end in ("", "-wal", "-shm"):
        if os.path.exists(f"{home}/state/ledger.sqlite{end}"):
            os.remove(f"{home}/state/ledger.sqlite{end}")
    open(f"{home}/restore.wanted", "w").close()
    open(f"{world.snapshots['backup']}/backup.wanted", "w").close()
    older(f"{world.snapshots['migration']}/state/ledger.sqlite")
    for name in names:
        undisturbed = f"{world.base}/calm-{name}"
        shutil.copytree(world.snapshots[name], undisturbed, symlinks=True)
        assert (told := world.calm(undisturbed)) is None, (name, told)
        world.wanted[name] = world.left(undisturbed)
        assert world.wanted[name][0] == 0, (name, world.wanted[name][1])
    assert world.wanted["restored"][1] == before[1], "a restored ledger is that of before"
    assert world.wanted["publish"][1] == world.wanted["migration"][1]


def older(ledger):
    """Takes back what schema/0002.sql did, as `src/ledger/tests/opening.rs` does."""
    sql = sqlite3.connect(ledger)
    view, = sql.execute("SELECT sql FROM sqlite_schema WHERE name = 'collection_now'").fetchone()
    sql.executescript(f"""DROP INDEX charge_over; DROP INDEX file_step_by_order; DROP VIEW collection_now;
        {view.split(" AS collected_now,")[0]} AS collected_now FROM collection k JOIN file f ON f.file_id = k.file_id;
        ALTER TABLE file DROP COLUMN listed_code; ALTER TABLE file DROP COLUMN listed_from; PRAGMA user_version = 1;""")
    sql.close()


def peers(world):
    """Scenarios of their own: the rehearsal's bank lets the files of a window lie, a program of its own takes them."""
    for name in ("peer-dead", "peer-beside"):
        home = world.snapshots[name] = f"{world.base}/snapshot-{name}"
        shutil.copytree(world.snapshots["publish"], home, symlinks=True)
        rules = pathlib.Path(f"{home}/config/exchange/demo.toml")
        text = rules.read_text(encoding="utf-8").replace("[taking]\nminutes = 0", "[taking]\nminutes = 600")
        assert "minutes = 600" in text
        rules.write_text(text, encoding="utf-8")
        undisturbed = f"{world.base}/calm-{name}"
        shutil.copytree(home, undisturbed, symlinks=True)
        world.taken[name] = []
        code, told, taker = world.runs(name, undisturbed)
        assert code in (0, 65), (code, told)
        assert (told := world.end(undisturbed, taker)) is None, told
        world.taken[name], world.wanted[name] = taker.taken, world.left(undisturbed)
        assert taker.taken and world.wanted[name][0] == 0, (taker.taken, world.wanted[name][1])
        ledger = sqlite3.connect(f"{undisturbed}/state/ledger.sqlite")
        for _, file, _ in taker.taken:
            state, = ledger.execute("SELECT state FROM file WHERE name = ? AND way = 'out' ORDER BY file_id DESC", (file,)).fetchone()
            assert state == "taken", (file, state)
        ledger.close()
    assert world.wanted["peer-dead"][1] == world.wanted["peer-beside"][1]


def uncertain(world, snapshot):
    """Another boot while a file is staged: held, told, never sent; a person's release sends the same bytes."""
    home = f"{world.base}/uncertain"
    shutil.copytree(snapshot, home, symlinks=True)
    ledger = sqlite3.connect(f"{home}/state/ledger.sqlite")
    ledger.execute("UPDATE file SET boot_id = 'another boot' WHERE state = 'staged'")
    name, sha = ledger.execute("SELECT name, lower(hex(sha256)) FROM file WHERE state = 'staged'").fetchone()
    ledger.commit(), ledger.close()
    world.run(home)
    ledger = sqlite3.connect(f"{home}/state/ledger.sqlite")
    state, = ledger.execute("SELECT state FROM file WHERE name = ?", (name,)).fetchone()
    alerts = [row[0] for row in ledger.execute("SELECT name FROM alert")]
    ledger.close()
    channel = next(os.scandir(f"{home}/spool/channel")).path
    there = lambda room: os.path.exists(f"{channel}/{room}/{name}")
    ok = state == "uncertain" and "file-uncertain" in alerts and there("held") and not there("outbox") and not there("sent")
    ok = ok and hashlib.sha256(open(f"{channel}/held/{name}", "rb").read()).hexdigest() == sha
    return [] if ok else [f"uncertain: {name} is {state}, alerts {alerts}"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sunap", default=f"{ROOT}/target/debug/sunap")
    arguments.add_argument("--share", type=int, default=1, help="every so manyth injection")
    arguments.add_argument("--seconds", type=float, default=0, help="no new injection after so long; 0: all")
    arguments.add_argument("--seed", type=int, default=2026, help="the order of the injections")
    arguments.add_argument("--only", help="one scenario")
    arguments.add_argument("--fault", help="one fault")
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--tally", help="a file that gets a line for each injection when it is done")
    given = arguments.parse_args()
    base = tempfile.mkdtemp(prefix="sunap-crash-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    started = time.monotonic()
    try:
        world = World(given.sunap, base)
        world.compile()
        prepare(world)
        stopped = recovery(world)
        orders(world)
        keys_and_copies(world)
        peers(world)
        broken = uncertain(world, stopped)
        for line in broken:
            print("BROKEN", line)
        todo = []
        for scenario in world.snapshots:
            if given.only and scenario != given.only:
                continue
            points = record(world, scenario)
            print(f"{scenario}: {len(points)} changing calls", flush=True)
            todo += [(scenario, fault, point) for point in points for fault, calls in FAULTS.items()
                     if (calls is None or point.call in calls) and given.fault in (None, fault) and (world.shim or fault not in SHORTS)
                     and (fault != "kill-after" or point.after)]
        random.Random(given.seed).shuffle(todo)
        whole, todo = len(todo), todo[:: given.share]
        tried, codes, lock = collections.Counter(), collections.Counter(), threading.Lock()
        bad, missed, begun = 0, 0, time.monotonic()
        tally, stopped_by = open(given.tally, "a", encoding="utf-8") if given.tally else None, []
        signal.signal(signal.SIGTERM, lambda *_: stopped_by.append("SIGTERM"))  # no new ones, then the sums

        def one(job):
            nonlocal bad, missed
            if stopped_by or given.seconds and time.monotonic() - begun > given.seconds:
                return
            code, wrong = attempt(world, *job)
            with lock:
                tried[job[:2]] += 1
                codes[(job[1], code)] += 1
                missed += code == "not hit"
                scenario, fault, (call, number, names, _) = job
                if wrong:
                    bad += 1
                    print(f"BROKEN {scenario}: {fault} at {call} {number} ({names}), ended with {code}\n    " + "\n    ".join(wrong[:6]), flush=True)
                if tally:
                    print(scenario, fault, call, number, code, "broken" if wrong else "held", names, sep="\t", file=tally, flush=True)

        with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
            list(pool.map(one, todo))
        for scenario in world.snapshots:
            row = {fault: tried[(scenario, fault)] for fault in FAULTS if tried[(scenario, fault)]}
            if row:
                print(f"{scenario:24} {row}")
        print("how the disturbed runs ended:", {f"{f}/{c}": n for (f, c), n in sorted(codes.items(), key=str)})
        print(f"{sum(tried.values()) - missed} of {whole} injections ({missed} more did not come to their call), {bad + len(broken)} broken, {time.monotonic() - started:.0f} s")
        return 1 if bad or broken else 0
    finally:
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
