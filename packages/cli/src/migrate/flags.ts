import { targets } from './to/move-on.ts';
import { roleBaseArnText } from './role-base-arn.ts';
import { duration, oneOf, optional, path, setting, toggle } from '@rolegate/runtime';
import { clusterFlags, outputFlag } from '../command-line/cluster-flags.ts';

const WHAT = 'What is compared';

const migrateFlags = {
  from: optional(oneOf(['kiam', 'kube2iam']), {
    group: WHAT,
    help: 'the old system, if the cluster has both',
  }),
  'role-base-arn': optional(roleBaseArnText, {
    group: WHAT,
    help: 'base ARN of the old system, if it detects its own, e.g. arn:aws:iam::123456789012:role/',
  }),
};

export const reportFlags = {
  ...migrateFlags,
  cloudtrail: optional(path(), {
    group: WHAT,
    help: 'CloudTrail export (JSON, gzip or not), which shows who uses the role of a node',
  }),
  logs: optional(duration({ minMs: 1_000, maxMs: 30 * 86_400_000 }), {
    group: WHAT,
    help: "also read this last time of kube2iam's logs, for the paths other than credentials that Pods ask for",
  }),
  markdown: toggle({
    group: 'Output',
    help: 'print a page for a change request, with all rows',
  }),
  ...outputFlag,
  ...clusterFlags,
};

export const planFlags = {
  ...migrateFlags,
  values: optional(path(), {
    group: WHAT,
    help: "values file of the old release; without it, the release's Secret is read",
  }),
  to: optional(oneOf(targets), {
    group: WHAT,
    help: 'instead, what to apply for a move from the metadata API to one of these, from the old system or from Rolegate',
  }),
  folder: setting(path('FOLDER'), {
    group: 'Output',
    fallback: 'rolegate-move',
    help: 'where the plan is written',
  }),
  ...outputFlag,
  ...clusterFlags,
};
