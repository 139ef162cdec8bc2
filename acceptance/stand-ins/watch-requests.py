# Runs in the node's network namespace: prints each request of a Pod to the metadata addresses, and each answer, as a line of JSON. It reads
# copies of the packets, so that neither a Pod nor the product notices. Answers each line of its input when it has printed all that was
# sent before. Ends with its input.
import json
import os
import re
import select
import socket
import struct
import sys
import time

METADATA = {socket.inet_pton(socket.AF_INET, "169.254.169.254"), socket.inet_pton(socket.AF_INET6, "fd00:ec2::254")}
REQUEST = re.compile(rb"(GET|PUT|HEAD|POST) (\S+) HTTP/1\.[01]\r\n")
# Linux, <asm-generic/socket.h>: Python does not name it.
SO_RCVBUFFORCE = 33
ANSWER = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
AGENT = re.compile(rb"\r\nuser-agent: *([^\r]*)\r\n", re.IGNORECASE)


def addresses(packet):
    """Source, destination and the TCP segment of an IP packet without extension headers."""
    if packet[0] >> 4 == 4 and packet[9] == 6:
        return packet[12:16], packet[16:20], packet[(packet[0] & 15) * 4 : struct.unpack("!H", packet[2:4])[0]]
    if packet[0] >> 4 == 6 and packet[6] == 6:
        return packet[8:24], packet[24:40], packet[40 : 40 + struct.unpack("!H", packet[4:6])[0]]
    return None


def text(address):
    return socket.inet_ntop(socket.AF_INET if len(address) == 4 else socket.AF_INET6, address)


def report(pod, **seen):
    at = round(time.time() * 1000)
    sys.stdout.write(json.dumps({"pod": text(pod), "atMs": at, **seen}) + "\n")
    sys.stdout.flush()


def watch(packet, device):
    # The node's ends of the Pods' links. The node itself asks by its own interfaces.
    if not device.startswith(("eni", "cali", "veth")) or not (parts := addresses(packet)):
        return
    source, target, segment = parts
    if len(segment) < 20 or (source not in METADATA and target not in METADATA):
        return
    ports, sequence = segment[:4], segment[4:8]
    payload = segment[(segment[12] >> 4) * 4 :]
    if not payload or sent.get((source, ports)) == sequence:
        return
    sent[(source, ports)] = sequence
    if target in METADATA and (request := REQUEST.match(payload)):
        named = AGENT.search(payload)
        report(
            source,
            method=request[1].decode(),
            path=request[2].decode(errors="replace"),
            userAgent=named[1].decode(errors="replace") if named else "",
            token=b"\r\nx-aws-ec2-metadata-token:" in payload.lower(),
        )
    elif source in METADATA and (answer := ANSWER.match(payload)):
        report(target, status=int(answer[1]))


def watch_waiting():
    """All packets that the kernel has so far."""
    while True:
        try:
            packet, (device, *_) = packets.recvfrom(65535, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        watch(packet, device)


packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
packets.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
# A segment that is sent again is not another request.
sent = {}
print("ready", flush=True)
while True:
    readable, _, _ = select.select([packets, 0], [], [])
    asked = os.read(0, 65536) if 0 in readable else None
    watch_waiting()
    if asked == b"":
        break
    if asked is not None:
        # Everything that was sent before the question has been printed.
        sys.stdout.write(json.dumps({"caughtUp": asked.count(b"\n")}) + "\n")
        sys.stdout.flush()
