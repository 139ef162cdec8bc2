import type { DirectoryState } from '../addresses/cni-directory.ts';
import { createHeldIps } from '../addresses/held-ips.ts';
import type { HeldIps } from '../addresses/held-ips.ts';
import type { ResultEvent } from '../addresses/result-tap.ts';

/** What was said of the result files. */
interface Told {
  readonly held: HeldIps;
  states: Readonly<Record<string, DirectoryState>>;
}

export interface FollowedResults {
  /** A snapshot begins: what is taken until `endSnapshot` counts from then on only. */
  readonly beginSnapshot: () => void;
  /** The snapshot takes the place of all that was known. False: none had begun. */
  readonly endSnapshot: () => boolean;
  readonly take: (event: ResultEvent) => void;
  /** Nothing is known of any file any more; which Pods had one is remembered. */
  readonly forget: () => void;
  /** As of the last complete snapshot and what was said after it. */
  readonly held: () => HeldIps;
  readonly states: () => Readonly<Record<string, DirectoryState>>;
}

/** The result files as a reader tells of them, one connection after the other. */
export function createFollowedResults(): FollowedResults {
  let told = nothing();
  let next: Told | undefined;

  return {
    beginSnapshot() {
      next = nothing();
    },
    endSnapshot() {
      if (next === undefined) return false;
      remember(told, next);
      told = next;
      next = undefined;
      return true;
    },
    take(event) {
      apply(next ?? told, event);
    },
    forget() {
      const forgotten = nothing();
      for (const pod of told.held.returned()) forgotten.held.remember(pod);
      told = forgotten;
    },
    held: () => told.held,
    states: () => told.states,
  };
}

function nothing(): Told {
  return { held: createHeldIps(), states: {} };
}

function apply(to: Told, event: ResultEvent): void {
  switch (event.kind) {
    case 'result':
      to.held.set(event.file, event.result, event.mtimeNs);
      return;
    case 'removed':
      to.held.remove(event.file);
      return;
    case 'freed':
      to.held.free(event.file);
      return;
    case 'returned':
      to.held.remember(event.pod);
      return;
    case 'directories':
      to.states = event.states;
  }
}

/**
 * A reader that was started anew does not know what was there before: a file that is gone from a directory that is there was
 * removed by the runtime meanwhile. Otherwise the status of its Pod could count again, for an address that it gave back.
 */
function remember(before: Told, now: Told): void {
  const present = new Set(now.held.results().map(({ key }) => key));
  const gone = before.held
    .results()
    .filter(({ key }) => !present.has(key) && now.states[folderOf(key)] === 'ok');
  for (const { key } of gone) before.held.free(key);
  for (const pod of before.held.returned()) now.held.remember(pod);
}

function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/'));
}
