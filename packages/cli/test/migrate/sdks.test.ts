import { describe, expect, it } from 'vitest';
import { createConnection } from '../../src/cluster/connection.ts';
import type { ExecOutcome, PodProgram } from '../../src/cluster/exec.ts';
import { readClients } from '../../src/migrate/to/read-clients.ts';
import { readWorkloads } from '../../src/migrate/to/read-workloads.ts';
import { sdkNotes } from '../../src/migrate/to/sdk-notes.ts';
import { clientOfImage, minimumVersions, sdkFit } from '../../src/migrate/to/sdk-versions.ts';
import { recordedOutput } from '../recorded-output.ts';
import { startOldCluster } from './old-cluster.ts';
import { ALLOWED, namespace, pod, ROLE, scaled } from './old-objects.ts';
import { BASE } from './permits.ts';

describe('Whether an SDK knows the new way', () => {
  it.each([
    ['boto3/1.9.219', 'too-old', 'too-old'],
    ['boto3/1.9.220', 'new-enough', 'too-old'],
    ['boto3/1.34.41', 'new-enough', 'new-enough'],
    ['boto3/1.34', 'new-enough', 'too-old'],
    ['boto3/2', 'new-enough', 'new-enough'],
    ['botocore/1.34.40', 'new-enough', 'too-old'],
    ['aws-cli/1.29.9', 'new-enough', 'too-old'],
    ['aws-cli/1.30.0', 'new-enough', 'new-enough'],
    ['aws-cli/2.14.9', 'new-enough', 'too-old'],
    ['aws-sdk-go/1.47.10', 'new-enough', 'too-old'],
    ['aws-sdk-go-v2/1.21.0', 'new-enough', 'unknown'],
    ['aws-sdk-java/1.12.745', 'too-old', 'too-old'],
    ['aws-sdk-java/2.21.30-preview', 'new-enough', 'new-enough'],
    ['aws-sdk-nodejs/2.1549.0', 'new-enough', 'too-old'],
    ['aws-sdk-ruby3/3.188.0', 'new-enough', 'new-enough'],
    ['aws-sdk-dotnet-coreclr/3.7.400', 'unknown', 'unknown'],
    ['aws-sdk-rust/1.3.9', 'unknown', 'unknown'],
    ['aws-sdk-crt/aws-imds-client', 'unknown', 'unknown'],
    ['boto3', 'unknown', 'unknown'],
    ['boto3/x', 'unknown', 'unknown'],
    ['aws-cli', 'unknown', 'unknown'],
    ['none', 'unknown', 'unknown'],
    ['other', 'unknown', 'unknown'],
    ['', 'unknown', 'unknown'],
  ])('is decided for %j by the version that it sends', (client, irsa, token) => {
    expect(sdkFit(client, 'irsa').fit).toBe(irsa);
    expect(sdkFit(client, 'pod-identity').fit).toBe(token);
    expect(sdkFit(client, 'container-credentials').fit).toBe(token);
  });

  it('is told with the minimum version', () => {
    expect(sdkFit('boto3/1.26.0', 'pod-identity').why).toBe('needs 1.34.41');
    expect(sdkFit('aws-sdk-go-v2/1.21.0', 'pod-identity').why).toBe(
      'needs the release of 2023-11-14, which its User-Agent does not tell',
    );
    expect(minimumVersions('irsa')).toMatch(
      /^boto3 1\.9\.220, .*, Go 2 any, .*, \.NET the release 3\.3\.659\.1$/,
    );
  });

  it.each([
    ['amazon/aws-cli:2.13.0', 'aws-cli/2.13.0'],
    ['public.ecr.aws/aws-cli/aws-cli:2.15.1', 'aws-cli/2.15.1'],
    ['amazon/aws-cli:latest', undefined],
    ['amazon/aws-cli:2.13.0@sha256:00', undefined],
    ['registry.example.org/my-aws-cli:2.13.0', undefined],
    ['registry.example.org/boto3:1.34.0', undefined],
  ])('is told by the tag of the image %s only if that is the version of the CLI', (image, client) => {
    expect(clientOfImage(image)).toBe(client);
  });
});

const AGENT = {
  metadata: {
    namespace: 'rolegate',
    name: 'agent-a',
    uid: 'agent-a',
    labels: { 'app.kubernetes.io/part-of': 'rolegate', 'app.kubernetes.io/component': 'agent' },
  },
  spec: { nodeName: 'node-a', containers: [{ name: 'agent' }] },
  status: { phase: 'Running' },
};

function printed(pods: readonly object[]): ExecOutcome {
  return { kind: 'exited', code: 0, stdout: JSON.stringify({ version: '0.2.0', pods }), stderr: '' };
}

