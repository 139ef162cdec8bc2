import { setTimeout as sleep } from 'node:timers/promises';
import type { Recipe } from '../../cluster/calls.ts';
import { tenantsStep } from '../step.ts';
import type { TenantsStep } from '../step.ts';
import {
  HOSTILE,
  hostilePods,
  ROLE,
  SESSION_TAGS,
  PERMITTED,
  ALLOWED_ROLES,
  PERMITTED_TAGS,
} from './hostile-tenant.ts';

/** The API server allows 256 KiB of annotations per object (k8s.io/apimachinery, TotalAnnotationSizeLimitB). */
const ANNOTATION_BYTES = 255_000;
/** etcd allows 1.5 MB per object. */
const OBJECT_BYTES = 1_400_000;
/** The rate of etcd. */
const FILLS_PER_SECOND = 250;
/** With two bytes per character in memory, they would fill the whole heap. */
const FAT = 500;
/** Per kind. */
const EACH = 170;
const LARGE = 100;
/** With 270 kB each, they exceed the 128 MiB for all Namespaces. */
const FULL = 900;
/** The server waits 30 s for a streaming list before it reads pages. Milliseconds. */
const ENDLESS_BACK_WITHIN_MS = 50_000;
/** The attack itself takes no time. Milliseconds. */
const MOMENT_MS = 1_000;

interface LargeObjects {
  readonly title: string;
  readonly recipes: readonly Recipe[];
  /** False: the API server offers no streaming lists. */
  readonly streaming?: boolean;
}

/** Creates the objects while the server watches, and then restarts it. */
function largeObjectsStep({ title, recipes, streaming = true }: LargeObjects): TenantsStep {
  return tenantsStep({
    title,
    async run({ standIn }) {
      await standIn.lists({ streaming });
      for (const recipe of recipes) await standIn.fill({ recipe, perSecond: FILLS_PER_SECOND });
      return { summary: recipes.map(({ count, kind }) => `${count} × ${kind}`).join(', ') };
    },
    restarts: {},
    async clean({ standIn }) {
      await standIn.clear(recipes);
      await standIn.lists({ streaming: true });
    },
  });
}

export const largeAnnotationAccounts: Recipe = {
  kind: 'ServiceAccount',
  count: FAT,
  name: 'fat',
  namespace: HOSTILE,
  filled: { [ROLE]: ANNOTATION_BYTES },
};

export const largeAccounts: Recipe = {
  kind: 'ServiceAccount',
  count: LARGE,
  name: 'large',
  namespace: HOSTILE,
  padding: { character: 'x', bytes: OBJECT_BYTES },
};

export const largeObjectSteps: readonly TenantsStep[] = [
  largeObjectsStep({
    title: `${3 * EACH} ServiceAccounts, Pods and Namespaces with 255 kB in an annotation do not exhaust memory`,
    recipes: [
      { ...largeAnnotationAccounts, count: EACH },
      hostilePods('fat', EACH, { filled: { [SESSION_TAGS]: ANNOTATION_BYTES } }),
      { kind: 'Namespace', count: EACH, name: 'fat', filled: { [PERMITTED]: ANNOTATION_BYTES } },
    ],
  }),
  largeObjectsStep({
    title: `${FULL} Namespaces with annotations of the maximum length leave room for other Namespaces`,
    recipes: [
      {
        kind: 'Namespace',
        count: FULL,
        name: 'full',
        filled: { [PERMITTED]: 4_096, [ALLOWED_ROLES]: 65_536, [PERMITTED_TAGS]: 65_536 },
      },
    ],
  }),
  largeObjectsStep({
    title: `${LARGE} ServiceAccounts of 1.4 MB in a page, without streaming lists, do not exhaust memory`,
    recipes: [largeAccounts],
    streaming: false,
  }),
  tenantsStep({
    title:
      'Streaming lists that never end, silent or at one byte per second, do not keep a server from starting',
    async run({ standIn, real }) {
      // Started here because this step leaves the machine idle.
      real.begin();
      await standIn.lists({
        streaming: true,
        endless: { ServiceAccount: 'trickling', Namespace: 'silent', Node: 'trickling' },
      });
      await sleep(MOMENT_MS);
      return { summary: 'endless lists of three kinds' };
    },
    restarts: { withinMs: ENDLESS_BACK_WITHIN_MS },
    clean: ({ standIn }) => standIn.lists({ streaming: true }),
  }),
];
