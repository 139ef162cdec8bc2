import type { Log } from '@rolegate/runtime';

/** So many different ones are remembered; then each may be told again. */
const MAX_REMEMBERED = 1000;

export interface UnreadableLogDeps {
  /** Of what kind of object the stream is. */
  readonly kind: string;
  readonly log: Log;
}

/** Tells each thing that could not be read once: a bad object comes again with every list. */
export function createUnreadableLog({
  kind,
  log,
}: UnreadableLogDeps): (fault: string, which: string) => void {
  const told = new Set<string>();
  return (fault, which) => {
    const key = `${fault} ${which}`;
    if (told.has(key)) return;
    if (told.size >= MAX_REMEMBERED) told.clear();
    told.add(key);
    log.warn('cannot read what the API server sent', { kind, fault, which });
  };
}
