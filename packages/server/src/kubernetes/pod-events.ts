import { createLogLimiter, createMemory, describeError } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { ServerMemory } from '../memory/memory.ts';
import type { Connection } from './api/connection.ts';
import { readText } from './api/lines.ts';
import { createEventQueue } from './event-queue.ts';
import type { LimitHit } from './limit-hits.ts';

/** At most one Event a Pod and reason in this time (DESIGN.md 4.8). Milliseconds. */
const REPEAT_AFTER_MS = 5 * 60_000;

/** The most Pods and reasons that are remembered. Beyond it, the oldest of the Namespace with the most is forgotten. */
const MAX_REMEMBERED = 10_000;

/** Lost Events of a Namespace are logged once in this time. Milliseconds. */
const LOG_LOSSES_EVERY_MS = 60_000;

/** The longest message of an Event (Kubernetes API reference, Event v1). Bytes. */
const MAX_MESSAGE_BYTES = 1024;

const POST_TIMEOUT_MS = 10_000;

export interface EventRecorder {
  /** Queues a Warning Event on the Pod. It may be dropped; nothing waits for it. */
  readonly warn: (pod: EventSubject, reason: string, message: string) => void;
  /** Sends what was recorded until the signal aborts; never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export interface EventSubject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface EventRecorderDeps {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly log: Log;
  /** Called if an Event was dropped because the queue was full. */
  readonly limitHit: LimitHit;
  /** The source in `kubectl describe`, e.g. rolegate-server. */
  readonly component: string;
  /** The name of this replica. */
  readonly instance: string;
  readonly memory?: ServerMemory;
}

interface Recorded extends EventSubject {
  readonly reason: string;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** Records Events that tell a Pod's owner why it gets no credentials, at a limited rate. */
export function createEventRecorder(deps: EventRecorderDeps): EventRecorder {
  const { connection, clock, log, limitHit, component, instance, memory = createMemory({ clock }) } = deps;
  const queue = createEventQueue<Recorded>({ clock });
  const recent = memory.remember<true>('event_subjects', { keepMs: REPEAT_AFTER_MS, most: MAX_REMEMBERED });
  const lost = createLosses({ clock, log });

  async function post(event: Recorded, signal: AbortSignal): Promise<void> {
    const { chunks } = await connection.request({
      method: 'POST',
      path: `/api/v1/namespaces/${encodeURIComponent(event.namespace)}/events`,
      body: eventObject(event, component, instance),
      signal,
      timeoutMs: POST_TIMEOUT_MS,
    });
    // Read to the end, so that the connection can be reused.
    await readText(chunks, Infinity);
  }

  return {
    warn({ namespace, name, uid }, reason, message) {
      const key = `${uid} ${reason}`;
      if (recent.get(key) === true) return;
      recent.set(key, true, namespace);
      const dropped = queue.put({ namespace, name, uid, reason, message, atMs: clock.now() });
      if (dropped !== undefined)
        limitHit('events', { kind: 'Event', namespace: dropped.namespace, name: dropped.name });
    },
    run: (signal) =>
      queue.run(signal, async (event) => {
        try {
          await post(event, signal);
        } catch (error) {
          if (!signal.aborted) lost({ namespace: event.namespace, error: describeError(error) });
        }
      }),
  };
}

interface Loss {
  readonly namespace: string;
  readonly error: string;
}

/** Logs the first lost Event of a Namespace immediately, and the following ones together. */
function createLosses({ clock, log }: Pick<EventRecorderDeps, 'clock' | 'log'>): (loss: Loss) => void {
  const write = (loss: Partial<Loss>, lost: number) => {
    log.warn('Pod Events lost', {
      ...loss,
      lost,
      hint: 'Check that the API server is reachable, and that the ClusterRole of the server allows create on events.',
    });
  };
  const isWritten = createLogLimiter<Loss>({
    clock,
    lines: 1,
    windowMs: LOG_LOSSES_EVERY_MS,
    ended: (leftOut, last, of) => {
      write(of === 'all' ? { error: last.error } : last, leftOut);
    },
  });
  return (loss) => {
    if (isWritten(loss.namespace, '', loss)) write(loss, 1);
  };
}

function eventObject(
  { namespace, name, uid, reason, message, atMs }: Recorded,
  component: string,
  instance: string,
) {
  const time = `${new Date(atMs).toISOString().slice(0, 19)}Z`;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    // The API server cuts it to 58 characters and appends five.
    metadata: { namespace, generateName: `${name}.` },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
    type: 'Warning',
    reason,
    message: cutToBytes(message, MAX_MESSAGE_BYTES),
    source: { component },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    reportingComponent: component,
    reportingInstance: instance,
  };
}

/** Cuts between characters, and appends an ellipsis. */
function cutToBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limit) return text;
  let end = limit - Buffer.byteLength('…');
  // 10xxxxxx is never the first byte of a character (RFC 3629).
  while (((bytes[end] ?? 0) & 0b1100_0000) === 0b1000_0000) end -= 1;
  return `${bytes.subarray(0, end).toString()}…`;
}
