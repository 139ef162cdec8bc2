import { isIP } from 'node:net';
import { canonicalIp, parseJson, record } from '@rolegate/runtime';
import type { HostPort } from '@rolegate/runtime';

/**
 * The ports and listeners that an agent reports to `reconcile` of its Pod and, through the node's notes, to that of other agent
 * Pods.
 */
export interface NamedListeners {
  /** The ports on which the agent listens or is waiting to. */
  readonly ports: readonly HostPort[];
  /** Of its listening sockets. */
  readonly inodes: readonly number[];
}

/** Longer texts are rejected. Bytes. */
export const LONGEST_NAMED = 4_096;
/** An agent has a handful of ports. */
const MOST = 64;

/** One line, without its newline. */
export function namedText({ ports, inodes }: NamedListeners): string {
  return JSON.stringify({ kind: 'listeners', ports, inodes });
}

/** Undefined: broken, or not about listeners. Unknown fields are skipped. Never throws. */
export function parseNamed(text: string): NamedListeners | undefined {
  if (text.length > LONGEST_NAMED) return undefined;
  const { kind, ports, inodes } = record(parseJson(text));
  if (kind !== 'listeners' || !isShortList(ports) || !isShortList(inodes)) return undefined;
  const parsed = ports.map(portFrom);
  if (!parsed.every((port) => port !== undefined) || !inodes.every(isInode)) return undefined;
  return { ports: parsed, inodes };
}

function portFrom(given: unknown): HostPort | undefined {
  const { host, port } = record(given);
  if (typeof host !== 'string' || isIP(host) === 0) return undefined;
  const isPort = typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536;
  return isPort ? { host: canonicalIp(host) ?? host, port } : undefined;
}

function isShortList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length <= MOST;
}

function isInode(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}
