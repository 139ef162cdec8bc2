import type { Server, Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** The server's end of a connection without a kernel, controlled by the test as the client. */
export interface MemorySocket {
  readonly socket: Socket;
  /** Delivers text to the server in one piece. Latin-1 text. */
  readonly send: (text: string) => void;
  /** Ends the client's side. */
  readonly end: () => void;
  /** What the server has sent. Latin-1 text. */
  readonly sent: () => string;
  /** The kernel accepts nothing more. */
  readonly stall: () => void;
  readonly wasReset: () => boolean;
  readonly closed: Promise<void>;
}

export function createMemorySocket(remoteAddress = '198.18.0.1', remotePort = 40_000): MemorySocket {
  let sent = '';
  let wasReset = false;
  let stalled = false;
  let taken: ((error: Error) => void) | undefined;
  const duplex = new Duplex({
    allowHalfOpen: true,
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      if (stalled) {
        taken = done;
        return;
      }
      sent += chunk.toString('latin1');
      done();
    },
    // Like a handle's destroy: after everything that waits for the end of this turn of the event loop.
    destroy(error, done) {
      setImmediate(() => {
        taken?.(new Error('canceled'));
        done(error);
      });
    },
  });
  const socket = Object.assign(duplex, {
    remoteAddress,
    remotePort,
    destroySoon() {
      duplex.end();
      if (duplex.writableFinished) duplex.destroy();
      else duplex.once('finish', () => duplex.destroy());
    },
    resetAndDestroy() {
      wasReset = true;
      duplex.destroy();
    },
  }) as unknown as Socket;
  const closed = new Promise<void>((resolve) => {
    duplex.once('close', resolve);
  });
  return {
    socket,
    send(text) {
      if (!duplex.destroyed) duplex.push(text, 'latin1');
    },
    end() {
      if (!duplex.destroyed) duplex.push(null);
    },
    sent: () => sent,
    stall() {
      stalled = true;
    },
    wasReset: () => wasReset,
    closed,
  };
}

/** A listener without a port that passes connections to a server. */
export function createMemoryListener() {
  let listener: Server | undefined;
  return {
    bind(server: Server): Promise<void> {
      listener = server;
      return Promise.resolve();
    },
    accept({ socket }: MemorySocket): void {
      listener?.emit('connection', socket);
    },
  };
}
