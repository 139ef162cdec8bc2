import { describe, expect, it } from 'vitest';
import { setupApi as setup } from './client.ts';

// Like kube-apiserver 1.34 (Kubernetes API concepts, "Patches and updates"; RFC 6902).

const NODE = '/api/v1/nodes/node-a';
const TAINT = { key: 'a', effect: 'NoSchedule' };
const send = (operations: unknown, type = 'application/json-patch+json') => ({
  method: 'PATCH',
  headers: { 'content-type': type },
  body: JSON.stringify(operations),
});

async function setupNode() {
  const run = await setup();
  run.api.apply({ kind: 'Node', metadata: { name: 'node-a' }, spec: { taints: [TAINT] } });
  return run;
}

describe('Nodes', () => {
  it('The fake API server returns a Node by its name, and patches it', async () => {
    await using run = await setupNode();
    const before = await run.ask(NODE);
    expect(before.body).toMatchObject({ kind: 'Node', spec: { taints: [TAINT] } });
    const patched = await run.ask(
      NODE,
      send([
        { op: 'test', path: '/spec/taints', value: [TAINT] },
        { op: 'replace', path: '/spec/taints', value: [] },
        { op: 'add', path: '/metadata/labels', value: { 'a/b': 'c' } },
        { op: 'remove', path: '/metadata/labels/a~1b' },
      ]),
    );
    expect(patched.status).toBe(200);
    expect(patched.body).toMatchObject({ spec: { taints: [] }, metadata: { labels: {} } });
    expect(patched.body.metadata.resourceVersion).not.toBe(before.body.metadata.resourceVersion);
  });

  it.each([
    { what: 'a test that fails', operations: [{ op: 'test', path: '/spec/taints', value: [] }], code: 422 },
    {
      what: 'a field that is not there',
      operations: [{ op: 'replace', path: '/spec/x', value: 1 }],
      code: 422,
    },
    { what: 'a way that is not there', operations: [{ op: 'add', path: '/x/y', value: 1 }], code: 422 },
    { what: 'no list', operations: { spec: {} }, code: 400 },
    { what: 'another type', operations: [], type: 'application/json', code: 415 },
  ])('A patch of a Node with $what is refused, and changes nothing', async ({ operations, type, code }) => {
    await using run = await setupNode();
    const before = run.api.get('Node', '', 'node-a');
    expect((await run.ask(NODE, send(operations, type))).status).toBe(code);
    expect(run.api.get('Node', '', 'node-a')).toEqual(before);
  });

  it('A Node that does not exist is answered 404', async () => {
    await using run = await setupNode();
    expect((await run.ask('/api/v1/nodes/node-b')).status).toBe(404);
    expect((await run.ask('/api/v1/nodes/node-b', send([]))).status).toBe(404);
  });
});

describe('Preconditions', () => {
  it('A deletion with preconditions deletes only the object they match', async () => {
    await using run = await setup();
    const path = '/api/v1/namespaces/team-a/secrets';
    const { body } = await run.ask(path, {
      method: 'POST',
      body: JSON.stringify({ metadata: { name: 's' } }),
    });
    const { uid, resourceVersion } = body.metadata as unknown as { uid: string; resourceVersion: string };
    const remove = (preconditions: object) =>
      run.ask(`${path}/s`, { method: 'DELETE', body: JSON.stringify({ preconditions }) });
    expect((await remove({ uid: 'other' })).status).toBe(409);
    expect((await remove({ uid, resourceVersion: '1' })).status).toBe(409);
    expect((await remove({ uid, resourceVersion })).status).toBe(200);
  });
});
