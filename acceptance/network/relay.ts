import { relayConnections } from '@rolegate/sandbox';

/** A port of 127.0.0.1, or the path of a Unix socket, which all network namespaces share. */
export type RelayEnd = number | string;

/** Passes each connection to `from` on to `to`. Resolves when it listens, with a function that ends it. */
export async function startRelay(from: RelayEnd, to: RelayEnd): Promise<() => Promise<void>> {
  return (await relayConnections(targetOf(from), targetOf(to))).close;
}

function targetOf(end: RelayEnd) {
  return typeof end === 'number' ? { host: '127.0.0.1', port: end } : { path: end };
}
