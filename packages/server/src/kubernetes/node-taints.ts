import { ApiError } from './api/api-error.ts';
import type { ApiRequest, Connection } from './api/connection.ts';
import { readText } from './api/lines.ts';

/** Gives up after this many write conflicts; kubelet and controllers write taints too. */
const MOST_ROUNDS = 5;
const TIMEOUT_MS = 10_000;
/** A Node lists up to 50 images, and attached volumes. UTF-16 units. */
const MOST_TEXT = 4 * 1024 * 1024;
/** HTTP codes of a write conflict: another version, or a failed `test` of the patch. */
const CONFLICT = [409, 422];

export interface NodeTaints {
  /** Resolves to the keys of the removed taints; none if the Node does not exist. */
  remove(node: string, keys: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
}

interface Taint {
  readonly key?: unknown;
}

/** Removes taints from Nodes, and changes nothing else. */
export function createNodeTaints({ connection }: { readonly connection: Connection }): NodeTaints {
  async function ask(request: Pick<ApiRequest, 'method' | 'path' | 'body'>, signal: AbortSignal) {
    const { chunks } = await connection.request({ ...request, signal, timeoutMs: TIMEOUT_MS });
    return readText(chunks, MOST_TEXT);
  }

  return {
    async remove(node, keys, signal) {
      const path = `/api/v1/nodes/${encodeURIComponent(node)}`;
      for (let round = 1; ; round += 1) {
        try {
          const taints = taintsOf(await ask({ method: 'GET', path }, signal));
          const kept = taints.filter(({ key }) => !keys.some((unwanted) => unwanted === key));
          if (kept.length === taints.length) return [];
          await ask({ method: 'PATCH', path, body: replacing(taints, kept) }, signal);
          return keys.filter((key) => taints.some((taint) => taint.key === key));
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          if (error.code === 404) return [];
          if (!CONFLICT.includes(error.code) || round === MOST_ROUNDS) throw error;
        }
      }
    },
  };
}

/** The `test` makes sure that no taint that was added since the read is lost. */
function replacing(from: readonly Taint[], to: readonly Taint[]) {
  return [
    { op: 'test', path: '/spec/taints', value: from },
    { op: 'replace', path: '/spec/taints', value: to },
  ];
}

function taintsOf(text: string): readonly Taint[] {
  const { spec } = JSON.parse(text) as { readonly spec?: { readonly taints?: unknown } };
  return Array.isArray(spec?.taints) ? (spec.taints as Taint[]) : [];
}
