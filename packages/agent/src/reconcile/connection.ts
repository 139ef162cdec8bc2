import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Clock } from '@rolegate/runtime';
import { createIdleTimeout, SILENT_MS } from './idle-timeout.ts';
import { createLines } from './lines.ts';
import { LONGEST_LINE } from './messages.ts';
import type { ReconcileMessage } from './messages.ts';
import { parseMessage } from './parse-message.ts';

export interface ReconcileConnectionDeps {
  readonly path: string;
  readonly clock: Clock;
  /** Called with the messages in order, except for unknown kinds. */
  readonly take: (message: ReconcileMessage) => void;
  /** The connection has become silent, or active again. */
  readonly quiet: (isQuiet: boolean) => void;
}

/** How a connection ended: closed by the peer, or given up because of a broken line or silence. */
export interface ConnectionEnd {
  readonly kind: 'closed' | 'broken' | 'silent';
  readonly error: string;
}

export interface ReconcileConnection {
  readonly over: Promise<ConnectionEnd>;
  /** One line, without its newline. */
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
  const idle = createIdleTimeout({ clock, quiet, silent });
  let ended = false;
  let linesRead = 0;

  function end(kind: ConnectionEnd['kind'], error: string): void {
    ended = true;
    idle.cancel();
    socket.destroy();
    over.resolve({ kind, error }); // only the first call counts
  }

  function silent(): void {
    end('silent', `nothing received for ${SILENT_MS} ms`);
  }

  const read = createLines({
    longest: LONGEST_LINE,
    tooLong: () => {
      end('broken', `a line of more than ${LONGEST_LINE} bytes`);
    },
    line(text) {
      if (ended) return;
      linesRead += 1;
      const message = parseMessage(text);
      if (message === undefined) end('broken', 'a broken line');
      else if (message.kind !== 'unknown') take(message);
    },
  });

  socket.on('data', (chunk: Buffer) => {
    if (ended) return;
    const before = linesRead;
    read(chunk);
    if (linesRead > before && !socket.destroyed) idle.reset();
  });
  whenClosed(socket, (error) => {
    end('closed', error);
  });

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

function whenClosed(socket: Socket, closed: (error: string) => void): void {
  socket.on('error', ({ message }) => {
    closed(message);
  });
  for (const event of ['end', 'close'] as const) {
    socket.on(event, () => {
      closed('reconcile closed the connection');
    });
  }
}
