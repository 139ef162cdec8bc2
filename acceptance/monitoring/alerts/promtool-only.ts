/** Alerts that no fault of this suite provokes, with the reason. `charts/test/alerts.test.yaml` tests them with promtool. */
export const promtoolOnly: Readonly<Record<string, string>> = {};
