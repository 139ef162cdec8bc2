import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * Asks a client, and prints each outcome as a line of JSON. The argument is how many seconds later it asks again, {@code crowd} for a
 * hundred clients at once, or {@code region}.
 */
final class Ask {
  private static final int CROWD = 100;

  /** The access key ID and the account that STS says it belongs to, or the region. */
  record Identity(String accessKeyId, String account, String region) {
    Identity(String accessKeyId, String account) {
      this(accessKeyId, account, "");
    }
  }

  interface Fetch {
    Identity fetch();
  }

  /** {@code open} returns a new client, and {@code region} what the metadata API says; it may be null. */
  static void run(String[] words, Supplier<Fetch> open, Supplier<String> region) throws InterruptedException {
    String word = words.length == 0 ? "0" : words[0];
    switch (word) {
      case "region" -> print(() -> new Identity("", "", region.get()));
      case "crowd" -> {
        try (Crowd crowd = new Crowd(Executors.newFixedThreadPool(CROWD))) {
          for (int one = 0; one < CROWD; one++) crowd.threads.execute(() -> print(open.get()));
        }
      }
      default -> {
        Fetch fetch = open.get();
        print(fetch);
        if (word.equals("0")) return;
        Thread.sleep((long) (Double.parseDouble(word) * 1000));
        print(fetch);
      }
    }
  }

  private record Crowd(ExecutorService threads) implements AutoCloseable {
    @Override
    public void close() throws InterruptedException {
      threads.shutdown();
      threads.awaitTermination(1, java.util.concurrent.TimeUnit.MINUTES);
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
    // One write, so that the lines of a crowd do not mix.
    System.out.print(
        String.format(
            "{\"ok\":%b,\"accessKeyId\":%s,\"account\":%s,\"region\":%s,\"error\":%s,\"tookMs\":%d}%n",
            error.isEmpty(),
            quoted(seen.accessKeyId()),
            quoted(seen.account()),
            quoted(seen.region()),
            quoted(error),
            (System.nanoTime() - start) / 1_000_000));
  }

  private static String quoted(String text) {
    StringBuilder all = new StringBuilder("\"");
    for (char one : text.toCharArray())
      all.append(one < ' ' || one == '"' || one == '\\' ? String.format("\\u%04x", (int) one) : one);
    return all.append('"').toString();
  }

  private Ask() {}
}
