// Asks a client for credentials, and again after the seconds of the argument. Prints each outcome as a line of JSON.

/** `fetch` returns the access key ID and the account that STS says it belongs to. */
export async function ask(fetch) {
  for (const wait of [0, ...process.argv.slice(2).map(Number)]) {
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    const start = performance.now();
    const seen = await fetch().then(
      ([accessKeyId, account]) => ({ ok: true, accessKeyId, account, error: '' }),
      ({ name, message }) => ({ ok: false, accessKeyId: '', account: '', error: `${name}: ${message}` }),
    );
    console.log(JSON.stringify({ ...seen, tookMs: Math.round(performance.now() - start) }));
  }
}
