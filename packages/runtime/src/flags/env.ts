import { nearest } from './nearest.ts';
import type { FlagTable, GivenText } from './table.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Kubernetes puts a Service's address into such variables (`<SERVICE>_PORT=tcp://10.0.0.1:8181`): never a setting. */
const SERVICE_LINK = /^(?:tcp|udp|sctp):\/\//;
const SERVICE_LINK_NAME = /_(?:SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_.*)?)$/;

/** The variable of a flag: `ROLEGATE_` and its name in capitals. */
export function envName(prefix: string, flagName: string): string {
  return `${prefix}${flagName.toUpperCase().replaceAll('-', '_')}`;
}

/** What the environment says about the flags. An empty variable says nothing. */
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

/** Variables that look like settings and are none: a slip that would else go unseen. */
function unknownVariables(table: FlagTable, { env, prefix }: { env: Environment; prefix: string }): string[] {
  const known = Object.keys(table).map((flagName) => envName(prefix, flagName));
  return Object.entries(env)
    .filter(([name, text = '']) => name.startsWith(prefix) && text !== '' && !known.includes(name))
    .filter(([name, text = '']) => !SERVICE_LINK.test(text) && !SERVICE_LINK_NAME.test(name))
    .map(([name]) => {
      const near = nearest(name, known);
      return `${name} is ignored: it sets nothing here${near === undefined ? '' : `; ${near} is near`}`;
    });
}
