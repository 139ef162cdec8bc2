"""Watches the connections of Pods to the metadata API on the node's interfaces, in a host-network Pod. Prints each connection as one JSON
object when it has ended: what was requested, when the request arrived in the node's network stack, and when the first byte of its answer
left it. The kernel takes the times, so that they stay exact while this program waits for the CPU. Prints no headers and no bodies.
Times are seconds since the epoch."""
import ctypes
import json
import re
import socket
import struct
import time

METADATA = socket.inet_aton('169.254.169.254')
ETH_P_ALL, ETH_P_IP = 0x0003, 0x0800
SO_TIMESTAMPNS, SO_ATTACH_FILTER, SO_RCVBUFFORCE = 35, 26, 33
# Enough for the packets of 100 Pods.
BUFFER_BYTES = 64 << 20
# The start of a packet: both headers and the first line.
SNAP_BYTES = 256
# A connection without packets for this long is printed even if it has not ended.
SILENT_S = 8
WORD, HALF, BYTE = 0x00, 0x08, 0x10
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
REQUEST = re.compile(rb'(GET|HEAD|PUT) (\S+) HTTP/')
ANSWER = re.compile(rb'HTTP/1\.[01] (\d{3})')


def program():
    """A classic BPF program: TCP over IPv4 from or to the metadata address."""
    address = struct.unpack('!I', METADATA)[0]
    accept, reject = 8, 9
    load = lambda size, at: (size | 0x20, 0, 0, at)  # BPF_LD | BPF_ABS
    equal = lambda here, value, yes, no: (0x15, yes - here - 1, no - here - 1, value)  # BPF_JMP | BPF_JEQ
    code = [
        load(HALF, 0xFFFFF000),  # SKF_AD_PROTOCOL
        equal(1, ETH_P_IP, 2, reject),
        load(BYTE, 9),  # the protocol
        equal(3, socket.IPPROTO_TCP, 4, reject),
        load(WORD, 12),  # the source
        equal(5, address, accept, 6),
        load(WORD, 16),  # the destination
        equal(7, address, accept, reject),
        (0x06, 0, 0, SNAP_BYTES),
        (0x06, 0, 0, 0),
    ]
    return b''.join(struct.pack('HBBI', *instruction) for instruction in code), len(code)


def listen():
    # All interfaces, in both directions.
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    code, length = program()
    buffer = ctypes.create_string_buffer(code)
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack('HL', length, ctypes.addressof(buffer)))
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    skip_waiting(sock)
    sock.settimeout(1)
    return sock


def skip_waiting(sock):
    """What came before the filter was there can be anything."""
    sock.setblocking(False)
    try:
        while True:
            sock.recv(1)
    except BlockingIOError:
        pass


def packets(sock):
    """Yields None in silence."""
    while True:
        try:
            packet, control, _, _ = sock.recvmsg(SNAP_BYTES, 128)
        except TimeoutError:
            yield None
            continue
        at = next(seconds + ns / 1e9 for seconds, ns in (struct.unpack('ll', data[:16]) for _, _, data in control))
        yield at, packet


class Connection:
    """A packet passes several interfaces: only its first sight counts."""

    def __init__(self, ip, port, at):
        self.record = {'ip': socket.inet_ntoa(ip), 'port': port, 'opened': at, 'exchanges': []}
        self.last = at
        self.requested = None

    def see(self, at, segment, from_pod):
        """Returns True if the connection has ended."""
        self.last = at
        (self.see_from_pod if from_pod else self.see_from_agent)(at, segment)
        side = 'client' if from_pod else 'agent'
        if segment.flags & (FIN | RST):
            self.record.setdefault('closed', {'by': side, 'at': at})
        return bool(segment.flags & RST or segment.flags & FIN and self.record['closed']['by'] != side)

    def see_from_pod(self, at, segment):
        request = REQUEST.match(segment.payload)
        if request and segment.sequence != self.requested:
            self.requested = segment.sequence
            self.record['exchanges'].append({'request': request[0].decode().rpartition(' ')[0], 'sent': at})

    def see_from_agent(self, at, segment):
        if segment.flags & SYN:
            self.record.setdefault('accepted', at)
        answer = ANSWER.match(segment.payload)
        exchanges = self.record['exchanges']
        if answer and exchanges:
            exchanges[-1].setdefault('answered', at)
            exchanges[-1].setdefault('status', int(answer[1]))


class Segment:
    def __init__(self, packet):
        tcp = packet[(packet[0] & 0x0F) * 4:]
        self.source, self.target = packet[12:16], packet[16:20]
        self.source_port, self.target_port, self.sequence = struct.unpack_from('!HHI', tcp)
        self.flags = tcp[13]
        self.payload = tcp[(tcp[12] >> 4) * 4:]


class Connections:
    def __init__(self):
        self.open = {}

    def see(self, at, packet):
        segment = Segment(packet)
        from_pod = segment.target == METADATA
        key = (segment.source, segment.source_port) if from_pod else (segment.target, segment.target_port)
        if from_pod and segment.flags & (SYN | ACK) == SYN and not self.knows(key, segment.sequence):
            self.open[key] = Connection(*key, at)
            self.open[key].syn = segment.sequence
        connection = self.open.get(key)
        if connection and connection.see(at, segment, from_pod):
            self.end(key)

    def knows(self, key, sequence):
        """The same SYN comes on each interface, and is sent again if it is not answered."""
        return key in self.open and self.open[key].syn == sequence

    def end(self, key):
        print(json.dumps(self.open.pop(key).record), flush=True)

    def end_silent(self, now):
        for key in [key for key, connection in self.open.items() if now - connection.last > SILENT_S]:
            self.end(key)


def main():
    sock = listen()
    print(json.dumps({'watching': True}), flush=True)
    connections = Connections()
    for seen in packets(sock):
        if seen is not None:
            connections.see(*seen)
        connections.end_silent(time.time())


main()
