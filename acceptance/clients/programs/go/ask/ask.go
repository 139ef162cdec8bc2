// Package ask asks a client for credentials, and again after the seconds of the argument. It prints each outcome as a line of JSON.
package ask

import (
	"encoding/json"
	"os"
	"strconv"
	"time"
)

type outcome struct {
	OK          bool   `json:"ok"`
	AccessKeyID string `json:"accessKeyId"`
	Account     string `json:"account"`
	Error       string `json:"error"`
	TookMs      int64  `json:"tookMs"`
}

// Fetch returns the access key ID and the account that STS says it belongs to.
type Fetch func() (accessKeyID, account string, err error)

// Run asks and prints.
func Run(fetch Fetch) {
	for _, wait := range append([]string{"0"}, os.Args[1:]...) {
		seconds, _ := strconv.ParseFloat(wait, 64)
		time.Sleep(time.Duration(seconds * float64(time.Second)))
		start := time.Now()
		key, account, err := fetch()
		seen := outcome{OK: err == nil, TookMs: time.Since(start).Milliseconds()}
		if err == nil {
			seen.AccessKeyID, seen.Account = key, account
		} else {
			seen.Error = err.Error()
		}
		_ = json.NewEncoder(os.Stdout).Encode(seen)
	}
}
