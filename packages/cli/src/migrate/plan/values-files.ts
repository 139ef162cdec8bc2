import { stringify } from 'yaml';
import type { OldRules } from '../old-rules/old-system.ts';
import { lastValue } from '../release/arguments.ts';
import type { OldProgram } from '../release/old-program.ts';
import { WEB_IDENTITY_ROLE } from '../report/read-objects.ts';
import type { SoftwareRow } from '../report/software.ts';
import { setAt } from './values-of.ts';
import type { NamespacePolicy } from './namespace-policy.ts';
import type { TranslatedValues } from './values-of.ts';

export interface ValuesInput {
  readonly programs: readonly OldProgram[];
  readonly rules: OldRules;
  readonly baseArn: string;
  /** Empty if the old release's values are not known. */
  readonly translated: TranslatedValues;
  /** Globs that the ceiling needs beside the base ARN's account. */
  readonly otherAccounts: readonly string[];
  readonly software: readonly SoftwareRow[];
}

export interface ServerValuesInput extends ValuesInput {
  readonly namespacePolicy: NamespacePolicy['policy'];
}

/** Agents run where the node has this label. */
export const AGENT_LABEL = 'rolegate.dev/agent';
const USUAL_PORT = 8181;

/** The values of the agent's chart, as YAML. */
export function agentValues({ programs, rules, translated, software }: ValuesInput): string {
  const values = structuredClone(translated.agent) as Record<string, unknown>;
  setAt(values, 'nodeSelector', { ...(values['nodeSelector'] as object | undefined), [AGENT_LABEL]: 'true' });
  const port = Number(flag(programs, 'agent', rules.kind === 'kiam' ? 'port' : 'app-port') ?? USUAL_PORT);
  if (Number.isInteger(port) && port !== USUAL_PORT) setAt(values, 'port', port);
  // kiam serves no other path unless it is told to, so nothing needs a group.
  const groups = new Set(rules.kind === 'kube2iam' ? software.flatMap((row) => row.groups) : []);
  if (groups.size > 0) setAt(values, 'metadata', { groups: ['placement', ...Array.from(groups).sort()] });
  return withHead(['Values of charts/agent, for the move. finish.sh removes the node selector.'], values);
}

/** The values of the server's chart, as YAML. */
export function serverValues(input: ServerValuesInput): string {
  const { programs, rules, baseArn, otherAccounts } = input;
  const values = structuredClone(input.translated.server) as Record<string, unknown>;
  setAt(values, 'roles.baseArn', baseArn);
  setAt(values, 'roles.namespacePolicy', input.namespacePolicy);
  if (rules.kind === 'kube2iam' && rules.defaultRole !== undefined)
    setAt(values, 'roles.default', rules.defaultRole);
  if (otherAccounts.length > 0) setAt(values, 'roles.ceiling', ceilingOf(baseArn, otherAccounts));
  const hop = flag(programs, 'server', 'assume-role-arn');
  if (hop !== undefined && hop !== '') setAt(values, 'assumeRoleArn', hop);
  const region = flag(programs, 'server', 'region');
  if (region !== undefined && region !== '') setAt(values, 'region', region);
  const needed = identityOf(values);
  const head = [
    'Values of charts/server, for the move.',
    ...(values['clusterName'] === undefined ? ['Set clusterName: the name of this cluster.'] : []),
    ...needed,
  ];
  return withHead(head, values);
}

/** The globs of `roles.ceiling`. */
export function ceilingOf(baseArn: string, otherAccounts: readonly string[]): readonly string[] {
  if (otherAccounts.length === 0) return [];
  return [baseArn.replace(/:role\/.*$/, ':role/*'), ...otherAccounts];
}

/** The role that the old server has by web identity is one that Pod roles trust already. */
function identityOf(values: Record<string, unknown>): readonly string[] {
  const serviceAccount = values['serviceAccount'] as { annotations?: Record<string, unknown> } | undefined;
  const roleArn = serviceAccount?.annotations?.[WEB_IDENTITY_ROLE];
  if (serviceAccount?.annotations === undefined || typeof roleArn !== 'string')
    return ["Set credentials.source: where the server's own AWS credentials come from."];
  Reflect.deleteProperty(serviceAccount.annotations, WEB_IDENTITY_ROLE);
  if (Object.keys(serviceAccount.annotations).length === 0) Reflect.deleteProperty(values, 'serviceAccount');
  setAt(values, 'credentials', { source: 'webIdentity', webIdentity: { roleArn } });
  return [`The trust policy of ${roleArn} must name the ServiceAccount rolegate/rolegate-server.`];
}

function flag(programs: readonly OldProgram[], part: OldProgram['part'], name: string): string | undefined {
  const program = programs.find((each) => each.part === part);
  return program === undefined ? undefined : lastValue(program.given, name);
}

function withHead(head: readonly string[], values: object): string {
  const comment = head.map((line) => `# ${line.replace(/\s+/g, ' ')}\n`).join('');
  return `${comment}${stringify(values, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}
