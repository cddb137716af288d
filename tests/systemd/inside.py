#!/usr/bin/env python3
"""Runs as root inside the booted machine (boot.py): installs sunap as README.md says, and sees it work under its units.

Each line of what it finds is `ok` or `BROKEN`, what was looked at, and what was seen. It ends the machine.
"""
import glob, grp, json, os, pwd, re, shutil, socket, stat, subprocess, sys, threading, time, traceback

WORK = "/mnt"
GIVEN = json.load(open(f"{WORK}/given.json"))
SPOOL, STATE, CONFIG = "/var/spool/sunap", "/var/lib/sunap", "/etc/sunap/sunap.toml"
CREDITOR, CHANNEL = f"{SPOOL}/creditor/10000001", f"{SPOOL}/channel/bankingplus-seoul"
ACCOUNT = "110123456789"
LIST = ("고객번호,고객명,집금항목코드,건당출금한도,월이체금액,최초이체년월,이체예정일,이체은행,계좌번호,예금주명,생년월일/사업자번호\n"
        f"A-0001,홍길동,TUITION,300000,150000,2026-12,15,088,{ACCOUNT},홍길동,900101\n")
USERS = """unmapped = "none"
second_person = []
[[role]]
name = "clerk"
rights = ["mandate.register"]
[[role]]
name = "operator"
rights = ["file.*", "mandate.*"]
[[role]]
name = "line"
rights = ["bank.deliver"]
[[user]]
id = "kim"
name = "김담당"
accounts = ["kim"]
roles = ["clerk"]
creditors = ["10000001"]
[[user]]
id = "park"
name = "박운영"
accounts = ["park"]
roles = ["operator"]
[[user]]
id = "line"
name = "은행 회선"
accounts = ["sunap-transfer"]
roles = ["line"]
"""
report = open(f"{WORK}/report", "w", buffering=1)
broken = []


def check(what, holds, seen=""):
    report.write(f"{'ok    ' if holds else 'BROKEN'} {time.monotonic():6.1f} {what}: {seen}\n")
    if not holds:
        broken.append(what)


def run(command, **how):
    done = subprocess.run(command, shell=isinstance(command, str), capture_output=True, text=True, **how)
    with open(f"{WORK}/commands.log", "a") as log:
        log.write(f"$ {command}\n{done.stdout}{done.stderr}[{done.returncode}]\n")
    return done


def must(command, **how):
    done = run(command, **how)
    if done.returncode:
        raise SystemExit(f"{command}: {done.stdout}{done.stderr} [{done.returncode}]")
    return done.stdout


def until(look, seconds=30):
    """What `look` gives as soon as it is not empty; what it gave last after so long."""
    end = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < end:
        time.sleep(0.1)
    return seen


def unit(name, unit="sunap"):
    return must(["systemctl", "show", "-P", name, unit]).strip()


def state():
    return unit("ActiveState") + "/" + unit("SubState")


def journal(unit="sunap", **how):
    return must(["journalctl", "-u", unit, "-o", "cat", "--no-pager"], **how)


def at(clock):
    """Sets the machine's clock (Korean time) while the daemon is stopped."""
    must(["systemctl", "stop", "sunap", "sunap-bank"])
    must(["date", "-s", f"{clock} +0900"])
    must(["systemctl", "start", "sunap-bank", "sunap"])


def by_hand(*verb):
    """A verb as the daemon's own account, with the keys that the unit has."""
    credentials = [f"--property={line}" for path in glob.glob("/etc/systemd/system/sunap.service.d/keys.conf")
                   for line in open(path).read().splitlines() if "=" in line]
    if credentials:
        return run(["systemd-run", "--quiet", "--wait", "--pipe", "--uid=sunap", "--gid=sunap", *credentials, "sunap", *verb, "--config", CONFIG])
    return run(["runuser", "-u", "sunap", "--", "sunap", *verb, "--config", CONFIG])


def drop(user, inbox, name, text):
    """As everybody should: under a hidden name, then renamed."""
    return run(["runuser", "-u", user, "--", "sh", "-c", f"umask 007; cat > {inbox}/.{name}.tmp && mv {inbox}/.{name}.tmp {inbox}/{name}"],
               input=text)


def names(folder):
    return sorted(name for name in os.listdir(folder) if not name.startswith("."))


def owned(path):
    seen = os.stat(path)
    return f"{pwd.getpwuid(seen.st_uid).pw_name}:{grp.getgrgid(seen.st_gid).gr_name} {stat.S_IMODE(seen.st_mode):o}"


