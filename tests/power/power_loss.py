#!/usr/bin/env python3
"""Cuts the power of the real program at every block that it writes, and starts it again.

A week of the demo (lists, registrations, debits, results, a truncated one) runs in User-Mode Linux on a file system whose block
writes dm-log-writes records, flushes and FUA included. Then, on the host, the disk is put together as it was at each of
them, mounted (the file system replays its journal), and the program goes on to the end of the week. Two kinds of states:

  prefix    everything up to one write has reached the disk
  reorder   everything up to the last flush, and a random part of what was written after it (what FUA wrote is kept)

What must hold at each state:
  - before the program starts: what an ended run had told is there (a mark in the log): its files' states and their bytes;
  - after it: what the undisturbed run left, byte for byte (tests/crash/matrix.py compares), or a file is `uncertain`: in held/,
    with the same bytes, an alert raised, nothing sent (docs/reliability.md), and `sunap verify` finds nothing.

    tests/power/power_loss.py --sunap target/release/sunap --fs ext4                 every prefix
    tests/power/power_loss.py --sunap target/release/sunap --fs xfs --reorder 5000   and random reorderings
    tests/power/power_loss.py --sunap … --control wal|directories|files|all                those fsyncs are lies: must find violations

Needs root, loop devices, strace (controls), and Debian's user-mode-linux, dmsetup, e2fsprogs, xfsprogs. Exit 1: a promise was
broken (with --control: none was). Exit 77: this machine cannot do it.
"""
import argparse, collections, hashlib, json, multiprocessing, os, random, shutil, sqlite3, struct, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "crash"))
import matrix
import uml

STAGES = ["2025-12-29 09:30", "2025-12-29 14:30", "2025-12-30 10:45", "2026-01-02 14:30", "2026-01-06 04:30"]
FILE_SYSTEMS = {
    "ext4": dict(size=96 << 20, mkfs="mkfs.ext4 -q -F -J size=4", options="data=ordered", modules=""),
    "ext4-writeback": dict(size=96 << 20, mkfs="mkfs.ext4 -q -F -J size=4", options="data=writeback,noauto_da_alloc", modules=""),
    "xfs": dict(size=320 << 20, mkfs="mkfs.xfs -q -f", options="defaults", modules="lib/libcrc32c fs/xfs/xfs"),
}
RANK = {word: nth for nth, word in enumerate(("planned", "built", "staged", "published", "taken", "answered"))}
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8
CHUNK = 1 << 16


def control_command(control, home):
    """strace that answers fsync with 0 and does not do it: of the ledger's log, of folders, of everything."""
    if not control:
        return ""
    lie = "strace -f -qq -o /dev/null -e trace=fsync,fdatasync,sync_file_range -e inject=fsync,fdatasync,sync_file_range:retval=0"
    inside = lambda path: "/run/disk/h" + path[len(home):]
    if control == "wal":
        lie += f" -P {inside(home)}/state/ledger.sqlite-wal"
    if control == "directories":
        for top in ("spool", "state"):
            lie += "".join(f" -P {inside(folder)}" for folder, _, _ in os.walk(f"{home}/{top}"))
    if control == "files":
        # Whatever is written is written under such a name first (src/spool/folder.rs).
        places = ["state", "state/archive", "state/roots"] + [
            f"spool/{place}/{room}" for place in ("channel/bankingplus-seoul", "channel/kftc-seoul", "control",
            *(f"creditor/{creditor}" for creditor in sorted(os.listdir(f"{home}/spool/creditor")))) for room in (".stage", "work", "outbox")]
        lie += "".join(f" -P /run/disk/h/{place}/.sunap-{n}.tmp" for place in places for n in range(60))
    return lie


