import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { containersOf, objectsOf } from './objects.ts';
import type { Json, KubernetesObject } from './objects.ts';
import { valueSets } from './rendering.ts';

const FEED = 9610;
const ATTESTATION = 9611;
const METRICS = 9620;
const KINDS = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;

interface Probed {
  readonly host?: string;
  readonly port: string;
  readonly path: string;
}

const servers = valueSets()
  .filter(({ chart }) => chart === 'server')
  .map(({ name, goldenFile }) => ({ name, ...portsOf(objectsOf(readFileSync(goldenFile, 'utf8'))) }));

/** The ports in a rendering of the server chart. */
function portsOf(objects: readonly KubernetesObject[]) {
  const specOf = (kind: string) =>
    objects.find((object) => object.kind === kind)?.['spec'] as Json | undefined;
  const deployment = objects.find(({ kind }) => kind === 'Deployment');
  const [server] = deployment === undefined ? [] : (containersOf(deployment) as unknown as Json[]);
  const named = (server?.['ports'] ?? []) as { readonly name: string; readonly containerPort: number }[];
  const args = (server?.['args'] ?? []) as string[];
  const template = (specOf('Deployment')?.['template'] ?? {}) as { readonly spec?: Json };
  return {
    args,
    onNode: template.spec?.['hostNetwork'] === true,
    ownAuthority: args.some((arg) => arg.startsWith('--authority-secret=')),
    container: new Map(named.map(({ name, containerPort }) => [name, containerPort])),
    probed: KINDS.map((kind) => (server?.[kind] as { readonly httpGet: Probed }).httpGet),
    service: ((specOf('Service')?.['ports'] ?? []) as { readonly port: number }[]).map(({ port }) => port),
    /** Undefined if there is no NetworkPolicy. */
    admitted: (
      specOf('NetworkPolicy')?.['ingress'] as { readonly ports: { readonly port: number }[] }[] | undefined
    )?.flatMap(({ ports }) => ports.map(({ port }) => port)),
  };
}

describe.each(servers)('Server ports, $name', (server) => {
  const agents = server.ownAuthority ? [FEED, ATTESTATION] : [FEED];

  it('The feed port is open to agents, and the attestation port if the server has its own authority', () => {
    expect(server.service).toEqual(agents);
    expect(server.admitted ?? [...agents, METRICS]).toEqual([...agents, METRICS]);
    expect(server.container.has('attest')).toBe(server.ownAuthority);
  });

  it('The probe port serves only probes, and is on loopback if the server uses the host network', () => {
    expect(server.probed.map(({ port, path }) => [port, path])).toEqual([
      ['probes', '/livez'],
      ['probes', '/livez'],
      ['probes', '/readyz'],
    ]);
    const port = server.container.get('probes');
    expect([FEED, ATTESTATION, METRICS, ...(server.admitted ?? [])]).not.toContain(port);
    const onLoopback = server.probed.every(({ host }) => host === '127.0.0.1');
    expect(onLoopback).toBe(server.onNode);
    expect(server.args.includes(`--probe-bind=127.0.0.1:${port ?? 0}`)).toBe(server.onNode);
  });

  it('A server on the host network uses no port of an agent', () => {
    const ofAgent = [8181, 8182, 9621, 9622];
    if (server.onNode) for (const port of server.container.values()) expect(ofAgent).not.toContain(port);
  });
});
