import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { podManifest, runPods } from './list-watch-setup.ts';
import { eventually, hurriedClock } from '../setup.ts';

type Run = Awaited<ReturnType<typeof setup>>;

async function setup() {
  const run = await runPods({ clock: hurriedClock(200), pods: [podManifest('p-0'), podManifest('p-1')] });
  const wrong: string[] = [];
  run.store.onChange(({ kind, object }) => {
    const there = run.api.get('Pod', object.namespace, object.name)?.metadata.uid === object.uid;
    if (kind === 'removed' && there) wrong.push(object.name);
  });
  return { ...run, wrong };
}

/** Random events of the cluster and its API server. */
const ACTS: Readonly<Record<string, (run: Run, name: string) => void>> = {
  apply: ({ api }, name) => api.apply(podManifest(name, `role-${api.bump()}`)),
  remove: ({ api }, name) => {
    if (api.get('Pod', 'team-a', name) !== undefined) api.delete('Pod', 'team-a', name);
  },
  recreate: (run, name) => {
    ACTS['remove']?.(run, name);
    ACTS['apply']?.(run, name);
  },
  cut: ({ api }) => {
    api.dropWatches('cut');
  },
  end: ({ api }) => {
    api.dropWatches('end');
  },
  compact: ({ api }) => {
    api.compact();
  },
  expireContinue: ({ api }) => {
    api.expireContinue();
  },
  bookmark: ({ api }) => {
    api.bookmark('Pod');
  },
  hang: ({ api }) => {
    api.hang();
  },
  resume: ({ api }) => {
    api.resume();
  },
  junk: ({ api }) => {
    api.sendRaw('Pod', '{"type":"ADDED","object":{"metadata":{}}}');
  },
  error: ({ api }) => {
    api.sendRaw('Pod', '{"type":"ERROR","object":{"code":500}}');
  },
  gone: ({ api }) => {
    api.sendRaw('Pod', '{"type":"ERROR","object":{"code":410}}');
  },
  refuse: ({ api }) => {
    api.refuse(503);
  },
  deny: ({ api }) => {
    api.refuse(403);
  },
  accept: ({ api }) => {
    api.refuse(undefined);
  },
  withoutStream: ({ api }) => {
    api.offerStreamingList = false;
  },
  withStream: ({ api }) => {
    api.offerStreamingList = true;
  },
  settle: () => undefined,
};

const step = fc.record({
  act: fc.constantFrom(...Object.keys(ACTS)),
  name: fc.constantFrom('p-0', 'p-1', 'p-2', 'p-3'),
  turns: fc.nat(8),
});

describe('Watch loop', () => {
  it('Whatever happens to the API server, the store ends equal to it and never reported an existing Pod removed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        await using run = await setup();
        void run.start();
        for (const { act, name, turns } of steps) {
          ACTS[act]?.(run, name);
          for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        }
        run.api.refuse(undefined);
        run.api.resume();
        await eventually(() => run.synced() && run.isEqual());
        expect(run.wrong).toEqual([]);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
