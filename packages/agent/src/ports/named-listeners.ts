import { isIP } from 'node:net';
import { canonicalIp, parseJson, record } from '@rolegate/runtime';
import type { HostPort } from '@rolegate/runtime';

/** What an agent says of its ports, to `reconcile` of its Pod and, through the node's notes, to those of other agent Pods. */
export interface NamedListeners {
  /** On which the agent listens, or waits until it can. */
  readonly ports: readonly HostPort[];
  /** Of its listening sockets. */
  readonly inodes: readonly number[];
}

/** A longer text names nothing. Bytes. */
export const LONGEST_NAMED = 4_096;
/** An agent has a handful of ports. */
const MOST = 64;

/** One line, without its end. */
export function namedText({ ports, inodes }: NamedListeners): string {
  return JSON.stringify({ kind: 'listeners', ports, inodes });
}

/** Undefined: it names no listeners, or is broken. Unknown fields are skipped. Never throws. */
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
