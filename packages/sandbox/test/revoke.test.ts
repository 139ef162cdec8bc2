import { PLAIN_ENV, runCommand } from '@rolegate/testing';
import { expect, it } from 'vitest';
import { pluginOf } from '../src/plugin.ts';
import { APP, expectServed, HOST, setupWithTokens } from './container-credentials/token-world.ts';
import { add, ALLOWED, eventually, namespace, PERMITTED, pod, setup } from './setup.ts';
import type { Setup } from './setup.ts';

/** Runs kubectl-rolegate against the programs of the world. */
async function plugin({ world }: Setup, ...args: string[]) {
  const { code, stdout, stderr } = await runCommand([pluginOf(world), ...args], { env: PLAIN_ENV });
  return { code, text: `${stdout}${stderr}` };
}

function expectStatus(t: Setup, name: string, status: number): Promise<void> {
  return eventually(async () => {
    expect((await t.as(name).credentials()).status).toBe(status);
  });
}

it('kubectl rolegate who names the entries that permit a role, and revoke removes them and nothing else', async () => {
  await using t = await setup({ serverCount: 1, programPods: true });
  await add(
    t,
    namespace('shop', { [PERMITTED]: 'till|team/cart' }),
    namespace('depot', { [ALLOWED]: '["/team/cart"]' }),
    pod('shop/cart', 'team/cart'),
    pod('shop/till', 'till'),
    pod('depot/cart', '/team/cart'),
  );
  for (const name of ['shop/cart', 'shop/till', 'depot/cart']) await expectStatus(t, name, 200);
  const before = await plugin(t, 'who', 'team/cart');
  expect(before.code).toBe(0);
  expect(before.text).toMatch(/^depot +1 +allowed-roles +team\/cart +only this role$/m);
  expect(before.text).toMatch(/^shop +1 +permitted +team\/cart +only this role$/m);

  const { code, text } = await plugin(t, 'revoke', 'role/team/cart', '--yes');
  expect(text).toContain('All agents have dropped it');
  expect(code).toBe(0);
  const refused = await Promise.all(['shop/cart', 'depot/cart'].map((name) => t.as(name).credentials()));
  expect(refused.map(({ status }) => status)).toEqual([403, 403]);
  expect((await t.as('shop/till').credentials()).status).toBe(200);
  expect(t.world.api.get('Namespace', '', 'shop')?.metadata.annotations).toEqual({ [PERMITTED]: 'till' });
  expect(t.world.api.get('Namespace', '', 'depot')?.metadata.annotations ?? {}).toEqual({});
  expect((await plugin(t, 'who', 'team/cart')).code).toBe(1);
});

it('kubectl rolegate revoke takes all credentials from a Pod at both endpoints, and from no other', async () => {
  await using t = await setupWithTokens({ programPods: true });
  await expectServed(t);
  const { code, text } = await plugin(t, 'revoke', `pod/${APP}`, '--yes');
  expect(text).toContain('All agents have dropped it');
  expect(code).toBe(0);
  expect((await t.byToken(APP)).status).toBe(403);
  expect((await t.as(APP).credentials()).status).toBe(403);
  expect((await plugin(t, 'revoke', `pod/${HOST}`, '--yes')).code).toBe(0);
  expect((await t.byToken(HOST)).status).toBe(403);
  expect((await t.byToken('team/other')).status).toBe(200);
});
