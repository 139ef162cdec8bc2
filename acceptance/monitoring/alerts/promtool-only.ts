/** Alerts that no fault of this suite provokes, with the reason. `charts/test/alerts.test.yaml` tests them with promtool. */
export const promtoolOnly: Readonly<Record<string, string>> = {
  RolegateContainerCredentialsDown: 'the agents of this suite do not serve container credentials',
  RolegateIssuerKeysFailing:
    'servers read the keys only for an agent that serves container credentials, and none does here',
};
