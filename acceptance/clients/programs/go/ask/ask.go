// Package ask asks a client, and prints each outcome as a line of JSON. The argument is how many seconds later it asks again, `crowd`
// for a hundred clients at once, or `region`.
package ask

import (
	"encoding/json"
	"os"
	"strconv"
	"sync"
	"time"
)

const crowd = 100

type outcome struct {
	OK          bool   `json:"ok"`
	AccessKeyID string `json:"accessKeyId"`
	Account     string `json:"account"`
	Region      string `json:"region,omitempty"`
	Error       string `json:"error"`
	TookMs      int64  `json:"tookMs"`
}

// Fetch returns the access key ID and the account that STS says it belongs to.
type Fetch func() (accessKeyID, account string, err error)

// Run asks and prints. open returns a new client, and region what the metadata API says; it may be nil.
func Run(open func() Fetch, region func() (string, error)) {
	word := "0"
	if len(os.Args) > 1 {
		word = os.Args[1]
	}
	switch word {
	case "region":
		start := time.Now()
		found, err := region()
		report(outcome{Region: found}, err, start)
	case "crowd":
		var all sync.WaitGroup
		for range crowd {
			all.Go(func() { once(open()) })
		}
		all.Wait()
	default:
		fetch := open()
		once(fetch)
		if seconds, _ := strconv.ParseFloat(word, 64); seconds > 0 {
			time.Sleep(time.Duration(seconds * float64(time.Second)))
			once(fetch)
		}
	}
}

func once(fetch Fetch) {
	start := time.Now()
	key, account, err := fetch()
	if err != nil {
		key, account = "", ""
	}
	report(outcome{AccessKeyID: key, Account: account}, err, start)
}

var printing sync.Mutex

func report(seen outcome, err error, start time.Time) {
	seen.OK, seen.TookMs = err == nil, time.Since(start).Milliseconds()
	if err != nil {
		seen.Error = err.Error()
	}
	printing.Lock()
	defer printing.Unlock()
	_ = json.NewEncoder(os.Stdout).Encode(seen)
}
