import { Server } from 'node:net';

/** In a shorter turn of the event loop, nothing happened between looking at the queue and the end. Milliseconds. */
const QUIET_TURN_MS = 0.2;
/** Under load no turn is that short. After this time, any turn without a new connection is enough. Milliseconds. */
const SHORT_TURNS_ONLY_MS = 900;
/** Stops after this time even if connections keep arriving. Milliseconds. */
const WITHIN_MS = 1_000;

/**
 * Closes the listener and keeps its connections open. Resolves when it is closed. The kernel resets connections in the
 * queue of a closed listener, so the queue is emptied first. Node accepts one connection per turn, so a turn without
 * one has found the queue empty. Nothing may run between that turn and the close.
 */
export function stopListening(server: Server): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => {
    let accepted = true; // the current turn has not looked at the queue
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
        // The close of net: that of http first closes idle connections, which takes time.
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
