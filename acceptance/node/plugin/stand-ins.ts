import { startImds, startSts } from '@rolegate/testing';

export type StandIns = Awaited<ReturnType<typeof startStandIns>>;

/** Stand-ins for STS and the node's IMDS that can be made to fail, on an address that the node and its Pods reach. */
export async function startStandIns(host: string) {
  const stack = new AsyncDisposableStack();
  const sts = stack.use(await startSts({ host }));
  const imds = stack.use(await startImds({ host }));
  return { sts, imds, close: () => stack.disposeAsync() };
}
