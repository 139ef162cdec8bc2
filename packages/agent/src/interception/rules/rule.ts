import type { HostInterface } from './host-interfaces.ts';
import type { Family } from './metadata-addresses.ts';

/**
 * Each of the first three denies by itself (DESIGN.md 4.4). `input` keeps others off the agent's port, and `ports` protects all
 * ports of the agent from redirects by others.
 */
export const layers = ['nat', 'filter', 'route', 'input', 'ports'] as const;
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
  readonly layer: Layer;
  readonly jumps: readonly Jump[];
  readonly rules: readonly Rule[];
}

/** One rule of `ip rule`. */
export interface RouteRule {
  readonly priority: number;
  readonly to: string;
  readonly iif?: string;
  readonly action: 'main' | 'prohibit';
}

/** The agent's listeners: each of the ports on each of the addresses. */
export interface Guarded {
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
}

/** What is installed for one family. */
export interface FamilyPlan {
  readonly family: Family;
  /** The metadata address. */
  readonly address: string;
  readonly guarded: Guarded;
  readonly chains: readonly Chain[];
  readonly routes: readonly RouteRule[];
}
