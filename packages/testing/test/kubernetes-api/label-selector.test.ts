import { describe, expect, it } from 'vitest';
import { eventually, setupApi } from './client.ts';

const pods = [
  { metadata: { name: 'agent', namespace: 'team-a', labels: { app: 'one', component: 'agent' } } },
  { metadata: { name: 'server', namespace: 'team-a', labels: { app: 'one', component: 'server' } } },
  { metadata: { name: 'other', namespace: 'team-a' } },
];

describe('Label selectors', () => {
  it.each([
    { selector: 'app=one', selected: ['agent', 'server'] },
    { selector: 'app=one,component in (agent, client)', selected: ['agent'] },
    { selector: 'component notin (agent)', selected: ['other', 'server'] },
    { selector: 'component!=agent', selected: ['other', 'server'] },
    { selector: 'component', selected: ['agent', 'server'] },
    { selector: '!component', selected: ['other'] },
  ])(
    'A list with the selector $selector has the objects with these labels',
    async ({ selector, selected }) => {
      await using setup = await setupApi({ pods });
      const { body } = await setup.ask(`/api/v1/pods?labelSelector=${encodeURIComponent(selector)}`);
      expect(body.items.map(({ metadata }) => metadata.name)).toEqual(selected);
    },
  );

  it('A selector that cannot be parsed is refused', async () => {
    await using setup = await setupApi({ pods });
    expect(await setup.ask('/api/v1/pods?labelSelector=a%20b')).toMatchObject({
      status: 400,
      body: { message: "unable to parse requirement: found 'a b'" },
    });
  });

  it('To a watch with a selector, an object whose labels change comes and goes', async () => {
    await using setup = await setupApi({ pods });
    const { resourceVersion } = (await setup.ask('/api/v1/pods')).body.metadata;
    const watch = await setup.watch(
      `/api/v1/pods?watch=true&labelSelector=app&resourceVersion=${resourceVersion}`,
    );
    const label = (app: string | null) => {
      setup.api.patch('Pod', 'team-a', 'other', { metadata: { labels: { app } } });
    };
    label('one');
    label('two');
    label(null);
    setup.api.delete('Pod', 'team-a', 'other');
    setup.api.delete('Pod', 'team-a', 'agent');
    await eventually(() => watch.events.length === 4);
    expect(watch.seen()).toEqual(['ADDED other', 'MODIFIED other', 'DELETED other', 'DELETED agent']);
  });
});
