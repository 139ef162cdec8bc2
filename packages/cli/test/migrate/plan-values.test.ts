import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { kiamValues, kube2iamValues } from '../../../../charts/test/former-charts.ts';
import { readHelmRelease } from '../../src/migrate/plan/helm-release.ts';
import { translateValues } from '../../src/migrate/plan/values-of.ts';
import type { TranslatedValues } from '../../src/migrate/plan/values-of.ts';

function translated(
  system: 'kiam' | 'kube2iam',
  values: Readonly<Record<string, unknown>>,
): TranslatedValues {
  const result = translateValues(system, values);
  if ('fault' in result) throw new Error(result.fault);
  return result;
}

function at(path: string, value: unknown): Record<string, unknown> {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<
    string,
    unknown
  >;
}

it.each([
  ...kiamValues.map(([path, value]) => ['kiam', path, value] as const),
  ...kube2iamValues.map(([path, value]) => ['kube2iam', path, value] as const),
])('What becomes of the value of %s %s is known', (system, path, value) => {
  const { agent, server, notes, needless } = translated(system, at(path, value));
  expect(notes.map(({ why }) => why)).not.toContain(`it is not a value of ${system}'s chart`);
  const carried = Object.keys(agent).length + Object.keys(server).length > 0;
  expect(carried || notes.length + needless.length > 0).toBe(true);
});

it('Values with the same meaning are written for the chart that has them', () => {
  const values = {
    imagePullSecrets: ['some-registry'],
    agent: {
      host: { interface: 'cali+', port: 8282 },
      log: { jsonOutput: false },
      updateStrategy: 'OnDelete',
      tolerations: [],
    },
    server: { roleBaseArn: 'arn:aws:iam::123456789012:role/', deployment: { enabled: true, replicas: 5 } },
  };
  expect(translated('kiam', values)).toEqual({
    agent: {
      imagePullSecrets: ['some-registry'],
      port: 8282,
      log: { format: 'text' },
    },
    server: {
      imagePullSecrets: ['some-registry'],
      roles: { baseArn: 'arn:aws:iam::123456789012:role/' },
      replicas: 5,
    },
    notes: [],
    needless: ['agent.host.interface', 'agent.updateStrategy', 'server.deployment.enabled'],
  });
});

it('No key of AWS is carried over or shown', () => {
  const result = translated('kube2iam', {
    aws: { secret_key: 'TOPSECRET', access_key: 'AKIA' },
    verbose: true,
  });
  expect(JSON.stringify(result)).not.toMatch(/TOPSECRET|AKIA/);
  expect(result.agent).toEqual({ log: { level: 'debug' } });
});

it('Values of another chart are refused', () => {
  expect(translateValues('kiam', { controller: {}, defaultBackend: {} })).toEqual({
    fault:
      "has none of the values of kiam's chart (it has controller, defaultBackend); is it of another chart?",
  });
});

it('A value that the old chart does not have is named', () => {
  expect(translated('kiam', { agent: { host: { odd: 1 } } }).notes).toEqual([
    { path: 'agent.host.odd', why: "it is not a value of kiam's chart" },
  ]);
});

function secret(release: unknown): object {
  const packed = gzipSync(typeof release === 'string' ? release : JSON.stringify(release)).toString('base64');
  return { data: { release: Buffer.from(packed).toString('base64') } };
}

it('The values of a release are read from its Secret', () => {
  const release = { chart: { metadata: { name: 'kiam' } }, config: { agent: { log: {} } } };
  expect(readHelmRelease(secret(release))).toEqual({ chart: 'kiam', values: { agent: { log: {} } } });
});

it.each([
  [undefined, 'has no data.release'],
  [
    {
      data: {
        release: Buffer.from(Buffer.from('\u001f\u008b garbage', 'latin1').toString('base64')).toString(
          'base64',
        ),
      },
    },
    'cannot be decompressed: unknown compression method',
  ],
  [secret('no json'), 'is not JSON'],
  [secret({}), 'names no chart'],
  [
    secret(' '.repeat(33 * 1024 * 1024)),
    'cannot be decompressed: Cannot create a Buffer larger than 33554432 bytes',
  ],
])('A Secret that is no release is refused, case %#: %s', (given, fault) => {
  expect(readHelmRelease(given)).toEqual({ fault });
});