def part(page, after):
    """The first block of commands behind these words of a page."""
    text = open(f"{GIVEN['sources']}/{page}").read()
    return text[text.index(after):].split("```")[1].removeprefix("sh\n").strip()


def install():
    """The commands of README.md, "Under systemd", as they stand there."""
    block = part("README.md", "## Under systemd").splitlines()
    os.chdir(GIVEN["sources"])
    # What the build makes is given.
    check("README: the first command builds", block[0].startswith("cargo build"), block[0])
    must(["install", "-m", "755", GIVEN["sunap"], "/usr/bin/sunap"])
    for line in block[1:]:
        line = line.replace("systemctl enable --now sunap", "systemctl enable sunap")
        done = run(line)
        check(f"README: {line.split(' /')[0][:60]}", done.returncode == 0, (done.stdout + done.stderr).strip()[-300:])
    for user, group in (("kim", "c10000001"), ("park", "sunap-ops")):  # docs/rights.md
        must(f"groupadd {group}; useradd -g {group} {user}; usermod -aG {group} sunap")
    must("useradd eve")


def first_start():
    must(["date", "-s", "2026-12-01 13:59:00 +0900"])
    verify = run("systemd-analyze verify /etc/systemd/system/sunap*.service /etc/systemd/system/sunap*.timer")
    check("systemd-analyze verify", verify.returncode == 0, (verify.stdout + verify.stderr).strip()[-300:])
    began = time.monotonic()
    done = run(["systemctl", "start", "sunap"])
    seen = state()
    check("the unit starts, and is active once the daemon says READY", done.returncode == 0 and seen == "active/running",
          f"{seen}, type {unit('Type')}, {time.monotonic() - began:.1f} s {done.stderr.strip()} {journal()[-600:] if done.returncode else ''}")
    if done.returncode:
        raise SystemExit("the daemon does not start: nothing more can be seen")
    check("READY came from the daemon", unit("Type").startswith("notify") and "ready" in journal(), unit("StatusText"))
    check("the watchdog is on", unit("WatchdogUSec") == "2min", unit("WatchdogUSec"))
    os.symlink(SPOOL, "/srv/spool")
    must(["bash", "-ec", part("docs/rights.md", "Folders for several people")], cwd="/srv")
    must(["bash", "-ec", part("docs/transfer.md", "## Set up")])
    with open("/etc/sunap/users.toml", "w") as out:
        out.write(USERS)
    must("cp -r /etc/sunap /srv/bank; install -d -o sunap-transfer -g sunap -m 750 /var/lib/sunap-bank; : > /srv/bank/rules.toml")
    must("sed -i 's|^state = .*|state = \"/var/lib/sunap-bank\"|' /srv/bank/sunap.toml")
    with open("/etc/systemd/system/sunap-bank.service", "w") as out:
        out.write("[Service]\nUser=sunap-transfer\nGroup=sunap\nUMask=0007\nExecStart=/usr/bin/sunap exchange --config /srv/bank/sunap.toml "
                  "--channel bankingplus-seoul --rules /srv/bank/rules.toml\n")
    must("systemctl daemon-reload")


def bank_day():
    """From a dropped list to money: the wall clock as the unit has it, set by hand between the windows."""
    at("2026-12-01 13:59:50")
    outside = drop("eve", f"{CREDITOR}/inbox", "mandates-eve.csv", LIST)
    check("who is not in the folder's group cannot drop", outside.returncode != 0, outside.stderr.strip())
    done = drop("kim", f"{CREDITOR}/inbox", "mandates.csv", LIST)
    check("another user drops a list", done.returncode == 0, done.stderr)
    answer = f"{CREDITOR}/outbox/mandates.csv.answer.csv"
    until(lambda: os.path.exists(answer))
    check("its answer is the daemon's, and for the group to read", os.path.exists(answer) and owned(answer) == "sunap:c10000001 640",
          owned(answer) if os.path.exists(answer) else "none")
    read = run(["runuser", "-u", "kim", "--", "cat", answer])
    check("who dropped it reads it", "A-0001" in read.stdout, read.stderr.strip())
    refused = run(["runuser", "-u", "eve", "--", "cat", answer])
    check("others do not", refused.returncode != 0, refused.stderr.strip())
    sent = until(lambda: glob.glob(f"{CHANNEL}/outbox/EB131201.ok") + glob.glob(f"{CHANNEL}/sent/EB131201"), 90)
    check("EB13 goes out when its window opens, at 14:00", bool(sent), f"{sent} at {time.strftime('%H:%M:%S', time.gmtime(time.time() + 9 * 3600))}")
    taken = until(lambda: glob.glob(f"{CHANNEL}/sent/EB131201.receipt"))
    check("the line's user takes it and writes its receipt", bool(taken), owned(taken[0]) if taken else names(f"{CHANNEL}/outbox"))
    at("2026-12-02 10:30:05")
    active = until(lambda: "EB141201" in names(f"{CHANNEL}/done"), 30)
    check("EB14 of the next day is applied", bool(active), names(f"{CHANNEL}/done"))
    if GIVEN["short"]:
        return
    at("2026-12-14 09:00:05")
    asked = until(lambda: "계좌신청완료" in show() and "이체의뢰대기" in show(), 30)
    check("the debit of the 15th is requested by itself at 09:00", bool(asked), [line for line in show().splitlines() if "이체" in line][:3])
    at("2026-12-14 14:00:02")
    out = until(lambda: glob.glob(f"{CHANNEL}/sent/EB211215.receipt"), 30)
    check("EB21 goes out and is taken", bool(out), names(f"{CHANNEL}/sent"))
    at("2026-12-16 03:00:05")
    paid = until(lambda: "이체처리완료" in show(), 30)
    check("EB22 is applied: the debit succeeded", bool(paid), names(f"{CHANNEL}/done"))


