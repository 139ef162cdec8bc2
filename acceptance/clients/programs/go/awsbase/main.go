// aws-sdk-go-base, as Terraform's provider for AWS uses it.
package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"

	"rolegate.dev/clients/ask"
)

func main() {
	ask.Run(open, nil)
}

func open() ask.Fetch {
	return func() (string, string, error) {
		settings := &awsbase.Config{
			APNInfo:    &awsbase.APNInfo{PartnerName: "HashiCorp", Products: awsbase.UserAgentProducts{{Name: "Terraform", Version: "1.14.0"}}},
			CallerName: "Terraform AWS Provider",
			MaxRetries: 25,
		}
		ctx, cfg, problems := awsbase.GetAwsConfig(context.Background(), settings)
		for _, problem := range problems.Errors() {
			return "", "", fmt.Errorf("%s: %s", problem.Summary(), problem.Detail())
		}
		identity, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
		if err != nil {
			return "", "", err
		}
		credentials, err := cfg.Credentials.Retrieve(ctx)
		return credentials.AccessKeyID, *identity.Account, err
	}
}
