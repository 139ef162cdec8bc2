import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Hadoop's S3A file system, by which Spark, Hive and Flink read S3, with its default credential providers. */
final class S3a {
  private static final Path IDENTITY = new Path("s3a://bucket/identity.csv");

  public static void main(String[] words) throws InterruptedException {
    Ask.run(words, S3a::open, null);
  }

  private static Ask.Fetch open() {
    Configuration configuration = new Configuration();
    configuration.set("fs.s3a.endpoint", "http://" + System.getenv("AWS_ENDPOINT_URL_S3"));
    configuration.set("fs.s3a.endpoint.region", System.getenv("AWS_REGION"));
    configuration.setBoolean("fs.s3a.path.style.access", true);
    return () -> {
      try (FileSystem s3 = FileSystem.newInstance(URI.create("s3a://bucket"), configuration);
          FSDataInputStream identity = s3.open(IDENTITY)) {
        String[] row = new String(identity.readAllBytes()).split("\n")[1].split(",");
        return new Ask.Identity(row[1], row[0]);
      } catch (IOException thrown) {
        throw new UncheckedIOException(thrown);
      }
    };
  }

  private S3a() {}
}
