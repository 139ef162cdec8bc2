import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { podManifest, runPods } from './list-watch-setup.ts';
import { eventually, hurriedClock } from '../setup.ts';

/** Around what was bounded at 8 MiB, and around the bound of a line. Bytes. */
const SIZES = [2_000, 64 * 1024, 256 * 1024, 1_500_000, 8 * 1024 * 1024, 24 * 1024 * 1024];

async function setup() {
  const run = await runPods({ clock: hurriedClock(10), pods: [podManifest('a'), podManifest('b')] });
  void run.start();
  await eventually(run.synced);
  const doubted = () =>
    run.store.values().flatMap(({ uid, name }) => (run.store.isDoubted(uid) ? [name] : []));
  return { ...run, doubted };
}

type Run = Awaited<ReturnType<typeof setup>>;

/** The event that the API server would send next of the Pod, padded to the size, and sent in its place. */
function sendPadded({ api }: Run, type: 'MODIFIED' | 'DELETED', name: string, size: number): void {
  const pod = api.get('Pod', 'team-a', name);
  if (pod === undefined) throw new Error(`no Pod ${name}`);
  const metadata = { ...pod.metadata, resourceVersion: `${api.bump()}` };
  const whole = JSON.stringify({ type, object: { ...pod, metadata, padding: '' } });
  api.sendRaw(
    'Pod',
    whole.replace('"padding":""', () => `"padding":"${'<'.repeat(Math.max(0, size - whole.length))}"`),
  );
}

describe('Watch line', () => {
  it('A watch line of any size, even a DELETED, is applied, or its object is in doubt until a list confirms it', async () => {
    const size = fc
      .tuple(fc.constantFrom(...SIZES), fc.integer({ min: -2, max: 2 }))
      .map(([at, by]) => at + by);
    await fc.assert(
      fc.asyncProperty(size, fc.constantFrom('MODIFIED', 'DELETED'), async (bytes, type) => {
        await using run = await setup();
        const uid = run.api.get('Pod', 'team-a', 'a')?.metadata.uid ?? '';
        sendPadded(run, type, 'a', bytes);
        const label = bytes > 24 * 1024 * 1024 ? 'unreadable' : type.toLowerCase();
        await eventually(() => run.counted.events.includes(label));
        if (label === 'unreadable') {
          expect(run.store.isDoubted(uid)).toBe(true);
          expect(run.doubted()).toEqual(['a']);
          await eventually(() => !run.store.isDoubted(uid));
          expect(run.counted.relists).toEqual(['unreadable']);
        } else {
          expect([run.doubted(), run.counted.relists]).toEqual([[], []]);
          expect(run.store.get(uid) === undefined).toBe(type === 'DELETED');
        }
      }),
      { numRuns: 12 },
    );
  }, 60_000);
});

describe('Unreadable event', () => {
  it('An event of which nothing is readable casts doubt on everything except what is sent after it', async () => {
    await using run = await setup();
    run.api.hang();
    run.api.sendRaw('Pod', 'not an event');
    run.api.apply(podManifest('b', 'other'));
    run.api.refuse(500);
    run.api.resume();
    await eventually(() => run.doubted().join() === 'a');
    expect(run.store.isDoubted('any other')).toBe(true);
    run.api.refuse(undefined);
    await eventually(() => run.doubted().length === 0 && !run.store.isDoubted('any other'));
  });

  it.each(['{"type":"ERROR","object":{"code":410}}', '{"type":"BOOKMARK","object":{}}'])(
    'The line %s casts no doubt on any object',
    async (line) => {
      await using run = await setup();
      run.api.sendRaw('Pod', line);
      await eventually(() => run.counted.relists.length === 1);
      expect([run.doubted(), run.store.isDoubted('any')]).toEqual([[], false]);
      await eventually(run.isEqual);
    },
  );

  it('A dropped watch or a failed list casts no doubt on any object', async () => {
    await using run = await setup();
    run.api.refuse(500);
    run.api.dropWatches('cut');
    await eventually(() => run.api.requests.Pod.version > 2);
    expect([run.doubted(), run.store.size]).toEqual([[], 2]);
  });
});
