import { open } from 'node:fs/promises';
import { canonicalIp } from '@rolegate/runtime';

/** A socket that listens for TCP connections in this process's network namespace. */
export interface ListeningSocket {
  /** Canonical (RFC 5952). */
  readonly address: string;
  readonly port: number;
  /** Of the process that created it. */
  readonly uid: number;
  /** Unique on the machine. */
  readonly inode: number;
}

const TCP_TABLES = ['/proc/net/tcp', '/proc/net/tcp6'] as const;

/**
 * The kernel fills whole rows into the buffer. With a large one it would continue into the connections, of which there may be
 * 100,000. Bytes.
 */
const PIECE = 256;
/** More than any node needs; the rest is not read. Bytes. */
const MOST_BYTES = 1024 * 1024;

/**
 * The listening sockets of both families. The kernel prints them before all connections (proc(5), "/proc/net/tcp"), so reading
 * stops at the first row in another state. A family that the kernel lacks has none. Rejects if a table cannot be read.
 */
export async function readListeningSockets(
  tables: readonly string[] = TCP_TABLES,
): Promise<readonly ListeningSocket[]> {
  const found: ListeningSocket[] = [];
  for (const table of tables) found.push(...(await readTable(table)));
  return found;
}

async function readTable(path: string): Promise<readonly ListeningSocket[]> {
  const found: ListeningSocket[] = [];
  const buffer = Buffer.allocUnsafe(PIECE);
  let rest = '';
  try {
    await using file = await open(path);
    for (let left = MOST_BYTES; left > 0; left -= PIECE) {
      const { bytesRead } = await file.read(buffer, 0, PIECE, null);
      if (bytesRead === 0) break;
      const lines = (rest + buffer.toString('latin1', 0, bytesRead)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const row = ROW.exec(line);
        if (row === null) continue; // the header
        if (row[3] !== LISTEN) return found;
        found.push(socketOf(row));
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return found;
}

const LISTEN = '0A';
/** Local address and port, state, UID, inode. */
const ROW = /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ ([0-9A-F]{2}) \S+ \S+ \S+ +(\d+) +\d+ (\d+)/;

function socketOf([, address = '', port = '', , uid, inode]: RegExpExecArray): ListeningSocket {
  return {
    address: addressOf(address),
    port: parseInt(port, 16),
    uid: Number(uid),
    inode: Number(inode),
  };
}

/** Printed as 32-bit words in host byte order, which is little-endian. */
function addressOf(printed: string): string {
  const bytes = (printed.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  const text =
    bytes.length === 4
      ? bytes.map((byte) => parseInt(byte, 16)).join('.')
      : (bytes.join('').match(/.{4}/g) ?? []).join(':');
  return canonicalIp(text) ?? text;
}
