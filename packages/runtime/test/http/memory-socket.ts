import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** The server's end of a connection that has no kernel in it, and the hand that plays the client. */
export interface MemorySocket {
  readonly socket: Socket;
  /** Arrives at the server, in one piece. Latin-1 text. */
  readonly send: (text: string) => void;
  /** The client sends no more. */
  readonly end: () => void;
  /** What the server has sent. Latin-1 text. */
  readonly sent: () => string;
  readonly wasReset: () => boolean;
  readonly closed: Promise<void>;
}

/** Takes whatever is written at once. */
export function createMemorySocket(remoteAddress = '198.18.0.1', remotePort = 40_000): MemorySocket {
  let sent = '';
  let wasReset = false;
  const duplex = new Duplex({
    allowHalfOpen: true,
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      sent += chunk.toString('latin1');
      done();
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
    wasReset: () => wasReset,
    closed,
  };
}
