import type { HostInterface } from './host-interfaces.ts';
import type { Family } from './metadata-addresses.ts';

/**
 * Each of the first three denies by itself (DESIGN.md 4.4). `input` keeps others off the agent's ports, and `ports` protects all
 * ports of the agent from redirects by others. All are needed for the rules to count as installed.
 */
export const ruleLayers = ['nat', 'filter', 'route', 'input', 'ports'] as const;
export type RuleLayer = (typeof ruleLayers)[number];

/** `link` is the link of the container credentials endpoint, and exists only if that is enabled. It denies nothing. */
export const layers = [...ruleLayers, 'link'] as const;
export type Layer = (typeof layers)[number];

export interface PlanOptions {
  /** The node's internal addresses on which the agent listens; a family without one is only denied. */
  readonly hostIps: Readonly<Partial<Record<Family, string>>>;
  /** The port on which the agent listens there. */
  readonly port: number;
  /** The agent's other ports, on the same addresses or loopback, guarded like `port`. */
  readonly guardedPorts: readonly number[];
  /** Empty: no match on interfaces (`auto`). */
  readonly hostInterfaces: readonly HostInterface[];
  /** Interfaces whose guests may use the node's IMDS; full names. */
  readonly excludedInterfaces: readonly string[];
  /** True: the node also has the container credentials endpoint. */
  readonly containerCredentials: boolean;
}

/** One iptables rule. */
export interface Rule {
  /** The text after `-A CHAIN`, without the comment. */
  readonly match: string;
  readonly comment: string;
  /** Limits new connections. The kernel may lack the modules; everything else works without it. */
  readonly limitsConnections?: true;
}

/** A rule in a built-in chain that jumps to a chain of ours. */
export interface Jump extends Rule {
  readonly base: 'PREROUTING' | 'OUTPUT' | 'FORWARD' | 'INPUT';
}

/** A chain of ours, with the jumps to it. */
export interface Chain {
  readonly table: 'nat' | 'filter';
  readonly name: string;
  readonly layer: RuleLayer;
  /** The address that Pods send to. A chain of others that names it must not come first. */
  readonly address: string;
  readonly jumps: readonly Jump[];
  readonly rules: readonly Rule[];
}

/** One rule of `ip rule`. */
export interface RouteRule {
  readonly priority: number;
  readonly to: string;
  readonly iif?: string;
  /** To look up that table, or to prohibit. */
  readonly action: 'main' | 'local' | 'prohibit';
}

/** Listeners of the agent: each of the ports on each of the addresses. */
export interface Guarded {
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
}

/** What is installed for one family. */
export interface FamilyPlan {
  readonly family: Family;
  /** The metadata address. */
  readonly address: string;
  readonly guarded: readonly Guarded[];
  readonly chains: readonly Chain[];
  readonly routes: readonly RouteRule[];
  readonly endpoint: EndpointPlan;
}

/** What is done about the container credentials endpoint of one family. */
export interface EndpointPlan {
  /** The address on which the agent would listen. */
  readonly address: string;
  /**
   * `installed`: its chains, ip rules and link are installed. `removed`: they are removed. `ignored`: they are left as they are,
   * because they may belong to the agent that is about to replace this one.
   */
  readonly state: 'installed' | 'removed' | 'ignored';
}
