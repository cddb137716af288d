"""A bank's program of its own: takes files of ours by the rules of docs/transfer.md, whether the daemon lives or not.

It knows nothing but the channel's folders. What it took is remembered, so that a file that came twice is seen.
"""
import hashlib, os, threading

RECEIPT = 'result = "accepted"\n'


class Taker:
    def __init__(self, home):
        self.channels, self.taken = f"{home}/spool/channel", []
        self.stop, self.thread = threading.Event(), None

    def take(self):
        """Takes each file whose marker lies beside it: outbox → sent, the marker goes, a receipt comes."""
        for channel in sorted(os.listdir(self.channels)):
            outbox, sent = (f"{self.channels}/{channel}/{room}" for room in ("outbox", "sent"))
            for marker in sorted(name for name in os.listdir(outbox) if name.endswith(".ok")):
                name = marker[: -len(".ok")]
                if os.path.exists(f"{outbox}/{name}"):
                    with open(f"{outbox}/{name}", "rb") as file:
                        self.taken.append((channel, name, hashlib.sha256(file.read()).hexdigest()))
                    os.rename(f"{outbox}/{name}", f"{sent}/{name}")
                    os.unlink(f"{outbox}/{marker}")
                    self.receipt(sent, name)

    def receipt(self, sent, name):
        with open(f"{sent}/.{name}.receipt.tmp", "w", encoding="utf-8") as file:
            file.write(RECEIPT)
        os.rename(f"{sent}/.{name}.receipt.tmp", f"{sent}/{name}.receipt")

    def __enter__(self):
        """Takes beside the daemon, as fast as it can look, until the block ends."""
        def look():
            while not self.stop.wait(0.001):
                self.take()
        self.thread = threading.Thread(target=look)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        self.stop.clear()

    def twice(self, wanted):
        """What is wrong with what was taken: each file that was to be taken once, with its bytes, and no other."""
        return [] if sorted(self.taken) == sorted(wanted) else [f"taken {sorted(self.taken)}, wanted {sorted(wanted)}"]
