import { ECHO_PORTS, METADATA } from '../network/addresses.ts';
import { families } from './asking.ts';
import type { Sent } from './pod-orders.ts';

/** To every port on which the cloud answers, beside that of the metadata API. */
export const besidePort80: Readonly<Record<'tcp' | 'udp', readonly Sent[]>> = {
  tcp: sentTo('tcp'),
  udp: sentTo('udp'),
};

function sentTo(kind: 'tcp' | 'udp'): Sent[] {
  return families.flatMap((family) =>
    ECHO_PORTS[kind].map((port) => ({
      name: `${port}/${kind} by ${family}`,
      host: METADATA[family],
      port,
      bytes: 'is anybody there',
    })),
  );
}
