import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

/** Covers a busy machine: objects take a second of CPU time. A suspended process does not answer. Milliseconds. */
const ANSWER_WITHIN_MS = { memory: 30_000, objects: 180_000 };

/** After a full garbage collection. */
export interface HeldMemory {
  /** The heap without code, and what it holds outside, such as buffers. */
  readonly liveBytes: number;
  /** What V8 has compiled. */
  readonly codeBytes: number;
  /** The resident pages of the heap, code included. */
  readonly heapBytes: number;
}

export interface HeldObjects extends HeldMemory {
  /** Timers that are running, or that something refers to. */
  readonly timers: number;
  readonly maps: number;
  /** Of all maps and sets. */
  readonly entries: number;
  readonly signals: number;
}

/**
 * Flags of Node.js that load the probe, with the folder for its sockets. The others keep what is used seldom from counting as
 * growth: by default, source maps, which the images do not use, are decoded at the first error of a file, and V8 allocates
 * feedback when a function has been called some times, and compiles again what it has flushed.
 */
export function probeFlags(folder: string): string[] {
  const probe = new URL('probe.mjs', import.meta.url);
  probe.searchParams.set('folder', pathToFileURL(folder).href);
  return [
    '--no-enable-source-maps',
    '--no-lazy-feedback-allocation',
    '--no-flush-bytecode',
    '--disable-warning=ExperimentalWarning',
    '--import',
    probe.href,
  ];
}

/** Asks the probe of a process. Rejects if the process has ended or does not answer. */
export async function askProbe<What extends 'memory' | 'objects'>(
  folder: string,
  pid: number,
  what: What,
): Promise<What extends 'objects' ? HeldObjects : HeldMemory> {
  const socket = connect(join(folder, `${pid}.sock`));
  const timer = setTimeout(() => {
    socket.destroy(new Error(`process ${pid} does not answer`));
  }, ANSWER_WITHIN_MS[what]);
  socket.write(what);
  try {
    return JSON.parse(await text(socket)) as What extends 'objects' ? HeldObjects : HeldMemory;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
