/** One thing that a Pod sends. */
export interface Sent {
  /** What it is for, in the fault that it may come to. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Each character a byte. */
  readonly bytes: string;
}

/** What a Pod's process is to do; the whole of its input. */
export type PodOrder =
  | {
      readonly kind: 'tcp' | 'udp';
      readonly sent: readonly Sent[];
      /** So many at once. */
      readonly atOnce: number;
      /** How long silence is waited for. Milliseconds. */
      readonly silenceMs: number;
    }
  | {
      readonly kind: 'hammer';
      /** One after the other, again and again, by each of `atOnce`. */
      readonly sent: readonly Sent[];
      readonly atOnce: number;
      readonly silenceMs: number;
      readonly forMs: number;
      /** After each answer; 0 unless given. Milliseconds. */
      readonly pauseMs?: number;
      /** Answers with one of these are kept. */
      readonly forbidden: readonly string[];
    }
  | KeptOrder
  | CrowdOrder;

/** Opens connections, all at once, and sends nothing. */
export interface CrowdOrder {
  readonly kind: 'crowd';
  readonly host: string;
  readonly port: number;
  readonly count: number;
  /** What is not open by then is counted as not opened. Milliseconds. */
  readonly withinMs: number;
}

/** Asks once, waits, and asks again by the same connection: the answer to that is what came. */
export interface KeptOrder {
  readonly kind: 'kept';
  readonly sent: readonly Sent[];
  readonly silenceMs: number;
  /** Between the two. Milliseconds. */
  readonly pauseMs: number;
}

export interface CrowdResult {
  readonly opened: number;
}

/** What became of it. */
export interface Answer {
  readonly name: string;
  /** Everything that came back; '' for nothing. Each character a byte. */
  readonly text: string;
  /** `closed` in order, `silent` for too long, or the code of the error. */
  readonly end: string;
}

export interface HammerResult {
  readonly asked: number;
  /** By HTTP status, or by how it ended without one. */
  readonly ends: Readonly<Record<string, number>>;
  /** Answers that hold what is forbidden, the first few. */
  readonly forbidden: readonly string[];
}

/** An HTTP request as bytes; `target` as it is. */
export function httpRequest({
  method = 'GET',
  target,
  host,
  headers = '',
  connection = 'close',
}: {
  readonly method?: string;
  readonly target: string;
  readonly host: string;
  /** Whole lines. */
  readonly headers?: string;
  readonly connection?: 'close' | 'keep-alive';
}): string {
  return `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${headers}Connection: ${connection}\r\n\r\n`;
}
