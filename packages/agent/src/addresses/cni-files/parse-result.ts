import { canonicalIp } from '@rolegate/runtime';
import { createTopLevelFields } from './top-level-fields.ts';

/** The runtime's name for a Pod's first interface; the others' addresses are not the Pod's towards us. */
const FIRST_INTERFACE = 'eth0';
/** The fields that are read. The annotations of the Pod, which it chooses, are in another one (`capabilityArgs`). */
const FIELDS: ReadonlySet<string> = new Set(['kind', 'ifName', 'cniArgs', 'result']);
/** Of one field. Plugins with hundreds of routes stay far below. Bytes. */
const LONGEST_FIELD = 256 * 1024;
/** A Pod has one address a family; some plugins give a few. */
const MOST_IPS = 64;
/** Kubernetes bounds names by 253 letters. */
const LONGEST_NAME = 253;

/** What one file of libcni's result cache says (containernetworking/cni, libcni/api.go, cachedInfo). */
export interface CniResult {
  /** As the runtime knows the Pod; absent if it does not tell its CNI plugins. */
  readonly uid?: string;
  /** Empty, as the name, if no Pod is named: another container's (nerdctl, podman). */
  readonly namespace: string;
  readonly name: string;
  /** Canonical (RFC 5952). */
  readonly ips: readonly string[];
}

/** What a file has been found to be. */
export type ReadCniResult =
  | { readonly kind: 'result'; readonly result: CniResult }
  /** Of another interface: it says nothing about the Pod's addresses. */
  | { readonly kind: 'other-interface' }
  /** `cutShort`: it may still be being written, and no container of its Pod has started then. */
  | { readonly kind: 'broken'; readonly fault: string; readonly cutShort: boolean };

export interface CniResultReader {
  /** Reads on. The bytes may be overwritten afterwards. */
  readonly read: (bytes: Buffer) => void;
  readonly end: () => ReadCniResult;
}

/** libcni names a file `<network>-<container>-<interface>`: another name is not of a Pod's first interface, whatever is in it. */
export function mayNameAddresses(fileName: string): boolean {
  return fileName.endsWith(`-${FIRST_INTERFACE}`);
}

/** Reads one result file piece by piece. Never throws. */
export function createCniResultReader(): CniResultReader {
  const json = createTopLevelFields(FIELDS, LONGEST_FIELD);

  return {
    read: json.read,
    end() {
      const read = json.end();
      if (read.kind === 'cut-short') return { kind: 'broken', fault: 'it is cut short', cutShort: true };
      return read.kind === 'broken' ? broken(read.fault) : resultFrom(read.fields);
    },
  };
}

function resultFrom(fields: ReadonlyMap<string, unknown>): ReadCniResult {
  if (fields.get('kind') !== 'cniCacheV1') return broken('its kind is not cniCacheV1');
  if (fields.get('ifName') !== FIRST_INTERFACE) return { kind: 'other-interface' };
  const ips = ipsOf(fields.get('result'));
  if (ips === undefined) return broken('it has an address that cannot be read');
  if (ips.length > MOST_IPS) return broken(`it has more than ${MOST_IPS} addresses`);
  const args = argsOf(fields.get('cniArgs'));
  const uid = args.get('K8S_POD_UID') ?? '';
  const namespace = args.get('K8S_POD_NAMESPACE') ?? '';
  const name = args.get('K8S_POD_NAME') ?? '';
  if ([uid, namespace, name].some(({ length }) => length > LONGEST_NAME)) return broken('a name is too long');
  if (uid !== '') return { kind: 'result', result: { uid, namespace, name, ips } };
  const isPod = namespace !== '' && name !== '';
  return { kind: 'result', result: isPod ? { namespace, name, ips } : { namespace: '', name: '', ips } };
}

function broken(fault: string): ReadCniResult {
  return { kind: 'broken', fault, cutShort: false };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function argsOf(value: unknown): ReadonlyMap<string, string> {
  const pairs = list(value).flatMap((pair) => {
    const [key, text] = list(pair);
    return typeof key === 'string' && typeof text === 'string' ? [[key, text] as const] : [];
  });
  return new Map(pairs);
}

/**
 * `ips[].address` since version 0.3.0 of the CNI specification, `ip4.ip` and `ip6.ip` before; all are CIDRs. Undefined: one of
 * them cannot be read, so that the Pod has an address nobody knows.
 */
function ipsOf(result: unknown): readonly string[] | undefined {
  const former = [field(result, 'ip4'), field(result, 'ip6')].filter(
    (one) => one !== undefined && one !== null,
  );
  const cidrs = [
    ...list(field(result, 'ips')).map((ip) => field(ip, 'address')),
    ...former.map((one) => field(one, 'ip')),
  ];
  const ips = cidrs.map((cidr) =>
    typeof cidr === 'string' ? canonicalIp(cidr.split('/', 1)[0] ?? '') : undefined,
  );
  return ips.every((ip) => ip !== undefined) ? [...new Set(ips)] : undefined;
}
