import { inUrl } from '../network/addresses.ts';
import type { Probe, ProbeKind } from './chart.ts';

export interface HttpProbe {
  readonly kind: ProbeKind;
  readonly url: string;
  readonly timeoutMs: number;
}

/** The recurring HTTP probes of a container. */
export function httpProbes(probes: readonly Probe[], podAddress: string): HttpProbe[] {
  return probes.flatMap((probe) => {
    if (probe.by === 'exec' || probe.kind === 'startup') return [];
    const { kind, host = podAddress, port, path, timeoutMs } = probe;
    return [{ kind, url: `http://${inUrl(host)}:${port}${path}`, timeoutMs }];
  });
}
