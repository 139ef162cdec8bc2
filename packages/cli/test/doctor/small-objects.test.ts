import { expect, it } from 'vitest';
import { smallPod } from '../../src/doctor/small-objects.ts';

it('A copy of a Pod keeps why a container waits, cut to 500 characters', () => {
  const waiting = { reason: 'CreateContainerConfigError', message: 'x'.repeat(1_000) };
  const container = {
    name: 'agent',
    ready: false,
    restartCount: 0,
    image: '',
    imageID: '',
    state: { waiting },
  };
  const [copy] = smallPod({ status: { containerStatuses: [container] } }).status?.containerStatuses ?? [];
  expect(copy?.state?.waiting).toEqual({ ...waiting, message: 'x'.repeat(500) });
});
