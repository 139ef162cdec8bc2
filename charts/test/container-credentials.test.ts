import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { audienceFault, containerCredentials } from '@rolegate/protocol';
import { notesOf } from './notes.ts';
import { containersOf, objectsOf, podLabelsOf } from './objects.ts';
import type { Json, KubernetesObject } from './objects.ts';
import {
  chartFolder,
  chartNames,
  minimalValues,
  MUTATING_POLICY,
  render,
  rendered,
  valueSets,
} from './rendering.ts';
import type { ChartName } from './rendering.ts';
import { withHelm } from './with-helm.ts';

const LABEL = 'rolegate.dev/credentials';
const MUTATING_POLICY_V1 = 'admissionregistration.k8s.io/v1/MutatingAdmissionPolicy';
const enabled = { containerCredentials: { enabled: true } };

const renderings = valueSets().map(({ chart, name, goldenFile }) => ({
  chart,
  name,
  title: `${chart} with the values of ${name}`,
  objects: objectsOf(readFileSync(goldenFile, 'utf8')),
}));
const withCredentials = renderings.filter(({ name }) => name === 'container-credentials');
const without = renderings.filter(({ name }) => name !== 'container-credentials');

describe('Container credentials', () => {
  it.each(renderings)('The label of their Namespace changes no Pod of the chart $title', ({ objects }) => {
    const labels = objects.map(podLabelsOf).filter((given) => given !== undefined);
    expect(labels).not.toHaveLength(0);
    expect(labels.filter((given) => given[LABEL] !== 'off')).toEqual([]);
  });

  it('Only with the value do intercept, reconcile and the agent serve them', () => {
    const serving = (objects: readonly KubernetesObject[]) =>
      objects
        .flatMap(containersOf)
        .filter(({ args = [] }) => args.includes('--container-credentials'))
        .map(({ name }) => name);
    expect(withCredentials.flatMap(({ objects }) => serving(objects))).toEqual([
      'intercept',
      'reconcile',
      'agent',
    ]);
    expect(without.flatMap(({ objects }) => serving(objects))).toEqual([]);
  });

  it('Only with the value may a server read the keys of ServiceAccount tokens', () => {
    const read = (objects: readonly KubernetesObject[]) =>
      objects.flatMap(rulesOf).flatMap(({ nonResourceURLs = [] }) => nonResourceURLs);
    expect(withCredentials.flatMap(({ objects }) => read(objects))).toEqual([
      '/openid/v1/jwks',
      '/.well-known/openid-configuration',
    ]);
    expect(without.flatMap(({ objects }) => read(objects))).toEqual([]);
  });

  it('The variables and the mount of the policy are those of the endpoint', () => {
    const { addresses, port, path, audience } = containerCredentials;
    const text = readFileSync(join(chartFolder('server'), 'templates/_container-credentials.tpl'), 'utf8');
    expect(text).toContain(`"http://${addresses.ipv4}:${port}${path}"`);
    expect(text).toContain(`default "${audience}"`);
  });
});