async function clients(outcome: ExecOutcome, pods: readonly object[] = [AGENT]) {
  await using cluster = await startOldCluster({ '/api/v1/pods': pods });
  const connection = createConnection(cluster.kubeConfig);
  const asked: PodProgram[] = [];
  const exec = (program: PodProgram) => {
    asked.push(program);
    return Promise.resolve(outcome);
  };
  const output = recordedOutput();
  const signal = new AbortController().signal;
  const seen = await readClients({ connection, exec }, { namespace: undefined, output, signal });
  connection.close();
  return { ...seen, asked, notes: output.notes };
}

describe('The SDKs that agents have seen', () => {
  const row = { namespace: 'shop', name: 'cart-0', uid: 'shop/cart-0' };

  it('are read from the status of each agent', async () => {
    const { byUid, missing, asked } = await clients(printed([{ ...row, clients: ['boto3/1.26.0', 7] }]));
    expect([...byUid]).toEqual([['shop/cart-0', ['boto3/1.26.0']]]);
    expect(missing).toEqual([]);
    expect(asked).toEqual([
      {
        namespace: 'rolegate',
        pod: 'agent-a',
        container: 'agent',
        command: ['rolegate-agent', 'status', '--json'],
      },
    ]);
  });

  it('are not known, and not missing, where Rolegate does not run', async () => {
    expect(await clients(printed([]), [])).toMatchObject({ missing: [], asked: [] });
  });

  it.each([
    ['an agent of an earlier version', printed([row]), 'their version does not tell'],
    [
      'a missing right',
      { kind: 'forbidden' } as const,
      'missing right: get and create pods/exec in Namespace rolegate',
    ],
    ['an agent that does not answer', { kind: 'failed', fault: 'timeout' } as const, 'timeout'],
  ])('are said to be missing for %s', async (_, outcome, why) => {
    const { missing, notes } = await clients(outcome);
    expect(missing).toEqual([expect.stringMatching(/^the SDKs that 1 of 1 agents have seen: /)]);
    expect(missing[0]).toContain(why);
    expect(notes).toEqual(missing);
  });
});

describe('Notes on SDKs', () => {
  const objects: Readonly<Record<string, readonly object[]>> = {
    namespaces: [namespace('shop', { [ALLOWED]: '["app"]' })],
    pods: [
      of('old', 'one'),
      of('older', 'one'),
      of('new', 'one'),
      of('cli', 'two', 'amazon/aws-cli:2.13.0'),
      of('silent', 'three'),
      of('both', 'four', 'amazon/aws-cli:2.15.0'),
    ],
    deployments: [scaled('shop', 'asleep', 0, { [ROLE]: 'app' })],
  };
  const seen: Readonly<Record<string, readonly string[]>> = {
    'shop/old': ['boto3/1.26.0'],
    'shop/older': ['boto3/1.26.0', 'none'],
    'shop/new': ['boto3/1.40.0'],
    'shop/both': ['aws-sdk-go/1.20.0'],
  };

  function of(name: string, serviceAccount: string, image = 'registry.example.org/cart@sha256:00') {
    const labels = { 'app.kubernetes.io/version': '1.4' };
    return pod({ namespace: 'shop', name, serviceAccount, image, labels, annotations: { [ROLE]: 'app' } });
  }

  it('name what is too old and what is not known, and leave out what is new enough', async () => {
    const workloads = await readWorkloads({
      list: (kind, each) => {
        (objects[kind] ?? []).forEach(each);
        return Promise.resolve();
      },
      baseArn: BASE,
      rules: undefined,
      clientsOf: (uid) => seen[uid] ?? [],
    });
    const first =
      'update it first, because with the new variables it can fail instead of asking the metadata API';
    expect(sdkNotes(workloads, 'pod-identity').map(({ about, what }) => `${about}: ${what}`)).toEqual([
      'shop/default: SDK not known: no request of 1 Pod was seen; check the SDK of its images',
      `shop/four: SDK too old: aws-sdk-go/1.20.0 in both needs 1.47.11; ${first}`,
      `shop/one: SDK too old: boto3/1.26.0 in old, older needs 1.34.41; ${first}`,
      'shop/one: SDK not known: a client in older sends no User-Agent, like the SDK for JavaScript 3',
      'shop/three: SDK not known: no request of 1 Pod was seen; check the SDK of registry.example.org/cart@sha256:00; app.kubernetes.io/version 1.4',
      `shop/two: SDK too old: aws-cli/2.13.0 in cli needs 2.15.0; ${first}`,
    ]);
    expect(sdkNotes(workloads, 'irsa').map(({ what }) => what)).toContain(
      'SDK too old: aws-sdk-go/1.20.0 in both needs 1.23.13; until it is updated, it keeps asking the metadata API',
    );
  });
});
