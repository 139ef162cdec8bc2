import type { Calls } from '../../processes/serve-calls.ts';
import type { ForgedToken } from './forged-token.ts';

/** A TCP attack. */
export interface TcpAttack {
  readonly targets: readonly Target[];
  /** Source addresses, used in turn; by default the first address of the namespace. */
  readonly sources?: readonly string[];
  /** Connections to keep open; closed ones are reopened. */
  readonly connections: number;
  /** Rate of new connections, 500 by default. */
  readonly opensPerSecond?: number;
  readonly writing: Writing;
  /** `hardly`: 1 KiB every 250 ms. */
  readonly reading: 'all' | 'hardly' | 'never';
  /** Resets each connection after its first bytes are written. */
  readonly reset?: boolean;
  /** True: counts the answers by status. */
  readonly countsAnswers?: boolean;
  readonly forMs: number;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** The data to write on each connection. Each character is a byte. */
export interface Writing {
  readonly first?: string;
  /** Repeated afterwards. */
  readonly then?: {
    readonly text: string;
    /** Replaces `TOKEN` in the text, by another token each time. */
    readonly token?: ForgedToken;
    /** As fast as the kernel accepts it, after each chunk of an answer, one byte per interval, or all of it per interval. */
    readonly when: 'taken' | 'answered' | { readonly byteEveryMs: number } | { readonly everyMs: number };
  };
}

/** The result of a TCP attack. */
export interface TcpAttackResult {
  readonly opened: number;
  /** Failed attempts by error. */
  readonly refused: Readonly<Record<string, number>>;
  /** Closed by the peer. */
  readonly closed: number;
  readonly openAtEnd: number;
  readonly sentBytes: number;
  readonly readBytes: number;
  /** By status; empty unless they are counted. */
  readonly answers: Readonly<Record<string, number>>;
}

export interface TcpAttackerCalls extends Calls {
  readonly attack: (options: TcpAttack) => Promise<TcpAttackResult>;
}

/** The answers that honest clients got. */
export interface Answers {
  readonly requests: number;
  /** By request and outcome, such as `list: 503`. */
  readonly failures: Readonly<Record<string, number>>;
  /** For each request, answered or not. Milliseconds. */
  readonly tookMs: readonly number[];
}

/** An honest Pod and the role that it must get. */
export interface HonestClient {
  readonly ip: string;
  readonly role: string;
}

export interface HonestCalls extends Calls {
  /** Fetches credentials once. Resolves to what failed, or to undefined. */
  readonly fetchOnce: (options: HonestClient) => Promise<string | undefined>;
  /** Fetches credentials repeatedly until `end`. */
  readonly begin: (options: HonestClient) => void;
  readonly end: () => Promise<Answers>;
  readonly runWorkers: (options: WorkersOptions) => Promise<Answers>;
  /** Fetches credentials with one token after the other, from the container credentials endpoint. */
  readonly showTokens: (options: TokensOptions) => Promise<Answers>;
}

/** Each token is shown twice on one connection: it is verified the first time, and remembered the second time. */
export interface TokensOptions extends Pick<HonestClient, 'ip'> {
  readonly tokens: readonly string[];
  /** Between the starts. Milliseconds. */
  readonly apartMs: number;
}

/** Workers of one Pod, each with a separate connection that stays open until all are done. */
export interface WorkersOptions extends HonestClient {
  readonly workers: number;
  /** Interval between the starts of workers. Milliseconds. */
  readonly apartMs: number;
}

/** A recurring probe. */
export type ProbeSpec = { readonly name: string; readonly everyMs: number } & (
  | {
      readonly url: string;
      /** The kubelet's default if not set. Milliseconds. */
      readonly timeoutMs?: number;
    }
  | { readonly command: readonly string[] }
);

export interface ProbeResult {
  readonly name: string;
  readonly made: number;
  /** Why probes failed. */
  readonly failures: readonly string[];
  /** For each probe, including failed ones. Milliseconds. */
  readonly tookMs: readonly number[];
}

/** How late the timers of an idle process were. Milliseconds. */
export interface TimerDelay {
  readonly p99Ms: number;
  readonly worstMs: number;
}

export interface ProbeCalls extends Calls {
  /** Makes each probe once. Resolves to the failures. */
  readonly once: (probes: readonly ProbeSpec[]) => Promise<readonly string[]>;
  readonly begin: (probes: readonly ProbeSpec[]) => void;
  readonly end: () => Promise<{ readonly probes: readonly ProbeResult[]; readonly timerDelay: TimerDelay }>;
}
