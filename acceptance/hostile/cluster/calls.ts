import type { KubernetesKind, KubernetesObject, TestToken } from '@rolegate/testing';
import type { Calls } from '../../processes/serve-calls.ts';

/** Durations; undefined if the wait timed out. Milliseconds. */
export type Times = readonly (number | undefined)[];

/** Time on the clock that all processes of the machine share. Milliseconds. */
export type MachineMs = number;

/** A template for numbered objects, which are too large to be passed between processes. */
export interface Recipe {
  readonly kind: 'Pod' | 'Namespace' | 'ServiceAccount';
  readonly count: number;
  /** Names consist of this, `-` and a number. */
  readonly name: string;
  readonly namespace?: string;
  /** In values, `#` is replaced by the object's number and `@` by the number of the write. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Unique values of the given size, in bytes by key. */
  readonly filled?: Readonly<Record<string, number>>;
  /** Unique JSON objects with many keys, in bytes by key. */
  readonly filledJson?: Readonly<Record<string, number>>;
  /** Fills a field other than annotations. The API server encodes `<` in six bytes. */
  readonly padding?: { readonly character: 'x' | '<'; readonly bytes: number };
  /** For Pods. */
  readonly serviceAccount?: string;
  /** For Pods; by default they are spread over the honest nodes. */
  readonly node?: string;
  /** True: each Pod is on a separate, nonexistent node. */
  readonly madeUpNodes?: boolean;
}

export interface ObjectName {
  readonly kind: KubernetesKind;
  readonly namespace?: string;
  readonly name: string;
}

/** The result of a write. */
export interface Written {
  readonly uid: string;
  readonly atMs: MachineMs;
}

/** Calls that both the stand-in and a real API server support. */
export interface ApiCalls extends Calls {
  readonly apply: (object: KubernetesObject) => Written | Promise<Written>;
  readonly remove: (name: ObjectName) => Promise<void>;
  readonly fill: (options: FillOptions) => Promise<void>;
  /** Removes the objects of the recipes that exist. */
  readonly clear: (recipes: readonly Recipe[]) => Promise<void>;
}

export interface FillOptions {
  readonly recipe: Recipe;
  /** Maximum rate of writes. */
  readonly perSecond: number;
}

/** Rewrites the objects of a recipe in turn. */
export interface RewriteOptions extends FillOptions {
  /** True: deletes and recreates each object. */
  readonly deleting?: boolean;
  /** Additional annotations: all objects get the first set, then all the second, and so on. */
  readonly variants?: readonly Readonly<Record<string, string>>[];
  readonly forMs: number;
}

/** Creates and deletes objects with unique names. */
export interface ChurnOptions {
  readonly recipes: readonly Recipe[];
  readonly perSecond: number;
}

/** URL and admin certificate of a real API server. PEM. */
export interface ApiServer {
  readonly url: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface RealApiCalls extends ApiCalls {
  readonly connect: (server: ApiServer) => void;
}

/** How the stand-in answers lists. */
export interface ListOptions {
  readonly streaming: boolean;
  /** Kinds with streaming lists that never end. */
  readonly endless?: Readonly<Partial<Record<KubernetesKind, 'silent' | 'trickling'>>>;
}

/** Calls that only the stand-in supports. */
export interface StandInCalls extends ApiCalls {
  readonly where: () => { readonly kubeconfig: string; readonly port: number };
  readonly rewrite: (options: RewriteOptions) => Promise<{ readonly writes: number }>;
  readonly churn: (options: ChurnOptions) => Promise<void>;
  readonly lists: (options: ListOptions) => void;

