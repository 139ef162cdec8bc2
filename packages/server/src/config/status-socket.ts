/** The default path of the server's status socket. */
export const STATUS_SOCKET = '/run/rolegate/server.sock';
