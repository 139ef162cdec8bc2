import { expect, it } from 'vitest';
import { silentLog } from '@rolegate/runtime';
import { createServingState } from '../../src/container-credentials/serving-state.ts';

it('Listeners hear when container credentials begin and cease to be served, each once', () => {
  const serving = createServingState({ log: silentLog });
  const heard: boolean[] = [];
  serving.onChange(() => heard.push(serving.current()));
  expect(serving.current()).toBe(false);
  for (const serves of [false, true, true, false, false]) serving.set(serves);
  expect(heard).toEqual([true, false]);
});
