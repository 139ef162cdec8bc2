import { canonicalIp, parseJson } from '@rolegate/runtime';
import type { DirectoryState } from '../addresses/cni-files/cni-directory.ts';
import type { CniResult } from '../addresses/cni-files/parse-result.ts';
import { layers, ruleLayers } from '../interception/rules/rule.ts';
import type { Layer } from '../interception/rules/rule.ts';
import type { InterceptionState } from '../interception/state.ts';
import type { ForeignListener } from '../ports/foreign-listeners.ts';
import type { ReconcileMessage } from './messages.ts';

/** A kind that only a newer reconcile knows. */
export interface UnknownMessage {
  readonly kind: 'unknown';
}

type Fields = Readonly<Record<string, unknown>>;
type Parse = (fields: Fields) => ReconcileMessage | undefined;

/** Nanoseconds since the epoch, possibly negative: a clock may have been wrong. */
const NANOSECONDS = /^-?\d{1,20}$/;

const kinds: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ['hello', ({ version }) => (isText(version) ? { kind: 'hello', version } : undefined)],
  ['result', resultFrom],
  ['unreadable', ({ file }) => (isName(file) ? { kind: 'unreadable', file } : undefined)],
  ['removed', ({ file }) => (isName(file) ? { kind: 'removed', file } : undefined)],
  ['freed', ({ file }) => (isName(file) ? { kind: 'freed', file } : undefined)],
  ['returned', ({ pod }) => (isName(pod) ? { kind: 'returned', pod } : undefined)],
  ['directories', directoriesFrom],
  ['synced', () => ({ kind: 'synced' })],
  ['interception', interceptionFrom],
  ['listeners', listenersFrom],
  ['bad-results', ({ count }) => (isCount(count) ? { kind: 'bad-results', count } : undefined)],
  ['alive', () => ({ kind: 'alive' })],
]);

/** Parses one line, without its newline. Undefined: broken. Unknown fields are skipped. Never throws. */
export function parseMessage(line: string): ReconcileMessage | UnknownMessage | undefined {
  const fields = fieldsOf(parseJson(line));
  const { kind } = fields ?? {};
  if (fields === undefined || !isText(kind)) return undefined;
  const parse = kinds.get(kind);
  return parse === undefined ? { kind: 'unknown' } : parse(fields);
}

function resultFrom({
  file,
  uid,
  namespace,
  name,
  mtimeNs,
  createdNs,
  ...fields
}: Fields): ReconcileMessage | undefined {
  if (!isName(file) || !isText(namespace) || !isText(name)) return undefined;
  if (uid !== undefined && !isName(uid)) return undefined;
  if (uid === undefined && (namespace === '' || name === '')) return undefined;
  if (!isNanoseconds(mtimeNs)) return undefined;
  if (createdNs !== undefined && !isNanoseconds(createdNs)) return undefined;
  const owned = ipsFrom(fields['ips']);
  const lost = ipsFrom(fields['lost'] ?? []);
  const unreadable = ipsFrom(fields['unreadable'] ?? []);
  if (owned === undefined || lost === undefined || unreadable === undefined) return undefined;
  const result: CniResult = {
    ...(uid !== undefined && { uid }),
    namespace,
    name,
    ips: [...owned, ...unreadable],
  };
  return {
    kind: 'result',
    file,
    result,
    lost,
    unreadable: fields['unreadable'] !== undefined,
    mtimeNs: BigInt(mtimeNs),
    createdNs: createdNs === undefined ? undefined : BigInt(createdNs),
  };
}

/** An empty list is valid: a newer file took the addresses. */
function ipsFrom(given: unknown): readonly string[] | undefined {
  if (!Array.isArray(given)) return undefined;
  const ips = given.map((ip: unknown) => (isText(ip) ? canonicalIp(ip) : undefined));
  return ips.every((ip) => ip !== undefined) ? ips : undefined;
}

function directoriesFrom({ states }: Fields): ReconcileMessage | undefined {
  const words = fieldsOf(states);
  if (words === undefined || !Object.values(words).every(isText)) return undefined;
  const known = Object.entries(words).map(([directory, word]) => [directory, directoryState(word)]);
  return {
    kind: 'directories',
    states: Object.fromEntries(known) as Readonly<Record<string, DirectoryState>>,
  };
}

/** Unknown states of a newer reconcile count as unreadable. */
function directoryState(word: unknown): DirectoryState {
  return word === 'ok' || word === 'missing' ? word : 'unreadable';
}

function interceptionFrom(fields: Fields): ReconcileMessage | undefined {
  const {
    backend = '',
    refusedConnections = 0,
    foreignRules = 0,
    unmatchedInterfaces = 0,
    ...parts
  } = fields;
  const { connectionsLimited } = parts;
  const installed = layersFrom(parts['layers']);
  const repairs = countsFrom(layers, parts['repairs']);
  const packets = countsFrom(ruleLayers, parts['packets']);
  if (installed === undefined || repairs === undefined || packets === undefined) return undefined;
  if (!isText(backend) || !isCount(foreignRules) || !isCount(unmatchedInterfaces)) return undefined;
  if (!isCount(refusedConnections)) return undefined;
  if (connectionsLimited !== undefined && typeof connectionsLimited !== 'boolean') return undefined;
  return {
    kind: 'interception',
    backend,
    layers: installed,
    repairs,
    packets,
    refusedConnections,
    ...(connectionsLimited !== undefined && { connectionsLimited }),
    foreignRules,
    unmatchedInterfaces,
  };
}

function listenersFrom({ foreign }: Fields): ReconcileMessage | undefined {
  if (!Array.isArray(foreign)) return undefined;
  const listeners = foreign.map(listenerFrom);
  return listeners.every((listener) => listener !== undefined)
    ? { kind: 'listeners', foreign: listeners }
    : undefined;
}

function listenerFrom(given: unknown): ForeignListener | undefined {
  const { address, port, uid } = fieldsOf(given) ?? {};
  return isText(address) && isCount(port) && isCount(uid) ? { address, port, uid } : undefined;
}

function layersFrom(given: unknown): InterceptionState['layers'] | undefined {
  const fields = fieldsOf(given);
  if (fields === undefined) return undefined;
  const known = layers.flatMap((layer) => (fields[layer] === undefined ? [] : [[layer, fields[layer]]]));
  return known.every(([, installed]) => typeof installed === 'boolean')
    ? (Object.fromEntries(known) as InterceptionState['layers'])
    : undefined;
}

/** A missing layer has counted nothing. */
function countsFrom<L extends Layer>(
  all: readonly L[],
  given: unknown,
): Readonly<Record<L, number>> | undefined {
  const fields = fieldsOf(given);
  if (fields === undefined) return undefined;
  const counts = all.map((layer) => [layer, fields[layer] ?? 0] as const);
  return counts.every(([, count]) => isCount(count))
    ? (Object.fromEntries(counts) as Readonly<Record<L, number>>)
    : undefined;
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isName(value: unknown): value is string {
  return isText(value) && value !== '';
}

function isNanoseconds(value: unknown): value is string {
  return isText(value) && NANOSECONDS.test(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
