/** A right in RBAC's terms. */
export interface Right {
  readonly verb: string;
  /** With its subresource, e.g. `pods/log`. */
  readonly resource: string;
  /** Undefined: in all Namespaces, or the resource has none. */
  readonly namespace?: string | undefined;
}

/** How the API server failed, as far as commands treat it differently. */
export type ClusterFault =
  | 'unreachable'
  /** The kubeconfig gives no credentials, e.g. because its credential plugin fails. */
  | 'no credentials'
  | 'unauthorized'
  | 'forbidden'
  | 'not found'
  /** The object has changed since it was read. */
  | 'conflict'
  /** The resourceVersion or continue token has expired. */
  | 'expired'
  /** 400: for pods/log and pods/exec, the container does not run yet. */
  | 'bad request'
  | 'failed';

/** The API server refused a request or did not answer it. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
  readonly fault: ClusterFault;
  /** What the request needs. */
  readonly right: Right;

  constructor(fault: ClusterFault, right: Right, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
    this.right = right;
  }
}

/** The fault that an HTTP status of the API server means. */
export function faultOf(status: number): ClusterFault {
  switch (status) {
    case 400:
      return 'bad request';
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 404:
      return 'not found';
    case 409:
      return 'conflict';
    case 410:
      return 'expired';
    default:
      return 'failed';
  }
}

/** To run a program in a Pod. A WebSocket needs `get`, and from Kubernetes 1.35 on `create` as well. */
export function execRight(namespace: string): Right {
  return { verb: 'get and create', resource: 'pods/exec', namespace };
}

/** Begins each fault that a missing right causes. */
const MISSING_RIGHT = 'missing right: ';

/** Says that the user lacks the right, in one line without what to do. */
export function missingRight(right: Right): string {
  return `${MISSING_RIGHT}${describeRight(right)}`;
}

/** True if the fault is a right that the user lacks. */
export function isMissingRight(fault: string): boolean {
  return fault.startsWith(MISSING_RIGHT);
}

/** For example `get pods/log in Namespace rolegate`. */
export function describeRight(right: Right): string {
  const { verb, resource, namespace } = right;
  if (isOfCluster(right)) return `${verb} ${resource}`;
  return `${verb} ${resource} in ${namespace === undefined ? 'all Namespaces' : `Namespace ${namespace}`}`;
}

/** True for objects that are in no Namespace. */
export function isOfCluster({ resource, namespace }: Right): boolean {
  return namespace === undefined && ['namespaces', 'nodes'].includes(resource);
}
