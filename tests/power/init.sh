#!/bin/bash
# Runs as process 1 inside User-Mode Linux, with the host's root read-only below it: plays a piece of the demo's month on a
# file system whose every block write is recorded (dm-log-writes). Told by the kernel's command line: POWER_WORK (a folder of
# the host, written by power_loss.py), POWER_FS (ext4, xfs).
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DM_DISABLE_UDEV=1
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /tmp
mount -t devtmpfs dev /dev 2>/dev/null || { mount -t tmpfs dev /dev; mknod /dev/null c 1 3; mknod /dev/urandom c 1 9
  mknod /dev/random c 1 8; mknod /dev/ubda b 98 0; mknod /dev/ubdb b 98 16; }
mkdir -p /run/work /run/disk /dev/shm; mount -t tmpfs tmpfs /dev/shm
mount -t hostfs none /run/work -o "$POWER_WORK"
exec >/run/work/inside.log 2>&1
. /run/work/params
modules=/usr/lib/uml/modules/$(uname -r)/kernel
modprobe -d /run/none dm-mod 2>/dev/null
for module in drivers/md/dm-mod drivers/md/dm-log-writes $FS_MODULES; do insmod "$modules/$module.ko"; done
size=$(blockdev --getsz /dev/ubda)
dmsetup create lw --table "0 $size log-writes /dev/ubda /dev/ubdb" || echo "NO DEVICE"
dmsetup mknodes
mark() { dmsetup message lw 0 mark "$1"; }
$MKFS /dev/mapper/lw || echo "NO FILE SYSTEM"
mount -t "$POWER_FS" -o "$MOUNT_OPTIONS" /dev/mapper/lw /run/disk || echo "NOT MOUNTED"
cp -a /run/work/home /run/disk/h
sync
mark start
stage=0
for script in /run/work/stage-*.toml; do
  stage=$((stage + 1))
  cp "$script" /run/disk/h/drops/script.toml
  # A person who changes a file that matters makes it durable; nothing of the run depends on it otherwise.
  sync /run/disk/h/drops/script.toml
  $CONTROL /run/work/sunap demo --into /run/disk/h --resume >/run/work/stage-$stage.out 2>&1
  echo "stage $stage ended with $?"
  mark "stage-$stage"
done
mark end
sync
umount /run/disk; dmsetup remove lw
echo DONE
sync
echo o >/proc/sysrq-trigger
sleep 5
