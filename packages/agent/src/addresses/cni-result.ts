import { canonicalIp } from '@rolegate/runtime';

/** The runtime's name for a Pod's first interface; the others' addresses are not the Pod's towards us. */
const FIRST_INTERFACE = 'eth0';

/** What one file of libcni's result cache says (containernetworking/cni, libcni/api.go, cachedInfo). */
export interface CniResult {
  /** As the runtime knows the Pod; absent where it does not tell its CNI plugins. */
  readonly uid?: string;
  readonly namespace: string;
  readonly name: string;
  /** Canonical (RFC 5952), at least one. */
  readonly ips: readonly string[];
}

/** A file that holds nothing: in order (no Pod's first interface, or one without address), or broken. */
export interface NoCniResult {
  readonly skip: string;
  readonly broken: boolean;
}

/** Reads one result file. Only the first interface of a Pod counts. */
export function parseCniResult(text: string): CniResult | NoCniResult {
  const cached = parseJson(text);
  if (cached === undefined) return { skip: 'it is not JSON', broken: true };
  if (field(cached, 'kind') !== 'cniCacheV1') return { skip: 'its kind is not cniCacheV1', broken: true };
  if (field(cached, 'ifName') !== FIRST_INTERFACE) return { skip: 'another interface', broken: false };
  const args = argsOf(field(cached, 'cniArgs'));
  const uid = args.get('K8S_POD_UID') ?? '';
  const namespace = args.get('K8S_POD_NAMESPACE') ?? '';
  const name = args.get('K8S_POD_NAME') ?? '';
  if (uid === '' && (namespace === '' || name === '')) return { skip: 'it names no Pod', broken: true };
  const ips = ipsOf(field(cached, 'result'));
  if (ips.length === 0) return { skip: 'it has no address', broken: false };
  return { ...(uid !== '' && { uid }), namespace, name, ips };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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

/** `ips[].address` since version 0.3.0 of the CNI specification, `ip4.ip` and `ip6.ip` before; all are CIDRs. */
function ipsOf(result: unknown): readonly string[] {
  const cidrs = [
    ...list(field(result, 'ips')).map((ip) => field(ip, 'address')),
    field(field(result, 'ip4'), 'ip'),
    field(field(result, 'ip6'), 'ip'),
  ];
  const ips = cidrs.flatMap((cidr) => {
    const ip = typeof cidr === 'string' ? canonicalIp(cidr.split('/', 1)[0] ?? '') : undefined;
    return ip === undefined ? [] : [ip];
  });
  return [...new Set(ips)];
}