def show():
    return by_hand("show", "payer", "A-0001").stdout


def sandbox():
    """What the daemon may not do: of the process itself, and tried by a program under the same unit."""
    pid = unit("MainPID")
    status = dict(line.split(":\t", 1) for line in open(f"/proc/{pid}/status").read().splitlines() if ":\t" in line)
    wanted = {"NoNewPrivs": "1", "Seccomp": "2", "CapEff": "0" * 16, "CapPrm": "0" * 16, "CapBnd": "0" * 16, "CapAmb": "0" * 16}
    seen = {key: status[key] for key in wanted}
    check("/proc of the daemon: no new privileges, system calls filtered, no capability", seen == wanted,
          f"{seen}, {status['Seccomp_filters']} filters")
    check("it runs as sunap", status["Uid"].split()[0] == str(pwd.getpwnam("sunap").pw_uid), status["Uid"])
    links = open(f"/proc/{pid}/net/dev").read().splitlines()[2:]
    check("its network has the loopback and nothing else", [link.split(":")[0].strip() for link in links] == ["lo"], links)
    check("its umask and limits", status["Umask"] == "0027" and "0                    0" in
          next(line for line in open(f"/proc/{pid}/limits") if line.startswith("Max core")), status["Umask"])
    must("install -d -m 777 /srv/open; install -m 644 /mnt/probe.py /srv/probe.py")
    shipped = open("/etc/systemd/system/sunap.service").read()
    probe = re.sub(r"(?m)^(Exec\w+|Type|NotifyAccess|WatchdogSec|Restart\w*|StateDirectory\w*)=.*\n", "", shipped)
    for one in probed("sunap-probe", probe.replace("[Service]\n", f"[Service]\nReadWritePaths={STATE}\n")):
        check(f"under the unit, {one['what']} {'works' if one['may'] else 'fails'}", one["may"] == one["could"], one["why"])
    if GIVEN["short"]:
        return
    loose = [one["what"] for one in probed("sunap-loose", "[Service]\nUser=sunap\nGroup=sunap\n") if one["could"] and not one["may"]]
    check("the same program as the same user without the unit does more", len(loose) >= 8, ", ".join(loose))


def probed(name, text):
    with open(f"/etc/systemd/system/{name}.service", "w") as out:
        out.write(text.replace("[Service]\n", "[Service]\nType=oneshot\nExecStart=/usr/bin/python3 /srv/probe.py\n"))
    must("systemctl daemon-reload")
    done = run(["systemctl", "start", name])
    tried = [json.loads(line) for line in journal(name).splitlines() if line.startswith("{")]
    check(f"{name}: it ran to its end", done.returncode == 0 and len(tried) > 20, f"{len(tried)} tries")
    return tried


def orders():
    done = run(["runuser", "-u", "park", "--", "sunap", "file", "reject", "EB13-none", "--reason", "no such file", "--config", CONFIG])
    check("an operator gives an order and gets its answer", done.returncode not in (0, 74, 78) and "EB13-none" in done.stdout + done.stderr,
          (done.stdout + done.stderr).strip()[:200])
    verify = by_hand("verify")
    check("sunap verify beside the daemon", verify.returncode == 0, (verify.stdout + verify.stderr).strip()[-200:])


def killed():
    pid = unit("MainPID")
    must("systemctl kill -s KILL --kill-who=main sunap")
    back = until(lambda: unit("MainPID") not in ("0", pid) and state() == "active/running")
    check("killed (KILL), it is started again and goes on", bool(back), f"{state()}, {unit('NRestarts')} restarts")


