import type { Calls } from '../../processes/serve-calls.ts';
import type { NodeIdentity, Times } from '../cluster/orders.ts';

/** How a server that is its own authority is found and known. */
export interface ServerPorts {
  /** Of the feed and of attestation. */
  readonly feed: number;
  readonly attest: number;
  readonly serverName: string;
  /** PEM. */
  readonly ca: string;
}

/** An agent by its ServiceAccount token. */
export interface TokenHolder {
  readonly node: string;
  /** Where it finds the server, and so its own address. */
  readonly address: string;
  readonly token: string;
}

export interface AgentsOrder {
  readonly ports: ServerPorts;
  readonly agents: readonly TokenHolder[];
}

/** What agents do again and again. */
export type AgentAct = 'attest' | 'renew' | 'open a stream';

/** What agents met since `begin`; undefined: it had not come after the time that is waited. */
export interface AgentsSeen {
  readonly attested: Times;
  readonly renewed: Times;
  readonly opened: Times;
  /** Tries that failed and were made again, by what was said. */
  readonly failures: Readonly<Record<string, number>>;
}

export interface AgentTry {
  readonly act: AgentAct;
  readonly ports: ServerPorts;
  readonly holder: TokenHolder;
  /** Of renewal and stream. */
  readonly identity?: NodeIdentity;
}

export interface Attempted {
  /** Why it failed; '' if it did not. */
  readonly failure: string;
  /** Of what gives one. */
  readonly identity?: NodeIdentity;
}

export interface AgentsCalls extends Calls {
  /** Attests for each, and resolves to their certificates. These are the agents from now on. */
  readonly open: (order: AgentsOrder) => Promise<readonly NodeIdentity[]>;
  /** From now on this agent has another token; its certificate is one for it. */
  readonly replace: (order: AgentsOrder) => Promise<NodeIdentity>;
  /** One act of each kind, of one agent after the other, at a pace, until `end`. */
  readonly begin: () => void;
  /** Waits for acts that are under way. */
  readonly end: () => Promise<AgentsSeen>;
  /** Each act once, by an agent that shares its address and by one that does not; '' if all succeed. */
  readonly once: () => Promise<string>;
  /** One act without a second try. */
  readonly attempt: (order: AgentTry) => Promise<Attempted>;
  /** Opens a stream and holds it, to be asked about by `held`. Rejects if there is none. */
  readonly hold: (order: AgentTry) => Promise<void>;
  /** Why the held stream ended; '' if it has not within the time. Milliseconds. */
  readonly held: (withinMs: number) => Promise<string>;
}

/** Frames of HTTP/2 that cost a server more than they cost whoever sends them. */
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

/** What a stranger does on a connection once its TLS handshake is done. */
export type OnTls =
  | { readonly kind: 'nothing' | 'part of the preface' | 'preface' }
  | { readonly kind: 'flood'; readonly floods: readonly Flood[] }
  /** Messages of a method of which all but the last byte is sent. */
  | { readonly kind: 'unfinished'; readonly method: string; readonly streams: number; readonly bytes: number }
  /** Streams that stay open, of one byte each. */
  | { readonly kind: 'streams'; readonly count: number }
  /** `Attest` with any of the tokens, on connection after connection. A `#` at the end becomes random characters. */
  | { readonly kind: 'tokens'; readonly tokens: readonly string[]; readonly callsEach: number };

export interface StrangerOrder {
  readonly port: number;
  readonly serverName: string;
  /** Where it connects to, and so from; in turn. */
  readonly addresses: readonly string[];
  /** Own addresses to connect from, in turn, if they are not those. */
  readonly sources?: readonly string[];
  /** Of a stolen node; without it no certificate is shown. */
  readonly identity?: NodeIdentity;
  readonly tls?: '1.2';
  /** Open at once; what is closed is opened again. */
  readonly connections: number;
  /** Pace of new connections. */
  readonly opensPerSecond: number;
  readonly does: OnTls;
  readonly forMs: number;
}

export interface StrangerSeen {
  readonly tried: number;
  /** Handshakes that were done. */
  readonly secured: number;
  /** The most that were open and secured at one moment. */
  readonly mostOpen: number;
  readonly sentBytes: number;
  /** Calls that were answered, by gRPC status or by how the connection ended. */
  readonly answers: Readonly<Record<string, number>>;
}

export interface StrangerCalls extends Calls {
  readonly attack: (order: StrangerOrder) => Promise<StrangerSeen>;
  /** What a client says first in a TLS 1.3 handshake. Each character is a byte. */
  readonly clientHello: (serverName: string) => Promise<string>;
}
