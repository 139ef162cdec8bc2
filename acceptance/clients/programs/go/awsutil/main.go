// awsutil, by which Vault finds credentials and a region.
package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/hashicorp/go-secure-stdlib/awsutil/v2"

	"rolegate.dev/clients/ask"
)

func main() {
	ask.Run(open, func() (string, error) { return awsutil.GetRegion(context.Background(), "") })
}

func open() ask.Fetch {
	ctx := context.Background()
	return func() (string, string, error) {
		settings, err := awsutil.NewCredentialsConfig()
		if err != nil {
			return "", "", err
		}
		cfg, err := settings.GenerateCredentialChain(ctx)
		if err != nil {
			return "", "", err
		}
		identity, err := sts.NewFromConfig(*cfg).GetCallerIdentity(ctx, nil)
		if err != nil {
			return "", "", err
		}
		credentials, err := cfg.Credentials.Retrieve(ctx)
		return credentials.AccessKeyID, *identity.Account, err
	}
}
