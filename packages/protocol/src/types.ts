// The generated types in one place. `X` is for writing, `XRead` is what was read, with every field.
export type {
  AgentReport,
  AgentReport__Output as AgentReportRead,
} from './generated/rolegate/v1/AgentReport.ts';
export type { FeedUpdate, FeedUpdate__Output as FeedUpdateRead } from './generated/rolegate/v1/FeedUpdate.ts';
export type {
  HeldSession,
  HeldSession__Output as HeldSessionRead,
} from './generated/rolegate/v1/HeldSession.ts';
export type {
  FirstDelivery,
  FirstDelivery__Output as FirstDeliveryRead,
} from './generated/rolegate/v1/FirstDelivery.ts';
export type {
  Interception,
  Interception__Output as InterceptionRead,
} from './generated/rolegate/v1/Interception.ts';
export type { Hello, Hello__Output as HelloRead } from './generated/rolegate/v1/Hello.ts';
export type { TokenKeys, TokenKeys__Output as TokenKeysRead } from './generated/rolegate/v1/TokenKeys.ts';
export type { IssuerKeys, IssuerKeys__Output as IssuerKeysRead } from './generated/rolegate/v1/IssuerKeys.ts';
export type {
  ReviewTokenRequest,
  ReviewTokenRequest__Output as ReviewTokenRequestRead,
} from './generated/rolegate/v1/ReviewTokenRequest.ts';
export type {
  ReviewTokenResponse,
  ReviewTokenResponse__Output as ReviewTokenResponseRead,
} from './generated/rolegate/v1/ReviewTokenResponse.ts';
export type { PodState, PodState__Output as PodStateRead } from './generated/rolegate/v1/PodState.ts';
export type {
  SessionState,
  SessionState__Output as SessionStateRead,
} from './generated/rolegate/v1/SessionState.ts';
export type {
  Credentials,
  Credentials__Output as CredentialsRead,
} from './generated/rolegate/v1/Credentials.ts';
export type { Failure, Failure__Output as FailureRead } from './generated/rolegate/v1/Failure.ts';
export type {
  ResolveRequest,
  ResolveRequest__Output as ResolveRequestRead,
} from './generated/rolegate/v1/ResolveRequest.ts';
export type {
  ResolveResponse,
  ResolveResponse__Output as ResolveResponseRead,
} from './generated/rolegate/v1/ResolveResponse.ts';
export type {
  AttestRequest,
  AttestRequest__Output as AttestRequestRead,
} from './generated/rolegate/v1/AttestRequest.ts';
export type {
  AttestResponse,
  AttestResponse__Output as AttestResponseRead,
} from './generated/rolegate/v1/AttestResponse.ts';
export type {
  ResourceVersions,
  ResourceVersions__Output as ResourceVersionsRead,
} from './generated/rolegate/v1/ResourceVersions.ts';
export type {
  MetadataAccess,
  MetadataAccess__Output as MetadataAccessRead,
} from './generated/rolegate/v1/MetadataAccess.ts';
export type { Allow, Allow__Output as AllowRead } from './generated/rolegate/v1/Allow.ts';
export type { Deny, Deny__Output as DenyRead } from './generated/rolegate/v1/Deny.ts';
export type { Pending, Pending__Output as PendingRead } from './generated/rolegate/v1/Pending.ts';
export type {
  RolegateClient,
  RolegateDefinition,
  RolegateHandlers,
} from './generated/rolegate/v1/Rolegate.ts';
