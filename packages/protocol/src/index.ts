export {
  audienceFault,
  containerCredentials,
  LONGEST_SERVICE_ACCOUNT_TOKEN,
} from './container-credentials.ts';
export { metadataGroups } from './metadata-groups.ts';
export type { MetadataGroup } from './metadata-groups.ts';
export { isNodeName, nodeOfPeer, nodeOfSan, peerCertificate, peerCertificateEndsMs } from './peer.ts';
export type { PeerCall } from './peer.ts';
export { hintFor, isReason, reasons, Refusal } from './reasons.ts';
export type { Reason, ReasonEntry } from './reasons.ts';
export { roleArnParts } from './role-arn.ts';
export { asRefusal, asStatus, createRolegateClient, REQUEST_ID_KEY, rolegateService } from './service.ts';
export type { RolegateClientOptions } from './service.ts';
export { watchAuthorities } from './tls/authorities.ts';
export type { AuthoritiesSource } from './tls/authorities.ts';
export {
  certificatesOf,
  checkAuthorities,
  checkOwnCertificate,
  endOf,
  TlsFault,
} from './tls/certificates.ts';
export type { TlsPurpose } from './tls/certificates.ts';
export { http2StreamOf, limitMessages, onClientConnection } from './tls/connections.ts';
export type { ClientConnection } from './tls/connections.ts';
export { createClientCredentials, createServerCredentials } from './tls/credentials.ts';
export type { ClientCertificate, ClientTls } from './tls/credentials.ts';
export { describeHandshakeError } from './tls/errors.ts';
export { loadTlsFiles } from './tls/files.ts';
export type { Authorities, LoadTlsOptions, TlsFiles, TlsMaterial } from './tls/files.ts';
export { handshakeFaults, onRefusedHandshake } from './tls/refused.ts';
export type { HandshakeFault, RefusedHandshake } from './tls/refused.ts';
export { watchTlsFiles } from './tls/source.ts';
export type { TlsSource, TlsSourceOptions } from './tls/source.ts';
export type * from './types.ts';
export { inputsDiffer, isOlderVersion, isVersion, laterVersion } from './versions.ts';
export type { DecisionInputs } from './versions.ts';
