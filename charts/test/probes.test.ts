import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { containersOf, objectsOf } from './objects.ts';
import type { Container, KubernetesObject } from './objects.ts';
import { readManifest, writtenManifests } from './plain-manifests.ts';
import { minimalValues, rendered, valueSets } from './rendering.ts';
import { withHelm } from './with-helm.ts';

interface Probe {
  readonly exec?: { readonly command: readonly string[] };
  readonly httpGet?: { readonly host?: string; readonly path: string; readonly port: number | string };
  readonly periodSeconds?: number;
  readonly failureThreshold?: number;
}

interface Probed extends Container {
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

/** A missing server must never restart an agent (DESIGN.md 5, R5). Seconds. */
const YEARS = 10 * 365 * 86_400;

const files = [
  ...valueSets().map(({ chart, name, goldenFile }) => ({
    title: `charts/${chart}/golden/${name}.yaml`,
    objects: objectsOf(readFileSync(goldenFile, 'utf8')),
  })),
  ...writtenManifests()
    .filter((path) => !path.endsWith('kustomization.yaml'))
    .map((path) => ({ title: `deploy/${path}`, objects: objectsOf(readManifest(path)) })),
];
const agents = files.flatMap(({ title, objects }) => agentsOf(objects).map((agent) => ({ title, agent })));

function probedOf(objects: readonly KubernetesObject[]): readonly Probed[] {
  return objects.flatMap(containersOf);
}

function agentsOf(objects: readonly KubernetesObject[]): readonly Probed[] {
  return probedOf(objects).filter(({ name }) => name === 'agent');
}

describe('Kubelet probes', () => {
  it.each(files)(
    'No container of $title has a liveness or readiness probe that starts a program',
    ({ objects }) => {
      const recurring = probedOf(objects).flatMap(({ name, livenessProbe, readinessProbe }) =>
        [livenessProbe, readinessProbe].flatMap((probe) => (probe?.exec === undefined ? [] : [name])),
      );
      expect(recurring).toEqual([]);
    },
  );

  it.each(files)('Only the agent and the server have probes in $title', ({ objects }) => {
    const names = probedOf(objects)
      .filter(({ startupProbe, livenessProbe, readinessProbe }) =>
        [startupProbe, livenessProbe, readinessProbe].some((probe) => probe !== undefined),
      )
      .map(({ name }) => name);
    expect(names.filter((name) => !['agent', 'server'].includes(name))).toEqual([]);
  });
});

describe.each(agents)('Agent of $title', ({ agent }) => {
  const { startupProbe, livenessProbe, readinessProbe, args = [] } = agent;

  it('The agent is ready once its startup probe succeeds, which never gives up if a server is missing', () => {
    const socket = args.find((arg) => arg.startsWith('--status-socket='));
    expect(startupProbe?.exec?.command).toEqual(['rolegate-agent', 'status', '--ready', socket]);
    expect(readinessProbe).toBeUndefined();
    const { periodSeconds = 10, failureThreshold = 3 } = startupProbe ?? {};
    expect(periodSeconds).toBeGreaterThanOrEqual(1);
    expect(periodSeconds * failureThreshold).toBeGreaterThan(YEARS);
    // The API field is an int32.
    expect(failureThreshold).toBeLessThan(2 ** 31);
  });

  it('The liveness probe of the agent uses a dedicated loopback port', () => {
    const { host = '', port = 0, path } = livenessProbe?.httpGet ?? {};
    expect(path).toBe('/livez');
    expect(['127.0.0.1', '::1']).toContain(host);
    expect(args).toContain(`--probe-bind=${host.includes(':') ? `[${host}]` : host}:${port}`);
    expect(args.filter((arg) => arg.endsWith(`:${port}`) || arg.endsWith(`=${port}`))).toHaveLength(1);
  });
});

withHelm('Values reused from 0.1 (need helm)', () => {
  it('The agent has the default probe port with values reused from 0.1', () => {
    const text = rendered({
      chart: 'agent',
      files: [minimalValues('agent')],
      values: { probes: null },
    });
    const [agent] = agentsOf(objectsOf(text));
    expect(agent?.livenessProbe?.httpGet).toEqual({ host: '127.0.0.1', port: 9622, path: '/livez' });
    expect(agent?.args).toContain('--probe-bind=127.0.0.1:9622');
  });
});
