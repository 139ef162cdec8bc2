/** Where the server's status socket is unless told. */
export const STATUS_SOCKET = '/run/rolegate/server.sock';
