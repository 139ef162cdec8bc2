import type { IssuerKeys } from '../issuer-keys/issuer-keys.ts';
import type { KnownKeys } from '../issuer-keys/known-keys.ts';
import type { AgentStream } from './node-stream.ts';
import type { ServingStream } from './serving-nodes.ts';

export type FeedIssuerKeys = Pick<IssuerKeys, 'current' | 'onChange'>;

/** Sends the keys of ServiceAccount tokens to an agent while it serves container credentials: now, and when they change. */
export function followIssuerKeys(
  stream: Pick<AgentStream, 'issuerKeys'>,
  serving: Pick<ServingStream, 'serves' | 'onChange'>,
  keys: FeedIssuerKeys,
): () => void {
  let sent: KnownKeys | undefined;

  function send(): void {
    const current = keys.current();
    if (!serving.serves || current === undefined || current === sent) return;
    sent = current;
    stream.issuerKeys(current);
  }

  send();
  const ends = [serving.onChange(send), keys.onChange(send)];
  return () => {
    for (const end of ends) end();
  };
}
