import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { defaultsOf } from './chart-values.ts';
import { objectsOf, usersOf } from './objects.ts';
import { minimalValues, rendered } from './rendering.ts';
import { withHelm } from './with-helm.ts';

const { uid } = defaultsOf('agent')['agent'] as { readonly uid: number };

/** The containers of all Pods of both charts, by user. */
function containersByUser(values: object): Readonly<Record<string, readonly string[]>> {
  const users: Record<string, string[]> = {};
  for (const chart of ['agent', 'server'] as const) {
    const given = chart === 'agent' ? values : {};
    const objects = objectsOf(rendered({ chart, files: [minimalValues(chart)], values: given }));
    for (const [name, user] of objects.flatMap(usersOf)) (users[user ?? 'none'] ??= []).push(name);
  }
  return users;
}

withHelm('Agent user (needs helm)', () => {
  it.each([{ given: undefined }, { given: 1_234_567_890 }])(
    'The agent runs as a dedicated user if agent.uid is $given',
    ({ given }) => {
      const users = containersByUser(given === undefined ? {} : { agent: { uid: given } });
      expect(users[String(given ?? uid)]).toEqual(['agent']);
      expect(Object.keys(users)).not.toContain('none');
    },
  );

  it('The agent can use the user ID of 0.1, for a rollback', () => {
    expect(containersByUser({ agent: { uid: 65_532 } })['65532']).toContain('agent');
  });

  it('The group IDs of the agent and of its files equal its user ID', () => {
    const text = rendered({
      chart: 'agent',
      files: [minimalValues('agent')],
      values: { agent: { uid: 77_777 } },
    });
    expect(text).toMatch(/^ +fsGroup: 77777$/m);
    expect(text).toMatch(/^ +runAsGroup: 77777$/m);
  });
});

it('The agent image runs as the default agent user, which it knows by name', () => {
  const docker = (file: string) => readFileSync(new URL(`../../docker/${file}`, import.meta.url), 'utf8');
  expect(docker('agent.Dockerfile')).toContain(`\nUSER ${uid}:${uid}\n`);
  expect(docker('rootfs.sh')).toContain(`rolegate:x:${uid}:${uid}:`);
});
