import { readFileSync } from 'node:fs';

/** Where the kubelet puts it (Kubernetes, "Accessing the Kubernetes API from a Pod"). */
const FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/** The Namespace of the Pod in which we run; undefined outside one. */
export function readOwnNamespace(file: string = FILE): string | undefined {
  try {
    const name = readFileSync(file, 'utf8').trim();
    return name === '' ? undefined : name;
  } catch {
    return undefined; // no Pod, or one without a token: --namespace says it
  }
}
