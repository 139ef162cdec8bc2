import { connect } from 'node:net';
import type { Clock } from '@rolegate/runtime';
import { createLines } from './lines.ts';
import { LONGEST_LINE } from './messages.ts';
import type { ReconcileMessage } from './messages.ts';
import { parseMessage } from './parse-message.ts';

/** `reconcile` says something every 500 ms: after two times of silence what it said before may be old. Milliseconds. */
const QUIET_AFTER_MS = 1_000;
/** After this silence reconcile is given up. Milliseconds. */
export const SILENT_MS = 2_000;

export interface ReconcileConnectionDeps {
  readonly path: string;
  readonly clock: Clock;
  /** Messages in order, but for those of kinds that are not known here. */
  readonly take: (message: ReconcileMessage) => void;
  /** It is silent, and then again not. */
  readonly quiet: (isQuiet: boolean) => void;
}

/** How a connection ended: by itself, or given up for what came, or for nothing that came. */
export interface ConnectionEnd {
  readonly kind: 'closed' | 'broken' | 'silent';
  readonly error: string;
}

export interface ReconcileConnection {
  readonly over: Promise<ConnectionEnd>;
  /** One line, without its end. */
  readonly say: (line: string) => void;
  readonly close: () => void;
}

/** One connection to reconcile. */
export function connectToReconcile({
  path,
  clock,
  take,
  quiet,
}: ReconcileConnectionDeps): ReconcileConnection {
  const over = Promise.withResolvers<ConnectionEnd>();
  const socket = connect({ path });
  let ended = false;
  let isQuiet = false;
  let heard = 0;
  let cancel = awaitLine();

  function end(kind: ConnectionEnd['kind'], error: string): void {
    ended = true;
    cancel();
    socket.destroy();
    over.resolve({ kind, error }); // the first counts
  }

  function awaitLine(): () => void {
    return after(QUIET_AFTER_MS, () => {
      isQuiet = true;
      quiet(true);
      cancel = after(SILENT_MS - QUIET_AFTER_MS, () => {
        end('silent', `it said nothing for ${SILENT_MS} ms`);
      });
    });
  }

  /** What came in while this process was at something else is read first: that is not the silence of reconcile. */
  function after(delayMs: number, call: () => void): () => void {
    let cancelSecond: (() => void) | undefined;
    const cancelFirst = clock.schedule(delayMs, () => {
      cancelSecond = clock.schedule(0, call);
    });
    return () => {
      cancelFirst();
      cancelSecond?.();
    };
  }

  function hear(): void {
    cancel();
    cancel = awaitLine();
    if (!isQuiet) return;
    isQuiet = false;
    quiet(false);
  }

  const read = createLines({
    longest: LONGEST_LINE,
    tooLong: () => {
      end('broken', `a line of more than ${LONGEST_LINE} bytes`);
    },
    line(text) {
      if (ended) return;
      heard += 1;
      const message = parseMessage(text);
      if (message === undefined) end('broken', 'a broken line');
      else if (message.kind !== 'unknown') take(message);
    },
  });

  socket.on('data', (chunk: Buffer) => {
    if (ended) return;
    const before = heard;
    read(chunk);
    if (heard > before && !socket.destroyed) hear();
  });
  socket.on('error', ({ message }) => {
    end('closed', message);
  });
  for (const event of ['end', 'close'] as const) {
    socket.on(event, () => {
      end('closed', 'it closed the connection');
    });
  }

  return {
    over: over.promise,
    say(line) {
      if (!ended) socket.write(`${line}\n`);
    },
    close: () => {
      end('closed', 'closed here');
    },
  };
}
