import com.amazonaws.auth.DefaultAWSCredentialsProviderChain;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.securitytoken.AWSSecurityTokenService;
import com.amazonaws.services.securitytoken.AWSSecurityTokenServiceClientBuilder;
import com.amazonaws.services.securitytoken.model.GetCallerIdentityRequest;

final class V1 {
  public static void main(String[] waits) throws InterruptedException {
    DefaultAWSCredentialsProviderChain provider = DefaultAWSCredentialsProviderChain.getInstance();
    // This version does not read AWS_ENDPOINT_URL_STS.
    EndpointConfiguration endpoint =
        new EndpointConfiguration(System.getenv("AWS_ENDPOINT_URL_STS"), System.getenv("AWS_REGION"));
    AWSSecurityTokenService sts =
        AWSSecurityTokenServiceClientBuilder.standard()
            .withCredentials(provider)
            .withEndpointConfiguration(endpoint)
            .build();
    Ask.run(
        waits,
        () -> {
          String account = sts.getCallerIdentity(new GetCallerIdentityRequest()).getAccount();
          return new Ask.Identity(provider.getCredentials().getAWSAccessKeyId(), account);
        });
  }

  private V1() {}
}
