import { join } from 'node:path';
import { freePort } from '@rolegate/testing';
import { startScript } from '../processes/start-script.ts';
import { startRelay } from './relay.ts';

export interface ConnectedPorts {
  /** An empty folder for sockets, shorter than the longest path of a Unix socket. */
  readonly folder: string;
  /** The command that enters the network namespace. */
  readonly enter: readonly string[];
  /** Ports of 127.0.0.1 here that the namespace reaches under the same numbers. */
  readonly outside: readonly number[];
  /** A port of 127.0.0.1 in the namespace that is reachable from here. */
  readonly inside: number;
}

/**
 * Connects single ports of a network namespace to this one, without a route between them. Returns the port here that
 * reaches `inside`. Closed with the stack.
 */
export async function connectPorts(
  { folder, enter, outside, inside }: ConnectedPorts,
  stack: AsyncDisposableStack,
): Promise<number> {
  const socketOf = (port: number) => join(folder, `relay-${port}.sock`);
  for (const port of outside) stack.defer(await startRelay(socketOf(port), port));
  const words = [
    ...outside.flatMap((port) => [String(port), socketOf(port)]),
    socketOf(inside),
    String(inside),
  ];
  stack.defer((await startScript(enter, new URL('./relays.ts', import.meta.url), words)).stop);
  const port = await freePort();
  stack.defer(await startRelay(port, socketOf(inside)));
  return port;
}
