export * from './certificates.ts';
export * from './clock.ts';
export * from './cni-results.ts';
export * from './feed-interposer.ts';
export * from './feed-proxy.ts';
export * from './imds.ts';
export * from './kubernetes-api.ts';
export * from './sts.ts';
