import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';

export type ProbeKind = 'startup' | 'liveness' | 'readiness';

/** A kubelet probe. */
export type Probe =
  | {
      readonly kind: ProbeKind;
      readonly by: 'http';
      /** Undefined: the Pod's own address. */
      readonly host: string | undefined;
      readonly port: number;
      readonly path: string;
      readonly timeoutMs: number;
    }
  | { readonly kind: ProbeKind; readonly by: 'exec'; readonly command: readonly string[] };

/** A container as the chart renders it with default values. */
export interface ChartContainer {
  readonly args: readonly string[];
  readonly memoryLimitBytes: number;
  readonly user: number;
  readonly probes: readonly Probe[];
}

interface Manifest {
  readonly kind: string;
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}

interface SecurityContext {
  readonly runAsUser?: number;
}

interface PodSpec {
  readonly securityContext?: SecurityContext;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
}

interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources: { readonly limits: { readonly memory: string } };
  readonly securityContext?: SecurityContext;
  readonly startupProbe?: RawProbe;
  readonly livenessProbe?: RawProbe;
  readonly readinessProbe?: RawProbe;
}

interface RawProbe {
  readonly httpGet?: { readonly host?: string; readonly port: number | string; readonly path: string };
  readonly exec?: { readonly command: readonly string[] };
  readonly timeoutSeconds?: number;
}

/** The kubelet's default. */
const DEFAULT_TIMEOUT_SECONDS = 1;

const UNITS: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/**
 * Reads a container from a golden rendering of the chart, so that the suite starts, limits and probes programs as the chart does.
 * The default rendering has certificates from Secrets. Throws if the rendering lacks the container.
 */
export async function readChart(
  chart: 'agent' | 'server',
  container: 'agent' | 'intercept' | 'reconcile' | 'server',
  rendering: 'existing-secret' | 'minimal' = 'existing-secret',
): Promise<ChartContainer> {
  const path = new URL(`../../charts/${chart}/golden/${rendering}.yaml`, import.meta.url);
  return containerOf(await readFile(path, 'utf8'), container);
}

/** The named container of the rendered DaemonSet or Deployment. */
export function containerOf(rendering: string, name: string): ChartContainer {
  const manifests = parseAllDocuments(rendering).map((document) => document.toJS() as Manifest | null);
  const workload = manifests.find((manifest) => ['DaemonSet', 'Deployment'].includes(manifest?.kind ?? ''));
  const spec = workload?.spec.template.spec;
  const all = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const found = all.find((container) => container.name === name);
  if (found === undefined) throw new Error(`the chart renders no container ${name}`);
  return {
    args: found.args,
    memoryLimitBytes: bytesOf(found.resources.limits.memory),
    user: found.securityContext?.runAsUser ?? spec?.securityContext?.runAsUser ?? 0,
    probes: probesOf(found),
  };
}

function probesOf(container: Container): Probe[] {
  const { startupProbe, livenessProbe, readinessProbe } = container;
  const raw = { startup: startupProbe, liveness: livenessProbe, readiness: readinessProbe };
  return Object.entries(raw).flatMap(([key, probe]): Probe[] => {
    const kind = key as ProbeKind;
    if (probe?.exec !== undefined) return [{ kind, by: 'exec', command: probe.exec.command }];
    if (probe?.httpGet === undefined) return [];
    const { host, port, path } = probe.httpGet;
    const timeoutMs = 1_000 * (probe.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS);
    return [{ kind, by: 'http', host, port: portOf(container, port), path, timeoutMs }];
  });
}

function portOf({ name, ports = [] }: Container, port: number | string): number {
  if (typeof port === 'number') return port;
  const found = ports.find((one) => one.name === port)?.containerPort;
  if (found === undefined) throw new Error(`the container ${name} has no port ${port}`);
  return found;
}

/** Parses a quantity such as `256Mi`. */
function bytesOf(quantity: string): number {
  const [, number = '', unit = ''] = /^(\d+)([KMG]i)?$/.exec(quantity) ?? [];
  if (number === '') throw new Error(`${quantity} is not a supported memory quantity`);
  return Number(number) * (UNITS[unit] ?? 1);
}
