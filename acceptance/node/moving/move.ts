import { setTimeout as sleep } from 'node:timers/promises';
import { duringRequests, expectNoFailure, expectOnlyOwn, resultLines } from '../continuous-requests.ts';
import type { ClientResult } from '../continuous-requests.ts';
import { CREDENTIALS_PATH } from '../curl-from-pod.ts';
import { expectNotReached } from '../imds-log.ts';
import type { NodeWorld } from '../world.ts';
import { openMover } from './mover.ts';
import type { Mover } from './mover.ts';
import { BILLING, REPORTS } from './old-clusters.ts';
import type { Answers } from './old-clusters.ts';
import type { OldSystem } from './old-system.ts';

/** Requests are sent for this long after a change. Milliseconds. */
const AFTER_MS = 5_000;

/** A move of the world's node by the files of the plan, while Pods send requests. */
export interface Move {
  readonly old: OldSystem;
  /** Opened when it is first needed. */
  readonly mover: () => Promise<Mover>;
  /** Enters the commands of a section of the plan's page, and calls `after` with each. */
  readonly follow: (heading: string, after?: (command: string) => Promise<void>) => Promise<void>;
  /**
   * Throws if Pods get something else than their roles during the change, or after it, or get nothing for longer than announced: by
   * default not for a moment.
   */
  readonly during: (change: () => Promise<void>, announcedS?: number) => Promise<void>;
}

/** `registry` has the charts. */
export function createMove(world: NodeWorld, old: OldSystem, registry: string): Move {
  const { kubectl, imdsLog, say } = world;
  const { asking } = old.cluster;
  let opened: Promise<Mover> | undefined;
  const mover = () =>
    (opened ??= openMover({
      env: { ...world.plugin.env, R: registry, STS: world.installation.stsEndpoint },
      node: world.node.name,
    }));

  return {
    old,
    mover,
    async follow(heading, after = () => Promise.resolve()) {
      const { enter, commandsOf } = await mover();
      for (const command of await commandsOf(heading)) {
        // What it prints differs from run to run.
        if (command.startsWith('kubectl rolegate logs')) continue;
        await enter(command);
        await after(command);
      }
    },
    async during(change, announcedS = 0) {
      const results = await duringRequests(kubectl, change, asking);
      for (const line of resultLines(results)) say(line);
      if (announcedS === 0) expectNoFailure(results);
      else expectPauseWithin(results, announcedS);
      expectNoFailure(await duringRequests(kubectl, () => sleep(AFTER_MS), asking));
      await expectNotReached(imdsLog);
    },
  };
}

function expectPauseWithin(results: readonly ClientResult[], seconds: number): void {
  expectOnlyOwn(results);
  for (const { pod, pause } of results)
    if (pause > seconds) throw new Error(`${pod} got nothing for ${pause.toFixed(1)} s`);
}

/** Throws if Pods get other answers. */
export async function expectAnswers({ curl }: NodeWorld, expected: Answers): Promise<void> {
  for (const [namespace, pod, path, wanted] of [
    [BILLING, 'export', `${CREDENTIALS_PATH}/billing-export`, expected.export],
    [REPORTS, 'nightly', `${CREDENTIALS_PATH}/nightly`, expected.nightly],
    [REPORTS, 'shell', '/latest/user-data', expected.userData],
  ] as const) {
    const { status, body } = await curl.metadata(namespace, pod, path);
    if (status !== wanted) throw new Error(`${pod} got ${status} ${body} for ${path}`);
  }
}
