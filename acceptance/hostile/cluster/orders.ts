import type { KubernetesKind, KubernetesObject, TestToken } from '@rolegate/testing';
import type { Calls } from '../../processes/serve-calls.ts';

/** How long something took each time; undefined: it had not come after the time that is waited. Milliseconds. */
export type Times = readonly (number | undefined)[];

/** On the clock that all processes of the machine share. Milliseconds. */
export type MachineMs = number;

/** Objects of one kind that are made by counting: what they hold is too much to be handed from process to process. */
export interface Recipe {
  readonly kind: 'Pod' | 'Namespace' | 'ServiceAccount';
  readonly count: number;
  /** Names are this, `-` and a number; Namespaces too. */
  readonly name: string;
  readonly namespace?: string;
  /** In a value, `#` stands for the object's number, and `@` for the number of the write. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Each unlike any other; bytes by key. */
  readonly filled?: Readonly<Record<string, number>>;
  /** The same as JSON: an object of many keys. */
  readonly filledJson?: Readonly<Record<string, number>>;
  /** In what no annotation holds. The API server writes a `<` as six bytes. */
  readonly elsewhere?: { readonly character: 'x' | '<'; readonly bytes: number };
  /** Of Pods. */
  readonly serviceAccount?: string;
  /** Of Pods; without it they are on the honest nodes in turn. */
  readonly node?: string;
  /** True: each Pod is on a node of its own that nobody has. */
  readonly madeUpNodes?: boolean;
}

export interface ObjectName {
  readonly kind: KubernetesKind;
  readonly namespace?: string;
  readonly name: string;
}

/** What the API server has made of an object. */
export interface Written {
  readonly uid: string;
  /** When it was written. */
  readonly atMs: MachineMs;
}

/** What is done with an API server, the stand-in or a real one. */
export interface ApiCalls extends Calls {
  readonly apply: (object: KubernetesObject) => Written | Promise<Written>;
  readonly remove: (name: ObjectName) => Promise<void>;
  readonly fill: (order: FillOrder) => Promise<void>;
  /** Removes what recipes have made; what is not there is no fault. */
  readonly clear: (recipes: readonly Recipe[]) => Promise<void>;
}

export interface FillOrder {
  readonly recipe: Recipe;
  /** Objects a second at most. */
  readonly perSecond: number;
}

/** One object of a recipe after the other is written again. */
export interface RewriteOrder extends FillOrder {
  /** True: an object is deleted and made again. */
  readonly deleting?: boolean;
  /** Annotations that the recipe's objects have beside its own, in turn: all objects the first, then all the second. */
  readonly variants?: readonly Readonly<Record<string, string>>[];
  readonly forMs: number;
}

/** Objects of recipes come and go, each with a name that no other has had. */
export interface ChurnOrder {
  readonly recipes: readonly Recipe[];
  readonly perSecond: number;
}

