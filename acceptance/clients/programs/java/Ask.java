/** Asks a client for credentials, and again after the seconds of the argument. Prints each outcome as a line of JSON. */
final class Ask {
  /** The access key ID and the account that STS says it belongs to. */
  record Identity(String accessKeyId, String account) {}

  interface Fetch {
    Identity fetch();
  }

  static void run(String[] waits, Fetch fetch) throws InterruptedException {
    print(fetch);
    for (String wait : waits) {
      Thread.sleep((long) (Double.parseDouble(wait) * 1000));
      print(fetch);
    }
  }

  private static void print(Fetch fetch) {
    long start = System.nanoTime();
    Identity seen = new Identity("", "");
    String error = "";
    try {
      seen = fetch.fetch();
    } catch (RuntimeException thrown) {
      error = thrown.getClass().getSimpleName() + ": " + thrown.getMessage();
    }
    System.out.printf(
        "{\"ok\":%b,\"accessKeyId\":%s,\"account\":%s,\"error\":%s,\"tookMs\":%d}%n",
        error.isEmpty(),
        quoted(seen.accessKeyId()),
        quoted(seen.account()),
        quoted(error),
        (System.nanoTime() - start) / 1_000_000);
  }

  private static String quoted(String text) {
    StringBuilder all = new StringBuilder("\"");
    for (char one : text.toCharArray())
      all.append(one < ' ' || one == '"' || one == '\\' ? String.format("\\u%04x", (int) one) : one);
    return all.append('"').toString();
  }

  private Ask() {}
}
