import type { Log } from '@rolegate/runtime';

/** So many different ones are remembered; then each may be told once more. */
const MAX_REMEMBERED = 1000;

export interface PassedOverDeps {
  /** Of what kind of object the stream is. */
  readonly kind: string;
  readonly log: Log;
}

/** Tells what was passed over once each: a bad object comes again with every list. */
export function createPassedOver({ kind, log }: PassedOverDeps): (fault: string, which: string) => void {
  const told = new Set<string>();
  return (fault, which) => {
    const key = `${fault} ${which}`;
    if (told.has(key)) return;
    if (told.size >= MAX_REMEMBERED) told.clear();
    told.add(key);
    log.warn('something from the API server was passed over', { kind, fault, which });
  };
}
