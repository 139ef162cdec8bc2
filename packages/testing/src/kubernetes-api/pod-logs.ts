import type { ServerResponse } from 'node:http';
import { writePieces } from './answer-text.ts';
import type { StoredObject } from './object.ts';
import { containerOf } from './pod-containers.ts';
import { Failure } from './status.ts';

/** As kubelet's containerLogMaxSize: the oldest lines give way. Characters. */
const LONGEST_LOG = 10 * 1024 * 1024;
const BATCH_LINES = 100;
/** A follower that has not read this much is disconnected. Bytes. */
const MOST_UNREAD_BYTES = 8 * 1024 * 1024;

export interface ContainerPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** The logs of containers, as kubelet keeps and serves them. */
export interface PodLogs {
  /** Appends a line. `atMs`: when it was written, by default now. */
  readonly write: (place: ContainerPlace, text: string, atMs?: number) => void;
  /** Answers pods/log. */
  readonly answer: (pod: StoredObject, query: URLSearchParams, response: ServerResponse) => Promise<void>;
  /** Ends the open streams of a Pod, as happens now and then. */
  readonly end: (namespace: string, pod: string) => void;
  /** Ends them, and forgets the logs. */
  readonly forget: (namespace: string, pod: string) => void;
}

interface Line {
  readonly atMs: number;
  readonly text: string;
}

interface Log {
  readonly lines: Line[];
  length: number;
  readonly followers: Map<ServerResponse, (line: Line) => void>;
}

export function createPodLogs(): PodLogs {
  const logs = new Map<string, Log>();

  function logOf({ namespace, pod, container }: ContainerPlace): Log {
    const key = `${namespace}/${pod}/${container}`;
    const log = logs.get(key) ?? { lines: [], length: 0, followers: new Map() };
    logs.set(key, log);
    return log;
  }

  function end(namespace: string, pod: string): void {
    for (const [key, { followers }] of logs) {
      if (!key.startsWith(`${namespace}/${pod}/`)) continue;
      for (const response of followers.keys()) response.end();
      followers.clear();
    }
  }

  return {
    write(place, text, atMs = Date.now()) {
      const log = logOf(place);
      const line = { atMs, text };
      log.lines.push(line);
      log.length += text.length;
      while (log.length > LONGEST_LOG) log.length -= log.lines.shift()?.text.length ?? 0;
      for (const follower of log.followers.values()) follower(line);
    },
    async answer(pod, query, response) {
      const { name, namespace = '' } = pod.metadata;
      const options = readOptions(name, query);
      await send(logOf({ namespace, pod: name, container: containerOf(pod, query) }), options, response);
    },
    end,
    forget(namespace, pod) {
      end(namespace, pod);
      for (const key of logs.keys()) if (key.startsWith(`${namespace}/${pod}/`)) logs.delete(key);
    },
  };
}

interface LogOptions {
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly sinceMs: number;
  readonly tailLines: number | undefined;
  readonly limitBytes: number;
}

/** Checked as in k8s.io/kubernetes, pkg/apis/core/validation, ValidatePodLogOptions. */
function readOptions(name: string, query: URLSearchParams): LogOptions {
  const invalid = (what: string) => new Failure(422, `PodLogOptions "${name}" is invalid: ${what}`);
  const number = (key: string, least: number): number | undefined => {
    if (!query.has(key)) return undefined;
    const value = Number(query.get(key));
    if (Number.isInteger(value) && value >= least) return value;
    throw invalid(
      `${key}: Invalid value: ${String(query.get(key))}: must be greater than or equal to ${least}`,
    );
  };
  const sinceSeconds = number('sinceSeconds', 1);
  // Kubelet gets it in whole seconds.
  const sinceTime = Date.parse(query.get('sinceTime')?.replace(/\.\d+/, '') ?? '');
  if (query.has('sinceTime') && Number.isNaN(sinceTime)) throw invalid('sinceTime: Invalid value');
  if (query.has('sinceTime') && sinceSeconds !== undefined)
    throw invalid('at most one of `sinceTime` or `sinceSeconds` may be specified');
  return {
    follow: query.get('follow') === 'true',
    timestamps: query.get('timestamps') === 'true',
    sinceMs: sinceSeconds === undefined ? sinceTime || 0 : Date.now() - sinceSeconds * 1_000,
    tailLines: number('tailLines', 0),
    limitBytes: number('limitBytes', 1) ?? Infinity,
  };
}

/** Sends what is there, and with `follow` what comes, until the log, the reader or the limit ends it. */
async function send(
  log: Log,
  { follow, timestamps, sinceMs, tailLines, limitBytes }: LogOptions,
  response: ServerResponse,
): Promise<void> {
  let left = limitBytes;
  const textOf = ({ atMs, text }: Line): string => {
    const whole = Buffer.from(`${timestamps ? `${stampOf(atMs)} ` : ''}${text}\n`);
    const sent = whole.subarray(0, left);
    left -= sent.length;
    return sent.toString();
  };
  const there = tailLines === undefined ? [...log.lines] : tailLines === 0 ? [] : log.lines.slice(-tailLines);
  const waiting: Line[] = [];
  response.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders();
  if (follow) log.followers.set(response, (line) => waiting.push(line));
  response.on('close', () => log.followers.delete(response));
  const wanted = there.filter(({ atMs }) => atMs >= sinceMs);
  await writePieces(
    response,
    inBatches(wanted, (line) => (left > 0 ? textOf(line) : '')),
  );
  const tell = (line: Line) => {
    response.write(textOf(line));
    if (left <= 0) {
      log.followers.delete(response);
      response.end();
    } else if (response.writableLength > MOST_UNREAD_BYTES) response.destroy();
  };
  // Unless it has ended meanwhile.
  if (log.followers.has(response)) log.followers.set(response, tell);
  for (const line of waiting) if (log.followers.has(response)) tell(line);
  if (!follow || left <= 0) {
    log.followers.delete(response);
    response.end();
  }
}

/** A write a line would take most of a reader's time. */
function* inBatches(lines: readonly Line[], textOf: (line: Line) => string): Generator<string> {
  for (let at = 0; at < lines.length; at += BATCH_LINES)
    yield lines
      .slice(at, at + BATCH_LINES)
      .map(textOf)
      .join('');
}

/** As a container runtime writes it, with nine digits. */
function stampOf(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '000000Z');
}
