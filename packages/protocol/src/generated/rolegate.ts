import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { AgentReport as _rolegate_v1_AgentReport, AgentReport__Output as _rolegate_v1_AgentReport__Output } from './rolegate/v1/AgentReport.ts';
import type { Allow as _rolegate_v1_Allow, Allow__Output as _rolegate_v1_Allow__Output } from './rolegate/v1/Allow.ts';
import type { AttestRequest as _rolegate_v1_AttestRequest, AttestRequest__Output as _rolegate_v1_AttestRequest__Output } from './rolegate/v1/AttestRequest.ts';
import type { AttestResponse as _rolegate_v1_AttestResponse, AttestResponse__Output as _rolegate_v1_AttestResponse__Output } from './rolegate/v1/AttestResponse.ts';
import type { Credentials as _rolegate_v1_Credentials, Credentials__Output as _rolegate_v1_Credentials__Output } from './rolegate/v1/Credentials.ts';
import type { DecisionInputs as _rolegate_v1_DecisionInputs, DecisionInputs__Output as _rolegate_v1_DecisionInputs__Output } from './rolegate/v1/DecisionInputs.ts';
import type { Deny as _rolegate_v1_Deny, Deny__Output as _rolegate_v1_Deny__Output } from './rolegate/v1/Deny.ts';
import type { Failure as _rolegate_v1_Failure, Failure__Output as _rolegate_v1_Failure__Output } from './rolegate/v1/Failure.ts';
import type { FeedUpdate as _rolegate_v1_FeedUpdate, FeedUpdate__Output as _rolegate_v1_FeedUpdate__Output } from './rolegate/v1/FeedUpdate.ts';
import type { FirstDelivery as _rolegate_v1_FirstDelivery, FirstDelivery__Output as _rolegate_v1_FirstDelivery__Output } from './rolegate/v1/FirstDelivery.ts';
import type { HeldSession as _rolegate_v1_HeldSession, HeldSession__Output as _rolegate_v1_HeldSession__Output } from './rolegate/v1/HeldSession.ts';
import type { Hello as _rolegate_v1_Hello, Hello__Output as _rolegate_v1_Hello__Output } from './rolegate/v1/Hello.ts';
import type { Interception as _rolegate_v1_Interception, Interception__Output as _rolegate_v1_Interception__Output } from './rolegate/v1/Interception.ts';
import type { IssuerKey as _rolegate_v1_IssuerKey, IssuerKey__Output as _rolegate_v1_IssuerKey__Output } from './rolegate/v1/IssuerKey.ts';
import type { IssuerKeys as _rolegate_v1_IssuerKeys, IssuerKeys__Output as _rolegate_v1_IssuerKeys__Output } from './rolegate/v1/IssuerKeys.ts';
import type { MetadataAccess as _rolegate_v1_MetadataAccess, MetadataAccess__Output as _rolegate_v1_MetadataAccess__Output } from './rolegate/v1/MetadataAccess.ts';
import type { PathGroups as _rolegate_v1_PathGroups, PathGroups__Output as _rolegate_v1_PathGroups__Output } from './rolegate/v1/PathGroups.ts';
import type { Pending as _rolegate_v1_Pending, Pending__Output as _rolegate_v1_Pending__Output } from './rolegate/v1/Pending.ts';
import type { PodRemoved as _rolegate_v1_PodRemoved, PodRemoved__Output as _rolegate_v1_PodRemoved__Output } from './rolegate/v1/PodRemoved.ts';
import type { PodState as _rolegate_v1_PodState, PodState__Output as _rolegate_v1_PodState__Output } from './rolegate/v1/PodState.ts';
import type { ResolveRequest as _rolegate_v1_ResolveRequest, ResolveRequest__Output as _rolegate_v1_ResolveRequest__Output } from './rolegate/v1/ResolveRequest.ts';
import type { ResolveResponse as _rolegate_v1_ResolveResponse, ResolveResponse__Output as _rolegate_v1_ResolveResponse__Output } from './rolegate/v1/ResolveResponse.ts';
import type { ResourceVersions as _rolegate_v1_ResourceVersions, ResourceVersions__Output as _rolegate_v1_ResourceVersions__Output } from './rolegate/v1/ResourceVersions.ts';
import type { ReviewTokenRequest as _rolegate_v1_ReviewTokenRequest, ReviewTokenRequest__Output as _rolegate_v1_ReviewTokenRequest__Output } from './rolegate/v1/ReviewTokenRequest.ts';
import type { ReviewTokenResponse as _rolegate_v1_ReviewTokenResponse, ReviewTokenResponse__Output as _rolegate_v1_ReviewTokenResponse__Output } from './rolegate/v1/ReviewTokenResponse.ts';
import type { RolegateClient as _rolegate_v1_RolegateClient, RolegateDefinition as _rolegate_v1_RolegateDefinition } from './rolegate/v1/Rolegate.ts';
import type { SessionRemoved as _rolegate_v1_SessionRemoved, SessionRemoved__Output as _rolegate_v1_SessionRemoved__Output } from './rolegate/v1/SessionRemoved.ts';
import type { SessionState as _rolegate_v1_SessionState, SessionState__Output as _rolegate_v1_SessionState__Output } from './rolegate/v1/SessionState.ts';
import type { Synced as _rolegate_v1_Synced, Synced__Output as _rolegate_v1_Synced__Output } from './rolegate/v1/Synced.ts';
import type { TokenKey as _rolegate_v1_TokenKey, TokenKey__Output as _rolegate_v1_TokenKey__Output } from './rolegate/v1/TokenKey.ts';
import type { TokenKeys as _rolegate_v1_TokenKeys, TokenKeys__Output as _rolegate_v1_TokenKeys__Output } from './rolegate/v1/TokenKeys.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  rolegate: {
    v1: {
      AgentReport: MessageTypeDefinition<_rolegate_v1_AgentReport, _rolegate_v1_AgentReport__Output>
      Allow: MessageTypeDefinition<_rolegate_v1_Allow, _rolegate_v1_Allow__Output>
      AttestRequest: MessageTypeDefinition<_rolegate_v1_AttestRequest, _rolegate_v1_AttestRequest__Output>
      AttestResponse: MessageTypeDefinition<_rolegate_v1_AttestResponse, _rolegate_v1_AttestResponse__Output>
      Credentials: MessageTypeDefinition<_rolegate_v1_Credentials, _rolegate_v1_Credentials__Output>
      DecisionInputs: MessageTypeDefinition<_rolegate_v1_DecisionInputs, _rolegate_v1_DecisionInputs__Output>
      Deny: MessageTypeDefinition<_rolegate_v1_Deny, _rolegate_v1_Deny__Output>
      Failure: MessageTypeDefinition<_rolegate_v1_Failure, _rolegate_v1_Failure__Output>
      FeedUpdate: MessageTypeDefinition<_rolegate_v1_FeedUpdate, _rolegate_v1_FeedUpdate__Output>
      FirstDelivery: MessageTypeDefinition<_rolegate_v1_FirstDelivery, _rolegate_v1_FirstDelivery__Output>
      HeldSession: MessageTypeDefinition<_rolegate_v1_HeldSession, _rolegate_v1_HeldSession__Output>
      Hello: MessageTypeDefinition<_rolegate_v1_Hello, _rolegate_v1_Hello__Output>
      Interception: MessageTypeDefinition<_rolegate_v1_Interception, _rolegate_v1_Interception__Output>
      IssuerKey: MessageTypeDefinition<_rolegate_v1_IssuerKey, _rolegate_v1_IssuerKey__Output>
      IssuerKeys: MessageTypeDefinition<_rolegate_v1_IssuerKeys, _rolegate_v1_IssuerKeys__Output>
      MetadataAccess: MessageTypeDefinition<_rolegate_v1_MetadataAccess, _rolegate_v1_MetadataAccess__Output>
      PathGroups: MessageTypeDefinition<_rolegate_v1_PathGroups, _rolegate_v1_PathGroups__Output>
      Pending: MessageTypeDefinition<_rolegate_v1_Pending, _rolegate_v1_Pending__Output>
      PodRemoved: MessageTypeDefinition<_rolegate_v1_PodRemoved, _rolegate_v1_PodRemoved__Output>
      PodState: MessageTypeDefinition<_rolegate_v1_PodState, _rolegate_v1_PodState__Output>
      ResolveRequest: MessageTypeDefinition<_rolegate_v1_ResolveRequest, _rolegate_v1_ResolveRequest__Output>
      ResolveResponse: MessageTypeDefinition<_rolegate_v1_ResolveResponse, _rolegate_v1_ResolveResponse__Output>
      ResourceVersions: MessageTypeDefinition<_rolegate_v1_ResourceVersions, _rolegate_v1_ResourceVersions__Output>
      ReviewTokenRequest: MessageTypeDefinition<_rolegate_v1_ReviewTokenRequest, _rolegate_v1_ReviewTokenRequest__Output>
      ReviewTokenResponse: MessageTypeDefinition<_rolegate_v1_ReviewTokenResponse, _rolegate_v1_ReviewTokenResponse__Output>
      Rolegate: SubtypeConstructor<typeof grpc.Client, _rolegate_v1_RolegateClient> & { service: _rolegate_v1_RolegateDefinition }
      SessionRemoved: MessageTypeDefinition<_rolegate_v1_SessionRemoved, _rolegate_v1_SessionRemoved__Output>
      SessionState: MessageTypeDefinition<_rolegate_v1_SessionState, _rolegate_v1_SessionState__Output>
      Synced: MessageTypeDefinition<_rolegate_v1_Synced, _rolegate_v1_Synced__Output>
      TokenKey: MessageTypeDefinition<_rolegate_v1_TokenKey, _rolegate_v1_TokenKey__Output>
      TokenKeys: MessageTypeDefinition<_rolegate_v1_TokenKeys, _rolegate_v1_TokenKeys__Output>
    }
  }
}

