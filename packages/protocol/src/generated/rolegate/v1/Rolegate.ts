// Original file: protos/rolegate/v1/rolegate.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AgentReport as _rolegate_v1_AgentReport, AgentReport__Output as _rolegate_v1_AgentReport__Output } from '../../rolegate/v1/AgentReport.ts';
import type { AttestRequest as _rolegate_v1_AttestRequest, AttestRequest__Output as _rolegate_v1_AttestRequest__Output } from '../../rolegate/v1/AttestRequest.ts';
import type { AttestResponse as _rolegate_v1_AttestResponse, AttestResponse__Output as _rolegate_v1_AttestResponse__Output } from '../../rolegate/v1/AttestResponse.ts';
import type { FeedUpdate as _rolegate_v1_FeedUpdate, FeedUpdate__Output as _rolegate_v1_FeedUpdate__Output } from '../../rolegate/v1/FeedUpdate.ts';
import type { ResolveRequest as _rolegate_v1_ResolveRequest, ResolveRequest__Output as _rolegate_v1_ResolveRequest__Output } from '../../rolegate/v1/ResolveRequest.ts';
import type { ResolveResponse as _rolegate_v1_ResolveResponse, ResolveResponse__Output as _rolegate_v1_ResolveResponse__Output } from '../../rolegate/v1/ResolveResponse.ts';
import type { ReviewTokenRequest as _rolegate_v1_ReviewTokenRequest, ReviewTokenRequest__Output as _rolegate_v1_ReviewTokenRequest__Output } from '../../rolegate/v1/ReviewTokenRequest.ts';
import type { ReviewTokenResponse as _rolegate_v1_ReviewTokenResponse, ReviewTokenResponse__Output as _rolegate_v1_ReviewTokenResponse__Output } from '../../rolegate/v1/ReviewTokenResponse.ts';

export interface RolegateClient extends grpc.Client {
  Attest(argument: _rolegate_v1_AttestRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rolegate_v1_AttestResponse__Output>): grpc.ClientUnaryCall;
  Attest(argument: _rolegate_v1_AttestRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rolegate_v1_AttestResponse__Output>): grpc.ClientUnaryCall;
  Attest(argument: _rolegate_v1_AttestRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rolegate_v1_AttestResponse__Output>): grpc.ClientUnaryCall;
  Attest(argument: _rolegate_v1_AttestRequest, callback: grpc.requestCallback<_rolegate_v1_AttestResponse__Output>): grpc.ClientUnaryCall;
  attest(argument: _rolegate_v1_AttestRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rolegate_v1_AttestResponse__Output>): grpc.ClientUnaryCall;
  attest(argument: _rolegate_v1_AttestRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rolegate_v1_AttestResponse__Output>): grpc.ClientUnaryCall;
  attest(argument: _rolegate_v1_AttestRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rolegate_v1_AttestResponse__Output>): grpc.ClientUnaryCall;
  attest(argument: _rolegate_v1_AttestRequest, callback: grpc.requestCallback<_rolegate_v1_AttestResponse__Output>): grpc.ClientUnaryCall;
  
