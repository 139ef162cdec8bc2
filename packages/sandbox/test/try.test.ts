import { expect, it } from '@jest/globals';
import { eventually, setup } from './setup.ts';
it('x', async () => {
  const s = await setup();
  await eventually(async () => expect((await s.as('steady/pod').credentials()).status).toBe(200));
  await s.world[Symbol.asyncDispose]();
});
