export { createAgentPeer } from './agent-peer.ts';
export type { AgentPeer, OpenFeed, PresentedTls } from './agent-peer.ts';
export { callerIdentity, ownerOf, sdkEnvironment } from './caller-identity.ts';
export type { CallerIdentity } from './caller-identity.ts';
export { makeCertificateRequest } from './certificate-request.ts';
export { identityFlags, SERVER_NAME } from './identity-flags.ts';
export { createImdsClient } from './imds-client.ts';
export type { Manifest } from './manifests.ts';
export { mountBundle } from './mounted-bundle.ts';
export type { MountedBundle } from './mounted-bundle.ts';
export { runProgramOnce, startProgram } from './program.ts';
export type { NodeStart, Program } from './program.ts';
export { relayConnections, startRelay } from './relay.ts';
export { createSandboxNode, NODE_NAME } from './sandbox-node.ts';
export type { SandboxNode } from './sandbox-node.ts';
export {
  agentFlags,
  containerCredentialsFlags,
  REGION,
  ROLE_BASE_ARN,
  serverFlags,
} from './program-flags.ts';
export type { HttpAnswer } from './request-from.ts';
export { preparePrograms, startPrograms } from './start-programs.ts';
export type { AgentStart, PreparedPrograms, ProgramsOptions } from './start-programs.ts';
export { credentialsByToken } from './token-client.ts';