def watched():
    if not GIVEN["long"]:
        must("mkdir -p /run/systemd/system/sunap.service.d; printf '[Service]\\nWatchdogSec=8\\n' > /run/systemd/system/sunap.service.d/soon.conf")
        must("systemctl daemon-reload; systemctl restart sunap")
    pid = unit("MainPID")
    if not GIVEN["long"]:
        time.sleep(10)
        check("it feeds the watchdog while nothing happens", unit("MainPID") == pid, "10 s of 8")
    began = time.monotonic()
    os.kill(int(pid), 19)
    back = until(lambda: unit("MainPID") not in ("0", pid) and state() == "active/running", 180)
    check("stopped (SIGSTOP), the watchdog kills it, and it is started again", bool(back),
          f"after {time.monotonic() - began:.1f} s; {re.findall('Watchdog timeout.*|.*result .watchdog.*', journal())[-1:]}")
    check("no core was written", not glob.glob("/var/lib/systemd/coredump/*") + glob.glob(f"{STATE}/core*"), "")
    must("rm -rf /run/systemd/system/sunap.service.d; systemctl daemon-reload")


def reload():
    def told():
        must("systemctl kill -s HUP --kill-who=main sunap" if GIVEN["systemd"] < 253 else "systemctl reload sunap")
    must("sed -i 's|^passbook_text = \"한빛학원수강료\"|passbook_text = \"한빛수강료\"|' /etc/sunap/creditors/10000001.toml")
    told()
    seen = until(lambda: unit("StatusText"), 20)
    check("a changed configuration is read anew", seen == "configuration read anew", seen)
    shutil.copy("/etc/sunap/sunap.toml", "/srv/sunap.toml")
    must("echo 'nonsense = 1' >> /etc/sunap/sunap.toml")
    told()
    seen = until(lambda: unit("StatusText") if "refused" in unit("StatusText") else "")
    check("a broken one is refused, and the old one stays", "refused" in seen and state() == "active/running", seen)
    shutil.copy("/srv/sunap.toml", "/etc/sunap/sunap.toml")
    told()
    until(lambda: unit("StatusText") == "configuration read anew")


def refused():
    """A configuration that is wrong is no reason to start again and again."""
    shutil.copy(CONFIG, "/srv/sunap.toml")
    must(f"systemctl stop sunap; echo 'nonsense = 1' >> {CONFIG}")
    done = run("systemctl start sunap")
    time.sleep(6)
    check("a wrong configuration: it ends with 78 and is not started again", done.returncode != 0 and unit("ExecMainStatus") == "78"
          and unit("NRestarts") == "0" and unit("ActiveState") == "failed", f"{unit('ExecMainStatus')}, {unit('NRestarts')} restarts, {state()}")
    shutil.copy("/srv/sunap.toml", CONFIG)
    must("systemctl reset-failed sunap; systemctl start sunap")


def credentials():
    """docs/keys.md: the keys out of a folder into credentials of systemd, sealed to the machine."""
    must("systemctl stop sunap")
    lines = ["[Service]"]
    for name in ("1.key", "index.key", "current"):
        must(["systemd-creds", "encrypt", f"--name={name}", f"/etc/sunap/keys/{name}", f"/etc/sunap/keys/{name}.cred"])
        lines.append(f"LoadCredentialEncrypted={name}:/etc/sunap/keys/{name}.cred")
        os.remove(f"/etc/sunap/keys/{name}")
    must("chown root:root /etc/sunap/keys /etc/sunap/keys/*; sed -i '/^\\[keys\\]/,$d' /etc/sunap/sunap.toml")
    os.makedirs("/etc/systemd/system/sunap.service.d", exist_ok=True)
    with open("/etc/systemd/system/sunap.service.d/keys.conf", "w") as out:
        out.write("\n".join(lines) + "\n")
    must("systemctl daemon-reload")
    done = run("systemctl start sunap")
    check("with its keys as sealed credentials it starts", done.returncode == 0 and state() == "active/running",
          done.stderr.strip() + ("" if done.returncode == 0 else journal()[-500:]))
    done = drop("kim", f"{CREDITOR}/inbox", "mandates-2.csv", LIST.replace("A-0001", "A-0002").replace(ACCOUNT, "110123456780"))
    answer = f"{CREDITOR}/outbox/mandates-2.csv.summary.toml"
    until(lambda: os.path.exists(answer))
    text = open(answer).read() if os.path.exists(answer) else ""
    check("and seals and opens with them", "accepted = 1" in text or "ok = 1" in text, " ".join(text.split())[:200])


