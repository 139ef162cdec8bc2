import type { Connection } from './connection.ts';
import { readLines } from './lines.ts';

/** The programs cut each text of a line to 2 kB, so that longer lines are hardly theirs. Bytes. */
const LONGEST_LINE = 64 * 1024;
/** The kubelet's time of a line: RFC 3339 with up to nine digits. */
const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) /;

export interface PodLogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly follow: boolean;
  /** Undefined: from its beginning. A time counts before a duration. */
  readonly sinceTime?: string | undefined;
  readonly sinceSeconds?: number | undefined;
  /** The newest lines only. */
  readonly tailLines?: number | undefined;
  readonly signal: AbortSignal;
}

export interface PodLogLine {
  /** As the kubelet writes it, for sinceTime; '' if the line has none. */
  readonly stamp: string;
  /** Milliseconds since the epoch, with a fraction. NaN without a stamp. */
  readonly atMs: number;
  readonly text: string;
}

/** Reads the log of a container in batches of lines, cut to 64 KiB a line. Ends with the log, or with the container if it follows. */
export async function* readPodLog(
  connection: Connection,
  request: PodLogRequest,
): AsyncGenerator<readonly PodLogLine[]> {
  const { namespace, pod, container, follow, sinceTime, sinceSeconds, tailLines, signal } = request;
  const chunks = await connection.stream({
    path: `/api/v1/namespaces/${namespace}/pods/${pod}/log`,
    query: {
      container,
      timestamps: 'true',
      ...(follow ? { follow: 'true' } : {}),
      ...(sinceTime !== undefined
        ? { sinceTime }
        : sinceSeconds !== undefined
          ? { sinceSeconds: `${sinceSeconds}` }
          : {}),
      ...(tailLines === undefined ? {} : { tailLines: `${tailLines}` }),
    },
    right: { verb: 'get', resource: 'pods/log', namespace },
    signal,
    // A quiet container is normal.
    ...(follow ? { silenceMs: 0 } : {}),
  });
  for await (const lines of readLines(chunks, LONGEST_LINE))
    yield lines.map(({ text, leftOut }) =>
      readStamp(leftOut > 0 ? `${text}… (${leftOut} bytes more)` : text),
    );
}

function readStamp(line: string): PodLogLine {
  const [whole = '', second = '', fraction = '', zone = ''] = STAMP.exec(line) ?? [];
  if (whole === '') return { stamp: '', atMs: NaN, text: line };
  return {
    stamp: whole.trimEnd(),
    atMs: Date.parse(`${second}${zone}`) + Number(`0.${fraction || '0'}`) * 1_000,
    text: line.slice(whole.length),
  };
}
