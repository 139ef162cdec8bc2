import { expect, it } from 'vitest';
import { merge } from './chart-values.ts';
import { kiamValues, kube2iamValues } from './former-charts.ts';
import type { FormerValue } from './former-charts.ts';
import type { Json } from './objects.ts';
import { chartNames, minimalValues, render } from './rendering.ts';
import type { ChartName } from './rendering.ts';
import { withHelm } from './with-helm.ts';

/** The line that an accepted former value leads to. */
const KEPT = {
  server: {
    nameOverride: 'name: rolegate-server-other',
    fullnameOverride: 'name: another',
    imagePullSecrets: '- name: some-registry',
    extraEnv: '- name: A',
    'image.repository': 'image: registry.example.org/some:',
    'image.tag': ':v1',
    'image.pullPolicy': 'imagePullPolicy: Always',
    'image.pullSecrets': '- name: some-registry',
    livenessProbe: 'periodSeconds: 7',
    readinessProbe: 'periodSeconds: 7',
    resources: 'cpu: 1m',
    'aws.region': '--region=us-west-2',
    verbose: '--log-level=debug',
  },
  agent: {
    nameOverride: 'name: rolegate-agent-other',
    fullnameOverride: 'name: another',
    imagePullSecrets: '- name: some-registry',
    'serviceAccounts.agent.name': 'serviceAccountName: other',
    'serviceAccounts.agent.annotations': 'a: b',
    'agent.log.jsonOutput': '--log-format=text',
    'agent.extraArgs': '--some-flag=x',
    'agent.log.level': '--log-level=warn',
    'agent.extraEnv': '- name: A',
    'agent.podAnnotations': 'a: b',
    'agent.podLabels': 'a: b',
    'agent.tolerations': 'key: a',
    'agent.nodeSelector': 'a: b',
    'agent.affinity': 'podAffinity:',
    'agent.priorityClassName': 'priorityClassName: some-class',
    'agent.seLinuxOptions': 'type: some_t',
    'agent.host.port': '--port=8282',
    'agent.host.interface': '--host-interface=cali+',
    extraEnv: '- name: A',
    'host.interface': '--host-interface=eni+',
    'host.port': '--port=8282',
    'prometheus.metricsPort': '--prometheus-listen-addr=0.0.0.0:9543',
    'image.repository': 'image: registry.example.org/some:',
    'image.tag': ':v1',
    'image.pullPolicy': 'imagePullPolicy: Always',
    'image.pullSecrets': '- name: some-registry',
    verbose: '--log-level=debug',
  },
} satisfies Record<ChartName, Record<string, string>>;

/** In both charts. */
const KEPT_BY_BOTH = {
  extraArgs: '--some-flag=x',
  tolerations: 'key: a',
  nodeSelector: 'a: b',
  affinity: 'podAffinity:',
  podAnnotations: 'a: b',
  podLabels: 'a: b',
  priorityClassName: 'priorityClassName: some-class',
};

/** They ask for what happens anyway, or concern only the other chart. */
const ANYWAY: Readonly<Record<ChartName, readonly RegExp[]>> = {
  server: [/^serviceAccounts\.agent\.create$/, /^agent\.(enabled|log\.jsonOutput)$/],
  agent: [/^(agent\.)?host\.iptables$/, /^rbac\.create$/, /^serviceAccounts\.server\./, /^server\.name$/],
};
/** It removes permissions and adds nothing. */
const REMOVES = { server: ['rbac.create'], agent: [] };

