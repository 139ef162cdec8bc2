import type { Reason } from '@rolegate/protocol';
import { clip } from './quote.ts';

/** Why not. The message is for the operator: it names rules and objects. */
export interface Denial {
  readonly reason: Reason;
  /** Printable ASCII, at most 1,000 characters. */
  readonly message: string;
}

/** Messages hold foreign text: this keeps them within bounds. */
export function denial(reason: Reason, message: string): Denial {
  return { reason, message: clip(message) };
}
