/** One request from a Pod. */
export interface PodRequest {
  /** Names the request in problem reports. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Each character is a byte. */
  readonly bytes: string;
}

/** The input of the client process in a Pod. */
export type PodTask =
  | {
      readonly kind: 'tcp' | 'udp';
      readonly requests: readonly PodRequest[];
      /** Concurrent requests. */
      readonly atOnce: number;
      /** A connection without data for this long is given up. Milliseconds. */
      readonly silenceMs: number;
    }
  | {
      readonly kind: 'hammer';
      /** Repeated in turn by each of `atOnce` workers. */
      readonly requests: readonly PodRequest[];
      readonly atOnce: number;
      readonly silenceMs: number;
      readonly forMs: number;
      /** After each answer. Milliseconds, 0 by default. */
      readonly pauseMs?: number;
      /** Answers that contain one of these are returned. */
      readonly forbidden: readonly string[];
    }
  | ResendTask
  | ConnectTask;

/** Opens connections simultaneously and sends nothing. */
export interface ConnectTask {
  readonly kind: 'connect';
  readonly host: string;
  readonly port: number;
  readonly count: number;
  /** Connections that are not established by then do not count. Milliseconds. */
  readonly withinMs: number;
}

/** Sends the request, waits, and sends it again on the same connection. The second answer is the result. */
export interface ResendTask {
  readonly kind: 'resend';
  readonly requests: readonly PodRequest[];
  readonly silenceMs: number;
  /** Between the two requests. Milliseconds. */
  readonly pauseMs: number;
}

export interface ConnectResult {
  readonly opened: number;
}

/** The outcome of one request. */
export interface Answer {
  readonly name: string;
  /** Everything received. Each character is a byte. */
  readonly text: string;
  /** `closed` by the peer, `silent` for too long, or an error code. */
  readonly end: string;
}

export interface HammerResult {
  readonly asked: number;
  /** Counts by HTTP status, or by `end` without one. */
  readonly ends: Readonly<Record<string, number>>;
  /** The first few answers with forbidden content. */
  readonly forbidden: readonly string[];
}

/** An HTTP request as bytes. `target` is not encoded. */
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
  /** Complete lines. */
  readonly headers?: string;
  readonly connection?: 'close' | 'keep-alive';
}): string {
  return `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${headers}Connection: ${connection}\r\n\r\n`;
}
