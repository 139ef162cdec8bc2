import type { CheckOutcome, FlagValues } from '@rolegate/runtime';
import { formatDuration } from '@rolegate/runtime';
import { stsFaults } from './sts-checks.ts';
import type { serverFlags } from './flags.ts';
import { keyFault } from '../policy/session-tags.ts';
import { checkTemplate } from '../policy/template.ts';

/** kiam's default, too short for 25 minutes of remaining life at any time. Milliseconds. */
const KIAM_SESSION_MS = 15 * 60_000;
/** Sessions of 50m to 1h need no other flag. Milliseconds. */
const SHORTEST_MS = 50 * 60_000;
const HOUR_MS = 3_600_000;
/** STS accepts at most this many session tags (API reference, AssumeRole). */
const MOST_TAGS = 50;

type Values = Partial<FlagValues<typeof serverFlags>>;

/** Checks flags against each other. `podNamespace`: the Namespace of the Pod it runs in, if any. */
export function checkServerFlags(
  values: Values,
  given: ReadonlySet<string>,
  podNamespace: string | undefined,
): CheckOutcome {
  const faults = [
    ...certificateFaults(values, given, podNamespace),
    ...portFaults(values, given),
    ...durationFaults(values),
    ...templateFaults(values),
    ...tagFaults(values),
    ...stsFaults(values, given),
    ...issuerFaults(values),
  ];
  return {
    faults,
    warnings: [...durationWarnings(values), ...identityWarnings(values), ...portWarnings(given)],
  };
}

/** 15m is kiam's default, and is read as 1h. */
export function readAsHour(values: Values): boolean {
  return values['session-duration'] === KIAM_SESSION_MS && values['allow-short-sessions'] === false;
}

/** Either all three files are given, or none. */
function certificateFaults(
  values: Values,
  given: ReadonlySet<string>,
  podNamespace: string | undefined,
): string[] {
  const files = ['cert', 'key', 'ca'];
  const missing = files.filter((name) => !given.has(name));
  if (missing.length > 0 && missing.length < files.length) {
    const have = files.filter((name) => given.has(name)).map((name) => `--${name}`);
    const why = `${have.join(' and ')} is given; give all three, or none to use the server's own authority`;
    return missing.map((name) => `--${name}: needed because ${why}`);
  }
  if (missing.length === 0) return [];
  const conflicts =
    values['agent-identity'] === 'shared'
      ? [
          "--agent-identity shared: not possible with the server's own authority; leave it out, or give --cert, --key and --ca",
        ]
      : [];
  const noNamespace = values.namespace === undefined && podNamespace === undefined && !given.has('namespace');
  const why = "needed outside a Pod; the server's own authority is kept in a Secret of this Namespace";
  return noNamespace ? [...conflicts, `--namespace: ${why}`] : conflicts;
}

function portFaults({ bind, 'attest-bind': attest }: Values, given: ReadonlySet<string>): string[] {
  if (given.has('cert') || bind === undefined || attest === undefined || bind.port === 0) return [];
  return bind.port === attest.port && bind.host === attest.host
    ? ['--attest-bind: the address is that of --bind; use another port']
    : [];
}

function portWarnings(given: ReadonlySet<string>): string[] {
  return given.has('attest-bind') && given.has('cert')
    ? ['--attest-bind: ignored, because certificates come from --cert, --key and --ca']
    : [];
}

/** The API server accepts its issuer as an audience, so tokens with it are in every Pod. */
function issuerFaults({
  'container-credentials-audience': audience,
  'service-account-issuer': issuers,
}: Values): string[] {
  return audience !== undefined && issuers?.includes(audience) === true
    ? ['--container-credentials-audience: the audience is that of --service-account-issuer; use another one']
    : [];
}

function identityWarnings(values: Values): string[] {
  return values['agent-identity'] === 'shared'
    ? ['--agent-identity shared: the key of any agent gives access to the credentials of every node']
    : [];
}

function durationFaults(values: Values): string[] {
  const ms = values['session-duration'];
  if (ms === undefined || readAsHour(values)) return [];
  const shown = formatDuration(ms);
  if (ms % 1000 !== 0)
    return [`--session-duration: ${shown} is not a whole number of seconds, as STS requires`];
  return ms < SHORTEST_MS && values['allow-short-sessions'] === false
    ? [`--session-duration: ${shown} is too short; use 50m to 1h, or add --allow-short-sessions`]
    : [];
}

function durationWarnings(values: Values): string[] {
  const ms = values['session-duration'] ?? HOUR_MS;
  if (readAsHour(values)) {
    return ['--session-duration 15m is read as 1h; for 15m add --allow-short-sessions'];
  }
  const shown = formatDuration(ms);
  if (ms < SHORTEST_MS) {
    return [`--session-duration ${shown}: Pods may get credentials with less than 25 minutes left`];
  }
  return ms > HOUR_MS
    ? [`--session-duration ${shown}: STS allows at most 1h while the server's own key is temporary`]
    : [];
}

function templateFaults(values: Values): string[] {
  const templates = [
    ['--session-name-template', values['session-name-template']],
    ['--source-identity-template', values['source-identity-template']],
    ...(values['session-tag'] ?? []).map(([key, template]) => [`--session-tag ${key}`, template] as const),
  ] as const;
  return templates.flatMap(([flag, template]) => {
    if (template === undefined) return [];
    const fault = checkTemplate(template, values['session-scope']);
    if (fault !== undefined) return [`${flag}: ${fault}`];
    const nameless = template.includes('{cluster}') && values['cluster-name'] === undefined;
    return nameless ? [`${flag}: {cluster} has no value; set --cluster-name`] : [];
  });
}

function tagFaults({ 'session-tag': tags = [] }: Values): string[] {
  const keys = tags.map(([key]) => key);
  // STS treats keys that differ only in case as equal.
  const lower = keys.map((key) => key.toLowerCase());
  const twice = keys.filter((_, at) => lower.indexOf(lower[at] ?? '') < at);
  return [
    ...keys.flatMap((key) => {
      const fault = keyFault(key);
      return fault === undefined ? [] : [`--session-tag: the value ${fault}`];
    }),
    ...twice.map((key) => `--session-tag: the key ${JSON.stringify(key)} is given twice; leave one out`),
    ...(keys.length > MOST_TAGS
      ? [`--session-tag: ${keys.length} are given; STS accepts at most ${MOST_TAGS}`]
      : []),
  ];
}