def others():
    """The units with a network: that their sandbox lets them reach it, and nothing of the daemon."""
    listener = socket.create_server(("127.0.0.1", 4100))
    called = []
    threading.Thread(target=lambda: called.append(listener.accept()), daemon=True).start()
    must("install -d -m 700 /etc/sunap/credentials/bankingplus-seoul; echo ABC123 > /etc/sunap/credentials/bankingplus-seoul/transfer-member")
    must("cd /etc/sunap/credentials/bankingplus-seoul; ssh-keygen -q -t ed25519 -N '' -C sunap -f sftp-key")
    done = run("systemctl start sunap-transfer@bankingplus-seoul")
    until(lambda: called, 20)
    check("sunap-transfer@ starts and calls the network", done.returncode == 0 and bool(called),
          unit("ActiveState", "sunap-transfer@bankingplus-seoul") + " " + journal("sunap-transfer@bankingplus-seoul")[-400 if not called else -100:].strip())
    run("systemctl stop sunap-transfer@bankingplus-seoul")
    server()
    done = run("systemctl start sunap-sftp@bankingplus-seoul.service")
    check("sunap-sftp@ visits an SFTP server of this machine", done.returncode == 0, journal("sunap-sftp@bankingplus-seoul")[-400:].strip())
    check("and brings what lies there", bool(until(lambda: "EB141215" in names(f"{CHANNEL}/held") + names(f"{CHANNEL}/rejected") + names(f"{CHANNEL}/inbox"), 20)),
          names(f"{CHANNEL}/rejected"))
    done = run("systemctl start sunap-sftp@bankingplus-seoul.timer")
    check("its timer is set", done.returncode == 0 and unit("ActiveState", "sunap-sftp@bankingplus-seoul.timer") == "active", done.stderr)


def server():
    """An SFTP server on the loopback that has a file for us."""
    must("ssh-keygen -q -t ed25519 -N '' -f /srv/host_key; install -d -o kim -g c10000001 /home/kim /home/kim/upload /home/kim/download; "
         "install -d -o kim -m 700 /home/kim/.ssh; install -o kim -m 600 /etc/sunap/credentials/bankingplus-seoul/sftp-key.pub /home/kim/.ssh/authorized_keys; "
         "usermod -d /home/kim -s /bin/sh -p '*' kim; mkdir -p /run/sshd; echo nonsense > /home/kim/download/EB141215; chown kim /home/kim/download/*")
    with open("/srv/sshd_config", "w") as out:
        out.write("Port 2022\nListenAddress 127.0.0.1\nHostKey /srv/host_key\nPidFile none\nUsePAM no\nSubsystem sftp internal-sftp\n")
    must("/usr/sbin/sshd -f /srv/sshd_config")
    key = " ".join(open("/srv/host_key.pub").read().split()[:2])
    must(["sed", "-i", "-e", "s|^host = .*|host = \"127.0.0.1\"|", "-e", "s|^port = .*|port = 2022|", "-e", "s|^user = .*|user = \"kim\"|",
          "-e", f"s|^host_key = .*|host_key = \"{key}\"|", "/etc/sunap/sftp/bankingplus-seoul.toml"])


def end():
    began = time.monotonic()
    must("systemctl stop sunap")
    check("told to stop, it ends with 0", unit("ExecMainStatus") == "0" and unit("Result") == "success" and unit("ActiveState") == "inactive",
          f"{unit('ExecMainCode')}/{unit('ExecMainStatus')} {unit('Result')}, {time.monotonic() - began:.1f} s")
    lines = [json.loads(line) for line in must("journalctl -u sunap -o json --no-pager").splitlines()]
    odd = [line["MESSAGE"] for line in lines if not isinstance(line["MESSAGE"], str) or "\x1b" in line["MESSAGE"]]
    check("its lines in the journal are text", len(lines) > 20 and not odd, f"{len(lines)} lines {odd[:2]}")
    check("and no account number is in them", ACCOUNT not in journal(), "")
    verify = by_hand("verify", "--whole")
    check("sunap verify --whole at the end", verify.returncode == 0, (verify.stdout + verify.stderr).strip()[-300:])


def main():
    try:
        further = () if GIVEN["short"] else (watched, reload, refused, others, credentials)
        for step in (install, first_start, bank_day, sandbox, orders, killed, *further):
            step()
        end()
    except BaseException:
        check("the test came to its end", False, traceback.format_exc())
    run("journalctl -b --no-pager > /mnt/journal; systemctl --no-pager --failed > /mnt/failed")
    report.write(f"DONE {len(broken)} broken\n")
    report.close()
    os.sync()
    subprocess.run(["systemctl", "poweroff", "--force"])


main()
