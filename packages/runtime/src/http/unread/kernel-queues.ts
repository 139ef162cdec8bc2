import { readSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/**
 * Our port and the client's end of a connection, as the socket names them. A client can use one port of its own for several of
 * ours, and must not hide the queue of one connection behind that of another.
 */
export interface Ends {
  readonly localPort: number;
  readonly address: string;
  readonly port: number;
}

/** Bytes that were sent and have not been acknowledged, by `rowKey`; connections without any are left out. */
export type SendQueues = ReadonlyMap<string, number>;

const TABLES = { ipv4: '/proc/net/tcp', ipv6: '/proc/net/tcp6' } as const;
export type TcpFamily = keyof typeof TABLES;

/** The kernel hands out its table in pieces of a page, whole rows each. Bytes. */
const PIECE = 16_384;
/** Pieces are read one after the other within one turn of the event loop, for no longer than this. Milliseconds. */
const SLICE_MS = 0.5;

/**
 * Reads the send queues of all connections to local ports of `ports`. The kernel takes some milliseconds to look through an empty
 * table, which does not hold up the event loop, and about a microsecond for a row, those of connections that wait for their end
 * (TIME-WAIT) included. Rejects if the table cannot be read.
 */
export async function readSendQueues(family: TcpFamily, ports: ReadonlySet<number>): Promise<SendQueues> {
  const rows = rowsOf(ports);
  const queues = new Map<string, number>();
  const buffer = Buffer.allocUnsafe(PIECE);
  await using file = await open(TABLES[family]);
  let { bytesRead } = await file.read(buffer, 0, PIECE);
  let turnMs = performance.now();
  while (bytesRead > 0) {
    for (const [, key = '', queued = ''] of buffer.toString('latin1', 0, bytesRead).matchAll(rows))
      if (queued !== NOTHING) queues.set(key, parseInt(queued, 16));
    if (performance.now() - turnMs > SLICE_MS) {
      await setImmediate();
      turnMs = performance.now();
    }
    // A row more takes the kernel no time; waiting for a thread for each piece does.
    bytesRead = readSync(file.fd, buffer, 0, PIECE, null);
  }
  return queues;
}

/**
 * How many connections of this machine are closed with something left that was not acknowledged. The kernel knows that without a
 * look at each, however many wait for their end.
 */
export async function countOrphans(): Promise<number> {
  const [, count] = /^TCP: .*\borphan (\d+) /m.exec(await readFile('/proc/net/sockstat', 'latin1')) ?? [];
  if (count === undefined) throw new Error('/proc/net/sockstat does not say how many orphans there are');
  return Number(count);
}

const NOTHING = '00000000';
/** In TIME-WAIT: nobody's any more. */
const TIME_WAIT = '06';

/** As the kernel prints a connection (proc(5), "/proc/net/tcp"): local end, remote end, state, send queue. */
function rowsOf(ports: ReadonlySet<number>): RegExp {
  const port = [...ports].map((one) => hex(one, 4)).join('|');
  return new RegExp(
    `: [0-9A-F]+:((?:${port}) [0-9A-F]+:[0-9A-F]{4}) (?!${TIME_WAIT})[0-9A-F]{2} ([0-9A-F]{8}):`,
    'g',
  );
}

/** The family of the table that a connection is in: a v4-mapped address is one of IPv6 there. */
export function familyOf({ address }: Ends): TcpFamily {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}

/**
 * How the kernel prints our port and the client's end: the address in 32-bit words in the order of the machine, which is
 * little-endian.
 */
export function rowKey({ localPort, address, port }: Ends): string {
  const bytes = isIPv4(address) ? bytesOfIpv4(address) : bytesOfIpv6(address);
  let text = `${hex(localPort, 4)} `;
  for (let at = 0; at < bytes.length; at += 4) {
    for (let byte = at + 3; byte >= at; byte -= 1) text += hex(bytes[byte] ?? 0, 2);
  }
  return `${text}:${hex(port, 4)}`;
}

function bytesOfIpv4(address: string): number[] {
  return address.split('.').map(Number);
}

function bytesOfIpv6(address: string): number[] {
  const [front = '', back] = (address.split('%')[0] ?? '').split('::');
  const head = wordBytes(front);
  if (back === undefined) return head;
  const tail = wordBytes(back);
  return [...head, ...Array.from({ length: 16 - head.length - tail.length }, () => 0), ...tail];
}

function wordBytes(words: string): number[] {
  if (words === '') return [];
  return words.split(':').flatMap((word) => {
    if (word.includes('.')) return bytesOfIpv4(word);
    const value = parseInt(word, 16);
    return [value >> 8, value & 0xff];
  });
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}
