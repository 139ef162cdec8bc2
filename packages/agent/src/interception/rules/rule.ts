import type { HostInterface } from './host-interfaces.ts';
import type { Family } from './metadata-addresses.ts';

/**
 * The first three each deny by themselves (DESIGN.md 4.4); `input` keeps others off the agent's port, and `ports` keeps others'
 * redirects off all ports of the agent.
 */
export const layers = ['nat', 'filter', 'route', 'input', 'ports'] as const;
export type Layer = (typeof layers)[number];

export interface PlanOptions {
  /** The node's internal addresses on which the agent listens; a family without one is only denied. */
  readonly hostIps: Readonly<Partial<Record<Family, string>>>;
  /** On which the agent listens there. */
  readonly port: number;
  /** Its other ports, on the same addresses or on loopback: guarded like `port`. */
  readonly guardedPorts: readonly number[];
  /** Empty: no match on interfaces (`auto`). */
  readonly hostInterfaces: readonly HostInterface[];
  /** Guests that may reach the node's own metadata API; whole names. */
  readonly excludedInterfaces: readonly string[];
}

/** One rule of iptables. */
export interface Rule {
  /** What stands between `-A CHAIN` and the end, without the comment. */
  readonly match: string;
  readonly comment: string;
  /** It bounds new connections. The kernel may lack what it needs, and all else holds without it. */
  readonly limitsConnections?: true;
}

/** A rule in a built-in chain that leads into a chain of ours. */
export interface Jump extends Rule {
  readonly base: 'PREROUTING' | 'OUTPUT' | 'FORWARD' | 'INPUT';
}

/** A chain of ours, with the jumps that lead into it. */
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

/** Where the agent is asked: at each of the ports, on each of the addresses. */
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
