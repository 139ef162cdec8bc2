import { gunzipSync } from 'node:zlib';
import { parseJson, record, textOf } from '@rolegate/runtime';

/** A release with all templates decompressed. Larger ones are not read. Bytes. */
const LONGEST_RELEASE = 32 * 1024 * 1024;

/** The user's values of a release. */
export interface HelmRelease {
  readonly chart: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Reads a Secret of the type helm.sh/release.v1: its `release` is base64 of base64 of gzip of JSON. The result or a fault, which
 * completes "the Secret of the release …".
 */
export function readHelmRelease(secret: unknown): HelmRelease | { readonly fault: string } {
  const encoded = textOf(record(record(secret)['data'])['release']);
  if (encoded === '') return { fault: 'has no data.release' };
  const packed = Buffer.from(Buffer.from(encoded, 'base64').toString('latin1'), 'base64');
  let text: string;
  try {
    text = (
      packed[0] === 0x1f ? gunzipSync(packed, { maxOutputLength: LONGEST_RELEASE }) : packed
    ).toString();
  } catch (error) {
    return { fault: `cannot be decompressed: ${error instanceof Error ? error.message : 'unknown'}` };
  }
  const release = parseJson(text);
  if (release === undefined) return { fault: 'is not JSON' };
  const { config, chart } = record(release);
  const name = textOf(record(record(chart)['metadata'])['name']);
  return name === '' ? { fault: 'names no chart' } : { chart: name, values: record(config) };
}
