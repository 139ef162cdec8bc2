import type { MetadataConnection, MetadataRequest } from './metadata-connections.ts';

/** Why a Pod got no credentials: it was not answered as the SDK needs it, or it was and gave up all the same. */
export type Fault = 'ours' | "the client's own";

/** Decides by what the node's network stack saw of the Pod's connections. `waitsMs` is how long its SDK waits. */
export function faultOf(connections: readonly MetadataConnection[], waitsMs: number): Fault {
  const isOurs = connections.some(
    (connection) =>
      connection.accepted === undefined ||
      connection.exchanges.some((exchange) => !isServed(exchange, connection, waitsMs)),
  );
  return isOurs ? 'ours' : "the client's own";
}

/** A request that its client did not wait for is no failure of the answer. */
function isServed(exchange: MetadataRequest, connection: MetadataConnection, waitsMs: number): boolean {
  const { sent, answered, status } = exchange;
  if (answered === undefined) {
    const { closed } = connection;
    return closed?.by === 'client' && 1000 * (closed.at - sent) < waitsMs;
  }
  return status === 200 && 1000 * (answered - sent) < waitsMs;
}

/** What the node's network stack saw of a Pod's connections, with times after `start`, in seconds since the epoch. */
export function storyOf(connections: readonly MetadataConnection[], start: number): string[] {
  if (connections.length === 0) return ['it sent nothing to the metadata API'];
  const after = (at: number) => `+${(at - start).toFixed(3)} s`;
  return [...connections]
    .sort((a, b) => a.opened - b.opened)
    .flatMap(({ opened, accepted, exchanges, closed }) => [
      `${after(opened)} connects, ${accepted === undefined ? 'not accepted' : `accepted after ${ms(accepted - opened)}`}`,
      ...exchanges.map(({ request, sent, answered, status }) => {
        const answer = answered === undefined ? 'no answer' : `${status ?? 0} after ${ms(answered - sent)}`;
        return `${after(sent)} ${request}: ${answer}`;
      }),
      closed === undefined ? 'not closed' : `${after(closed.at)} closed by the ${closed.by}`,
    ]);
}

function ms(seconds: number): string {
  return `${(1000 * seconds).toFixed(1)} ms`;
}
