export type {
  HttpConnection,
  HttpHooks,
  HttpLimit,
  HttpLimits,
  HttpRefusal,
  HttpRequest,
} from './connection/connection.ts';
export { createHttpServer } from './http-server.ts';
export type { HttpServer } from './http-server.ts';
export type { KnownHeads } from './message/known-heads.ts';
export { headerLines, toBeSentOften } from './message/message.ts';
export type { HttpAnswer } from './message/message.ts';
export type { RequestHead } from './message/request-head.ts';
export { createPlaces } from './clients/places.ts';
export type { Client, ClientName, PlaceLimit, Places } from './clients/places.ts';
