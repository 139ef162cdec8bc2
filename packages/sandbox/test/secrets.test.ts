import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { add, eventually, namespace, PERMITTED, pod, setup } from './setup.ts';

it('No secret key or session token is in logs or files, with the agent logging at debug level', async () => {
  await using world = await setup();
  await add(
    world,
    namespace('team', { [PERMITTED]: '[a-z]+' }),
    pod('team/one', 'one'),
    pod('team/two', 'nobody/else'),
  );
  const secrets = await eventually(async () => {
    const { status, body } = await world.as('team/one').credentials();
    expect(status).toBe(200);
    const { SecretAccessKey, Token, AccessKeyId } = JSON.parse(body) as Record<string, string>;
    return { never: [SecretAccessKey ?? '', Token ?? ''], whole: AccessKeyId ?? '' };
  });
  await world.as('team/two').credentials();
  await world.world.servers[0]?.stop();
  const logs = JSON.stringify([...world.agentLog, ...world.serverLog]);
  const files = await filesIn(world.world.folder);
  for (const secret of secrets.never) {
    expect(secret.length).toBeGreaterThan(10);
    expect(logs).not.toContain(secret);
    for (const [path, content] of files) expect([path, content.includes(secret)]).toEqual([path, false]);
  }
  // The key ID is not a secret: it leads from CloudTrail to the log line.
  expect(logs).toContain(secrets.whole);
});

async function filesIn(folder: string): Promise<[path: string, content: string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(paths.map(async (path) => [path, await readFile(path, 'utf8')]));
}