  Feed(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_rolegate_v1_AgentReport, _rolegate_v1_FeedUpdate__Output>;
  Feed(options?: grpc.CallOptions): grpc.ClientDuplexStream<_rolegate_v1_AgentReport, _rolegate_v1_FeedUpdate__Output>;
  feed(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_rolegate_v1_AgentReport, _rolegate_v1_FeedUpdate__Output>;
  feed(options?: grpc.CallOptions): grpc.ClientDuplexStream<_rolegate_v1_AgentReport, _rolegate_v1_FeedUpdate__Output>;
  
  Resolve(argument: _rolegate_v1_ResolveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rolegate_v1_ResolveResponse__Output>): grpc.ClientUnaryCall;
  Resolve(argument: _rolegate_v1_ResolveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rolegate_v1_ResolveResponse__Output>): grpc.ClientUnaryCall;
  Resolve(argument: _rolegate_v1_ResolveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rolegate_v1_ResolveResponse__Output>): grpc.ClientUnaryCall;
  Resolve(argument: _rolegate_v1_ResolveRequest, callback: grpc.requestCallback<_rolegate_v1_ResolveResponse__Output>): grpc.ClientUnaryCall;
  resolve(argument: _rolegate_v1_ResolveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rolegate_v1_ResolveResponse__Output>): grpc.ClientUnaryCall;
  resolve(argument: _rolegate_v1_ResolveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rolegate_v1_ResolveResponse__Output>): grpc.ClientUnaryCall;
  resolve(argument: _rolegate_v1_ResolveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rolegate_v1_ResolveResponse__Output>): grpc.ClientUnaryCall;
  resolve(argument: _rolegate_v1_ResolveRequest, callback: grpc.requestCallback<_rolegate_v1_ResolveResponse__Output>): grpc.ClientUnaryCall;
  
  ReviewToken(argument: _rolegate_v1_ReviewTokenRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rolegate_v1_ReviewTokenResponse__Output>): grpc.ClientUnaryCall;
  ReviewToken(argument: _rolegate_v1_ReviewTokenRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rolegate_v1_ReviewTokenResponse__Output>): grpc.ClientUnaryCall;
  ReviewToken(argument: _rolegate_v1_ReviewTokenRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rolegate_v1_ReviewTokenResponse__Output>): grpc.ClientUnaryCall;
  ReviewToken(argument: _rolegate_v1_ReviewTokenRequest, callback: grpc.requestCallback<_rolegate_v1_ReviewTokenResponse__Output>): grpc.ClientUnaryCall;
  reviewToken(argument: _rolegate_v1_ReviewTokenRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rolegate_v1_ReviewTokenResponse__Output>): grpc.ClientUnaryCall;
  reviewToken(argument: _rolegate_v1_ReviewTokenRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rolegate_v1_ReviewTokenResponse__Output>): grpc.ClientUnaryCall;
  reviewToken(argument: _rolegate_v1_ReviewTokenRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rolegate_v1_ReviewTokenResponse__Output>): grpc.ClientUnaryCall;
  reviewToken(argument: _rolegate_v1_ReviewTokenRequest, callback: grpc.requestCallback<_rolegate_v1_ReviewTokenResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface RolegateHandlers extends grpc.UntypedServiceImplementation {
  Attest: grpc.handleUnaryCall<_rolegate_v1_AttestRequest__Output, _rolegate_v1_AttestResponse>;
  
  Feed: grpc.handleBidiStreamingCall<_rolegate_v1_AgentReport__Output, _rolegate_v1_FeedUpdate>;
  
  Resolve: grpc.handleUnaryCall<_rolegate_v1_ResolveRequest__Output, _rolegate_v1_ResolveResponse>;
  
  ReviewToken: grpc.handleUnaryCall<_rolegate_v1_ReviewTokenRequest__Output, _rolegate_v1_ReviewTokenResponse>;
  
}

export interface RolegateDefinition extends grpc.ServiceDefinition {
  Attest: MethodDefinition<_rolegate_v1_AttestRequest, _rolegate_v1_AttestResponse, _rolegate_v1_AttestRequest__Output, _rolegate_v1_AttestResponse__Output>
  Feed: MethodDefinition<_rolegate_v1_AgentReport, _rolegate_v1_FeedUpdate, _rolegate_v1_AgentReport__Output, _rolegate_v1_FeedUpdate__Output>
  Resolve: MethodDefinition<_rolegate_v1_ResolveRequest, _rolegate_v1_ResolveResponse, _rolegate_v1_ResolveRequest__Output, _rolegate_v1_ResolveResponse__Output>
  ReviewToken: MethodDefinition<_rolegate_v1_ReviewTokenRequest, _rolegate_v1_ReviewTokenResponse, _rolegate_v1_ReviewTokenRequest__Output, _rolegate_v1_ReviewTokenResponse__Output>
}
