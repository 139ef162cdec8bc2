import { agentLegacyFlags } from '@rolegate/agent/legacy-flags';
import { serverLegacyFlags } from '@rolegate/server/legacy-flags';

/** The flags of a container, without dashes, with all values that are given. A switch has the value true or false. */
export type Arguments = ReadonlyMap<string, readonly string[]>;

/** Words of a command line that are read; a container with more is not one of kiam or kube2iam. */
const MOST_WORDS = 1_000;

/** Reads `--flag=value`, `--flag value`, `--switch` and kiam's `--no-switch`. Words that are no flags are skipped. */
export function readArguments(words: readonly string[]): Arguments {
  const given = new Map<string, string[]>();
  const add = (name: string, value: string) => given.set(name, [...(given.get(name) ?? []), value]);
  for (let at = 0; at < Math.min(words.length, MOST_WORDS); at += 1) {
    const [, name = '', , value] = /^--?([a-z][a-z0-9-]*)(=([^]*))?$/.exec(words[at] ?? '') ?? [];
    if (name === '') continue;
    const next = words[at + 1];
    if (value !== undefined) add(name, value);
    else if (name.startsWith('no-') && isSwitch(name.slice(3))) add(name.slice(3), 'false');
    else if (isSwitch(name) || next === undefined || next.startsWith('-')) add(name, 'true');
    else {
      add(name, next);
      at += 1;
    }
  }
  return given;
}

/** The last value, which is the one that counts. */
export function lastValue(given: Arguments, name: string): string | undefined {
  return given.get(name)?.at(-1);
}

export function isOn(given: Arguments, name: string): boolean {
  return ['true', '1', 't'].includes(lastValue(given, name)?.toLowerCase() ?? '');
}

/** Of kiam or kube2iam; those of charts that set none are the same. */
const MORE_SWITCHES = ['json-log', 'version'];

function isSwitch(name: string): boolean {
  return (
    [agentLegacyFlags, serverLegacyFlags].some((flags) => flags[name]?.isSwitch === true) ||
    MORE_SWITCHES.includes(name)
  );
}
