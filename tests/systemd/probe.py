"""Tries what a program under sunap's unit may and may not do; one line of JSON each. Run by inside.py under a copy of the unit."""
import ctypes, json, mmap, os, socket

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    if getattr(libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def write(path):
    def tried():
        with open(path, "w") as out:
            out.write("x")
        os.unlink(path)
    return tried


def executable_memory():
    mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def setuid_file():
    write_path = "/var/lib/sunap/.probe"
    with open(write_path, "w"):
        pass
    try:
        os.chmod(write_path, 0o4755)
    finally:
        os.unlink(write_path)


def absent(path):
    def tried():
        os.listdir(path) if os.path.isdir(path) else open(path).close()
    return tried


def others_in_proc():
    if not [name for name in os.listdir("/proc") if name.isdigit() and name == "1"]:
        raise PermissionError("process 1 is not seen")


TRIES = [
    ("writing its state", True, write("/var/lib/sunap/.probe")),
    ("writing its spool", True, write("/var/spool/sunap/.probe")),
    ("writing its own /tmp", True, write("/tmp/probe")),
    ("a socket of this machine (AF_UNIX)", True, lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).close()),
    ("reading its configuration", True, absent("/etc/sunap/sunap.toml")),
    *((f"writing {folder}", False, write(f"{folder}/probe")) for folder in
      ("/etc/sunap", "/etc", "/usr/bin", "/var/lib", "/home", "/root", "/dev", "/run", "/srv/open")),
    ("reading /root", False, absent("/root")),
    ("reading the passwords", False, absent("/etc/shadow")),
    ("the internet (AF_INET)", False, lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()),
    ("the internet (AF_INET6)", False, lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM).close()),
    ("a raw socket", False, lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()),
    ("netlink", False, lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()),
    ("a namespace of its own", False, lambda: call("unshare", 0x10000000)),
    ("mounting", False, lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None)),
    ("setting the clock", False, lambda: call("settimeofday", ctypes.create_string_buffer(16), None)),
    ("the name of the machine", False, lambda: call("sethostname", b"x", 1)),
    ("memory to write and to execute", False, executable_memory),
    ("a setuid file", False, setuid_file),
    ("tracing", False, lambda: call("ptrace", 0, 0, 0, 0)),
    ("a higher priority", False, lambda: os.nice(-5)),
    ("another user", False, lambda: os.setuid(0)),
    ("real-time scheduling", False, lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))),
    ("seeing other processes", False, others_in_proc),
    ("a block device", False, lambda: os.mknod("/tmp/device", 0o60600, os.makedev(98, 0))),
]

for what, may, tried in TRIES:
    try:
        tried()
        could, why = True, ""
    except Exception as error:
        could, why = False, str(error)
    print(json.dumps({"what": what, "may": may, "could": could, "why": why}), flush=True)
