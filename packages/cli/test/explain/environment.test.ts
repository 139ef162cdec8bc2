import { describe, expect, it } from 'vitest';
import { environmentLink } from '../../src/explain/environment.ts';

type Container = Readonly<Record<string, unknown>>;

function linkOf(...containers: readonly Container[]) {
  return environmentLink({
    spec: { containers: containers.map((one, at) => ({ name: `c${at}`, ...one })) },
  });
}

const env = (...names: readonly string[]) => ({
  env: names.map((name) => ({ name, value: 'secret-value' })),
});

describe('The environment of a Pod', () => {
  it.each([
    { names: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'], state: 'broken' },
    { names: ['AWS_ACCESS_KEY_ID'], state: 'warning' },
    { names: ['AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_ROLE_ARN'], state: 'broken' },
    { names: ['AWS_ROLE_ARN'], state: 'warning' },
    { names: ['AWS_CONTAINER_CREDENTIALS_FULL_URI'], state: 'broken' },
    { names: ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'], state: 'broken' },
    { names: ['AWS_EC2_METADATA_SERVICE_ENDPOINT'], state: 'broken' },
    { names: ['AWS_PROFILE'], state: 'warning' },
    { names: ['AWS_SHARED_CREDENTIALS_FILE'], state: 'warning' },
    { names: ['HTTP_PROXY'], state: 'warning' },
    { names: ['HTTP_PROXY', 'NO_PROXY'], state: 'warning' },
    { names: ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_SESSION_TOKEN'], state: 'ok' },
  ])('With $names it is $state, and no value is printed', ({ names, state }) => {
    const link = linkOf(env(...names));
    expect(link.state).toBe(state);
    expect(JSON.stringify(link)).not.toContain('secret-value');
    if (state !== 'ok') expect(link.says).toContain(names[0]);
  });

  it.each([
    { value: 'true', state: 'broken' },
    { value: 'TRUE', state: 'broken' },
    { value: 'false', state: 'ok' },
    { value: '', state: 'ok' },
  ])('AWS_EC2_METADATA_DISABLED with the value "$value" is $state', ({ value, state }) => {
    expect(linkOf({ env: [{ name: 'AWS_EC2_METADATA_DISABLED', value }] }).state).toBe(state);
  });

  it("Rolegate's own container credentials do not outrank it, also with IMDS turned off", () => {
    const uri = {
      name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI',
      value: 'http://169.254.170.23:8182/v1/credentials',
    };
    const disabled = { name: 'AWS_EC2_METADATA_DISABLED', value: 'true' };
    expect(linkOf({ env: [uri, disabled] }).state).toBe('ok');
    const ofEks = { ...uri, value: 'http://169.254.170.23/v1/credentials' };
    expect(linkOf({ env: [ofEks] }).says).toContain('another container credentials endpoint');
  });

  it('A proxy with the metadata address in NO_PROXY is fine', () => {
    const proxy = { name: 'HTTP_PROXY', value: 'http://proxy' };
    expect(linkOf({ env: [proxy, { name: 'NO_PROXY', value: '.svc,169.254.0.0/16' }] }).state).toBe('ok');
  });

  it('A Secret that is imported whole is named, because its variables are not known', () => {
    const link = linkOf({
      envFrom: [{ secretRef: { name: 'aws' } }, { configMapRef: { name: 'app' }, prefix: 'APP_' }],
    });
    expect(link).toMatchObject({
      state: 'warning',
      next: 'look whether Secret aws has AWS_ variables',
      commands: ['kubectl -n default describe secret aws'],
    });
    expect(link.says).toContain('imports Secret aws, whose');
  });

  it('Keys from a Secret that need not exist are a warning', () => {
    const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
    const keys = (optional: boolean) =>
      names.map((name) => ({ name, valueFrom: { secretKeyRef: { name: 'aws', key: name, optional } } }));
    expect(linkOf({ env: keys(false) }).state).toBe('broken');
    expect(linkOf({ env: keys(true) })).toMatchObject({
      state: 'warning',
      says: expect.stringContaining('which outrank IMDS if they exist'),
    });
  });

  it.each([
    {
      names: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
      commands: ['kubectl -n shop edit statefulset checkout'],
    },
    {
      names: ['AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_ROLE_ARN'],
      commands: [
        'kubectl -n shop annotate serviceaccount till eks.amazonaws.com/role-arn-',
        'kubectl -n shop rollout restart statefulset checkout',
      ],
    },
    {
      names: ['AWS_CONTAINER_CREDENTIALS_FULL_URI'],
      commands: [
        'aws eks list-pod-identity-associations --cluster-name CLUSTER --namespace shop --service-account till',
        'kubectl -n shop rollout restart statefulset checkout',
      ],
    },
  ])('$names are removed where they come from', ({ names, commands }) => {
    const owner = {
      apiVersion: 'apps/v1',
      uid: 'u',
      controller: true,
      kind: 'StatefulSet',
      name: 'checkout',
    };
    const link = environmentLink({
      metadata: { namespace: 'shop', name: 'checkout-0', ownerReferences: [owner] },
      spec: { serviceAccountName: 'till', containers: [{ name: 'app', ...env(...names) }] },
    });
    expect(link.commands).toEqual(commands);
  });

  it('Of several containers, the one whose SDK certainly does not ask is told first', () => {
    const link = linkOf(env('AWS_PROFILE'), env('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'));
    expect(link).toMatchObject({ state: 'broken' });
    expect(link.says).toContain('container c1 has static keys');
    expect(link.details).toEqual([expect.stringContaining('container c0 has AWS_PROFILE')]);
  });
});
