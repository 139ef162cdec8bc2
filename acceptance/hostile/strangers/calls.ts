import type { Calls } from '../../processes/serve-calls.ts';
import type { NodeIdentity, Times } from '../cluster/calls.ts';

/** Ports and identity of a server that is its own authority. */
export interface ServerPorts {
  readonly feed: number;
  readonly attest: number;
  readonly serverName: string;
  /** PEM. */
  readonly ca: string;
}

/** An agent with its ServiceAccount token. */
export interface AgentToken {
  readonly node: string;
  /** Address for both ends of the connection. */
  readonly address: string;
  readonly token: string;
}

export interface AgentsOptions {
  readonly ports: ServerPorts;
  readonly agents: readonly AgentToken[];
}

/** Actions that agents repeat. */
export type AgentAction = 'attest' | 'renew' | 'open a stream';

/** Durations since `begin`. */
export interface AgentsResult {
  readonly attested: Times;
  readonly renewed: Times;
  readonly opened: Times;
  /** Failed attempts that were retried, by error. */
  readonly failures: Readonly<Record<string, number>>;
}

export interface AgentAttempt {
  readonly action: AgentAction;
  readonly ports: ServerPorts;
  readonly agentToken: AgentToken;
  /** For renewals and streams. */
  readonly identity?: NodeIdentity;
}

export interface AttemptResult {
  /** The error; '' if it succeeded. */
  readonly failure: string;
  /** The new certificate, if any. */
  readonly identity?: NodeIdentity;
}

export interface AgentsCalls extends Calls {
  /** Replaces the agents. Attests for each and resolves to their certificates. */
  readonly open: (options: AgentsOptions) => Promise<readonly NodeIdentity[]>;

  /** Lets agents act in turn at a fixed rate until `end`. */
  readonly begin: () => void;
  /** Waits for actions in progress. */
  readonly end: () => Promise<AgentsResult>;
  /** Each action once, by an agent that shares its address and by one that does not. Resolves to the errors. */
  readonly once: () => Promise<string>;
  /** One action without retries. */
  readonly attempt: (attempt: AgentAttempt) => Promise<AttemptResult>;
  /** Opens a stream and keeps it open. Rejects if there is none. */
  readonly hold: (attempt: AgentAttempt) => Promise<void>;
  /** Why the stream of `hold` ended; '' if it has not ended in time. */
  readonly held: (withinMs: number) => Promise<string>;
}

/** Floods of HTTP/2 frames that cost the server more than the client. */
export const floods = [
  'PING',
  'SETTINGS',
  'PRIORITY',
  'WINDOW_UPDATE',
  'rapid reset',
  'empty DATA',
  'large headers',
  'CONTINUATION',
  'small requests',
] as const;
export type Flood = (typeof floods)[number];

/** What an attacker does on a connection after the TLS handshake. */
export type TlsBehavior =
  | { readonly kind: 'nothing' | 'part of the preface' | 'preface' }
  | { readonly kind: 'flood'; readonly floods: readonly Flood[] }
  /** Messages without their last byte. */
  | { readonly kind: 'unfinished'; readonly method: string; readonly streams: number; readonly bytes: number }
  /** Open streams with one byte each. */
  | { readonly kind: 'streams'; readonly count: number }
  /** Calls with random tokens from the list. A `#` at the end is replaced by random characters. */
  | {
      readonly kind: 'tokens';
      readonly tokens: readonly string[];
      readonly callsEach: number;
      /** `Attest` by default. */
      readonly method?: 'Attest' | 'ReviewToken';
    };

export interface TlsAttack {
  readonly port: number;
  readonly serverName: string;
  /** Addresses for both ends of the connection, used in turn. */
  readonly addresses: readonly string[];
  /** Source addresses, used in turn, if they differ. */
  readonly sources?: readonly string[];
  /** Client certificate of a stolen node. */
  readonly identity?: NodeIdentity;
  readonly tls?: '1.2';
  /** Connections to keep open; closed ones are reopened. */
  readonly connections: number;
  /** Rate of new connections. */
  readonly opensPerSecond: number;
  readonly behavior: TlsBehavior;
  readonly forMs: number;
}

export interface TlsAttackResult {
  readonly tried: number;
  /** Completed handshakes. */
  readonly secured: number;
  /** The most connections open at the same time after their handshakes. */
  readonly mostOpen: number;
  readonly sentBytes: number;
  /** Calls by gRPC status, or `no answer`. */
  readonly answers: Readonly<Record<string, number>>;
}

export interface TlsAttackerCalls extends Calls {
  readonly attack: (options: TlsAttack) => Promise<TlsAttackResult>;
  /** A TLS 1.3 ClientHello. Each character is a byte. */
  readonly clientHello: (serverName: string) => Promise<string>;
}
