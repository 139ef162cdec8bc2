import { once } from 'node:events';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { eventually, manifest, setupApi } from './client.ts';

const STREAMING = '/api/v1/pods?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
const LARGE = 'x'.repeat(1_000_000);

/** More than the kernel accepts for a reader that does not read. */
const MANY = 20;

async function setupUnread() {
  const run = await setupApi();
  /** An answer that has not been read. */
  const open = async (path: string) => {
    const [response] = (await once(get(`${run.api.url}${path}`), 'response')) as [IncomingMessage];
    return response;
  };
  return { ...run, open };
}

/** With objects. */
async function setup() {
  const run = await setupUnread();
  for (let index = 0; index < MANY; index++) {
    const metadata = { ...manifest(`large-${index}`).metadata, annotations: { large: LARGE } };
    run.api.apply({ kind: 'Pod', metadata });
  }
  return run;
}

async function readUntil(response: IncomingMessage, end: string): Promise<string> {
  const read: string[] = [];
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    read.push(chunk);
    // The text may arrive in two pieces.
    if (read.slice(-2).join('').includes(end)) break;
  }
  return read.join('');
}

describe('Large objects', () => {
  it('The characters that Go escapes in JSON are escaped in watches and lists', async () => {
    await using run = await setupUnread();
    const watch = await run.open(`${STREAMING}&allowWatchBookmarks=true`);
    const metadata = { ...manifest('app').metadata, annotations: { note: 'a<b>&c' } };
    run.api.apply({ kind: 'Pod', metadata });
    const written = '"note":"a\\u003cb\\u003e\\u0026c"';
    expect(await readUntil(watch, '"ADDED"')).toContain(written);
    expect(await readUntil(await run.open('/api/v1/pods'), ']}')).toContain(written);
  });

  it.each(['/api/v1/pods', STREAMING])(
    'The fake API server answers other requests while nobody reads %s',
    async (path) => {
      await using run = await setup();
      const unread = await run.open(path);
      expect((await run.ask('/api/v1/namespaces')).status).toBe(200);
      unread.destroy();
      await eventually(() => run.api.watches === 0);
    },
  );

  it('A change during a streaming list is sent after the bookmark that ends the list', async () => {
    await using run = await setup();
    const watch = await run.open(`${STREAMING}&allowWatchBookmarks=true`);
    run.api.delete('Pod', 'team-a', 'large-19');
    const lines = (await readUntil(watch, '"DELETED"')).split('\n');
    const types = lines.map((line) => /^\{"type":"([A-Z]+)"/.exec(line)?.[1]);
    expect(types.slice(-3)).toEqual(['ADDED', 'BOOKMARK', 'DELETED']);
    expect(types.filter((type) => type === 'ADDED')).toHaveLength(MANY);
  });

  it('A list can be made endless, silent or trickling', async () => {
    await using run = await setup();
    run.api.endlessLists('Pod', 'silent');
    run.api.endlessLists('Namespace', 'trickling');
    const silent = await run.open(STREAMING);
    const trickling = await run.open(STREAMING.replace('pods', 'namespaces'));
    let heard = 0;
    silent.on('data', () => heard++);
    expect(String((await once(trickling, 'data'))[0])).toBe(' ');
    run.api.apply({ kind: 'Pod', ...manifest('app') });
    expect((await run.ask('/api/v1/pods')).body.items).toHaveLength(MANY + 1);
    expect(heard).toBe(0);
    run.api.endlessLists('Pod', undefined);
    expect(await readUntil(await run.open(STREAMING), '"ADDED"')).toContain('"ADDED"');
  });
});
