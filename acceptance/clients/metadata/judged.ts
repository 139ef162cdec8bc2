import type { ClientsWorld } from '../world.ts';
import { metadataProblems, requestsOf } from './judge.ts';
import type { MetadataTrial } from './trial.ts';

/** Adds the trial to the tables, and returns it in words. Throws if there are problems. */
export function judged(world: Pick<ClientsWorld, 'metadataTrials'>, trial: MetadataTrial): string {
  world.metadataTrials.push(trial);
  const problems = metadataProblems(trial);
  if (problems.length > 0) throw new Error(problems.join('; '));
  const last = trial.seen.at(-1);
  return [
    `${requestsOf(trial).length} requests`,
    `${String(last?.tookMs)} ms`,
    ...(last === undefined || last.ok ? [] : [last.error.replaceAll('\n', ' ').slice(0, 200)]),
  ].join(', ');
}
