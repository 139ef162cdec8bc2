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
    case 410:
      return 'expired';
    default:
      return 'failed';
  }
}

/** For example `get pods/log in Namespace rolegate`. */
export function describeRight({ verb, resource, namespace }: Right): string {
  return `${verb} ${resource}${namespace === undefined ? ' in all Namespaces' : ` in Namespace ${namespace}`}`;
}
