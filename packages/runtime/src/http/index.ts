export type {
  HttpConnection,
  HttpHooks,
  HttpLimit,
  HttpLimits,
  HttpRefusal,
  HttpRequest,
} from './connection.ts';
export { createHttpServer } from './http-server.ts';
export type { HttpServer } from './http-server.ts';
export type { KnownHeads } from './known-heads.ts';
export { headerLines, toBeSentOften } from './message.ts';
export type { HttpAnswer } from './message.ts';
export type { RequestHead } from './request-head.ts';
export { createPlaces } from './places.ts';
export type { Client, ClientName, PlaceLimit, Places } from './places.ts';
