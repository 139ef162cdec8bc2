import { tenantsStep } from '../step.ts';
import type { TenantsStep } from '../step.ts';
import { fatAccounts, largeAccounts } from './fat-objects.ts';
import { HOSTILE } from './hostile-tenant.ts';

/** As fast as it takes them. */
const FILLS_PER_SECOND = 1_000;

/** The API server has large objects to write and to tell of too, with less CPU than the server. Milliseconds. */
const CHANGES_WITHIN_MS = 3_000;

/** Rows S1 and S4 with a real API server. What they have made is left there: it ends with them. */
export const realApiSteps: readonly TenantsStep[] = [
  tenantsStep({
    title: `${fatAccounts.count} ServiceAccounts with 255 kB in an annotation in a real API server do not exhaust memory`,
    stage: ({ real }) => real.open(),
    async run({ real }) {
      const { api } = await real.open();
      await api.apply({ kind: 'Namespace', metadata: { name: HOSTILE } });
      await api.fill({ recipe: fatAccounts, perSecond: FILLS_PER_SECOND });
      return { said: `${fatAccounts.count} × ServiceAccount` };
    },
    changesWithinMs: CHANGES_WITHIN_MS,
    restarts: {},
  }),
  tenantsStep({
    title: `${largeAccounts.count} ServiceAccounts of 1.4 MB in pages of a real API server without streaming lists do not exhaust memory`,
    async stage({ real }) {
      const stage = await real.open();
      await stage.lab.withoutStreamingLists();
      return stage;
    },
    async run({ real }) {
      const { api } = await real.open();
      await api.apply({ kind: 'Namespace', metadata: { name: HOSTILE } });
      await api.fill({ recipe: largeAccounts, perSecond: FILLS_PER_SECOND });
      return { said: `${largeAccounts.count} × ServiceAccount` };
    },
    changesWithinMs: CHANGES_WITHIN_MS,
    restarts: {},
  }),
];
