"""Starts a kernel in a process (Debian's User-Mode Linux) with the host's root below it, for power_loss.py and ../systemd/boot.py."""
import signal, os, subprocess


def boot(init, told, disks=(), memory="768M", seconds=900):
    """Runs `init` as process 1 until it powers off, with `told` on the kernel's command line; what the console said.
    After so many seconds the machine is killed."""
    command = ["linux.uml", f"mem={memory}", *(f"ubd{nth}={disk}" for nth, disk in enumerate(disks)), "root=/dev/root",
               "rootfstype=hostfs", "rootflags=/", "ro", f"init={init}", *(f"{key}={value}" for key, value in told.items()),
               "con=null", "con0=null,fd:1", "ssl=null", "quiet"]
    machine = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        said, _ = machine.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(machine.pid, signal.SIGKILL)
        said, _ = machine.communicate()
    return said.decode(errors="replace")
