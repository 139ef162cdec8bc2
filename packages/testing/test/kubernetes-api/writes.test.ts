import { describe, expect, it } from 'vitest';
import { setupApi as setup } from './client.ts';

// Like kube-apiserver 1.34 (Kubernetes API conventions, "Concurrency Control and Consistency").

const SECRETS = '/api/v1/namespaces/team-a/secrets';
const MAPS = '/api/v1/namespaces/team-a/configmaps';
const send = (method: string, body: unknown) => ({ method, body: JSON.stringify(body) });
const secret = (more: object = {}, metadata: object = {}) => ({
  metadata: { name: 's', ...metadata },
  data: { a: 'eA==' },
  ...more,
});

describe('Writes', () => {
  it('A Secret is created, read, updated and deleted', async () => {
    await using run = await setup();
    const created = await run.ask(SECRETS, send('POST', secret()));
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ kind: 'Secret', type: 'Opaque', metadata: { namespace: 'team-a' } });
    expect((await run.ask(`${SECRETS}/s`)).body).toEqual(created.body);
    const changed = await run.ask(`${SECRETS}/s`, send('PUT', { ...created.body, data: { b: 'eA==' } }));
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ data: { b: 'eA==' } });
    expect(changed.body.metadata.resourceVersion).not.toBe(created.body.metadata.resourceVersion);
    expect((await run.ask(`${SECRETS}/s`, { method: 'DELETE' })).body).toMatchObject({ status: 'Success' });
    expect((await run.ask(`${SECRETS}/s`)).status).toBe(404);
  });

  it('The data of a ConfigMap is kept as text', async () => {
    await using run = await setup();
    const created = await run.ask(
      MAPS,
      send('POST', { metadata: { name: 'm' }, data: { a: 'not base64!' } }),
    );
    expect(created.status).toBe(201);
    expect(run.api.get('ConfigMap', 'team-a', 'm')).toMatchObject({ data: { a: 'not base64!' } });
  });

  it.each([
    {
      what: 'one that is there',
      path: SECRETS,
      method: 'POST',
      body: secret(),
      code: 409,
      reason: 'AlreadyExists',
    },
    {
      what: 'an older version',
      path: `${SECRETS}/s`,
      method: 'PUT',
      body: secret({}, { resourceVersion: '1' }),
      code: 409,
      reason: 'Conflict',
    },
    {
      what: 'another uid',
      path: `${SECRETS}/s`,
      method: 'PUT',
      body: secret({}, { uid: 'x' }),
      code: 409,
      reason: 'Conflict',
    },
    {
      what: 'one that is not there',
      path: `${SECRETS}/t`,
      method: 'PUT',
      body: secret({}, { name: 't' }),
      code: 404,
      reason: 'NotFound',
    },
    {
      what: 'another name',
      path: `${SECRETS}/t`,
      method: 'PUT',
      body: secret(),
      code: 400,
      reason: 'BadRequest',
    },
    {
      what: 'another type',
      path: `${SECRETS}/s`,
      method: 'PUT',
      body: secret({ type: 'x' }),
      code: 422,
      reason: 'Invalid',
    },
    {
      what: 'no base64',
      path: `${SECRETS}/s`,
      method: 'PUT',
      body: secret({ data: { a: '?' } }),
      code: 400,
      reason: 'BadRequest',
    },
    {
      what: 'too much',
      path: `${SECRETS}/s`,
      method: 'PUT',
      body: secret({ data: { a: 'eHh4'.repeat(300_000) } }),
      code: 422,
      reason: 'Invalid',
    },
    {
      what: 'another kind',
      path: SECRETS,
      method: 'POST',
      body: { kind: 'Pod', metadata: { name: 'x' } },
      code: 400,
      reason: 'BadRequest',
    },
    { what: 'no name', path: SECRETS, method: 'POST', body: { metadata: {} }, code: 422, reason: 'Invalid' },
    {
      what: 'another Namespace',
      path: SECRETS,
      method: 'POST',
      body: secret({}, { namespace: 'team-b' }),
      code: 400,
      reason: 'BadRequest',
    },
    {
      what: 'a version of its own',
      path: SECRETS,
      method: 'POST',
      body: secret({}, { name: 'n', resourceVersion: '1' }),
      code: 500,
      reason: 'InternalError',
    },
    { what: 'no JSON', path: SECRETS, method: 'POST', body: undefined, code: 400, reason: 'BadRequest' },
    {
      what: 'a Pod',
      path: '/api/v1/namespaces/team-a/pods',
      method: 'POST',
      body: secret(),
      code: 405,
      reason: 'MethodNotAllowed',
    },
  ])('Writing $what is refused, and changes nothing', async ({ path, method, body, code, reason }) => {
    await using run = await setup();
    await run.ask(SECRETS, send('POST', secret()));
    expect(await run.ask(path, send(method, body))).toMatchObject({ status: code, body: { code, reason } });
    expect(run.api.get('Secret', 'team-a', 's')).toMatchObject({ data: { a: 'eA==' } });
  });

  it('Only the first of several concurrent creations succeeds', async () => {
    await using run = await setup();
    const made = await Promise.all([1, 2, 3].map(() => run.ask(SECRETS, send('POST', secret()))));
    expect(made.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  });

  it('A merge patch changes the annotations of a Namespace, unless it has another resourceVersion', async () => {
    await using run = await setup();
    const path = '/api/v1/namespaces/team-a';
    run.api.apply({ kind: 'Namespace', metadata: { name: 'team-a', annotations: { a: '1', b: '2' } } });
    const patch = (metadata: object, type = 'application/merge-patch+json') =>
      run.ask(path, { ...send('PATCH', { metadata }), headers: { 'content-type': type } });
    const { resourceVersion } = (await run.ask(path)).body.metadata;
    const changed = await patch({ resourceVersion, annotations: { a: null, c: '3' } });
    expect(changed.status).toBe(200);
    expect(changed.body.metadata).toMatchObject({ annotations: { b: '2', c: '3' } });
    expect((await patch({ resourceVersion, annotations: { c: '4' } })).status).toBe(409);
    expect((await patch({ annotations: { c: '4' } }, 'application/json')).status).toBe(415);
    expect(run.api.get('Namespace', '', 'team-a')?.metadata.annotations).toEqual({ b: '2', c: '3' });
  });
});
