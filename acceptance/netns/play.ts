import { describeError } from '@rolegate/runtime';
import { createNodeState } from './node-state.ts';
import { createOthersOnNode } from './others-on-node.ts';
import { podCases } from './pods.ts';
import type { LaidPod } from './pod-yard.ts';
import type { Scene, Step } from './step.ts';
import { openWorld } from './world.ts';
import type { World, WorldOptions } from './world.ts';

export interface Outcome {
  readonly passed: number;
  readonly failed: number;
}

export interface PlayOptions extends WorldOptions {
  readonly steps: readonly Step[];
  readonly print: (line: string) => void;
  /** Ends it at once: what is open is closed. */
  readonly signal: AbortSignal;
}

const LAST_LINES = 20;
const MOST_CHARACTERS = 400;

/** Plays the steps in a world of their own, which is gone afterwards whatever happens. */
export async function play({ steps, print, signal, ...options }: PlayOptions): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await openWorld(options));
  const others = createOthersOnNode(world);
  const state = createNodeState({ programs: world.programs, others });
  stack.defer(state.stopAll);
  const scene: Scene = { ...world, state, others, standing: await layStanding(world) };
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
  aborted.catch(() => undefined);
  let failed = 0;
  let passed = 0;
  for (const { name, mode, run } of steps) {
    if (signal.aborted) break;
    const [startMs, from] = [Date.now(), world.lines.length];
    const took = () => `${Date.now() - startMs} ms`;
    try {
      const told = await Promise.race([state.bring(mode).then(() => run(scene)), aborted]);
      passed++;
      print(`ok    ${options.backend}: ${name} (${told === undefined ? '' : `${told}, `}${took()})`);
    } catch (error) {
      failed++;
      print(`FAULT ${options.backend}: ${name} (${took()}): ${describeError(error)}`);
      printLast(world.lines.slice(from), print);
    }
  }
  return { passed, failed };
}

/** Without those of single answers: they are thousands. */
function printLast(lines: World['lines'], print: PlayOptions['print']): void {
  const told = lines.filter(({ line }) => !line.includes('"level":"debug"'));
  for (const { program, line } of told.slice(-LAST_LINES))
    print(`      ${program}: ${line.slice(0, MOST_CHARACTERS)}`);
}

async function layStanding({ pods, cluster }: World): Promise<LaidPod[]> {
  const standing: LaidPod[] = [];
  for (const of of podCases) {
    const laid = await pods.lay(of);
    standing.push(laid);
    if (of.unknown === true) continue;
    await cluster.giveAddress(laid.pod);
    await cluster.report(laid.pod, of.phase);
  }
  return standing;
}