withHelm.each(chartNames)('Former values in the chart %s (need helm)', (chart) => {
  const kept: Readonly<Record<string, string>> = { ...KEPT_BY_BOTH, ...KEPT[chart] };
  const known = (path: string) => Object.hasOwn(kept, path) || REMOVES[chart].some((one) => one === path);
  const anyway = (path: string) => ANYWAY[chart].some((one) => one.test(path));

  it.each([
    { of: 'kiam', values: kiamValues },
    { of: 'kube2iam', values: kube2iamValues },
  ])('A value of $of that has no effect is rejected with a hint', ({ values }) => {
    const refused = values.filter(([path]) => !known(path) && !anyway(path));
    const { code, stderr } = tried(chart, refused);
    expect(code).not.toBe(0);
    expect(stderr).not.toMatch(/additional propert/i);
    expect(refused.filter(([path]) => !hinted(stderr, path)).map(([path]) => path)).toEqual([]);
  });

  it.each([...kiamValues, ...kube2iamValues].filter(([path]) => Object.hasOwn(kept, path)))(
    'The former value %s has its effect',
    (path, value) => {
      const { code, stdout, stderr } = tried(chart, [[path, value]]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain(kept[path]);
    },
  );

  it.each(
    [...kiamValues, ...kube2iamValues].filter(
      ([path, value]) => value === false && !known(path) && !anyway(path),
    ),
  )('The former value %s is rejected with a hint even if it switches something off', (path, value) => {
    const { code, stderr } = tried(chart, [[path, value]]);
    expect({ code, hinted: hinted(stderr, path) }).toEqual({ code: 1, hinted: true });
  });

  it('Former values are accepted if they ask for what happens anyway', () => {
    const all = [...kiamValues, ...kube2iamValues].filter(([path]) => anyway(path));
    expect(tried(chart, all)).toMatchObject({ code: 0, stderr: '' });
  });
});

withHelm('Chart values (need helm)', () => {
  it.each([
    { values: {}, says: /clusterName: required; .{20}/ },
    { values: {}, says: /credentials\.source: required; .*webIdentity.*podIdentity.*secret.*node/ },
    { values: { clusterName: 'c', credentials: { source: 'webIdentity' } }, says: /roleArn: required/ },
    { values: { clusterName: 'c', credentials: { source: 'secret' } }, says: /secret\.name: required/ },
    { values: { clusterName: 'c', credentials: { source: 'node' } }, says: /nodeSelector: required/ },
    { values: { clusterName: 'c', credentials: { source: 'other' } }, says: /credentials.source/ },
    { values: { clusterNam: 'c' }, says: /clusterNam\b/ },
  ])('The server chart fails with a message that matches $says', ({ values, says }) => {
    const { code, stderr } = render({ chart: 'server', values });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(says);
  });

  it.each([
    { values: { tls: { mode: 'existingSecret' } }, says: /tls\.existingSecret\.name is required/ },
    { values: { tls: { mode: 'certManager' } }, says: /issuerRef\.name is required/ },
    { values: { hostInterface: ['auto', 'cali+'] }, says: /auto cannot be combined with interface names/ },
    { values: { metrics: { port: 8181 } }, says: /metrics\.port: 8181 is the port/ },
    { values: { metrics: { port: 9622 } }, says: /probes\.port: 9622 is also metrics\.port/ },
    { values: { port: 9632, probes: { port: 9632 } }, says: /probes\.port: 9632 is also port/ },
    { values: { probes: { host: '0.0.0.0' } }, says: /probes.host/ },
    { values: { modes: 'roles' }, says: /modes\b/ },
  ])('The agent chart fails with a message that matches $says', ({ values, says }) => {
    const { code, stderr } = render({ chart: 'agent', values });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(says);
  });
});

function tried(chart: ChartName, values: readonly FormerValue[]) {
  const ours = chart === 'server' && values.some(([path]) => path === 'aws.region') ? { region: '' } : {};
  const all = values.map(([path, value]) => at(path, value)).reduce(merge, ours);
  const { code, stdout, stderr } = render({ chart, files: [minimalValues(chart)], values: all });
  // Helm accepts a map instead of a list, with a warning.
  return {
    code,
    stdout: stdout.replaceAll(/["']/g, ''),
    stderr: stderr.replaceAll(/^coalesce.go.*\n/gm, ''),
  };
}

function at(path: string, value: unknown): Json {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Json;
}

/** An error names the key, its parent or its child, and says what to do. */
function hinted(said: string, path: string): boolean {
  if (path.startsWith('server.') && /- server\.\S+ is not supported: the server has its own chart/.test(said))
    return true;
  return said.split('\n').some((line) => {
    const [, key = '', hint = ''] = /^- ([\w.]+):? (.*)$/.exec(line.trim()) ?? [];
    return hint.length > 10 && (`${path}.`.startsWith(`${key}.`) || key.startsWith(`${path}.`));
  });
}
