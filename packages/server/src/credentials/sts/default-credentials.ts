import { getDefaultRoleAssumerWithWebIdentity } from '@aws-sdk/client-sts';
import type { STSClientConfig } from '@aws-sdk/client-sts';
import { defaultProvider } from '@aws-sdk/credential-provider-node';

type Provider = ReturnType<typeof defaultProvider>;

/** Log lines of the SDK: the link of the chain that is tried, and why one failed. */
const LINK = 'defaultProvider::';
const WRONG = /property-provider -> (?<what>.*)$/s;
/** Tried only if nothing in the environment names another source. Off unless the server uses the node's role. */
const LAST_LINK_OFF = 'EC2 Instance Metadata Service access disabled';
const NO_SOURCE =
  'nothing in the environment names a source; for podIdentity and webIdentity, a webhook adds it to Pods that are created later: ' +
  'check the association or the role, then restart the server';
/** Limits on the lines kept of one link, and on the length of each. */
const MOST = { lines: 16, characters: 1_024 };

/**
 * The SDK's default chain: environment, files, web identity, EKS Pod Identity, the node's metadata API. Web identity uses the
 * given STS endpoint; by default the chain would use another.
 */
export function createDefaultCredentials(sts: STSClientConfig): Provider & { readonly memoized: true } {
  const chainLog = createChainLog();
  const chain = defaultProvider({
    logger: chainLog.logger,
    roleAssumerWithWebIdentity: getDefaultRoleAssumerWithWebIdentity(sts),
  });
  const provide: Provider = async (options) => {
    try {
      return await chain(options);
    } catch (error) {
      throw chainLog.explained(error);
    }
  };
  // Tells the SDK that the provider caches by itself.
  return Object.assign(provide, { memoized: true as const });
}

/** The chain's own error says nothing useful, so the messages of its last link are added. */
function createChainLog() {
  let wrong = new Set<string>();
  const ignore = () => undefined;
  return {
    logger: {
      info: ignore,
      warn: ignore,
      error: ignore,
      debug(line: unknown) {
        const text = String(line);
        if (text.includes(LINK)) wrong = new Set();
        const { what } = WRONG.exec(text)?.groups ?? {};
        if (what !== undefined && wrong.size < MOST.lines) wrong.add(what.slice(0, MOST.characters));
      },
    },
    explained(error: unknown): unknown {
      if (!(error instanceof Error) || !error.message.startsWith('Could not load') || wrong.size === 0)
        return error;
      const why = [...wrong].join('; ');
      const message = `${error.message}: ${why.includes(LAST_LINK_OFF) ? NO_SOURCE : why}`;
      return Object.assign(new Error(message, { cause: error }), { name: error.name });
    },
  };
}
