import { setTimeout as sleep } from 'node:timers/promises';
import type { Recipe } from '../../cluster/orders.ts';
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

/** What the API server takes in all annotations of an object, keys included, is 256 KiB (k8s.io/apimachinery, TotalAnnotationSizeLimitB). */
const ANNOTATION_BYTES = 255_000;
/** etcd takes 1.5 MB of an object. */
const OBJECT_BYTES = 1_400_000;
/** As fast as etcd writes them. */
const FILLS_PER_SECOND = 250;
/** Their texts have two bytes a character in memory, so that they weigh as 1,000 of plain ones: as much as the whole heap. */
const FAT = 500;
/** Of each kind. */
const EACH = 170;
const LARGE = 100;
/** 270 kB of memory each, of which there are 128 MiB for all. */
const FULL = 900;
/** A streaming list may take 30 s before pages are read. Milliseconds. */
const ENDLESS_BACK_WITHIN_MS = 50_000;
/** A second of an attack that is over as soon as it has begun. Milliseconds. */
const MOMENT_MS = 1_000;

interface FatObjects {
  readonly title: string;
  readonly recipes: readonly Recipe[];
  /** False: as a server without streaming lists. */
  readonly streaming?: boolean;
}

/** Written while the server watches; then it is started again on all of them. */
function fatObjectsStep({ title, recipes, streaming = true }: FatObjects): TenantsStep {
  return tenantsStep({
    title,
    async run({ standIn }) {
      await standIn.lists({ streaming });
      for (const recipe of recipes) await standIn.fill({ recipe, perSecond: FILLS_PER_SECOND });
      return { said: recipes.map(({ count, kind }) => `${count} × ${kind}`).join(', ') };
    },
    restarts: {},
    async clean({ standIn }) {
      await standIn.clear(recipes);
      await standIn.lists({ streaming: true });
    },
  });
}

export const fatAccounts: Recipe = {
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
  elsewhere: { character: 'x', bytes: OBJECT_BYTES },
};

export const fatObjectSteps: readonly TenantsStep[] = [
  fatObjectsStep({
    title: `${3 * EACH} ServiceAccounts, Pods and Namespaces with 255 kB in an annotation do not exhaust memory`,
    recipes: [
      { ...fatAccounts, count: EACH },
      hostilePods('fat', EACH, { filled: { [SESSION_TAGS]: ANNOTATION_BYTES } }),
      { kind: 'Namespace', count: EACH, name: 'fat', filled: { [PERMITTED]: ANNOTATION_BYTES } },
    ],
  }),
  fatObjectsStep({
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
  fatObjectsStep({
    title: `${LARGE} ServiceAccounts of 1.4 MB in a page, without streaming lists, do not exhaust memory`,
    recipes: [largeAccounts],
    streaming: false,
  }),
  tenantsStep({
    title:
      'Streaming lists that never end, silent or at one byte per second, do not keep a server from starting',
    async run({ standIn, real }) {
      // The machine has nothing else to do meanwhile.
      real.begin();
      await standIn.lists({
        streaming: true,
        endless: { ServiceAccount: 'trickling', Namespace: 'silent', Node: 'trickling' },
      });
      await sleep(MOMENT_MS);
      return { said: 'lists of three kinds never end' };
    },
    restarts: { withinMs: ENDLESS_BACK_WITHIN_MS },
    clean: ({ standIn }) => standIn.lists({ streaming: true }),
  }),
];
