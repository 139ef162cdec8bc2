package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"rolegate.dev/clients/ask"
)

func main() {
	ask.Run(open, region)
}

func open() ask.Fetch {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	client := sts.NewFromConfig(cfg)
	return func() (string, string, error) {
		if err != nil {
			return "", "", err
		}
		identity, err := client.GetCallerIdentity(ctx, nil)
		if err != nil {
			return "", "", err
		}
		credentials, err := cfg.Credentials.Retrieve(ctx)
		return credentials.AccessKeyID, *identity.Account, err
	}
}

func region() (string, error) {
	cfg, err := config.LoadDefaultConfig(context.Background(), config.WithEC2IMDSRegion())
	return cfg.Region, err
}
