import { Server } from 'node:net';

/** A turn of the event loop that took no longer had nothing else to do between its look at the queue and its end. Milliseconds. */
const QUIET_TURN_MS = 0.2;
/** Under load no turn is so short: from then on one without a new connection will do. Milliseconds. */
const SHORT_TURNS_ONLY_MS = 900;
/** Connections that come faster than they are accepted are no reason to listen for ever. Milliseconds. */
const WITHIN_MS = 1_000;

/**
 * Listens no more; resolves when that is so, connections staying open. The kernel resets what is in a listener's queue when it
 * is closed, so the queue is taken empty first: node accepts one connection a turn, so a turn without one has found it empty.
 * Nothing else may come between that turn and the end.
 */
export function stopListening(server: Server): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => {
    let accepted = true; // in this turn nothing has been looked at
    const note = () => {
      accepted = true;
    };
    server.on('connection', note);
    const beganMs = performance.now();
    let turnMs = beganMs;

    function look(): void {
      const nowMs = performance.now();
      const sinceMs = nowMs - beganMs;
      const quiet = !accepted && (nowMs - turnMs <= QUIET_TURN_MS || sinceMs > SHORT_TURNS_ONLY_MS);
      if (quiet || sinceMs > WITHIN_MS || !server.listening) {
        // That of net: http's own ends idle connections first, which takes time and is not ours to do.
        Server.prototype.close.call(server);
        server.off('connection', note);
        resolve();
        return;
      }
      accepted = false;
      turnMs = performance.now();
      setImmediate(look);
    }
    setImmediate(look);
  });
}
