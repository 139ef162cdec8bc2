package main

import (
	"os"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/ec2metadata"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/sts"

	"rolegate.dev/clients/ask"
)

func main() {
	ask.Run(open, region)
}

func open() ask.Fetch {
	// This version does not read AWS_ENDPOINT_URL_STS.
	loaded, err := session.NewSession(aws.NewConfig().WithEndpoint(os.Getenv("AWS_ENDPOINT_URL_STS")))
	return func() (string, string, error) {
		if err != nil {
			return "", "", err
		}
		identity, err := sts.New(loaded).GetCallerIdentity(nil)
		if err != nil {
			return "", "", err
		}
		credentials, err := loaded.Config.Credentials.Get()
		return credentials.AccessKeyID, *identity.Account, err
	}
}

func region() (string, error) {
	loaded, err := session.NewSession()
	if err != nil {
		return "", err
	}
	return ec2metadata.New(loaded).Region()
}
