import type { ServerResponse } from 'node:http';

/** Where answers wait: for the latency, or for as long as the service hangs. */
export function createGate(firstLatencyMs: number) {
  let latencyMs = firstLatencyMs;
  let hanging: Promise<void> | undefined;
  let release = (): void => undefined;
  let inFlight = 0;
  let most = 0;
  return {
    enter(response: ServerResponse): void {
      inFlight += 1;
      most = Math.max(most, inFlight);
      response.once('close', () => {
        inFlight -= 1;
      });
    },
    async pass(): Promise<void> {
      if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
      await hanging;
    },
    mostInFlight: () => most,
    controls: {
      latency: (ms: number) => {
        latencyMs = ms;
      },
      hang: () => {
        hanging ??= new Promise((resolve) => {
          release = resolve;
        });
      },
      resume: () => {
        hanging = undefined;
        release();
      },
    },
  };
}
