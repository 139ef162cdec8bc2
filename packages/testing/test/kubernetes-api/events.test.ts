import { describe, expect, it } from 'vitest';
import { setupApi as setup } from './client.ts';

// Expected values were recorded from kube-apiserver 1.34.4.

describe('Events', () => {
  const EVENT = {
    metadata: { generateName: 'app.' },
    involvedObject: { kind: 'Pod', namespace: 'x', name: 'app' },
    reason: 'R',
    message: 'm',
    type: 'Warning',
  };
  const post = (body: unknown) => ({
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

  it('The fake API server accepts a posted Event, and names it', async () => {
    await using run = await setup();
    expect((await run.ask('/api/v1/namespaces/x/events', post(EVENT))).status).toBe(201);
    expect(run.api.events).toMatchObject([
      {
        metadata: { name: expect.stringMatching(/^app\.[0-9a-f]{5}$/) as unknown, namespace: 'x' },
        reason: 'R',
      },
    ]);
  });

  it.each([
    { fault: 'not JSON', body: '{bad', status: 400 },
    {
      fault: 'of another namespace',
      body: { ...EVENT, metadata: { ...EVENT.metadata, namespace: 'y' } },
      status: 400,
    },
    {
      fault: 'on an object of another namespace',
      body: { ...EVENT, involvedObject: { namespace: 'y' } },
      status: 422,
    },
    { fault: 'without an object', body: { ...EVENT, involvedObject: undefined }, status: 422 },
    { fault: 'too long', body: { ...EVENT, message: 'x'.repeat(1025) }, status: 422 },
    { fault: 'badly named', body: { ...EVENT, metadata: { generateName: 'a/b' } }, status: 422 },
  ])('An Event that is $fault is refused', async ({ body, status }) => {
    await using run = await setup();
    expect((await run.ask('/api/v1/namespaces/x/events', post(body))).status).toBe(status);
    expect(run.api.events).toEqual([]);
  });
});
