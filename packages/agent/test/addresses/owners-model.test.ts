import { describe, expect, it } from 'vitest';
import { silentLog } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import fc from 'fast-check';
import type { SavedResults } from '../../src/addresses/saved-claims.ts';
import { createCniResults } from '../../src/addresses/cni-results.ts';
import { createMemoryFiles, DIRECTORY, fileNameOf, resultText } from './memory-files.ts';
import { createOwnersModel } from './owners-model.ts';

const FILES = ['1', '2', '3', '4', '5'].map(fileNameOf);
const UIDS = ['a', 'b', 'c'] as const;
const IPS = ['10.1.0.1', '10.1.0.2', 'fd00::3'] as const;

const file = fc.constantFrom(...FILES);
const write = fc.record({
  kind: fc.constant('write' as const),
  file,
  uid: fc.constantFrom(...UIDS),
  ips: fc.subarray([...IPS], { minLength: 1 }),
});
const happen = fc.record({
  kind: fc.constantFrom(
    'touch' as const,
    'date' as const,
    'remove' as const,
    'garble' as const,
    'mend' as const,
  ),
  file,
});
const broken = fc.record({ kind: fc.constantFrom('junk' as const, 'cut' as const), file });
const time = fc.record({ kind: fc.constantFrom('back' as const, 'ahead' as const) });
const process = fc.record({
  kind: fc.constantFrom('restart' as const, 'remember' as const, 'close' as const),
});
type Step =
  | (typeof write extends fc.Arbitrary<infer One> ? One : never)
  | (typeof happen extends fc.Arbitrary<infer One> ? One : never)
  | (typeof broken extends fc.Arbitrary<infer One> ? One : never)
  | (typeof time extends fc.Arbitrary<infer One> ? One : never)
  | (typeof process extends fc.Arbitrary<infer One> ? One : never);

/** CNI results that read files in memory, and the model. */
async function setup() {
  const memory = createMemoryFiles();
  const model = createOwnersModel();
  const clock = createFakeClock();
  const content = new Map<string, { uid: string; ips: readonly string[] } | 'junk' | 'cut'>();
  const garbled = new Set<string>();
  let kept: SavedResults | undefined;
  let stop = new AbortController();
  let results = create();
  let running = start();
  await results.ready;

  function create() {
    const metrics = { badCniResult: () => undefined };
    return createCniResults({
      directories: [DIRECTORY],
      files: memory.files,
      metrics,
      kept,
      clock,
      log: silentLog,
    });
  }

  function start(): Promise<void> {
    return results.run(stop.signal);
  }

  async function restart(remembering: boolean): Promise<void> {
    kept = remembering ? { claims: results.kept(), named: [] } : undefined;
    stop.abort();
    await running;
    stop = new AbortController();
    results = create();
    running = start();
    await results.ready;
    if (!remembering) model.forgetsThePast();
    looksAgain(remembering);
  }

  /** Rescans all files as if none had been read before. */
  function looksAgain(remembering: boolean): void {
    for (const name of memory.names()) {
      const isUnread = garbled.has(name) || typeof content.get(name) === 'string';
      if (remembering && isUnread) model.sees(name, !garbled.has(name) && content.get(name) === 'cut');
      if (garbled.has(name)) model.isUnreadable(name, true);
      else reads(name);
    }
  }

  function reads(name: string): void {
    const said = content.get(name);
    if (typeof said === 'object') model.says(name, said.uid, said.ips);
    else model.isUnreadable(name, said === 'junk');
  }

  async function play(step: Step): Promise<void> {
    switch (step.kind) {
      case 'back':
      case 'ahead':
        memory.stepClock(step.kind === 'back' ? -1_000_000n : 1_000_000n);
        return;
      case 'close':
        await closeForAWhile();
        break;
      case 'remember':
      case 'restart':
        await restart(step.kind === 'remember');
        break;
      case 'write':
        memory.write(step.file, resultText(step.uid, step.ips));
        model.creates(step.file);
        content.set(step.file, step);
        if (garbled.has(step.file)) model.isUnreadable(step.file, true);
        else reads(step.file);
        break;
      case 'remove':
        memory.remove(step.file);
        for (const known of [content, garbled]) known.delete(step.file);
        model.isGone(step.file);
        break;
      case 'touch':
      case 'date':
      case 'garble':
      case 'mend':
      case 'junk':
      case 'cut':
        if (memory.names().includes(step.file)) playOn(step);
    }
    await clock.advance(700);
  }

  async function closeForAWhile(): Promise<void> {
    memory.close('EACCES');
    await clock.advance(2_000);
    for (const ip of IPS) expect(results.owner(ip)).toBeUndefined();
    memory.close(undefined);
    await clock.advance(2_000);
    looksAgain(true);
  }

  function playOn(step: { readonly kind: string; readonly file: string }): void {
    const { kind, file: name } = step;
    if (kind === 'touch' || kind === 'date') {
      memory.date(name, kind === 'date' ? 4_000_000_000_000_000_000n : 0n);
      // The file may have changed unnoticed.
      if (garbled.has(name)) model.isUnreadable(name, true);
    } else if (kind === 'garble') {
      memory.garble(name, 'EIO');
      garbled.add(name);
      model.isUnreadable(name, typeof content.get(name) === 'string');
    } else if (kind === 'mend' && garbled.has(name)) {
      memory.garble(name, undefined);
      garbled.delete(name);
      reads(name);
    } else if ((kind === 'junk' || kind === 'cut') && !garbled.has(name)) {
      memory.write(name, kind === 'junk' ? 'not JSON' : '{"kind":');
      content.set(name, kind);
      reads(name);
    }
  }

  return {
    play,
    owner(ip: string) {
      const owner = results.owner(ip);
      return owner?.uid && { uid: owner.uid, isDoubtful: owner.contestedBy !== undefined };
    },
    model,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

async function plays(
  steps: readonly Step[],
  check: (t: Awaited<ReturnType<typeof setup>>) => void,
): Promise<void> {
  await using t = await setup();
  for (const step of steps) {
    await t.play(step);
    check(t);
  }
}

function expectAsModel(t: Awaited<ReturnType<typeof setup>>): void {
  for (const ip of IPS) expect([ip, t.owner(ip)]).toEqual([ip, t.model.owner(ip)]);
}

/** It may know less, or be uncertain. */
function expectNobodyElse(t: Awaited<ReturnType<typeof setup>>): void {
  for (const ip of IPS) {
    const owner = t.owner(ip);
    if (owner === undefined || owner === '') continue;
    expect([ip, owner.uid]).toEqual([ip, t.model.owner(ip)?.uid]);
    if (t.model.owner(ip)?.isDoubtful === true) expect([ip, owner.isDoubtful]).toEqual([ip, true]);
  }
}

const runs = { numRuns: 150 };

describe('Address owners', () => {
  it('Owners match the model, whatever happens to the files, their dates and the clock', async () => {
    const step = fc.oneof(write, write, happen, happen, time);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), (steps) => plays(steps, expectAsModel)),
      runs,
    );
  });

  it('Owners never contradict the model, whatever files break and however often a process that remembers restarts', async () => {
    const remembering = process.filter(({ kind }) => kind !== 'restart');
    const step = fc.oneof(write, write, happen, happen, broken, time, remembering);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), (steps) => plays(steps, expectNobodyElse)),
      runs,
    );
  });

  it('Owners never contradict the model if processes remember nothing and no clock is set', async () => {
    const step = fc.oneof(write, write, happen, happen, process);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), (steps) => plays(steps, expectNobodyElse)),
      runs,
    );
  });
});
