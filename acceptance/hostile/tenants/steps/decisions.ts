import { setTimeout as sleep } from 'node:timers/promises';
import type { RewriteOptions } from '../../cluster/calls.ts';
import { tenantsStep } from '../step.ts';
import type { TenantsStep } from '../step.ts';
import {
  ALLOWED_ROLES,
  applyHostile,
  clearHostile,
  HOSTILE,
  hostilePods,
  PERMITTED,
  PERMITTED_TAGS,
  ROLE,
  SESSION_NAME,
  SESSION_TAGS,
} from './hostile-tenant.ts';

const DURATION_MS = 6_000;
const FILLS_PER_SECOND = 300;
/** Decisions are sent again after 1 s and 5 s, in case an agent ignored them because another replica was ahead. */
const REPEATS = 2;
/** Time for agents to receive decisions on new Pods. Milliseconds. */
const SETTLED_MS = 500;

interface Rewriting {
  readonly title: string;
  /** Annotations of the hostile Namespace. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Objects created before. */
  readonly first?: readonly RewriteOptions['recipe'][];
  readonly order: Omit<RewriteOptions, 'forMs'>;
  /** Milliseconds. */
  readonly durationMs?: number;
  /** True: the writes change no decision, so agents must receive almost no updates. */
  readonly quiet?: boolean;
}

/** Rewrites objects of one Namespace repeatedly. */
function rewritingStep({
  title,
  annotations = {},
  first = [],
  order,
  durationMs = DURATION_MS,
  quiet = false,
}: Rewriting): TenantsStep {
  return tenantsStep({
    title,
    async run(world) {
      const { standIn, cluster, sts, durationFactor } = world;
      await applyHostile(world, annotations);
      for (const recipe of first) await standIn.fill({ recipe, perSecond: FILLS_PER_SECOND });
      const before = await sts.calls(`${HOSTILE}.`);
      if (quiet) await sleep(SETTLED_MS);
      await cluster.feeds.record(HOSTILE);
      const { writes } = await standIn.rewrite({ ...order, forMs: durationMs * durationFactor });
      const calls = (await sts.calls(`${HOSTILE}.`)) - before;
      const sent = (await cluster.feeds.recorded(undefined)).length;
      return {
        summary: `${writes} writes, ${calls} AssumeRole calls for the Namespace, ${sent} decisions sent`,
        problems:
          quiet && sent > REPEATS * order.recipe.count
            ? [`agents received ${sent} decisions although nothing changed`]
            : [],
      };
    },
    clean: (world) => clearHostile(world, [...first, order.recipe]),
  });
}

/** A JSON list of 64 kB of patterns. */
function globs(pattern: (index: number) => string): string {
  const all: string[] = [];
  for (let bytes = 2; bytes < 65_000; bytes += (all.at(-1)?.length ?? 0) + 3) all.push(pattern(all.length));
  return JSON.stringify(all);
}

/** IAM's maximum: a path of 510 characters and a name of 64. `@` changes it with each write. */
const LONG_ROLE = `${HOSTILE}/${'a/'.repeat(240)}${'a'.repeat(50)}@`;
const FIFTY_TAGS = JSON.stringify(
  Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`${'a'.repeat(120)}${at + 100}`, 'v'])),
);
/** The ServiceAccount of all Pods, which names their role. */
const flipping = { kind: 'ServiceAccount', count: 1, name: 'flipping', namespace: HOSTILE } as const;

const labelled = hostilePods('labelled', 200, { annotations: { [ROLE]: `${HOSTILE}/app` } });

export const decisionSteps: readonly TenantsStep[] = [
  rewritingStep({
    title:
      'A ServiceAccount of 300 Pods whose role changes every two seconds delays no renewal of other tenants',
    first: [
      hostilePods('flips', 300, {
        serviceAccount: 'flipping-0',
        annotations: { [SESSION_NAME]: 'worker-#' },
      }),
    ],
    order: {
      recipe: flipping,
      perSecond: 0.5,
      variants: [{ [ROLE]: `${HOSTILE}/one` }, { [ROLE]: `${HOSTILE}/two` }],
    },
    durationMs: 8_000,
  }),
  rewritingStep({
    title: '300 Pods whose session names change constantly delay no renewal of other tenants',
    first: [flipping],
    order: {
      recipe: hostilePods('renamed', 300, {
        serviceAccount: 'flipping-0',
        annotations: { [ROLE]: `${HOSTILE}/app` },
      }),
      perSecond: 300,
      variants: [{ [SESSION_NAME]: 'name-@' }],
    },
  }),
  rewritingStep({
    title: '60 Pods with 255 kB of session tags, each updated every second, delay no other tenant',
    annotations: { [PERMITTED_TAGS]: '["*"]' },
    order: {
      recipe: hostilePods('tagged', 60, {
        annotations: { [ROLE]: `${HOSTILE}/app` },
        filledJson: { [SESSION_TAGS]: 255_000 },
      }),
      perSecond: 60,
    },
  }),
  rewritingStep({
    title:
      'A Namespace with 64 kB of globs, an expression of 4 kB and 60 Pods whose roles keep changing delays no other tenant',
    annotations: {
      [PERMITTED]: `(?i)${'\\pL*'.repeat(1_000)}`,
      [ALLOWED_ROLES]: globs((at) => `*${'a?'.repeat(150)}b${at}*`),
      [PERMITTED_TAGS]: globs((at) => `${'a'.repeat(100)}${at}?`),
    },
    order: {
      recipe: hostilePods('matched', 60, {
        annotations: { [ROLE]: LONG_ROLE, [SESSION_TAGS]: FIFTY_TAGS },
      }),
      perSecond: 60,
    },
  }),
  rewritingStep({
    title: '200 Pods whose labels change every second cause no new decisions',
    first: [labelled],
    order: { recipe: labelled, perSecond: 200 },
    quiet: true,
  }),
];
