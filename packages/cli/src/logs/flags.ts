import { duration, integer, optional, setting, text, toggle } from '@rolegate/runtime';
import { clusterFlags, objectName, outputFlag } from '../command-line/cluster-flags.ts';

const WHICH = 'Which lines';
const DAY_MS = 86_400_000;

export const logsFlags = {
  namespace: optional(objectName('NAMESPACE'), {
    group: WHICH,
    help: 'only lines about Pods of this Namespace',
  }),
  pod: optional(
    text('POD', {
      pattern: /^([a-z0-9.-]{1,253}\/)?[a-z0-9.-]{1,253}$/,
      is: 'Pod',
      hint: 'write it as NAME or NAMESPACE/NAME',
    }),
    { group: WHICH, help: 'only lines about this Pod: NAME or NAMESPACE/NAME' },
  ),
  role: optional(text('ROLE'), {
    group: WHICH,
    help: 'only lines about this role: its ARN, path and name, or name',
  }),
  reason: optional(
    text('REASON', {
      pattern: /^[A-Za-z]{1,64}$/,
      is: 'reason',
      hint: 'write it as in the lines, for example NamespaceDenied',
    }),
    { group: WHICH, help: 'only lines with this reason; docs/reasons.md lists them' },
  ),
  node: optional(objectName('NODE'), { group: WHICH, help: 'only lines about this node' }),
  since: setting(duration({ minMs: 1_000, maxMs: 365 * DAY_MS }), {
    group: WHICH,
    fallback: '10m',
    help: 'only lines of this last time',
  }),
  follow: toggle({ group: WHICH, help: 'wait for new lines, also of new Pods, until interrupted' }),
  'max-streams': setting(integer({ min: 1, max: 10_000 }), {
    group: WHICH,
    fallback: '200',
    help: 'most containers whose logs are followed at once; each takes a connection',
  }),
  ...outputFlag,
  ...clusterFlags,
};
