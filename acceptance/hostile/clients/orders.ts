import type { Calls } from '../../processes/serve-calls.ts';

/** One thing that an attacker does on TCP for a time. */
export interface AttackOrder {
  readonly targets: readonly Target[];
  /** Own addresses to connect from, in turn; undefined: the namespace's first. */
  readonly sources?: readonly string[];
  /** Open at once; what is closed is opened again. */
  readonly connections: number;
  /** Pace of new connections. A second: 500 if it is not given. */
  readonly opensPerSecond?: number;
  readonly writing: Writing;
  /** `hardly`: a kilobyte every quarter of a second. */
  readonly reading: 'all' | 'hardly' | 'never';
  /** Resets each connection as soon as it is open and its first bytes are written. */
  readonly reset?: boolean;
  readonly forMs: number;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** What is written on one connection. Each character is a byte. */
export interface Writing {
  /** At once. */
  readonly first?: string;
  /** Afterwards, again and again. */
  readonly then?: {
    readonly text: string;
    /** As fast as the kernel takes it; with each piece of an answer; or byte by byte or whole every so many milliseconds. */
    readonly when: 'taken' | 'answered' | { readonly byteEveryMs: number } | { readonly everyMs: number };
  };
}

/** What became of an attack. */
export interface AttackSeen {
  readonly opened: number;
  /** Attempts by how they failed. */
  readonly refused: Readonly<Record<string, number>>;
  /** Closed by the other side. */
  readonly closed: number;
  readonly openAtEnd: number;
  readonly sentBytes: number;
  readonly readBytes: number;
}

export interface AttackerCalls extends Calls {
  readonly attack: (order: AttackOrder) => Promise<AttackSeen>;
}

/** What honest clients were answered. */
export interface Answers {
  readonly requests: number;
  /** By what was asked and what came of it: `list: 503`. */
  readonly failures: Readonly<Record<string, number>>;
  /** Of every request, answered or not. Milliseconds. */
  readonly tookMs: readonly number[];
}

/** A Pod and the role that it must get. */
export interface HonestOrder {
  readonly ip: string;
  readonly role: string;
}

export interface HonestCalls extends Calls {
  /** One look at its credentials: undefined if it has them, else what failed. */
  readonly look: (order: HonestOrder) => Promise<string | undefined>;
  /** Asks as SDKs do until `end`. */
  readonly begin: (order: HonestOrder) => void;
  readonly end: () => Promise<Answers>;
  readonly crowd: (order: CrowdOrder) => Promise<Answers>;
}

/** Workers of one Pod, each with a connection of its own that it keeps until all are done. */
export interface CrowdOrder extends HonestOrder {
  readonly workers: number;
  /** Between the starts of two workers. Milliseconds. */
  readonly apartMs: number;
}

/** A probe that is made again and again. */
export type ProbeOrder = { readonly name: string; readonly everyMs: number } & (
  | {
      readonly url: string;
      /** Milliseconds: kubelet's default if it is not given. */
      readonly timeoutMs?: number;
    }
  | { readonly command: readonly string[] }
);

export interface ProbeSeen {
  readonly name: string;
  readonly made: number;
  /** What failed ones met. */
  readonly failures: readonly string[];
  /** Of each, failed ones too. Milliseconds. */
  readonly tookMs: readonly number[];
}

/** How late the timers of a process were that does next to nothing. Milliseconds. */
export interface Lateness {
  readonly p99Ms: number;
  readonly worstMs: number;
}

export interface ProbeCalls extends Calls {
  /** Makes each once: what those met that failed. */
  readonly once: (probes: readonly ProbeOrder[]) => Promise<readonly string[]>;
  readonly begin: (probes: readonly ProbeOrder[]) => void;
  readonly end: () => Promise<{ readonly probes: readonly ProbeSeen[]; readonly late: Lateness }>;
}
