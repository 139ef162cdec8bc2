// rclone with the backends and commands that are tried: the whole has some sixty more.
package main

import (
	_ "github.com/rclone/rclone/backend/s3"
	"github.com/rclone/rclone/cmd"
	_ "github.com/rclone/rclone/cmd/cat"
	_ "github.com/rclone/rclone/cmd/ls"
)

func main() {
	cmd.Main()
}