withHelm('Container credentials (need helm)', () => {
  const server = (values: object, apis?: readonly string[]) =>
    objectsOf(rendered({ chart: 'server', files: [minimalValues('server')], values, ...(apis && { apis }) }));
  const policies = (objects: readonly KubernetesObject[]) =>
    objects.filter(({ kind }) => kind.startsWith('MutatingAdmissionPolicy'));
  const versions = (objects: readonly KubernetesObject[]) => [
    ...new Set(policies(objects).map(({ apiVersion }) => apiVersion)),
  ];

  it('The policy is of the newest version that the cluster has, and differs in nothing else', () => {
    const [beta, stable] = [server(enabled), server(enabled, [MUTATING_POLICY, MUTATING_POLICY_V1])];
    expect(versions(beta)).toEqual(['admissionregistration.k8s.io/v1beta1']);
    expect(versions(stable)).toEqual(['admissionregistration.k8s.io/v1']);
    expect(policies(stable)).toHaveLength(3);
    expect(policies(stable)).toEqual(
      policies(beta).map((object) => ({ ...object, apiVersion: 'admissionregistration.k8s.io/v1' })),
    );
  });

  it.each([
    { why: 'without container credentials', values: {} },
    {
      why: 'with the injection switched off',
      values: { containerCredentials: { enabled: true, injection: { enabled: false } } },
    },
  ])('There is no policy and no note about one $why', ({ values }) => {
    expect(policies(server(values))).toEqual([]);
    expect(notesOf({ chart: 'server', files: [minimalValues('server')], values, apis: [] })).not.toContain(
      'MutatingAdmissionPolicy',
    );
  });

  it('In a cluster without MutatingAdmissionPolicy there is no policy, and the notes say so', () => {
    expect(policies(server(enabled, []))).toEqual([]);
    const notes = (apis: readonly string[]) =>
      notesOf({ chart: 'server', files: [minimalValues('server')], values: enabled, apis });
    expect(notes([])).toMatch(/^NOTE: .*this cluster has no MutatingAdmissionPolicy.*Kubernetes 1\.36/m);
    expect(notes([])).not.toContain('kubectl label namespace NAMESPACE');
    expect(notes([MUTATING_POLICY])).not.toContain('has no MutatingAdmissionPolicy');
    expect(notes([MUTATING_POLICY])).toContain(`kubectl label namespace NAMESPACE ${LABEL}=token`);
  });

  it('The audience of the policy is that of the values', () => {
    const audience = 'https://rolegate.example.org';
    const text = JSON.stringify(policies(server({ containerCredentials: { enabled: true, audience } })));
    expect(text.split(`'${audience}'`)).toHaveLength(3);
    expect(text).not.toContain("'rolegate'");
  });

  const audiences = [
    'rolegate',
    'rolegate-server',
    'sts.amazonaws.com',
    'pods.eks.amazonaws.com',
    'kubernetes',
    'KUBERNETES.default.svc',
    'https://kubernetes.default.svc.cluster.local',
    'https://kubernetes.default.svc:443/',
    'https://kubernetes.example.org',
    'toString',
    'kubernetes.default.service',
  ];
  it.each(chartNames.flatMap((chart) => audiences.map((audience) => ({ chart, audience }))))(
    'The chart $chart refuses the audience $audience if its program does, with the same reason',
    ({ chart, audience }) => {
      const fault = audienceFault(audience);
      const { code, stderr } = tried(chart, { enabled: true, audience });
      if (fault === undefined) expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      else
        expect(stderr).toContain(`- containerCredentials.audience: ${audience} cannot be used: ${fault}\n`);
    },
  );

  it('The server chart refuses an issuer as the audience', () => {
    const issuer = 'https://oidc.example.org';
    expect(tried('server', { enabled: true, audience: issuer, issuers: [issuer] }).stderr).toContain(
      `- containerCredentials.audience: ${issuer} cannot be used: the API server accepts its issuers`,
    );
  });

  it.each(chartNames)('The chart %s refuses an audience that could leave its quotes', (chart) => {
    for (const audience of ["a'b", 'a"b', 'a b', 'a\\'])
      expect(tried(chart, { enabled: true, audience }).stderr).toMatch(/containerCredentials.audience/);
  });

  it.each(chartNames)('The chart %s accepts values reused from a release without these', (chart) => {
    const values = { containerCredentials: null };
    const text = rendered({ chart, files: [minimalValues(chart)], values });
    expect(text).toBe(rendered({ chart, files: [minimalValues(chart)] }));
    expect(notesOf({ chart, files: [minimalValues(chart)], values })).not.toBe('');
  });

  it('An agent in firewall mode serves none, and the notes say so', () => {
    const values = { ...enabled, mode: 'firewall' };
    expect(rendered({ chart: 'agent', values })).not.toContain('--container-credentials');
    expect(notesOf({ chart: 'agent', values })).toContain(
      'containerCredentials.enabled has no effect with mode=firewall',
    );
    expect(notesOf({ chart: 'agent', values: enabled })).toContain(
      'http://169.254.170.23:8182/v1/credentials',
    );
  });

  it('The metrics port of an agent that serves them is not theirs', () => {
    const { stderr } = render({ chart: 'agent', values: { ...enabled, metrics: { port: 8182 } } });
    expect(stderr).toContain('metrics.port: 8182 is the port of container credentials');
    expect(render({ chart: 'agent', values: { metrics: { port: 8182 } } })).toMatchObject({ code: 0 });
  });

  it.each(['podLabels', 'commonLabels'])('The server chart refuses its own label in %s', (key) => {
    const values = { [key]: { [LABEL]: 'token' } };
    const { stderr } = render({ chart: 'server', files: [minimalValues('server')], values });
    expect(stderr).toContain(`- ${key}: the chart sets ${LABEL}; remove it`);
  });
});

function tried(chart: ChartName, values: Json) {
  return render({ chart, files: [minimalValues(chart)], values: { containerCredentials: values } });
}

interface Rule {
  readonly nonResourceURLs?: readonly string[];
}

function rulesOf(object: KubernetesObject): readonly Rule[] {
  return (object['rules'] ?? []) as readonly Rule[];
}
