import com.amazonaws.auth.DefaultAWSCredentialsProviderChain;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.regions.InstanceMetadataRegionProvider;
import com.amazonaws.services.securitytoken.AWSSecurityTokenService;
import com.amazonaws.services.securitytoken.AWSSecurityTokenServiceClientBuilder;
import com.amazonaws.services.securitytoken.model.GetCallerIdentityRequest;

final class V1 {
  public static void main(String[] words) throws InterruptedException {
    Ask.run(words, V1::open, () -> new InstanceMetadataRegionProvider().getRegion());
  }

  private static Ask.Fetch open() {
    DefaultAWSCredentialsProviderChain provider = new DefaultAWSCredentialsProviderChain();
    // This version does not read AWS_ENDPOINT_URL_STS.
    EndpointConfiguration endpoint =
        new EndpointConfiguration(System.getenv("AWS_ENDPOINT_URL_STS"), System.getenv("AWS_REGION"));
    AWSSecurityTokenService sts =
        AWSSecurityTokenServiceClientBuilder.standard()
            .withCredentials(provider)
            .withEndpointConfiguration(endpoint)
            .build();
    return () -> {
      String account = sts.getCallerIdentity(new GetCallerIdentityRequest()).getAccount();
      return new Ask.Identity(provider.getCredentials().getAWSAccessKeyId(), account);
    };
  }

  private V1() {}
}
