// Requests credentials once with the defaults of the SDK, and writes the result as one JSON object to the container's termination message.
// Times are seconds since the epoch.
package main

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// USER_HZ of proc(5), the same on all architectures of Linux that Go supports.
const ticksPerSecond = 100

type result struct {
	Client   string  `json:"client"`
	Start    float64 `json:"start"`
	Asked    float64 `json:"asked"`
	Answered float64 `json:"answered"`
	Arn      string  `json:"arn,omitempty"`
	// Why there are no credentials.
	Error string `json:"error,omitempty"`
	// Why STS did not say whose credentials they are.
	IdentityError string `json:"identityError,omitempty"`
}

func now() float64 { return float64(time.Now().UnixMicro()) / 1e6 }

// The start of this process, which is the container's first. proc(5): field 22, in clock ticks since boot.
func processStart() float64 {
	stat, _ := os.ReadFile("/proc/self/stat")
	text := string(stat)
	fields := strings.Fields(text[strings.LastIndex(text, ")")+1:])
	ticks, _ := strconv.ParseFloat(fields[19], 64)
	uptime, _ := os.ReadFile("/proc/uptime")
	seconds, _ := strconv.ParseFloat(strings.Fields(string(uptime))[0], 64)
	return now() - seconds + ticks/ticksPerSecond
}

func request() result {
	seen := result{Client: "Go v2 " + aws.SDKVersion, Start: processStart(), Asked: now()}
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err == nil {
		_, err = cfg.Credentials.Retrieve(ctx)
	}
	seen.Answered = now()
	if err != nil {
		seen.Error = err.Error()
		return seen
	}
	identity, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		seen.IdentityError = err.Error()
		return seen
	}
	seen.Arn = *identity.Arn
	return seen
}

func main() {
	seen := request()
	text, _ := json.Marshal(seen)
	_ = os.WriteFile("/dev/termination-log", text, 0o644)
	_, _ = os.Stdout.Write(append(text, '\n'))
	if seen.Arn == "" {
		os.Exit(1)
	}
}