def record(sunap, work, fs, control):
    """Plays the week in User-Mode Linux; the log's entries, and what each stage had told at its end."""
    world = matrix.World(sunap, work)
    os.mkdir(f"{work}/home")
    world.fresh(f"{work}/home")
    shutil.copy(sunap, f"{work}/sunap")
    for nth, ends in enumerate(STAGES, 1):
        world.script(f"{work}/home", ends)
        shutil.copy(f"{work}/home/drops/script.toml", f"{work}/stage-{nth}.toml")
    shutil.copytree(f"{work}/home", f"{work}/calm", symlinks=True)
    told = []
    for nth in range(1, len(STAGES) + 1):
        shutil.copy(f"{work}/stage-{nth}.toml", f"{work}/calm/drops/script.toml")
        assert (wrong := world.calm(f"{work}/calm")) is None, wrong
        told.append((files_of(f"{work}/calm"), world.left(f"{work}/calm")[2]))
    wanted = world.left(f"{work}/calm")
    assert wanted[0] == 0, wanted[1]
    with open(f"{work}/params", "w") as out:
        out.write(f'MKFS="{fs["mkfs"]}"\nMOUNT_OPTIONS={fs["options"]}\nFS_MODULES="{fs["modules"]}"\n'
                  f'CONTROL="{control_command(control, work + "/calm")}"\n')
    for name, size in (("data.img", fs["size"]), ("log.img", 4 << 30)):
        with open(f"{work}/{name}", "wb") as out:
            out.truncate(size)
    uml.boot(f"{HERE}/init.sh", {"POWER_WORK": work, "POWER_FS": fs["type"]}, disks=[f"{work}/data.img", f"{work}/log.img"])
    inside = open(f"{work}/inside.log").read()
    if "DONE" not in inside or "ended with 0" not in inside.splitlines()[-2]:
        print(f"left out: the recording failed in User-Mode Linux:\n{inside}")
        raise SystemExit(77)
    # What is left at the end holds for a stage only if the stages after it did not move it on.
    kept = [(files, {path: sha for path, sha in left.items() if path.startswith("spool/") and wanted[2].get(path) == sha})
            for files, left in told]
    return wanted, kept


def entries(path):
    with open(path, "rb") as log:
        magic, _, count, sector = struct.unpack("<QQQI", log.read(28))
        assert magic == 0x6A736677736872
        at = sector
        for _ in range(count):
            log.seek(at)
            head = log.read(sector)
            first, sectors, flags, length = struct.unpack("<QQQQ", head[:32])
            at += sector
            if flags & MARK:
                yield flags, 0, 0, head[32:32 + length].rstrip(b"\0").decode()
            elif flags & DISCARD:
                yield flags, first * sector, sectors * sector, None
            else:
                log.seek(at)
                yield flags, first * sector, sectors * sector, log.read(sectors * sector)
                at += sectors * sector


