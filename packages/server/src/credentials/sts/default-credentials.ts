import { getDefaultRoleAssumerWithWebIdentity } from '@aws-sdk/client-sts';
import type { STSClientConfig } from '@aws-sdk/client-sts';
import { defaultProvider } from '@aws-sdk/credential-provider-node';

type Provider = ReturnType<typeof defaultProvider>;

/** The SDK's own lines: which link of the chain is asked, and what was wrong with one. */
const LINK = 'defaultProvider::';
const WRONG = /property-provider -> (?<what>.*)$/s;
/** Lines of one link, and characters of each. */
const MOST = { lines: 16, characters: 1_024 };

/**
 * The SDK's default chain: environment, files, web identity, EKS Pod Identity, the node's metadata API. A web identity is
 * shown to the STS that is given: the chain's own client would ask another.
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
  // To the SDK: it remembers by itself.
  return Object.assign(provide, { memoized: true as const });
}

/** The chain ends in a sentence that says nothing: what its last link has said is told beside. */
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
      const message = `${error.message}: ${[...wrong].join('; ')}`;
      return Object.assign(new Error(message, { cause: error }), { name: error.name });
    },
  };
}
