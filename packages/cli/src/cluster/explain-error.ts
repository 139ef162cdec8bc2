import { describeRight, isOfCluster, missingRight } from './cluster-error.ts';
import type { ClusterError } from './cluster-error.ts';

/** One line about an error of the cluster, with what to do. */
export function explainClusterError(error: ClusterError): string {
  switch (error.fault) {
    case 'forbidden':
      return `${missingRight(error.right)}; ask an administrator for it, or try kubectl auth can-i ${canI(error)}`;
    case 'unauthorized':
      return `the API server does not accept the credentials of the kubeconfig (${error.message}); log in again`;
    case 'no credentials':
      return `no credentials from the kubeconfig: ${error.message}; kubectl get pods shows whether kubectl has the same problem`;
    case 'unreachable':
      return `no answer from the API server: ${error.message}; check the kubeconfig's context with kubectl cluster-info`;
    case 'not found':
    case 'conflict':
    case 'expired':
    case 'bad request':
    case 'failed':
      return `cannot ${describeRight(error.right)}: ${error.message}`;
  }
}

function canI({ right }: ClusterError): string {
  const { verb, resource, namespace } = right;
  if (isOfCluster(right)) return `${verb} ${resource}`;
  const where = namespace === undefined ? '--all-namespaces' : `-n ${namespace}`;
  // kubectl takes one verb.
  if (verb.includes(' ')) return `--list ${where}`;
  const [main = '', sub] = resource.split('/');
  return `${verb} ${main}${sub === undefined ? '' : ` --subresource=${sub}`} ${where}`;
}
