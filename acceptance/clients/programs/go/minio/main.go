// minio-go has no STS client for GetCallerIdentity. It provides credentials and signs.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/signer"

	"rolegate.dev/clients/ask"
)

const form = "Action=GetCallerIdentity&Version=2011-06-15"

func main() {
	ask.Run(open, nil)
}

func open() ask.Fetch {
	provider := credentials.NewIAM("")
	return func() (string, string, error) {
		value, err := provider.GetWithContext(nil)
		if err != nil {
			return "", "", err
		}
		account, err := callerAccount(value)
		return value.AccessKeyID, account, err
	}
}

func callerAccount(value credentials.Value) (string, error) {
	request, err := http.NewRequest(http.MethodPost, os.Getenv("AWS_ENDPOINT_URL_STS"), strings.NewReader(form))
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256([]byte(form))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(digest[:]))
	request.Header.Set("X-Amz-Security-Token", value.SessionToken)
	request = signer.SignV4STS(*request, value.AccessKeyID, value.SecretAccessKey, os.Getenv("AWS_REGION"))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("STS answered %s", answer.Status)
	}
	var identity struct {
		Account string `xml:"GetCallerIdentityResult>Account"`
	}
	err = xml.NewDecoder(answer.Body).Decode(&identity)
	return identity.Account, err
}
