import { knownPath } from '@rolegate/agent/metadata-paths';
import { parseJson, record, textOf } from '@rolegate/runtime';

/** A path other than credentials that kube2iam took from the node's metadata API. */
export interface ProxiedPath {
  /** Without version; `<mac>` and `<tag>` stand for one segment each. */
  readonly path: string;
  readonly calls: number;
  /** The first Pods that asked for it, as NAMESPACE/NAME. */
  readonly pods: readonly string[];
  /** What serves it with Rolegate. */
  readonly then: string;
}

export interface ProxiedRequest {
  readonly path: string;
  readonly ip: string;
}

const MOST_PATHS = 200;
const MOST_PODS = 5;
const LONGEST_PATH = 120;

/** The request of a line of kube2iam's log, as text or JSON; undefined if it is none that was passed to the node. */
export function proxiedRequest(line: string): ProxiedRequest | undefined {
  const fields = line.startsWith('{') ? record(parseJson(line)) : undefined;
  const target = fields === undefined ? field(line, 'req.path') : textOf(fields['req.path']);
  const remote = fields === undefined ? field(line, 'req.remote') : textOf(fields['req.remote']);
  const path = otherPath(target);
  return path === undefined ? undefined : { path, ip: remote.replace(/^([\d.]+):\d+$/, '$1') };
}

/** Without version and query; undefined for credentials, tokens and kube2iam's own pages. */
function otherPath(target: string): string | undefined {
  const [, path] = /^\/+(?:latest|1\.0|20\d\d-\d\d-\d\d)\/+([^?]+)/.exec(target) ?? [];
  const plain = path?.replace(/\/+/g, '/').replace(/\/$/, '');
  if (plain === undefined || plain === 'api/token' || plain.startsWith('meta-data/iam/security-credentials'))
    return undefined;
  return plain
    .replace(/[0-9a-f]{2}(:[0-9a-f]{2}){5}/, '<mac>')
    .replace(/^(meta-data\/tags\/instance)\/.*/, '$1/<tag>')
    .slice(0, LONGEST_PATH);
}

/** The value of a field in logrus' text format. */
function field(line: string, name: string): string {
  const at = line.indexOf(`${name}=`);
  const [, quoted, bare] =
    at < 0 ? [] : (/^"((?:[^"\\]|\\.)*)"|^(\S+)/.exec(line.slice(at + name.length + 1)) ?? []);
  return quoted ?? bare ?? '';
}

/** Counts requests by path. `podAt` knows a Pod, as NAMESPACE/NAME, by its address. */
export function createProxiedPaths(podAt: (ip: string) => string | undefined) {
  const found = new Map<string, { calls: number; pods: Set<string> }>();
  let unlisted = 0;
  return {
    add({ path, ip }: ProxiedRequest): void {
      let row = found.get(path);
      if (row === undefined) {
        if (found.size >= MOST_PATHS) {
          unlisted += 1;
          return;
        }
        row = { calls: 0, pods: new Set() };
        found.set(path, row);
      }
      row.calls += 1;
      const pod = podAt(ip);
      if (pod !== undefined && row.pods.size < MOST_PODS) row.pods.add(pod);
    },
    /** The most frequent first. */
    rows: (): readonly ProxiedPath[] =>
      [...found]
        .sort(([, one], [, other]) => other.calls - one.calls)
        .map(([path, { calls, pods }]) => ({ path, calls, pods: [...pods], then: servedBy(path) })),
    /** What `rows` leaves out; empty if nothing. */
    omitted: (): readonly string[] =>
      unlisted === 0
        ? []
        : [`${unlisted.toLocaleString('en')} requests for metadata other than the first ${MOST_PATHS} paths`],
  };
}

function servedBy(path: string): string {
  if (path.startsWith('meta-data/identity-credentials')) return 'never';
  if (path === 'meta-data/iam' || path.startsWith('meta-data/iam/')) return "made for the Pod's own role";
  const known = knownPath(path.replace('<mac>', '00:00:00:00:00:00').replace('<tag>', 'Name'));
  if (known?.group !== undefined)
    return known.group === 'placement' ? 'open by default' : `metadata.groups: ${known.group}`;
  if (known?.kind === 'directory') return 'lists what the Pod may read';
  return 'metadata.allowPaths';
}
