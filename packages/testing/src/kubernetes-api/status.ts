/** The `reason` of a code (k8s.io/apimachinery, meta/v1 StatusReason). */
const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** Thrown by a handler to answer with this Status. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: number;
  readonly fields: object;

  constructor(code: number, message: string, fields: object = {}) {
    super(message);
    this.code = code;
    this.fields = fields;
  }
}

/** A metav1.Status as written by the API server. */
export function statusObject(code: number, message: string, fields: object = {}): object {
  const reason = REASONS[code];
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === undefined ? {} : { reason }),
    ...fields,
    code,
  };
}
