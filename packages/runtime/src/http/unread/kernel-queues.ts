import { readSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/**
 * The local port and the client's end of a connection, as the socket names them. A client can use one of its ports for
 * several local ports, and must not hide one connection's queue behind another's.
 */
export interface Ends {
  readonly localPort: number;
  readonly address: string;
  readonly port: number;
}

/** Unacknowledged bytes by `rowKey`. Connections without any are omitted. */
export type SendQueues = ReadonlyMap<string, number>;

const TABLES = { ipv4: '/proc/net/tcp', ipv6: '/proc/net/tcp6' } as const;
export type TcpFamily = keyof typeof TABLES;

/** The kernel returns its table in pieces of one page with complete rows. Bytes. */
const PIECE = 16_384;
/** Reads pieces within one turn of the event loop for at most this long. Milliseconds. */
const SLICE_MS = 0.5;

/**
 * Reads the send queues of all connections to the local `ports`. The kernel needs some milliseconds for an empty table,
 * without blocking the event loop, and about a microsecond per row, including connections in TIME-WAIT. Rejects if the
 * table cannot be read.
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
    // Further rows take the kernel no time, but waiting for a thread per piece does.
    bytesRead = readSync(file.fd, buffer, 0, PIECE, null);
  }
  return queues;
}

/**
 * Counts the machine's closed connections with unacknowledged bytes. The kernel knows the number without visiting each
 * one.
 */
export async function countOrphans(): Promise<number> {
  const [, count] = /^TCP: .*\borphan (\d+) /m.exec(await readFile('/proc/net/sockstat', 'latin1')) ?? [];
  if (count === undefined) throw new Error('/proc/net/sockstat has no number of orphans');
  return Number(count);
}

const NOTHING = '00000000';
/** TIME-WAIT: no longer anybody's. */
const TIME_WAIT = '06';

/** A row of /proc/net/tcp (proc(5)): local end, remote end, state, send queue. */
function rowsOf(ports: ReadonlySet<number>): RegExp {
  const port = [...ports].map((one) => hex(one, 4)).join('|');
  return new RegExp(
    `: [0-9A-F]+:((?:${port}) [0-9A-F]+:[0-9A-F]{4}) (?!${TIME_WAIT})[0-9A-F]{2} ([0-9A-F]{8}):`,
    'g',
  );
}

/** The table that a connection is in. A v4-mapped address is in that of IPv6. */
export function familyOf({ address }: Ends): TcpFamily {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}

/**
 * How the kernel prints the local port and the client's end: the address in 32-bit words in the machine's byte order,
 * which is little-endian.
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
