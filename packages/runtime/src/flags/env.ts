import { nearest } from './nearest.ts';
import type { FlagTable, GivenText } from './table.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Kubernetes sets variables such as `<SERVICE>_PORT=tcp://10.0.0.1:8181` for each Service. They are never settings. */
const SERVICE_LINK = /^(?:tcp|udp|sctp):\/\//;
const SERVICE_LINK_NAME = /_(?:SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_.*)?)$/;

/** The environment variable of a flag: the prefix and the name in upper case. */
export function envName(prefix: string, flagName: string): string {
  return `${prefix}${flagName.toUpperCase().replaceAll('-', '_')}`;
}

/** Reads flags from the environment. An empty variable counts as unset. */
export function readEnv(table: FlagTable, { env, prefix }: { env: Environment; prefix: string }) {
  const given = new Map<string, readonly GivenText[]>();
  for (const [flagName, flag] of Object.entries(table)) {
    for (const name of [envName(prefix, flagName), ...flag.env]) {
      const text = env[name] ?? '';
      if (text === '' || SERVICE_LINK.test(text)) continue;
      given.set(flagName, [{ text, by: name }]);
      break;
    }
  }
  return { given, warnings: unknownVariables(table, { env, prefix }) };
}

/** Warns of variables that look like settings but are not, such as misspelled ones. */
function unknownVariables(table: FlagTable, { env, prefix }: { env: Environment; prefix: string }): string[] {
  const known = Object.keys(table).map((flagName) => envName(prefix, flagName));
  return Object.entries(env)
    .filter(([name, text = '']) => name.startsWith(prefix) && text !== '' && !known.includes(name))
    .filter(([name, text = '']) => !SERVICE_LINK.test(text) && !SERVICE_LINK_NAME.test(name))
    .map(([name]) => {
      const near = nearest(name, known);
      return `${name} is ignored: it is not a setting${near === undefined ? '' : `; did you mean ${near}?`}`;
    });
}
