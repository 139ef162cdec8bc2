import { canonicalIp } from '@rolegate/runtime';
import { createTopLevelFields } from './top-level-fields.ts';

/** The runtime's name for a Pod's first interface. Addresses of its other interfaces are not used here. */
const FIRST_INTERFACE = 'eth0';
/** The fields that are parsed. The Pod's annotations, which it chooses itself, are in another field (`capabilityArgs`). */
const FIELDS: ReadonlySet<string> = new Set(['kind', 'ifName', 'cniArgs', 'result']);
/** Per field. Plugins with hundreds of routes stay far below. Bytes. */
const LONGEST_FIELD = 256 * 1024;
/** A Pod has one address per family; some plugins assign a few. */
const MOST_IPS = 64;
/** Kubernetes limits names to 253 characters. */
const LONGEST_NAME = 253;

/** What one file of libcni's result cache says (containernetworking/cni, libcni/api.go, cachedInfo). */
export interface CniResult {
  /** As the runtime knows the Pod; absent if it does not pass it to CNI plugins. */
  readonly uid?: string;
  /** Empty, like the name, if it is not a Pod's: a container of nerdctl or podman. */
  readonly namespace: string;
  readonly name: string;
  /** Canonical (RFC 5952). */
  readonly ips: readonly string[];
}

/** What a file turned out to be. */
export type ReadCniResult =
  | { readonly kind: 'result'; readonly result: CniResult }
  /** Of another interface, which says nothing about the Pod's addresses. */
  | { readonly kind: 'other-interface' }
  /** `cutShort`: it may still be being written; if so, no container of its Pod has started. */
  | { readonly kind: 'broken'; readonly fault: string; readonly cutShort: boolean };

export interface CniResultReader {
  /** Reads the next bytes. They can be overwritten afterwards. */
  readonly read: (bytes: Buffer) => void;
  readonly end: () => ReadCniResult;
}

/**
 * libcni names files `<network>-<container>-<interface>`, so a file with another suffix is not of a Pod's first interface,
 * whatever it contains.
 */
export function mayNameAddresses(fileName: string): boolean {
  return fileName.endsWith(`-${FIRST_INTERFACE}`);
}

/** Reads one result file chunk by chunk. Never throws. */
export function createCniResultReader(): CniResultReader {
  const json = createTopLevelFields(FIELDS, LONGEST_FIELD);

  return {
    read: json.read,
    end() {
      const read = json.end();
      if (read.kind === 'cut-short')
        return { kind: 'broken', fault: 'the file is truncated', cutShort: true };
      return read.kind === 'broken' ? broken(read.fault) : resultFrom(read.fields);
    },
  };
}

function resultFrom(fields: ReadonlyMap<string, unknown>): ReadCniResult {
  if (fields.get('kind') !== 'cniCacheV1') return broken('the kind is not cniCacheV1');
  if (fields.get('ifName') !== FIRST_INTERFACE) return { kind: 'other-interface' };
  const ips = ipsOf(fields.get('result'));
  if (ips === undefined) return broken('an address is invalid');
  if (ips.length > MOST_IPS) return broken(`more than ${MOST_IPS} addresses`);
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
 * `ips[].address` since CNI specification 0.3.0, `ip4.ip` and `ip6.ip` before; all are CIDRs. Undefined: one of them is
 * invalid, so the Pod has an unknown address.
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
