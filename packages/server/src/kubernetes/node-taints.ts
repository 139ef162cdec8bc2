import { ApiError } from './api/api-error.ts';
import type { ApiRequest, Connection } from './api/connection.ts';
import { readText } from './api/lines.ts';

/** Kubelet and controllers write taints too: this many lost races are a failure. */
const MOST_ROUNDS = 5;
const TIMEOUT_MS = 10_000;
/** A Node names up to 50 images, and more with attached volumes. UTF-16 units. */
const MOST_TEXT = 4 * 1024 * 1024;
/** Somebody has written it since: by its version, or because the test of the patch failed. */
const LOST_RACE = [409, 422];

export interface NodeTaints {
  /** Resolves to the keys of those that were there; a Node that is gone has none. */
  remove(node: string, keys: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
}

interface Taint {
  readonly key?: unknown;
}

/** Takes taints off Nodes, and leaves all else of them as it is. */
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
          if (!LOST_RACE.includes(error.code) || round === MOST_ROUNDS) throw error;
        }
      }
    },
  };
}

/** What was read must be there still: a taint that came meanwhile is not lost. */
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
