import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, lstat, rename, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { VERSION } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { ReadCniResults } from '../addresses/cni-results.ts';
import { errorCode } from '../addresses/cni-files/result-files.ts';
import type { InterceptionState } from '../interception/state.ts';
import { LONGEST_NAMED, parseNamed } from '../ports/named-listeners.ts';
import type { PortWatch } from '../ports/port-watch.ts';
import { createLines } from './lines.ts';
import { createSubscribers } from './subscribers.ts';
import { lineOf } from './messages.ts';
import type { ReconcileMessage } from './messages.ts';

/** At least so often a line goes out: an agent that hears nothing for long takes reconcile for dead. Milliseconds. */
const ALIVE_MS = 500;
/** Agents of one node: one, two while one takes over from another, and who looks by hand. */
const MOST_AGENTS = 16;
/** The agent runs as another user. Who may come to the socket, its folder decides. */
const MODE = 0o666;

export interface ServeSubscribersDeps {
  /** Of the unix socket; its folder is there already. */
  readonly path: string;
  readonly results: Pick<ReadCniResults, 'tap' | 'ready' | 'scanned'>;
  readonly interception: {
    readonly current: () => InterceptionState;
    readonly onChange: (listener: () => void) => () => void;
  };
  readonly ports: Omit<PortWatch, 'run'>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SubscriberServer {
  /** Rejects if there is something at the path that is no socket, or if one cannot be made. */
  readonly listen: () => Promise<void>;
  /** Tells the agents what is new, and that it is there, until the signal aborts. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Tells agents by a unix socket who owns which IP, how the interception stands, and who else listens on their ports. Takes from them
 * which ports these are, and which listeners are their own.
 */
export function serveSubscribers(deps: ServeSubscribersDeps): SubscriberServer {
  const { path, results, interception, ports, clock, log } = deps;
  const subscribers = createSubscribers({ log });
  const server = createServer(accept);
  server.maxConnections = MOST_AGENTS;
  const stops = [
    results.tap.on((event) => {
      subscribers.tellBegun(bytesOf(event));
    }),
    interception.onChange(() => {
      subscribers.tell(bytesOf(state()));
    }),
    ports.onChange(() => {
      subscribers.tell(bytesOf(...foreign()));
    }),
  ];
  let closed = false;
  void results.ready.then(() => {
    if (!closed) subscribers.begin(snapshot());
  });

  function accept(socket: Socket): void {
    subscribers.add(
      socket,
      bytesOf({ kind: 'hello', version: VERSION }, state(), ...foreign()),
      hearing(socket),
    );
    socket.once('close', () => {
      ports.left(socket);
    });
    if (results.scanned) subscribers.begin(snapshot());
  }

  /** An agent that sends a longer line is not heard any more; what is not known here is skipped. */
  function hearing(socket: Socket): (chunk: Buffer) => void {
    let isHeard = true;
    const hear = createLines({
      longest: LONGEST_NAMED,
      tooLong: () => {
        isHeard = false;
      },
      line(text) {
        const named = parseNamed(text);
        if (named !== undefined && !socket.destroyed) ports.named(socket, named);
      },
    });
    return (chunk) => {
      if (isHeard) hear(chunk);
    };
  }

  function foreign(): readonly ReconcileMessage[] {
    const known = ports.current();
    return known === undefined ? [] : [{ kind: 'listeners', foreign: known }];
  }

  function state(): ReconcileMessage {
    return { kind: 'interception', ...interception.current() };
  }

  function snapshot(): Buffer {
    return bytesOf(...results.tap.snapshot(), { kind: 'synced' });
  }

  /** At once: what the parts that stop say last must not reach an agent. */
  function stop(): void {
    closed = true;
    for (const end of stops) end();
    subscribers.close();
  }

  async function close(): Promise<void> {
    stop();
    if (!server.listening) return;
    const over = once(server, 'close');
    server.close();
    await over;
  }

  return {
    async listen() {
      await refuseOther(path);
      // Under another name first, for libuv removes the name that it bound when it closes: by then the next process may be
      // listening at the path. Renamed, it takes the place of what a former process left there, with nothing between.
      const bound = `${path}.${randomBytes(4).toString('hex')}`;
      server.listen({ path: bound });
      await once(server, 'listening'); // rejects on 'error'
      server.on('error', (error) => {
        log.warn('reader socket', { error: error.message });
      });
      await chmod(bound, MODE);
      await rename(bound, path);
    },
    async run(signal) {
      signal.addEventListener('abort', stop, { once: true });
      const alive = bytesOf({ kind: 'alive' });
      while (!signal.aborted) {
        subscribers.tellIdle(alive);
        await clock.sleep(ALIVE_MS, signal);
      }
      await close();
    },
    close,
  };
}

function bytesOf(...messages: readonly ReconcileMessage[]): Buffer {
  return Buffer.from(messages.map(lineOf).join(''));
}

/** A former process's socket may be taken away; a file of somebody else's never. */
async function refuseOther(path: string): Promise<void> {
  await stat(dirname(path)); // binding would say EACCES of a folder that is not there
  const stats = await lstat(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (stats !== undefined && !stats.isSocket())
    throw new Error(`${path} is there and no socket; give --cni-socket another path, or remove it`);
}