def files_of(home):
    """What the ledger says of each file; read from a copy, so that the ledger itself is not touched."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as copy:
        for end in ("", "-wal"):
            if os.path.exists(f"{home}/state/ledger.sqlite{end}"):
                shutil.copy(f"{home}/state/ledger.sqlite{end}", copy)
        if not os.path.exists(f"{copy}/ledger.sqlite"):
            return {}
        ledger = sqlite3.connect(f"{copy}/ledger.sqlite")
        try:
            rows = ledger.execute("SELECT way, owner, name, coalesce(date, 0), state, lower(hex(sha256)) FROM file").fetchall()
            alerts = {row[0] for row in ledger.execute("SELECT name FROM alert WHERE cleared_at IS NULL")}
        finally:
            ledger.close()
    return {"files": {json.dumps(row[:4]): (row[4], row[5]) for row in rows}, "alerts": sorted(alerts)}


class Disk:
    """The disk as it is put together, written out and mounted for each state."""

    def __init__(self, size, fs_type, base):
        self.image, self.chunks, self.type = bytearray(size), set(), fs_type
        self.file, self.mounted = f"{base}/disk.img", f"{base}/mnt"
        os.makedirs(self.mounted, exist_ok=True)

    def put(self, at, length, data):
        self.image[at:at + length] = data if data is not None else bytes(length)
        self.chunks.update(range(at // CHUNK, (at + max(length, 1) - 1) // CHUNK + 1))

    def write(self, also=()):
        patched = {}
        for at, length, data in also:
            for nth in range(at // CHUNK, (at + length - 1) // CHUNK + 1):
                piece = patched.setdefault(nth, bytearray(self.image[nth * CHUNK:(nth + 1) * CHUNK]))
                low, high = max(at, nth * CHUNK), min(at + length, (nth + 1) * CHUNK)
                piece[low - nth * CHUNK:high - nth * CHUNK] = data[low - at:high - at]
        with open(self.file, "wb") as out:
            out.truncate(len(self.image))
            for nth in sorted(self.chunks | set(patched)):
                piece = patched.get(nth)
                out.seek(nth * CHUNK)
                out.write(piece if piece is not None else memoryview(self.image)[nth * CHUNK:(nth + 1) * CHUNK])

    def mount(self):
        done = subprocess.run(["mount", "-o", "loop,nouuid" if self.type == "xfs" else "loop", "-t", self.type, self.file, self.mounted],
                              capture_output=True, text=True)
        return None if done.returncode == 0 else done.stderr.strip()[:200]

    def unmount(self):
        for _ in range(200):
            if subprocess.run(["umount", self.mounted], capture_output=True).returncode == 0:
                return
            time.sleep(0.02)
        raise SystemExit(f"{self.mounted} stays mounted")


def judge(world, disk, wanted, kept, stage, final_script):
    """What is wrong at this state; `held` where a file was uncertain."""
    if (why := disk.mount()) is not None:
        return [f"it does not mount: {why}"], False
    home, wrong = f"{disk.mounted}/h", []
    try:
        return hold(world, home, wrong, wanted, kept, stage, final_script)
    except (sqlite3.DatabaseError, OSError) as error:
        return wrong + [f"{type(error).__name__}: {error}"], False
    finally:
        disk.unmount()


def hold(world, home, wrong, wanted, kept, stage, final_script):
    """The promises of a mounted state, one after the other."""
    if stage:
        files, paths = kept[stage - 1]
        there = files_of(home).get("files", {})
        for key, (state, sha) in files["files"].items():
            now = there.get(key)
            if now is None or (state in RANK and RANK.get(now[0], 9) < RANK[state]) or (state not in RANK and now[0] != state):
                wrong.append(f"lost: {key} was {state} and is {now and now[0]}")
        for path, sha in paths.items():
            try:
                bytes_ = open(f"{home}/{path}", "rb").read()
                if not path.endswith(".root") and hashlib.sha256(bytes_).hexdigest() != sha:
                    wrong.append(f"torn: {path}")
            except FileNotFoundError:
                wrong.append(f"lost: {path}")
    shutil.copy(final_script, f"{home}/drops/script.toml")
    if again := world.calm(home):
        return wrong + [again], False
    now = files_of(home)
    uncertain = [(json.loads(key), sha) for key, (state, sha) in now["files"].items() if state == "uncertain"]
    if not uncertain:
        return wrong + world.compare(home, wanted), False
    asked = kept[-1][0]["files"]
    for (way, owner, name, date), sha in uncertain:
        path = f"{home}/spool/{owner}/held/{name}"
        if not os.path.exists(path) or hashlib.sha256(open(path, "rb").read()).hexdigest() != sha:
            wrong.append(f"{name} is uncertain and does not lie in held/ with its bytes")
        if asked.get(json.dumps([way, owner, name, date]), ("", ""))[1] not in ("", sha):
            wrong.append(f"{name} is uncertain with other bytes than it has")
    if "file-uncertain" not in now["alerts"]:
        wrong.append("uncertain without an alert")
    verified = subprocess.run([world.sunap, "verify", "--config", f"{home}/config/sunap.toml"], capture_output=True, text=True)
    if verified.returncode:
        wrong.append(f"verify: {verified.stdout[-300:]}")
    return wrong, True


def replay(job):
    """One worker: walks the whole log, judges its share of the states."""
    given, work, fs, wanted, kept, states, share = job
    base = tempfile.mkdtemp(prefix="sunap-power-", dir="/dev/shm")
    world = matrix.World(given.sunap, base)
    disk = Disk(fs["size"], fs["type"], base)
    final = f"{work}/stage-{len(STAGES)}.toml"
    found, counts, epoch, stage, begun = [], collections.Counter(), [], 0, False
    stop = time.monotonic() + given.seconds if given.seconds else None

    def look(kind, tag, also=()):
        if stop and time.monotonic() > stop:
            return
        disk.write(also)
        wrong, held = judge(world, disk, wanted, kept, stage, final)
        counts[kind] += 1
        counts["held for a person"] += held
        if wrong:
            counts["broken"] += 1
            found.append((tag, wrong[:5]))

    try:
        for nth, (flags, at, length, data) in enumerate(entries(f"{work}/log.img")):
            if flags & MARK:
                begun |= data == "start"
                stage = int(data[6:]) if data.startswith("stage-") else stage
                continue
            if begun and flags & FLUSH and len(epoch) > 1:
                for (k, seed) in states["reorder"].get(nth, ()):
                    if k % given.jobs == share:
                        # The epoch is in the image already: taken back for this state, then put on again.
                        back = [(a, l, o) for a, l, _, o, _ in reversed(epoch)]
                        dice = random.Random(seed)
                        cut = dice.randint(1, len(epoch))
                        keep = [(a, l, d) for a, l, d, _, fua in epoch[:cut] if fua or dice.random() < 0.5]
                        look("reorder", f"reorder before entry {nth}, seed {seed}", back + keep)
            if flags & FLUSH:
                epoch = []
            if length and data is not None:
                epoch.append((at, length, data, bytes(disk.image[at:at + length]), bool(flags & FUA)))
            if length:
                disk.put(at, length, data)
            if begun and nth in states["prefix"] and nth % given.jobs == share:
                look("prefix", f"prefix up to entry {nth}")
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return counts, found


def choose(given, work):
    """Which states are judged: all prefixes, or as many as asked for, and random reorderings spread over the epochs."""
    prefix, epochs, begun, size = [], [], False, 0
    for nth, (flags, _, length, data) in enumerate(entries(f"{work}/log.img")):
        if flags & MARK:
            begun |= data == "start"
            continue
        if flags & FLUSH:
            if begun and size > 1:
                epochs.append(nth)
            size = 0
        size += bool(length and data is not None)
        if begun and (flags & FLUSH or data is not None):
            prefix.append(nth)
    dice = random.Random(given.seed)
    whole = len(prefix)
    if given.points and given.points < whole:
        prefix = dice.sample(prefix, given.points)
    reorder = collections.defaultdict(list)
    for k in range(given.reorder if epochs else 0):
        reorder[dice.choice(epochs)].append((k, dice.randrange(1 << 60)))
    return whole, len(epochs), {"prefix": set(prefix), "reorder": dict(reorder)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sunap", required=True)
    arguments.add_argument("--fs", choices=FILE_SYSTEMS, default="ext4")
    arguments.add_argument("--points", type=int, default=0, help="so many prefixes, drawn by the seed; 0: all")
    arguments.add_argument("--reorder", type=int, default=0, help="so many reorderings")
    arguments.add_argument("--control", choices=("wal", "directories", "files", "all"))
    arguments.add_argument("--seconds", type=float, default=0, help="no new state after so long; 0: all")
    arguments.add_argument("--seed", type=int, default=2026)
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--work", help="where the recording lies while it is used")
    given = arguments.parse_args()
    lacks = [tool for tool in ("linux.uml", "dmsetup", "mkfs." + given.fs.split("-")[0], "strace") if not shutil.which(tool)]
    if lacks or os.geteuid() or not os.path.exists("/dev/loop-control"):
        print("left out: needs root, loop devices and", ", ".join(lacks) or "nothing else")
        return 77
    fs = dict(FILE_SYSTEMS[given.fs], type=given.fs.split("-")[0])
    given.sunap = os.path.abspath(given.sunap)
    work = tempfile.mkdtemp(prefix="sunap-power-", dir=given.work)
    began = time.monotonic()
    try:
        wanted, kept = record(given.sunap, work, fs, given.control)
        whole, epochs, states = choose(given, work)
        recorded = time.monotonic()
        print(f"{given.fs}: {whole} writes and flushes, {epochs} epochs of several writes, recorded in {recorded - began:.0f} s", flush=True)
        jobs = [(given, work, fs, wanted, kept, states, share) for share in range(given.jobs)]
        counts, found = collections.Counter(), []
        with multiprocessing.Pool(given.jobs) as pool:
            for part, wrong in pool.imap_unordered(replay, jobs):
                counts += part
                found += wrong
        for tag, wrong in found[:20]:
            print(f"BROKEN {tag}\n    " + "\n    ".join(wrong))
        print(f"{given.fs}{', control ' + given.control if given.control else ''}: {counts['prefix']} prefixes, {counts['reorder']} reorderings, "
              f"{counts['held for a person']} with a file held for a person, {counts['broken']} broken, {time.monotonic() - recorded:.0f} s")
        return int(bool(counts["broken"]) != bool(given.control))
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
