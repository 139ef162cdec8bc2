import { optional } from '@rolegate/runtime';
import { clusterFlags, objectName, outputFlag } from '../command-line/cluster-flags.ts';

export const doctorFlags = {
  node: optional(objectName('NODE'), {
    group: 'What to check',
    help: 'only this node, the servers and what is common to all nodes',
  }),
  ...outputFlag,
  ...clusterFlags,
};
