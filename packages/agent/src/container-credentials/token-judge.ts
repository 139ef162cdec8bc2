/** What a verified ServiceAccount token says about the Pod that it is bound to. */
export interface TokenClaims {
  readonly podUid: string;
  readonly podName: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** What the agent knows about a ServiceAccount token. Says nothing about where its Pod is, or whether it still runs. */
export type TokenJudgement =
  | { readonly kind: 'valid'; readonly claims: TokenClaims }
  /** `fault` is for the operator's log. It never contains any part of the token. */
  | { readonly kind: 'invalid'; readonly fault: string }
  /** The keys, the answer to a review or the client's turn are awaited: the request is held until `onChange`. */
  | { readonly kind: 'unknown'; readonly waitsFor: string };

export interface TokenJudge {
  /** Cheap if it is called again: judgements are remembered. `from` is the canonical source address, of somebody known. */
  readonly judge: (token: string, from: string) => TokenJudgement;
  /** Calls the listener when unknown tokens may be judged again. Returns a function that ends this. */
  readonly onChange: (listener: () => void) => () => void;
}
