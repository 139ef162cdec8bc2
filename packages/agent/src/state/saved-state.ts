import type { KeptClaim } from '../addresses/kept-claims.ts';
import type { TableContents } from '../feed/table-contents.ts';
import type { KeptCertificate } from '../identity/saved-certificate.ts';
import type { SavedTokens } from '../imds-tokens/token-keys.ts';

/** What of the agent outlives its process. Monotonic times are those of the process that has it. */
export interface SavedState {
  /** Undefined only where nothing is kept. */
  readonly tokens?: SavedTokens | undefined;
  readonly certificate?: KeptCertificate | undefined;
  /** Undefined: no feed was ever complete. */
  readonly table?: SavedTable | undefined;
}

/** The table as of when the feed was last there. */
export interface SavedTable extends TableContents {
  /** UIDs of the Pods that the CNI results name, or named until the runtime removed them. */
  readonly named: readonly string[];
  /** What the CNI results said of addresses. Undefined: an older agent wrote the state. */
  readonly claims?: readonly KeptClaim[] | undefined;
  /** When the feed was last there. Monotonic milliseconds. */
  readonly feedThereMs: number;
}
