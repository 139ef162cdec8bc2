export interface KubeconfigCluster {
  readonly server: string;
  readonly caFile?: string;
  /** PEM in base64. */
  readonly caData?: string;
}

/** The text of a kubeconfig. `user` has the fields of its user. JSON is YAML. */
export function kubeconfigOf({ server, caFile, caData }: KubeconfigCluster, user: object): string {
  const cluster = {
    server,
    ...(caFile !== undefined && { 'certificate-authority': caFile }),
    ...(caData !== undefined && { 'certificate-authority-data': caData }),
  };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
}
