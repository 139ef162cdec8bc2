import { poll } from './poll.ts';
import type { TlsPurpose } from './certificates.ts';
import { loadTlsFiles, stampOfTlsFiles } from './files.ts';
import type { TlsFiles, TlsMaterial } from './files.ts';

/** How often the files are checked. kubelet takes up to a minute to write a changed Secret. */
export const POLL_MS = 3_000;

/** Like packages/runtime's Log, which this package does not import. */
interface Log {
  info(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

export interface TlsSourceOptions {
  readonly files: TlsFiles;
  readonly purpose: TlsPurpose;
  readonly clock: {
    now(): number;
    schedule(delayMs: number, call: () => void): () => void;
  };
  readonly log: Log;
  /** Stops watching. The last valid files stay in use. */
  readonly signal: AbortSignal;
  readonly pollMs?: number;
}

/** The latest valid TLS files of one side. */
export interface TlsSource {
  current(): TlsMaterial;
  /** Calls after each change with the new files. The returned function removes the listener. */
  onChange(call: (material: TlsMaterial) => void): () => void;
  /** Until the certificate and the newest authority expire, for metrics. Negative after that. */
  readonly secondsLeft: () => { readonly certificate: number; readonly ca: number };
}

/**
 * Reads the files and follows their changes. Throws a TlsFault if they are invalid at the start. An invalid change is
 * logged and ignored until the files are valid again.
 */
export function watchTlsFiles(options: TlsSourceOptions): TlsSource {
  const { files, purpose, clock, log, signal, pollMs = POLL_MS } = options;
  const listeners = new Set<(material: TlsMaterial) => void>();
  let stamp = stampOfTlsFiles(files);
  let material = loadTlsFiles(files, { purpose, nowMs: clock.now() });
  let lastFault = '';

  function look(): void {
    try {
      const seen = stampOfTlsFiles(files);
      // Also after a fault, because the previous files may be back.
      if (seen !== stamp || lastFault !== '')
        adopt(seen, loadTlsFiles(files, { purpose, nowMs: clock.now() }));
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error));
    }
  }

  function adopt(seen: string, loaded: TlsMaterial): void {
    stamp = seen;
    lastFault = '';
    if (sameMaterial(loaded, material)) return;
    material = loaded;
    log.info('certificates reloaded', {
      fingerprint: loaded.certFingerprint,
      expires: isoOf(loaded.certEndsMs),
    });
    for (const call of listeners) call(loaded);
  }

  function complain(fault: string): void {
    if (fault !== lastFault)
      log.error('changed certificates rejected', {
        error: fault,
        hint: 'The previous certificates stay in use. Correct the files.',
      });
    lastFault = fault;
  }

  poll(look, { everyMs: pollMs, clock, signal });
  return {
    current: () => material,
    onChange(call) {
      listeners.add(call);
      return () => {
        listeners.delete(call);
      };
    },
    secondsLeft: () => ({
      certificate: (material.certEndsMs - clock.now()) / 1000,
      ca: (material.caEndsMs - clock.now()) / 1000,
    }),
  };
}

function sameMaterial(a: TlsMaterial, b: TlsMaterial): boolean {
  return a.cert.equals(b.cert) && a.key.equals(b.key) && a.ca.equals(b.ca);
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
