#!/bin/bash
# Process 1 inside User-Mode Linux until systemd is: puts a layer that forgets (tmpfs) over the host's root, takes the host's own
# units and mounts out of it, and hands over. Told by the kernel's command line: BOOT_WORK (a folder of the host, written by boot.py).
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t tmpfs -o mode=755,size=900M tmpfs /mnt
mkdir /mnt/up /mnt/work /mnt/root
exec >/mnt/said 2>&1
insmod "/usr/lib/uml/modules/$(uname -r)/kernel/fs/overlayfs/overlay.ko"
mount -t overlay -o lowerdir=/,upperdir=/mnt/up,workdir=/mnt/work overlay /mnt/root
cd /mnt/root || exit
# A host that is a container says so by files; systemd would then leave out mounts (credentials) that a machine has.
rm -rf .dockerenv etc/systemd/system etc/systemd/network etc/fstab etc/machine-id var/lib/systemd var/log/journal
mkdir -p etc/systemd/system var/lib/systemd mnt
: >etc/fstab
echo 00000000000000000000000000000001 >etc/machine-id
mount -t hostfs none mnt -o "$BOOT_WORK"
cp mnt/units/* etc/systemd/system/
cat /mnt/said >mnt/early.log
exec switch_root . /lib/systemd/systemd