  /** '' if there is no such object. */
  readonly uid: (name: ObjectName) => string;
  /** When the first Event on a Pod of the Namespace was posted; undefined if there is none. */
  readonly firstEvent: (namespace: string) => MachineMs | undefined;
  /** Issues a token that the stand-in accepts. */
  readonly token: (token: TestToken) => string;
  /** Null if there is no such object. */
  readonly object: (name: ObjectName) => KubernetesObject | null;
  /** Number of TokenReviews so far. */
  readonly tokenReviews: () => number;
}

/** A node whose stream is opened without an agent. */
export interface NodeIdentity {
  readonly node: string;
  /** Address for both ends of the connection, 127.0.0.1 by default. */
  readonly address?: string;
  readonly cert: string;
  readonly key: string;
  /** For renewing the certificate on the stream's connection; without it the certificate is not renewed. */
  readonly token?: string;
}

export interface ServerPeer {
  readonly port: number;
  readonly serverName: string;
  readonly ca: string;
}

export interface FeedsOptions extends ServerPeer {
  readonly nodes: readonly NodeIdentity[];
}

/** The decision to wait for: a role, or a denial. */
export type Wanted = { readonly role: string } | 'denied';

export interface DecisionQuery {
  readonly uid: string;
  readonly wanted: Wanted;
  /** Milliseconds. */
  readonly withinMs: number;
}

/** A decision that an agent received. */
export interface RecordedDecision {
  readonly namespace: string;
  readonly name: string;
  readonly atMs: MachineMs;
  /** '' if there is none. */
  readonly role: string;
  /** '' unless denied. */
  readonly reason: string;
  readonly pending: boolean;
  readonly metadataDenied: boolean;
}

/** What happened to the agents since `begin`. */
export interface FeedsResult {
  /** Ended streams by reason. */
  readonly drops: Readonly<Record<string, number>>;
  /** The lowest remaining share of the lifetime of any session of a stable Namespace; 1 if there are none. */
  readonly leastShare: number;
  /** Sessions of stable Namespaces with valid credentials at the end. */
  readonly valid: number;
  readonly renewals: number;
  /** Updates that took the permission from a Pod of a stable Namespace. */
  readonly withdrawn: number;
  /** Certificate renewals on the connections of streams. */
  readonly certificates: Times;
}

/** The current state of the honest agents. */
export interface FeedsState {
  /** Streams with a complete snapshot. */
  readonly synced: number;
  /** Valid sessions of stable Namespaces. */
  readonly valid: number;
  /** The lowest remaining share of their lifetimes; 1 if there are none. */
  readonly leastShare: number;
}

export interface FeedsCalls extends Calls {
  /** Opens a stream for each node, and reopens it after a delay if it ends. */
  readonly open: (options: FeedsOptions) => void;
  readonly close: () => void;
  readonly begin: () => void;
  /** Waits for renewals in progress. */
  readonly end: () => Promise<FeedsResult>;
  /** Waits for the decision. Resolves to undefined after `withinMs`. */
  readonly decided: (query: DecisionQuery) => Promise<MachineMs | undefined>;
  /** Waits until the Pod is allowed a role and has credentials. Resolves to undefined after `withinMs`. */
  readonly served: (query: Omit<DecisionQuery, 'wanted'>) => Promise<MachineMs | undefined>;
  /** Waits until the agent learns that the Pod was removed. Resolves to undefined after `withinMs`. */
  readonly gone: (query: Omit<DecisionQuery, 'wanted'>) => Promise<MachineMs | undefined>;
  /** Starts a new record of decisions on Pods in Namespaces with this prefix. */
  readonly record: (namespacePrefix: string) => void;
  readonly recorded: () => readonly RecordedDecision[];
  readonly state: () => FeedsState;
}

/** What a stolen node sends. */
export type Sends = 'made-up reasons' | 'long versions' | 'many streams' | 'random bytes';

/** Sends all of it concurrently for `forMs`. */
export interface StolenNodeOptions extends ServerPeer {
  readonly identity: NodeIdentity;
  readonly sends: readonly Sends[];
  readonly forMs: number;
}

export interface StolenNodeResult {
  readonly streams: number;
  readonly reports: number;
  readonly sentBytes: number;
  /** Streams ended by the server, by code. */
  readonly ended: Readonly<Record<string, number>>;
}

export interface StolenNodeCalls extends Calls {
  /** Results are in the order of `sends`. */
  readonly attack: (options: StolenNodeOptions) => Promise<readonly StolenNodeResult[]>;
}

export interface StsCalls extends Calls {
  readonly url: () => string;
  /** Number of AssumeRole calls so far for Namespaces with this prefix. */
  readonly calls: (namespacePrefix: string) => number;
}