/** Where a real API server is, and by which certificate one may do everything there. PEM. */
export interface ApiServer {
  readonly url: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface RealApiCalls extends ApiCalls {
  readonly connect: (server: ApiServer) => void;
}

/** How the stand-in lists from now on. */
export interface ListOrder {
  readonly streaming: boolean;
  /** Kinds whose streaming lists never end. */
  readonly endless?: Readonly<Partial<Record<KubernetesKind, 'silent' | 'trickling'>>>;
}

/** What is done with the stand-in alone. */
export interface StandInCalls extends ApiCalls {
  readonly where: () => { readonly kubeconfig: string; readonly port: number };
  readonly rewrite: (order: RewriteOrder) => Promise<{ readonly writes: number }>;
  readonly churn: (order: ChurnOrder) => Promise<void>;
  readonly lists: (order: ListOrder) => void;
  /** The history is forgotten and all watches end: everything is listed again. */
  readonly relist: () => void;
  /** '' if there is no such object. */
  readonly uid: (name: ObjectName) => string;
  /** When the first Event on a Pod of the Namespace was posted; undefined: none yet. */
  readonly firstEvent: (namespace: string) => MachineMs | undefined;
  /** A token that the stand-in knows. */
  readonly token: (token: TestToken) => string;
  /** Null if there is no such object. */
  readonly object: (name: ObjectName) => KubernetesObject | null;
  /** TokenReviews so far. */
  readonly tokenReviews: () => number;
  readonly listsSoFar: (kind: KubernetesKind) => { readonly pages: number; readonly streams: number };
}

/** An agent's stream without an agent. */
export interface NodeIdentity {
  readonly node: string;
  /** Where it finds the server, and so its own address: 127.0.0.1 if it is not given. */
  readonly address?: string;
  readonly cert: string;
  readonly key: string;
  /** By which it renews the certificate on the connection of its stream, again and again; '' or none: it does not. */
  readonly token?: string;
}

export interface ServerPeer {
  readonly port: number;
  readonly serverName: string;
  readonly ca: string;
}

export interface FeedsOrder extends ServerPeer {
  readonly nodes: readonly NodeIdentity[];
}

/** What a Pod is decided to: the name of the role it gets, or that it gets none. */
export type Wanted = { readonly role: string } | 'denied';

export interface DecisionOrder {
  readonly uid: string;
  readonly wanted: Wanted;
  /** Milliseconds. */
  readonly withinMs: number;
}

/** A decision as an agent has it. */
export interface DecisionSeen {
  readonly namespace: string;
  readonly name: string;
  readonly atMs: MachineMs;
  /** '' if there is none. */
  readonly role: string;
  /** Of a denial. */
  readonly reason: string;
  readonly pending: boolean;
  readonly metadataDenied: boolean;
}

/** What agents had since `begin`. */
export interface FeedsSeen {
  /** Streams that ended, by why. */
  readonly drops: Readonly<Record<string, number>>;
  /** The least share of its life that a session of a kept Namespace had left at any moment; 1 of none. */
  readonly leastShare: number;
  /** Sessions of kept Namespaces that have valid credentials at the end. */
  readonly held: number;
  readonly renewals: number;
  /** How often a Pod of a kept Namespace was told to be anything but allowed. */
  readonly withdrawn: number;
  /** Renewals of certificates on the connections of streams. */
  readonly certificates: Times;
}

/** What the honest have now. */
export interface FeedsState {
  /** Streams whose snapshots are whole. */
  readonly synced: number;
  /** Valid sessions of kept Namespaces. */
  readonly held: number;
  /** The least share of its life that one of them has left; 1 of none. */
  readonly leastShare: number;
}

export interface FeedsCalls extends Calls {
  /** Opens a stream for each node, and again after a while if it ends. */
  readonly open: (order: FeedsOrder) => void;
  readonly close: () => void;
  readonly begin: () => void;
  /** Waits for renewals that are under way. */
  readonly end: () => Promise<FeedsSeen>;
  /** Resolves when the decision is there; undefined: it did not come. */
  readonly decided: (order: DecisionOrder) => Promise<MachineMs | undefined>;
  /** Resolves when the Pod is allowed a role and has credentials; undefined: they did not come. */
  readonly served: (order: Omit<DecisionOrder, 'wanted'>) => Promise<MachineMs | undefined>;
  /** Resolves when the agent is told that the Pod has gone; undefined: it is not told. */
  readonly gone: (order: Omit<DecisionOrder, 'wanted'>) => Promise<MachineMs | undefined>;
  /** From now on, decisions on Pods of Namespaces whose names begin so are written down; the former ones are forgotten. */
  readonly record: (namespacePrefix: string) => void;
  readonly recorded: () => readonly DecisionSeen[];
  readonly state: () => FeedsState;
}

/** What a node that was stolen sends. */
export type Sends = 'made-up reasons' | 'long versions' | 'many streams' | 'random bytes';

/** All of it at once, for `forMs`. */
export interface StolenNodeOrder extends ServerPeer {
  readonly identity: NodeIdentity;
  readonly sends: readonly Sends[];
  readonly forMs: number;
}

export interface StolenNodeSeen {
  readonly streams: number;
  readonly reports: number;
  readonly sentBytes: number;
  /** Streams that the server ended, by code. */
  readonly ended: Readonly<Record<string, number>>;
}

export interface StolenNodeCalls extends Calls {
  /** In the order of what is sent. */
  readonly attack: (order: StolenNodeOrder) => Promise<readonly StolenNodeSeen[]>;
}

export interface StsCalls extends Calls {
  readonly url: () => string;
  /** AssumeRole so far, for Namespaces whose names begin so. */
  readonly calls: (namespacePrefix: string) => number;
}
