import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.services.sts.StsClient;

final class V2 {
  public static void main(String[] waits) throws InterruptedException {
    DefaultCredentialsProvider provider = DefaultCredentialsProvider.create();
    StsClient sts = StsClient.builder().credentialsProvider(provider).build();
    Ask.run(
        waits,
        () -> {
          String account = sts.getCallerIdentity().account();
          return new Ask.Identity(provider.resolveCredentials().accessKeyId(), account);
        });
  }

  private V2() {}
}
