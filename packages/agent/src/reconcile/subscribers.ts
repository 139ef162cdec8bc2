import type { Socket } from 'node:net';
import type { Log } from '@rolegate/runtime';

/**
 * An agent with this many unread bytes in addition to its snapshot is disconnected. It connects again and gets a new snapshot.
 * Bytes.
 */
const MOST_UNREAD = 4 * 1024 * 1024;

const HINT =
  'The agent container did not read from the socket of reconcile fast enough. It reconnects and gets the current state again. If this repeats, remove its CPU limit or raise its CPU request.';

/** An agent's connection. */
interface Subscriber {
  readonly socket: Socket;
  /** The snapshot was written: changes follow. */
  begun: boolean;
  mostUnread: number;
}

export interface Subscribers {
  readonly add: (socket: Socket, greeting: Buffer, hear: (chunk: Buffer) => void) => void;
  /** Sends the snapshot to those that have none yet. */
  readonly begin: (snapshot: Buffer) => void;
  readonly send: (line: Buffer) => void;
  /** Only to those that have a snapshot. */
  readonly sendToBegun: (line: Buffer) => void;
  /** Only to those that have read everything. */
  readonly sendToIdle: (line: Buffer) => void;
  readonly close: () => void;
}

/** The connected agents. None delays another; data buffered for one that does not read is bounded. */
export function createSubscribers({ log }: { readonly log: Log }): Subscribers {
  const all = new Set<Subscriber>();

  function add(socket: Socket, greeting: Buffer, hear: (chunk: Buffer) => void): void {
    const subscriber = { socket, begun: false, mostUnread: MOST_UNREAD };
    all.add(subscriber);
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => {
      all.delete(subscriber);
    });
    socket.on('data', hear); // its end is detected by reading
    write(subscriber, greeting);
  }

  function write({ socket, mostUnread }: Subscriber, bytes: Buffer): void {
    if (socket.destroyed) return;
    socket.write(bytes);
    if (socket.writableLength <= mostUnread) return;
    log.warn('slow agent disconnected', { error: `${socket.writableLength} bytes are not read`, hint: HINT });
    socket.destroy();
  }

  function sendTo(isMeant: (subscriber: Subscriber) => boolean, line: Buffer): void {
    for (const subscriber of all) if (isMeant(subscriber)) write(subscriber, line);
  }

  return {
    add,
    begin(snapshot) {
      for (const subscriber of all) {
        if (subscriber.begun) continue;
        subscriber.begun = true;
        subscriber.mostUnread = MOST_UNREAD + snapshot.length;
        write(subscriber, snapshot);
      }
    },
    send: (line) => {
      sendTo(() => true, line);
    },
    sendToBegun: (line) => {
      sendTo(({ begun }) => begun, line);
    },
    sendToIdle: (line) => {
      sendTo(({ socket }) => socket.writableLength === 0, line);
    },
    close() {
      for (const { socket } of all) socket.destroy();
    },
  };
}
