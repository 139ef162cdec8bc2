import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PLAIN_ENV } from '@rolegate/testing';

/** A request of a Pod to the metadata API. */
export interface SeenRequest {
  readonly kind: 'request';
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly userAgent: string;
  /** True: it shows a metadata token. */
  readonly token: boolean;
  readonly family: 'ipv4' | 'ipv6';
}

/** The beginning of an answer to a Pod. */
export interface SeenAnswer {
  readonly kind: 'answer';
  readonly atMs: number;
  readonly status: number;
}

export type SeenPacket = SeenRequest | SeenAnswer;

/** What Pods ask the metadata API and what they are answered, read from the packets and not from the product. */
export interface Requests {
  /** Records the packets from and to the addresses until it is called off. `onFirst` is called with the first request. */
  readonly watch: (addresses: readonly string[], onFirst?: (first: SeenRequest) => void) => Watched;
}

export interface Watched {
  /** All packets until now. */
  readonly packets: () => Promise<readonly SeenPacket[]>;
  readonly end: () => void;
}

interface Listener {
  readonly packets: SeenPacket[];
  readonly onFirst: ((first: SeenRequest) => void) | undefined;
}

/** A line of the script. */
interface Line extends Omit<SeenRequest, 'kind' | 'family'> {
  readonly pod: string;
  readonly status?: number;
  /** How many questions this answers. Such a line has nothing else. */
  readonly caughtUp?: number;
}

/** Reads the packets in the node's network namespace. Ends with the stack. */
export async function watchRequests(node: readonly string[], stack: AsyncDisposableStack): Promise<Requests> {
  const listeners = new Map<string, Listener>();
  const waiting: PromiseWithResolvers<undefined>[] = [];
  const script = fileURLToPath(new URL('../../stand-ins/watch-requests.py', import.meta.url));
  const [file = '', ...words] = node.concat('python3', script);
  const child = spawn(file, words, { env: PLAIN_ENV, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  stack.defer(async () => {
    child.kill();
    await ended;
  });
  const lines = createInterface({ input: child.stdout });
  await Promise.race([
    once(lines, 'line'),
    ended.then(() => {
      throw new Error('watch-requests.py did not start');
    }),
  ]);
  lines.on('line', (line) => {
    const { pod, status, caughtUp = 0, ...seen } = JSON.parse(line) as Line;
    for (const one of waiting.splice(0, caughtUp)) one.resolve(undefined);
    const listener = listeners.get(pod);
    if (listener === undefined) return;
    const { packets, onFirst } = listener;
    if (status !== undefined) {
      packets.push({ kind: 'answer', atMs: seen.atMs, status });
      return;
    }
    const request = { kind: 'request', ...seen, family: pod.includes(':') ? 'ipv6' : 'ipv4' } as const;
    if (packets.length === 0) onFirst?.(request);
    packets.push(request);
  });
  return {
    watch(addresses, onFirst) {
      const listener: Listener = { packets: [], onFirst };
      for (const address of addresses) listeners.set(address, listener);
      return {
        async packets() {
          const caughtUp = Promise.withResolvers<undefined>();
          waiting.push(caughtUp);
          child.stdin.write('\n');
          await Promise.race([caughtUp.promise, ended]);
          return [...listener.packets];
        },
        end() {
          for (const address of addresses) listeners.delete(address);
        },
      };
    },
  };
}
