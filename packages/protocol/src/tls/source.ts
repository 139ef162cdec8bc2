import { poll } from './poll.ts';
import type { TlsPurpose } from './certificates.ts';
import { loadTlsFiles, stampOfTlsFiles } from './files.ts';
import type { TlsFiles, TlsMaterial } from './files.ts';

/** How often the files are looked at; kubelet itself takes up to a minute to write a changed Secret. */
export const POLL_MS = 3_000;

/** As in packages/runtime, of which this package knows nothing. */
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
  /** Ends the watching; the last good files stay in use. */
  readonly signal: AbortSignal;
  readonly pollMs?: number;
}

/** The TLS files of one side, always the last that were good. */
export interface TlsSource {
  current(): TlsMaterial;
  /** Called after each change, with what is new. Returns what takes it back. */
  onChange(call: (material: TlsMaterial) => void): () => void;
  /** Until the certificate and the newest authority end, for metrics; negative when they have. */
  readonly secondsLeft: () => { readonly certificate: number; readonly ca: number };
}

/**
 * Reads the files, throws a TlsFault where they are not good, and then follows their changes. A bad change is logged and
 * ignored until the files are good again: what worked keeps working.
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
      // After a fault too: the files may be the good ones again.
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
        hint: 'Correct the files. The previous certificates stay in use until then.',
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
