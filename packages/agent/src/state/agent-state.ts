import { describeError } from '@rolegate/runtime';
import type { Clock, Log, Service } from '@rolegate/runtime';
import { decodeState } from './decode.ts';
import { encodeState } from './encode.ts';
import { stateIn } from './file-format.ts';
import type { SavedState } from './saved-state.ts';
import { createMachineTime } from './machine.ts';
import type { Machine } from './machine.ts';
import { openStateDirectory } from './state-directory.ts';
import type { StateDirectory } from './state-directory.ts';
import { createStateWriter } from './state-writer.ts';
import type { StateWriter } from './state-writer.ts';

/** How often the state records that the feed is connected, for a process that reads it after a crash. Milliseconds. */
const FEED_THERE_MS = 30_000;

const IGNORED =
  'Expected after a reboot or an upgrade. Otherwise check --state-dir, and which other program writes there.';
const ON_DISK = 'Keys and credentials are written to a disk. Mount an emptyDir with medium: Memory there.';

export interface AgentStateDeps {
  /** Undefined: no state is saved. */
  readonly directory: string | undefined;
  readonly nodeName: string;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly log: Log;
}

/** The state that a previous process left, and that this one saves. */
export interface AgentState extends Pick<StateWriter, 'added' | 'withdrawn' | 'write'> {
  readonly kept: SavedState;
  /** Saves the state returned by `now`, immediately and from then on. */
  readonly begin: (now: () => SavedState) => void;
  readonly services: readonly Service[];
  /** Saves the state for the last time. */
  readonly close: () => void;
}

/** Reads the saved state. State that cannot be used is logged and ignored: never throws. */
export function openAgentState({ directory, nodeName, machine, clock, log }: AgentStateDeps): AgentState {
  if (directory === undefined) return NOTHING;
  const place = openStateDirectory(directory);
  const origin = { nodeName, bootId: machine.bootId() };
  const time = createMachineTime(machine, clock);
  warnOfDisk(place, log);
  const kept = restore(place, {
    read: (text) => decodeState(text, { origin, time, nowMs: clock.monotonic() }),
    clock,
    log,
  });
  let now: (() => SavedState) | undefined;
  const writer = createStateWriter({
    directory: place,
    clock,
    log,
    state: () => encodeState(now?.() ?? {}, origin, time),
  });
  const whenBegun = (step: () => void) => () => {
    if (now !== undefined) step();
  };

  return {
    kept,
    added: whenBegun(writer.added),
    withdrawn: whenBegun(writer.withdrawn),
    write: whenBegun(writer.write),
    begin(current) {
      now = current;
      writer.write();
    },
    services: [
      {
        name: 'state',
        async run(signal) {
          while (!signal.aborted) {
            await clock.sleep(FEED_THERE_MS, signal);
            writer.added();
          }
        },
      },
    ],
    close() {
      if (now !== undefined) writer.write();
      writer.close();
    },
  };
}

const NOTHING: AgentState = {
  kept: {},
  added: ignore,
  withdrawn: ignore,
  write: ignore,
  begin: ignore,
  services: [],
  close: ignore,
};

function restore(
  { file, read }: StateDirectory,
  { read: decode, clock, log }: { read: (text: string) => SavedState; clock: Clock; log: Log },
): SavedState {
  try {
    const content = read();
    if (content === undefined) return {};
    const kept = decode(stateIn(content));
    log.info('restored state from previous process', {
      file,
      pods: kept.table?.pods.length ?? 0,
      certificate: kept.certificate !== undefined,
      ...(kept.table && { feedLostMs: Math.round(clock.monotonic() - kept.table.feedThereMs) }),
    });
    return kept;
  } catch (error) {
    log.warn('saved state ignored', { file, error: describeError(error), hint: IGNORED });
    return {};
  }
}

function warnOfDisk({ file, isInMemory }: StateDirectory, log: Log): void {
  try {
    if (isInMemory()) return;
    log.warn('--state-dir is not in memory', { file, hint: ON_DISK });
  } catch {
    // Writing will fail too, and report why.
  }
}

function ignore(): void {
  // Nothing to keep.
}
