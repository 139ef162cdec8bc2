import { tenantsStep } from '../step.ts';
import type { TenantsStep } from '../step.ts';
import { largeAnnotationAccounts, largeAccounts } from './large-objects.ts';
import { HOSTILE } from './hostile-tenant.ts';

/** As fast as the API server accepts them. */
const FILLS_PER_SECOND = 1_000;

/** The API server has to handle the large objects too, with less CPU than the server. Milliseconds. */
const CHANGES_WITHIN_MS = 3_000;

/** Attacks S1 and S4 on version 0.1, with a real API server. Their objects are not removed. */
export const realApiSteps: readonly TenantsStep[] = [
  tenantsStep({
    title: `${largeAnnotationAccounts.count} ServiceAccounts with 255 kB in an annotation in a real API server do not exhaust memory`,
    target: ({ real }) => real.open(),
    async run({ real }) {
      const { api } = await real.open();
      await api.apply({ kind: 'Namespace', metadata: { name: HOSTILE } });
      await api.fill({ recipe: largeAnnotationAccounts, perSecond: FILLS_PER_SECOND });
      return { summary: `${largeAnnotationAccounts.count} × ServiceAccount` };
    },
    changesWithinMs: CHANGES_WITHIN_MS,
    restarts: {},
  }),
  tenantsStep({
    title: `${largeAccounts.count} ServiceAccounts of 1.4 MB in pages of a real API server without streaming lists do not exhaust memory`,
    async target({ real }) {
      const opened = await real.open();
      await opened.lab.withoutStreamingLists();
      return opened;
    },
    async run({ real }) {
      const { api } = await real.open();
      await api.apply({ kind: 'Namespace', metadata: { name: HOSTILE } });
      await api.fill({ recipe: largeAccounts, perSecond: FILLS_PER_SECOND });
      return { summary: `${largeAccounts.count} × ServiceAccount` };
    },
    changesWithinMs: CHANGES_WITHIN_MS,
    restarts: {},
  }),
];
