/** Alerts that no fault of this suite provokes, with the reason. `charts/test/alerts.test.yaml` tests them with promtool. */
export const promtoolOnly: Readonly<Record<string, string>> = {
  RolegateIssuerKeysFailing:
    'servers read the keys only for an agent that serves container credentials, and none does here',
};
