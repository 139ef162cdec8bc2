/** A kubeconfig with one cluster and one user, on one line. */
export function kubeConfigOf(cluster: object, user: object = { token: 'stand-in' }): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'stand-in',
    clusters: [{ name: 'stand-in', cluster }],
    users: [{ name: 'stand-in', user }],
    contexts: [{ name: 'stand-in', context: { cluster: 'stand-in', user: 'stand-in' } }],
  });
}
