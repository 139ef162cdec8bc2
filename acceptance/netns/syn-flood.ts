import { outputOf } from '@rolegate/testing';
import { METADATA } from '../network/addresses.ts';

/** In Python because Node.js has no raw sockets. Ends after the given packets or time. */
const SENDER = `
import json, socket, struct, sys, time
order = json.load(sys.stdin)
sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
to = socket.inet_aton(order['to'])
first = int.from_bytes(socket.inet_aton(order['from']), 'big')
words = lambda data: sum(struct.unpack('!%dH' % (len(data) // 2), data))
def checksum(total):
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
sent, most, until = 0, order['packets'], time.monotonic() + order['forMs'] / 1000
while sent < most and time.monotonic() < until:
    source = struct.pack('!I', first + sent % order['addresses'])
    ports, rest = struct.pack('!HH', 1024 + sent % 60000, 80), struct.pack('!IIBBH', sent, 0, 0x50, 2, 1024)
    check = checksum(words(source) + words(to) + 6 + 20 + words(ports) + words(rest))
    header = struct.pack('!BBHHHBBH', 0x45, 0, 40, 0, 0, 64, 6, 0)
    try: sender.sendto(header + source + to + ports + rest + struct.pack('!HH', check, 0), (order['to'], 0))
    except OSError: pass
    sent += 1
print(sent)
`;

export interface FloodOrder {
  readonly from: string;
  readonly addresses: number;
  /** At most. */
  readonly packets: number;
  /** At most. Milliseconds. */
  readonly forMs: number;
}

/**
 * Sends SYN packets to the metadata address from a Pod's namespace, from each source address in turn, spoofed or not.
 * Returns how many were sent.
 */
export async function floodFrom(
  through: readonly string[],
  python: string,
  order: FloodOrder,
): Promise<number> {
  const input = JSON.stringify({ to: METADATA.ipv4, ...order });
  return Number(await outputOf([...through, python, '-c', SENDER], { input }));
}
